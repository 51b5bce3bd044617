//! What a number, a limit, a rate or an address may be, and what goes together.

use super::*;

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
