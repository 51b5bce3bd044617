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
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let file = said().file("port = 1");
    assert_eq!(file.load().http.port, 1);
    let environment = file.env("PORT", "2");
    assert_eq!(environment.load().http.port, 2);
    assert_eq!(environment.flag("PORT", "3").load().http.port, 3);
}

#[test]
fn a_name_wins_over_its_alias() {
    let alias = said().env("HTTP_PORT", "1");
    assert_eq!(alias.load().http.port, 1);
    assert_eq!(alias.env("PORT", "2").load().http.port, 2);
    assert_eq!(said().file("http_port = 1\nport = 2").load().http.port, 2);
    assert_eq!(said().file("http_port = 1").load().http.port, 1);
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let config = said()
        .env("PORT", "")
        .env("HTTP_PORT", "9")
        .env("WS_PORT", "")
        .load();
    assert_eq!((config.http.port, config.ws.port), (9, None));
    said()
        .env("DATABASE_URL", "")
        .env("REDIS_URL", "")
        .env("CHATTERSTACK_CONFIG", "")
        .load();
}

#[test]
fn the_file_is_found_through_the_environment_too() {
    let environment = said().env(FILE_VARIABLE, "/etc/cs.toml").environment;
    let read_file = |path: &Path| {
        assert_eq!(path, Path::new("/etc/cs.toml"));
        Ok("port = 7".to_owned())
    };
    let sources = Sources {
        flags: BTreeMap::new(),
        file: None,
        environment: &environment,
        read_file: &read_file,
    };
    assert_eq!(Config::load(&sources, Purpose::Serve).unwrap().http.port, 7);
}

#[test]
fn a_file_that_is_not_there_is_a_fault_that_says_who_named_it() {
    let fault = said().env(FILE_VARIABLE, "/nowhere.toml").only_fault();
    assert!(
        fault.contains("/nowhere.toml") && fault.contains(FILE_VARIABLE),
        "{fault}"
    );
}

#[test]
fn a_key_that_is_no_setting_is_named() {
    let faults = said().file("prot = 1\nPORT = 2\n[http]\nport = 3").faults();
    for (fault, key) in faults.iter().zip(["PORT", "http", "prot"]) {
        assert!(
            fault.starts_with(key) && fault.ends_with("is no setting"),
            "{fault}"
        );
    }
    assert_eq!(faults.len(), 3);
}

#[test]
fn a_file_may_say_lists_and_switches_in_its_own_words() {
    let config = said()
        .file("guests = false\ncors_allowed_origins = ['http://a', 'http://b:1']")
        .load();
    assert!(!config.auth.guests);
    assert_eq!(config.http.cors_allowed_origins, ["http://a", "http://b:1"]);
}

#[test]
fn a_value_of_the_wrong_type_in_the_file_is_a_fault() {
    let file =
        "port = 80.5\njwt_issuer = 7\nlog_level = true\ncors_allowed_origins = [1]\nhost = {}";
    let faults = said().file(file).faults();
    assert_eq!(faults.len(), 5, "{faults:#?}");
    let fault = said().file("port = -1").only_fault();
    assert!(
        fault.starts_with("PORT (from port in cs.toml): must be a whole number"),
        "{fault}"
    );
}

