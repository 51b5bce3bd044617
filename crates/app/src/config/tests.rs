mod databases;
mod sources;
mod values;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret;

use super::*;

const SECRET: &str = "007-0123456789-0123456789-hunter2";

/// What an installation says.
#[derive(Default)]
struct Said {
    flags: BTreeMap<&'static str, String>,
    environment: Environment,
    file: Option<String>,
}

impl Said {
    fn flag(mut self, name: &'static str, text: &str) -> Self {
        self.flags.insert(name, text.to_owned());
        self
    }

    fn env(mut self, name: &str, text: &str) -> Self {
        self.environment.insert(name.into(), text.into());
        self
    }

    fn file(mut self, text: &str) -> Self {
        self.file = Some(text.to_owned());
        self
    }

    fn load_for(&self, purpose: Purpose) -> Result<Config, Faults> {
        let read_file = |_: &Path| self.file.clone().ok_or(io::ErrorKind::NotFound.into());
        let sources = Sources {
            flags: self.flags.clone(),
            file: self.file.as_ref().map(|_| PathBuf::from("cs.toml")),
            environment: &self.environment,
            read_file: &read_file,
        };
        Config::load(&sources, purpose)
    }

    fn load(&self) -> Config {
        self.load_for(Purpose::Serve).expect("a good configuration")
    }

    fn faults(&self) -> Vec<String> {
        let faults = self
            .load_for(Purpose::Serve)
            .expect_err("a bad configuration");
        faults.to_string().lines().map(str::to_owned).collect()
    }

    fn only_fault(&self) -> String {
        let faults = self.faults();
        assert_eq!(faults.len(), 1, "{faults:#?}");
        faults.into_iter().next().unwrap()
    }
}

fn said() -> Said {
    Said::default()
}

#[track_caller]
fn sqlite_file(config: &Config) -> &Path {
    match &config.database.kind {
        DatabaseKind::Sqlite { path } => path,
        DatabaseKind::Postgres { .. } => panic!("not a file"),
    }
}

#[test]
fn a_fresh_machine_needs_no_configuration() {
    let config = said().load();
    assert_eq!(config.environment, AppEnv::Development);
    assert_eq!(
        (config.http.host.to_string().as_str(), config.http.port),
        ("0.0.0.0", 8080)
    );
    assert_eq!(config.ws.port, None);
    assert_eq!(sqlite_file(&config), Path::new("./data/chatterstack.db"));
    assert!(config.fleet.redis.is_none());
    assert_eq!(config.auth.access_ttl.as_secs(), 15 * 60);
    assert_eq!(config.auth.refresh_ttl.as_secs(), 168 * 3_600);
    assert!(config.auth.guests && config.auth.access_secret.is_none());
}

#[test]
fn a_secret_stays_the_text_that_it_is() {
    for source in [
        said().env("JWT_ACCESS_SECRET", SECRET),
        said().file(&format!("jwt_access_secret = '{SECRET}'")),
    ] {
        assert_eq!(
            source.load().auth.access_secret.unwrap().expose_secret(),
            SECRET
        );
    }
    let digits = "0".repeat(31) + "7";
    let config = said().env("JWT_ACCESS_SECRET", &digits).load();
    assert_eq!(config.auth.access_secret.unwrap().expose_secret(), digits);
    let fault = said().file("jwt_access_secret = 7").only_fault();
    assert!(fault.ends_with("must be a text in quotes"), "{fault}");
}

