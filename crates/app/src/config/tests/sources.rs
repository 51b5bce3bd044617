//! Flags, environment, file and defaults.

use super::*;

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