#[test]
fn a_file_that_is_not_toml_is_a_fault_that_names_the_line_and_shows_nothing_of_it() {
    for line in [
        "jwt_access_secret = hunter2",
        "jwt_access_secret = \"hunter2",
        "jwt_access_secret = 007hunter2",
        "hunter2",
        "[hunter2",
        "jwt_access_secret = \"\\hunter2\"",
    ] {
        let fault = said().file(&format!("port = 1\n{line}\n")).only_fault();
        assert!(fault.contains("from line 2 in cs.toml"), "{fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
    }
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
fn a_value_out_of_bounds_is_refused_at_both_ends() {
    for (name, good, bad) in [
        ("PORT", ["0", "65535"], ["-1", "65536"]),
        ("HASH_CONCURRENCY", ["1", "64"], ["0", "65"]),
        ("JWT_ACCESS_TTL", ["1ms", "24h"], ["0s", "86401s"]),
        ("FEED_PAGE", ["1", "10000"], ["0", "18446744073709551616"]),
        ("SHUTDOWN_GRACE", ["0s", "1h"], ["", "61m"]),
        ("RECONNECT_SPREAD", ["0s", "10m"], ["5", "601s"]),
    ] {
        for text in good {
            said().flag(name, text).load();
        }
        for text in bad {
            let fault = said().flag(name, text).only_fault();
            assert!(fault.starts_with(name), "{fault}");
        }
    }
}

#[test]
fn a_limit_is_a_number_or_off() {
    let caps = |said: Said| {
        let ws = said.load().ws;
        (ws.sockets_node, ws.sockets_user, ws.sockets_address)
    };
    assert_eq!(caps(said()), (Some(16_000), Some(50), Some(2_000)));
    let some_off = said()
        .env("WS_SOCKETS_NODE", "off")
        .flag("WS_SOCKETS_USER", "1")
        .file("ws_sockets_address = 'off'");
    assert_eq!(caps(some_off), (None, Some(1), None));
    let in_file = said().file("ws_sockets_address = 7");
    assert_eq!(caps(in_file).2, Some(7));
    for text in ["0", "+1", "OFF", "none", "1000001", "1.5"] {
        let fault = said().env("WS_SOCKETS_USER", text).only_fault();
        let expected = "must be a whole number from 1 to 1000000, or off";
        assert!(fault.contains(expected), "{fault}");
    }
    let fault = said().file("ws_sockets_user = false").only_fault();
    assert!(fault.ends_with("or off in quotes"), "{fault}");
}

#[test]
fn a_node_that_people_depend_on_gives_notice_of_its_end_within_the_grace_time() {
    let production = || {
        said()
            .env("APP_ENV", "production")
            .env("JWT_ACCESS_SECRET", SECRET)
    };
    let seconds = |said: Said| said.load().shutdown.notice.as_secs_f64();
    assert_eq!(seconds(said()), 0.0);
    assert_eq!(seconds(production()), 5.0);
    assert_eq!(seconds(production().env("DRAIN_NOTICE", "0s")), 0.0);
    assert_eq!(seconds(said().env("DRAIN_NOTICE", "9s")), 9.0);
    // Two of the four seconds are for the way out of the node itself.
    assert_eq!(seconds(production().env("SHUTDOWN_GRACE", "4s")), 1.0);
    assert_eq!(seconds(production().env("SHUTDOWN_GRACE", "0s")), 0.0);
    let notice = |grace: &str| {
        production()
            .env("DRAIN_NOTICE", "5s")
            .env("SHUTDOWN_GRACE", grace)
    };
    assert_eq!(seconds(notice("8s")), 5.0);
    // A second after the notice is for the requests that are then under way.
    for short in ["7999ms", "7s", "0s"] {
        let fault = notice(short).only_fault();
        let expected = "must be DRAIN_NOTICE, PRESENCE_LINGER and 2s together, or more";
        assert!(
            fault.starts_with("SHUTDOWN_GRACE") && fault.ends_with(expected),
            "{fault}"
        );
    }
}

#[test]
fn a_grace_time_that_leaves_nothing_for_serving_is_refused_unless_it_is_none_at_all() {
    let grace = |grace: &str, linger: &str| {
        said()
            .env("SHUTDOWN_GRACE", grace)
            .env("PRESENCE_LINGER", linger)
    };
    for (short, linger) in [("2s", "1s"), ("1s", "1s"), ("1s", "0s"), ("30s", "29s")] {
        let fault = grace(short, linger).only_fault();
        let expected = "must be greater than PRESENCE_LINGER and 1s together, or 0s";
        assert!(
            fault.starts_with("SHUTDOWN_GRACE") && fault.ends_with(expected),
            "{fault}"
        );
    }
    for (enough, linger) in [("2001ms", "1s"), ("1001ms", "0s"), ("31s", "29s")] {
        grace(enough, linger).load();
    }
    assert!(grace("0s", "1m").load().shutdown.grace.is_zero());
    // A fault of one setting is not blamed on the other.
    let fault = grace("1s", "soon").only_fault();
    assert!(fault.starts_with("PRESENCE_LINGER"), "{fault}");
}

#[test]
fn a_number_is_digits_alone() {
    for text in ["+1", " 1", "1 ", "0x1", "1_000", "1e3", "٣", ""] {
        said().flag("PORT", text).only_fault();
    }
}

#[test]
fn a_variable_that_is_not_utf_8_is_a_fault_and_not_ignored() {
    let mut said = said();
    let bad = OsString::from_vec(vec![b'x', 0xff]);
    said.environment.insert("JWT_ACCESS_SECRET".into(), bad);
    let fault = said.only_fault();
    assert!(
        fault.starts_with("JWT_ACCESS_SECRET (from the environment variable"),
        "{fault}"
    );
}

#[test]
fn a_host_is_an_address_or_localhost() {
    assert_eq!(
        said().env("HOST", "localhost").load().http.host.to_string(),
        "127.0.0.1"
    );
    assert_eq!(said().env("HOST", "::").load().http.host.to_string(), "::");
    for text in ["example.org", "[::1]", "127.0.0.1:80", "1.2.3"] {
        said().env("HOST", text).only_fault();
    }
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

#[test]
fn a_url_that_is_of_no_use_is_refused_and_not_shown() {
    for (name, text, word) in [
        (
            "DATABASE_URL",
            "hunter2",
            "must be of the form sqlite:<path> or postgres://",
        ),
        (
            "POSTGRES_DSN",
            "mysql://chat:hunter2@db/chat",
            "must be of the form",
        ),
        (
            "REDIS_URL",
            "hunter2",
            "must be a redis:// or rediss:// URL",
        ),
        (
            "REDIS_URL",
            "http://:hunter2@cache",
            "must be a redis:// or rediss:// URL",
        ),
    ] {
        let fault = said().env(name, text).only_fault();
        assert!(
            fault.contains(word) && !fault.contains("hunter2"),
            "{fault}"
        );
    }
}

#[test]
fn several_nodes_share_postgres_and_redis() {
    let config = said()
        .env("POSTGRES_DSN", "postgres://chat:hunter2@db/chat")
        .env("REDIS_URL", "redis://:hunter2@cache:6380")
        .load();
    let DatabaseKind::Postgres { dsn } = &config.database.kind else {
        panic!("not Postgres");
    };
    assert_eq!(dsn.expose_secret(), "postgres://chat:hunter2@db/chat");
    let redis = config.fleet.redis.as_ref().unwrap();
    assert_eq!(redis.url.expose_secret(), "redis://:hunter2@cache:6380");
    assert_eq!(redis.prefix, "chatterstack");
    for shown in [config.describe(), format!("{config:?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert!(
        config
            .describe()
            .contains("REDIS_URL=redis://:***@cache:6380 ")
    );
}

#[test]
fn what_redis_could_never_be_reached_by_is_a_fault_of_its_setting() {
    for (name, text) in [
        ("REDIS_URL", "redis://:hunter2@cache:port"),
        ("REDIS_URL", "redis-sentinel://:hunter2@cache"),
        ("REDIS_PREFIX", "with space"),
    ] {
        let fault = said()
            .env("DATABASE_URL", "postgres://db/chat")
            .env("REDIS_URL", "redis://cache")
            .env(name, text)
            .only_fault();
        assert!(fault.starts_with(name), "{fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
    }
}

#[test]
fn redis_beside_a_file_is_refused() {
    let alone = said().env("REDIS_URL", "redis://cache");
    for said in [
        said()
            .env("REDIS_URL", "redis://cache")
            .env("DATABASE_URL", "sqlite:./x.db"),
        alone,
    ] {
        let fault = said.only_fault();
        assert!(
            fault.ends_with("needs DATABASE_URL=postgres://…: a SQLite file serves one node"),
            "{fault}"
        );
    }
}

#[test]
fn a_bad_database_is_not_blamed_on_redis() {
    let fault = said()
        .env("REDIS_URL", "redis://cache")
        .env("DATABASE_URL", "mysql://db")
        .only_fault();
    assert!(fault.starts_with("DATABASE_URL"), "{fault}");
}

#[test]
fn a_rate_is_a_limit_and_off_is_none() {
    let config = said()
        .env("RATE_LOGIN_ACCOUNT", "3/2m")
        .env("RATE_REST_USER", "off")
        .file("rate_typing_user = '5/1s'")
        .load();
    let rate = |burst, seconds| {
        let period = std::time::Duration::from_secs(seconds);
        Some(delivery::Rate { burst, period })
    };
    assert_eq!(config.rates.login_account, rate(3, 120));
    assert_eq!(config.rates.rest_user, None);
    assert_eq!(config.rates.typing_user, rate(5, 1));
    assert_eq!(config.rates.messages_user, rate(300, 10));
    let fault = said().env("RATE_LOGIN_IP", "0/1m").only_fault();
    assert!(
        fault.contains("must be a rate <count>/<duration> from 1 to 1000000 in 1s to 1d, or off"),
        "{fault}"
    );
}

#[test]
fn the_database_is_the_named_file_or_in_the_data_folder() {
    let config = said().env("DATABASE_URL", "sqlite:/tmp/x.db").load();
    assert_eq!(sqlite_file(&config), Path::new("/tmp/x.db"));
    let config = said().env("DATA_DIR", "/srv/chat").load();
    assert_eq!(sqlite_file(&config), Path::new("/srv/chat/chatterstack.db"));
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
fn settings_that_contradict_each_other_are_refused() {
    let fault = said().env("WS_PING_INTERVAL", "60s").only_fault();
    assert!(
        fault.starts_with("WS_PONG_TIMEOUT (not set): must be greater"),
        "{fault}"
    );
    let fault = said().env("BUS_HEARTBEAT", "3s").only_fault();
    assert!(
        fault.starts_with("BUS_SILENCE (not set): must be greater"),
        "{fault}"
    );
    let fault = said().env("WS_ROOMS_MAX", "2049").only_fault();
    assert!(
        fault.starts_with("WS_QUEUE_BYTES (not set): must be 512 for each"),
        "{fault}"
    );
    let fault = said().env("PORT", "9").env("WS_PORT", "9").only_fault();
    assert!(fault.contains("must differ from PORT"), "{fault}");
    assert_eq!(
        said().env("PORT", "0").env("WS_PORT", "0").load().ws.port,
        Some(0)
    );
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
