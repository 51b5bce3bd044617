use super::*;

fn run(args: &[&str], variables: &[(&str, &str)]) -> Result<(Command, Config), CliError> {
    let args = std::iter::once("chatterstack").chain(args.iter().copied());
    let environment = variables
        .iter()
        .map(|(name, text)| (name.into(), text.into()))
        .collect();
    parse(args, &environment, &|path| match path.to_str() {
        Some("cs.toml") => Ok("port = 7\nlog_level = 'warn'".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    })
}

fn command(args: &[&str]) -> Command {
    run(args, &[]).unwrap().0
}

fn port(args: &[&str], variables: &[(&str, &str)]) -> u16 {
    run(args, variables).unwrap().1.http.port
}

fn failure(args: &[&str], variables: &[(&str, &str)]) -> CliError {
    run(args, variables).expect_err("a refusal")
}

#[test]
fn without_a_command_the_server_is_run() {
    assert_eq!(command(&[]), Command::Serve);
    assert_eq!(command(&["--port", "1"]), Command::Serve);
}

#[test]
fn each_command_has_its_word() {
    assert_eq!(command(&["serve"]), Command::Serve);
    assert_eq!(command(&["migrate"]), Command::Migrate);
    assert_eq!(command(&["seed"]), Command::Seed);
    assert_eq!(command(&["openapi"]), Command::OpenApi);
    assert_eq!(command(&["healthcheck"]), Command::Healthcheck);
}

#[test]
fn an_admin_is_made_by_an_address_and_perhaps_a_name() {
    let admin = |username: Option<&str>| {
        let email = "ann@example.org".to_owned();
        let username = username.map(str::to_owned);
        Command::CreateAdmin(NewAdmin { email, username })
    };
    let create = ["admin", "create", "ann@example.org"];
    assert_eq!(command(&create), admin(None));
    let named = ["admin", "create", "ann@example.org", "Ann"];
    assert_eq!(command(&named), admin(Some("Ann")));
    // The settings of a server are taken here too, so that both mean one database.
    for args in [
        ["--port", "1", "admin", "create", "ann@example.org"],
        ["admin", "--port", "1", "create", "ann@example.org"],
        ["admin", "create", "ann@example.org", "--port", "1"],
    ] {
        assert_eq!(port(&args, &[]), 1, "{args:?}");
    }
    for args in [&["admin"][..], &["admin", "create"], &["admin", "fly"]] {
        failure(args, &[]);
    }
}

#[test]
fn flags_may_stand_before_and_after_the_command() {
    assert_eq!(port(&["--port", "1", "serve"], &[]), 1);
    assert_eq!(port(&["serve", "--port=1"], &[]), 1);
    assert_eq!(port(&["--http-port", "1"], &[]), 1, "the alias");
    assert_eq!(
        port(&["--port", "1", "migrate", "--log-level", "warn"], &[]),
        1
    );
}

#[test]
fn a_flag_wins_over_the_environment_and_both_over_the_file() {
    assert_eq!(port(&["--config", "cs.toml"], &[]), 7);
    assert_eq!(port(&["serve", "--config", "cs.toml"], &[("PORT", "8")]), 8);
    assert_eq!(
        port(&["--config", "cs.toml", "--port", "9"], &[("PORT", "8")]),
        9
    );
    assert_eq!(port(&[], &[("CHATTERSTACK_CONFIG", "cs.toml")]), 7);
    assert_eq!(
        port(
            &["--config", "cs.toml"],
            &[("CHATTERSTACK_CONFIG", "other.toml")]
        ),
        7
    );
}

#[test]
fn every_setting_but_the_secret_has_a_flag() {
    let clap = flags::command();
    let flags: Vec<_> = clap
        .get_arguments()
        .filter_map(|arg| arg.get_long())
        .collect();
    for setting in crate::config::settings() {
        assert_eq!(
            flags.contains(&setting.flag().as_str()),
            setting.name != "JWT_ACCESS_SECRET"
        );
    }
    clap.debug_assert();
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    for args in [
        &["--nonsense"][..],
        &["dance"],
        &["--port"],
        &["serve", "serve"],
    ] {
        assert_eq!(failure(args, &[]).status(), 2, "{args:?}");
    }
}

#[test]
fn a_wrong_configuration_exits_with_78_and_a_line_for_each_fault() {
    let error = failure(&["--port", "x"], &[("LOG_LEVEL", "loud")]);
    assert_eq!(error.status(), 78);
    let text = error.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("PORT (from --port)"), "{text}");
    assert!(
        lines[1].starts_with("LOG_LEVEL (from the environment variable LOG_LEVEL)"),
        "{text}"
    );
}

#[test]
fn only_commands_that_let_people_in_need_secrets() {
    let production = [("APP_ENV", "production")];
    for word in ["openapi", "healthcheck", "migrate"] {
        run(&[word], &production).unwrap();
    }
    for word in ["serve", "seed"] {
        assert_eq!(failure(&[word], &production).status(), 78);
    }
}

#[test]
fn help_and_version_are_no_failure() {
    for flag in ["--help", "-h", "--version"] {
        assert_eq!(failure(&[flag], &[]).status(), 0);
    }
    assert!(
        failure(&["-V"], &[])
            .to_string()
            .contains(env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn long_help_lists_every_setting_with_its_environment_name_and_default() {
    let help = failure(&["--help"], &[]).to_string();
    for setting in crate::config::settings().filter(|setting| setting.has_flag()) {
        assert!(
            help.contains(&format!("--{} <", setting.flag())),
            "{}",
            setting.name
        );
        assert!(help.contains(setting.summary()), "{}", setting.name);
    }
    assert!(
        help.contains("[env: PORT, HTTP_PORT] [default: 8080]"),
        "{help}"
    );
    assert!(help.contains("Shutdown:"), "{help}");
    assert!(help.lines().all(|line| line.len() <= 100), "{help}");
}

#[test]
fn short_help_leaves_out_what_few_installations_change() {
    let help = failure(&["-h"], &[]).to_string();
    assert!(
        help.contains("--port") && help.contains("--guests"),
        "{help}"
    );
    assert!(
        !help.contains("--db-readers") && !help.contains("Shutdown:"),
        "{help}"
    );
}
