//! What is refused, and how an address is told.

use super::*;

#[tokio::test]
async fn what_is_no_redis_url_is_refused_without_its_password() {
    for bad in [
        "",
        "localhost",
        "http://ann:s3cret@localhost",
        "redis:ann:s3cret@localhost",
        "redis-moon://ann:s3cret@localhost",
        "redis://ann:s3cret@localhost:port",
        "redis://ann:s3cret@localhost/a/b",
        "redis://ann:s3cret@localhost/moon",
        "redis://ann:s3cret@",
        "redis-sentinel://ann:s3cret@localhost",
        "redis-cluster://localhost?node=ann:s3cret:1",
        "rediss+unix:///tmp/redis.sock",
    ] {
        let error = RedisLink::open(&RedisOptions::new(bad)).expect_err(bad);
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3cret"), "{bad}: {text}");
        assert!(
            matches!(error, OpenError::Scheme | OpenError::Url(_)),
            "{bad}: {text}"
        );
    }
    for prefix in ["", "a{b", "a b"] {
        let options = RedisOptions {
            prefix: prefix.into(),
            ..RedisOptions::new("redis://localhost")
        };
        assert!(matches!(
            RedisLink::open(&options),
            Err(OpenError::Prefix(_))
        ));
    }
    let options = RedisOptions {
        authorities: Some("/nowhere.pem".into()),
        ..RedisOptions::new("rediss://localhost")
    };
    let error = RedisLink::open(&options).expect_err("there is no such file");
    assert!(error.to_string().contains("/nowhere.pem"), "{error}");
}

#[test]
fn options_are_checked_without_a_runtime_as_they_are_at_the_opening() {
    let good = RedisOptions::new("redis://ann:s3cret@localhost/1");
    good.check().unwrap();
    let bad = |change: fn(&mut RedisOptions)| {
        let mut options = good.clone();
        change(&mut options);
        options.check().unwrap_err()
    };
    let error = bad(|options| options.url = "http://localhost".into());
    assert!(matches!(error, OpenError::Scheme));
    let error = bad(|options| options.prefix = "a{b".into());
    assert!(matches!(error, OpenError::Prefix(_)));
    let error = bad(|options| {
        options.url = "rediss://localhost".into();
        options.authorities = Some("/nowhere.pem".into());
    });
    assert!(matches!(error, OpenError::Authorities { .. }));
}

#[tokio::test]
async fn an_address_is_told_without_the_password() {
    for (url, told) in [
        ("redis://:s3cret@one/2", "redis://one:6379/2"),
        ("rediss://ann:s3cret@one:1", "rediss://ann@one:1"),
        (
            "redis-cluster://ann:s3cret@one:1?node=two:2",
            "redis-cluster://ann@two:2,one:1",
        ),
        (
            "redis-sentinel://ann:s3cret@one?sentinelServiceName=main&sentinelPassword=s3cret",
            "redis-sentinel://ann@one:26379",
        ),
        (
            "redis+unix:///run/redis.sock",
            "redis+unix:///run/redis.sock",
        ),
    ] {
        let options = RedisOptions::new(url);
        let link = RedisLink::open(&options).unwrap();
        assert_eq!(link.address(), told);
        assert!(!format!("{link:?} {options:?}").contains("s3cret"));
    }
}