#[test]
fn every_fault_is_told_at_once_with_its_origin_and_reason() {
    let faults = said()
        .flag("JWT_ACCESS_TTL", "15")
        .env("HTTP_PORT", "70000")
        .env("LOG_LEVEL", "loud")
        .file("guests = 'yes'\nfoo = 1")
        .faults();
    let expected = [
        "foo (from foo in cs.toml): is no setting",
        "PORT (from the environment variable HTTP_PORT): must be a whole number from 0 to 65535, not \"70000\"",
        "GUESTS (from guests in cs.toml): must be on or off, not \"yes\"",
        "JWT_ACCESS_TTL (from --jwt-access-ttl): must be a whole number with its unit (ms, s, m, h or d), not \"15\"",
        "LOG_LEVEL (from the environment variable LOG_LEVEL): must be one of debug, info, warn, error, not \"loud\"",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn a_fault_is_one_line_whatever_the_value_is() {
    let fault = said().env("PORT", &"1\n2".repeat(1_000)).only_fault();
    assert!(fault.len() < 250 && fault.ends_with('…'), "{fault}");
}

#[test]
fn staging_and_production_refuse_to_serve_without_a_secret() {
    for environment in ["staging", "production"] {
        let fault = said().env("APP_ENV", environment).only_fault();
        assert!(
            fault.starts_with("JWT_ACCESS_SECRET (not set): must be set"),
            "{fault}"
        );
        let config = said()
            .env("APP_ENV", environment)
            .load_for(Purpose::Task)
            .unwrap();
        assert!(config.auth.access_secret.is_none(), "a task needs none");
    }
}

#[test]
fn a_short_secret_is_refused_everywhere() {
    for environment in ["development", "staging", "production"] {
        let said = said()
            .env("APP_ENV", environment)
            .env("JWT_ACCESS_SECRET", "hunter2");
        let fault = said.only_fault();
        assert!(fault.ends_with("must have at least 32 bytes"), "{fault}");
    }
}

#[test]
fn an_empty_text_in_the_file_is_one_fault() {
    for key in [
        "jwt_access_secret",
        "jwt_issuer",
        "data_dir",
        "host",
        "database_url",
    ] {
        said().file(&format!("{key} = ''")).only_fault();
    }
}

#[test]
fn a_misspelt_environment_is_not_taken_for_development() {
    let fault = said().env("APP_ENV", "prod").only_fault();
    assert!(fault.starts_with("APP_ENV"), "{fault}");
}

#[test]
fn guests_are_let_in_unasked_in_development_alone() {
    let guests = |environment: &str| {
        said()
            .env("APP_ENV", environment)
            .env("JWT_ACCESS_SECRET", SECRET)
    };
    assert!(guests("development").load().auth.guests);
    assert!(!guests("staging").load().auth.guests);
    assert!(!guests("production").load().auth.guests);
    assert!(guests("production").env("GUESTS", "on").load().auth.guests);
    assert!(
        !guests("development")
            .env("GUESTS", "off")
            .load()
            .auth
            .guests
    );
}

#[test]
fn guests_that_nobody_asked_for_stop_a_start_in_production() {
    assert!(build::guests_slipped_in(AppEnv::Production, true, false));
    assert!(!build::guests_slipped_in(AppEnv::Production, true, true));
    assert!(!build::guests_slipped_in(AppEnv::Production, false, false));
    assert!(!build::guests_slipped_in(AppEnv::Staging, true, false));
}

#[test]
fn what_this_version_lacks_is_refused_in_clear_words() {
    let fault = said().env("MESSAGE_STORE", "dynamodb").only_fault();
    assert!(fault.contains("no DynamoDB yet"), "{fault}");
}

/// Else it sends a request into a connection that the node is closing, and answers 502.
#[test]
fn by_the_defaults_a_balancer_closes_an_idle_connection_before_the_node_does() {
    let of_most_balancers = std::time::Duration::from_secs(60);
    assert!(said().load().http.keep_alive > of_most_balancers);
}

/// Before it goes, TCP may take as long again as a write to notice that it takes nothing; and the rest has time to be read.
#[test]
fn by_the_defaults_a_peer_that_reads_nothing_is_gone_within_thirty_seconds() {
    let ws = said().load().ws;
    let most = std::time::Duration::from_secs(30);
    assert!(2 * ws.write_timeout <= most, "where its buffers are full");
    let gone = ws.pong_timeout + crate::application::LAST_WORDS;
    assert!(gone < most, "where nothing is said");
    assert!(2 * ws.ping_interval < ws.pong_timeout, "it is asked twice");
}

#[test]
fn by_the_defaults_a_lost_author_is_waited_for_thirty_seconds_and_readers_are_told_twenty_times_a_second()
 {
    let config = said().load();
    assert_eq!(config.streams.lease, std::time::Duration::from_secs(30));
    assert_eq!(
        config.streams.interval,
        std::time::Duration::from_millis(50)
    );
}

#[test]
fn deliveries_are_timed_unless_that_is_switched_off() {
    for (said_so, expected) in [(None, true), (Some("on"), true), (Some("off"), false)] {
        let said = said_so
            .into_iter()
            .fold(said(), |said, it| said.env("DELIVERY_LATENCY", it));
        assert_eq!(said.load().delivery.latency, expected, "{said_so:?}");
    }
}

#[test]
fn a_fault_in_one_setting_is_not_blamed_on_another() {
    let fault = said().env("WS_PONG_TIMEOUT", "soon").only_fault();
    assert!(fault.contains("\"soon\""), "{fault}");
}

#[test]
fn neither_debug_nor_description_shows_a_secret() {
    let config = said()
        .env("JWT_ACCESS_SECRET", SECRET)
        .env("DATABASE_URL", "sqlite:./a b.db")
        .load();
    let description = config.describe();
    assert!(
        description.contains("JWT_ACCESS_SECRET=*** "),
        "{description}"
    );
    assert!(
        description.contains("DATABASE_URL=\"sqlite:./a b.db\" "),
        "{description}"
    );
    assert!(description.contains("PORT=8080 ") && !description.contains("WS_PORT"));
    for text in [description, format!("{config:?}"), format!("{config:#?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
