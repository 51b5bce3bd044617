use std::{collections::HashMap, sync::Mutex};

use actix_web::test::TestRequest;
use async_trait::async_trait;
use uuid::Uuid;

use super::*;
use crate::problem::Code;

/// Grants each key its burst and never more.
#[derive(Default)]
struct OnceFull(Mutex<HashMap<(&'static str, String), u32>>);

#[async_trait]
impl RateLimiter for OnceFull {
    async fn take(&self, quota: &Quota, key: &str) -> Allowance {
        let mut taken = self.0.lock().unwrap();
        let taken = taken.entry((quota.name, key.to_owned())).or_default();
        let granted = *taken < quota.burst;
        *taken += u32::from(granted);
        Allowance {
            granted,
            remaining: quota.burst - *taken,
            retry_after: if granted {
                Duration::ZERO
            } else {
                Duration::from_millis(1_500)
            },
            reset_after: Duration::from_millis(2_001),
        }
    }
}

fn rate(burst: u32) -> Option<Rate> {
    Some(Rate {
        burst,
        period: Duration::from_secs(60),
    })
}

fn limits(rates: Rates) -> Limits {
    Limits::new(Arc::new(OnceFull::default()), rates)
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn from(address: &str) -> Option<IpAddr> {
    Some(address.parse().unwrap())
}

fn headers(request: &HttpRequest) -> Option<(String, String)> {
    let mut headers = HeaderMap::new();
    tell(request, &mut headers);
    let text = |name| Some(headers.get(name)?.to_str().unwrap().to_owned());
    Some((text("ratelimit-policy")?, text("ratelimit")?))
}

#[tokio::test]
async fn each_user_has_a_quota_of_their_own_for_each_deed() {
    let limits = limits(Rates {
        messages_user: rate(1),
        typing_user: rate(1),
        ..Rates::default()
    });
    let (ann, bob) = (user(1), user(2));
    for deed in [Deed::Message(ann), Deed::Message(bob), Deed::Typing(ann)] {
        assert_eq!(limits.check(deed.clone()).await, Ok(()));
        let problem = limits.check(deed).await.unwrap_err();
        assert_eq!(problem.code(), Code::RateLimited);
        let told = serde_json::to_value(problem.body(None)).unwrap();
        assert_eq!(told["retry_after_ms"], 1_500);
    }
}

#[tokio::test]
async fn what_has_no_limit_is_not_counted() {
    let limits = limits(Rates::default());
    let request = TestRequest::default().to_http_request();
    for _ in 0..1_000 {
        assert_eq!(
            limits.check_request(&request, Deed::Call(user(1))).await,
            Ok(())
        );
    }
    assert_eq!(headers(&request), None);
}

#[tokio::test]
async fn a_home_is_one_address() {
    let limits = limits(Rates {
        register_ip: rate(1),
        ..Rates::default()
    });
    for (first, again) in [
        ("2001:db8::1", "2001:db8::ffff:1"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
    ] {
        assert_eq!(limits.check(Deed::Register(from(first))).await, Ok(()));
        assert!(limits.check(Deed::Register(from(again))).await.is_err());
    }
    assert_eq!(
        limits.check(Deed::Register(from("192.0.2.2"))).await,
        Ok(())
    );
}

#[tokio::test]
async fn an_account_is_one_however_it_is_written() {
    let limits = limits(Rates {
        login_account: rate(1),
        ..Rates::default()
    });
    for (first, again) in [
        ("ann@example.org", " Ann@EXAMPLE.org "),
        ("no address", " No Address"),
    ] {
        let log_in = |written: &str| limits.check(Deed::LogInTo(written.to_owned()));
        assert_eq!(log_in(first).await, Ok(()));
        assert!(log_in(again).await.is_err());
    }
}

#[tokio::test]
async fn an_answer_tells_the_tightest_limit() {
    let limits = limits(Rates {
        rest_user: rate(9),
        messages_user: rate(2),
        ..Rates::default()
    });
    let ann = user(1);
    for left in [1, 0] {
        let request = TestRequest::default().to_http_request();
        for deed in [Deed::Call(ann), Deed::Message(ann)] {
            limits.check_request(&request, deed).await.unwrap();
        }
        let expected = (
            "\"messages_user\";q=2;w=60".to_owned(),
            format!("\"messages_user\";r={left};t=3"),
        );
        assert_eq!(headers(&request), Some(expected));
    }
    let request = TestRequest::default().to_http_request();
    limits
        .check_request(&request, Deed::Call(ann))
        .await
        .unwrap();
    let (policy, left) = headers(&request).unwrap();
    assert_eq!(policy, "\"rest_user\";q=9;w=60");
    assert_eq!(left, "\"rest_user\";r=6;t=3");
}

#[tokio::test]
async fn a_refusal_is_what_its_answer_tells_of() {
    let limits = limits(Rates {
        rest_user: rate(1),
        messages_user: rate(1),
        ..Rates::default()
    });
    let ann = user(1);
    limits.check(Deed::Message(ann)).await.unwrap();
    let request = TestRequest::default().to_http_request();
    limits
        .check_request(&request, Deed::Call(ann))
        .await
        .unwrap();
    let refused = limits.check_request(&request, Deed::Message(ann)).await;
    assert_eq!(refused.unwrap_err().code(), Code::RateLimited);
    assert_eq!(headers(&request).unwrap().1, "\"messages_user\";r=0;t=3");
}
