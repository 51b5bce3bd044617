use serde_json::json;

use super::{NOBODY, assert_refused, assert_room, names, with_query};
use crate::server::Server;

const ROOMS: &str = "/v1/rooms";

#[tokio::test]
async fn a_room_needs_a_name_and_nothing_else() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let made = ann.post(ROOMS, json!({"name": " General "})).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_room(&made.body, "General", ann.id());
    assert_eq!(made.body["is_group"], true);
    assert_eq!(made.body["description"], "");
    assert_eq!(made.body["visibility"], "private");
    let path = format!("/v1/rooms/{}", made.body["id"].as_str().unwrap());
    let shown = ann.get(&path).await;
    assert_eq!((shown.status, &shown.body), (200, &made.body));
    let listed = ann.get(&format!("{path}/members")).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 1);
    assert_eq!(listed.body[0]["role"], "OWNER");
    // Names are not unique.
    assert_eq!(
        ann.post(ROOMS, json!({"name": "General"})).await.status,
        201
    );
}

#[tokio::test]
async fn a_room_takes_everything_that_a_client_may_say_about_it() {
    let server = Server::start().await;
    let (ann, bob, cem) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Cem").await,
    );
    let body = json!({
        "name": "😀".repeat(100), "is_group": false, "description": "line\nline", "visibility": "public",
        "member_ids": [bob.id(), cem.id(), bob.id(), ann.id()],
        "members": [{"user_id": cem.id(), "role": "ADMIN", "since": 1}, {"user_id": bob.id()}],
        "creator_id": ann.id(), "colour": "red",
    });
    let made = ann.post(ROOMS, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_room(&made.body, &"😀".repeat(100), ann.id());
    assert_eq!(made.body["is_group"], false);
    assert_eq!(made.body["description"], "line\nline");
    assert_eq!(made.body["visibility"], "public");
    let path = format!("/v1/rooms/{}/members", made.body["id"].as_str().unwrap());
    let members = bob.get(&path).await.body;
    let role = |id: &str| {
        let mut all = members.as_array().unwrap().iter();
        all.find(|m| m["user_id"] == id).unwrap()["role"].clone()
    };
    assert_eq!(members.as_array().unwrap().len(), 3, "each once: {members}");
    assert_eq!(
        [role(ann.id()), role(bob.id()), role(cem.id())],
        ["OWNER", "MEMBER", "ADMIN"]
    );
    let nothing = json!({"name": "x", "is_group": null, "description": null, "member_ids": null, "members": null, "creator_id": null});
    assert_eq!(ann.post(ROOMS, nothing).await.status, 201);
}

#[tokio::test]
async fn a_room_that_breaks_a_rule_is_not_made() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    for (body, code) in [
        (json!({"creator_id": bob.id()}), "creator_is_not_caller"),
        (
            json!({"members": [{"user_id": bob.id(), "role": "OWNER"}]}),
            "second_owner",
        ),
        (json!({"member_ids": [NOBODY]}), "unknown_member"),
        (json!({"members": [{"user_id": NOBODY}]}), "unknown_member"),
        (
            json!({"member_ids": vec![bob.id(); 1_001]}),
            "too_many_members",
        ),
        (json!({"member_ids": ["bob"]}), "invalid_body"),
        (json!({"member_ids": bob.id()}), "invalid_body"),
        (json!({"members": [{"role": "ADMIN"}]}), "invalid_body"),
        (
            json!({"members": [{"user_id": bob.id(), "role": "KING"}]}),
            "invalid_body",
        ),
        (json!({"members": [[bob.id(), "ADMIN"]]}), "invalid_body"),
        (json!({"creator_id": "ann"}), "invalid_body"),
        (json!({"is_group": "yes"}), "invalid_body"),
        (json!({"is_group": 1}), "invalid_body"),
        (json!({"visibility": "secret"}), "invalid_body"),
        (json!({"description": ["x"]}), "invalid_body"),
    ] {
        let mut body = body;
        body["name"] = json!("General");
        let refused = ann.post(ROOMS, body).await;
        refused.assert_problem(400, code);
    }
    for (name, code) in [
        (json!(""), "empty"),
        (json!("  \t"), "empty"),
        (json!("x".repeat(101)), "too_long"),
        (json!("a\nb"), "control_character"),
        (json!("a\0b"), "nul"),
    ] {
        let refused = ann.post(ROOMS, json!({"name": name})).await;
        assert_refused(&refused, "name", code);
    }
    assert_refused(&ann.post(ROOMS, json!({})).await, "name", "missing");
    let long = json!({"name": "x", "description": "é".repeat(1_001)});
    assert_refused(&ann.post(ROOMS, long).await, "description", "too_long");
    assert!(names(&ann.get(ROOMS).await).is_empty());
    assert!(names(&bob.get(ROOMS).await).is_empty());
}

#[tokio::test]
async fn the_listing_is_of_ones_own_rooms_and_looks_into_names() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    for name in ["Alpha", "Beta", "100% off", "a_b", "Straße", "O'Neil \"x\""] {
        ann.room(name, &[]).await;
    }
    ann.room("Shared alpha", &[&bob]).await;
    assert_eq!(names(&bob.get(ROOMS).await), ["Shared alpha"]);
    assert_eq!(names(&ann.get(ROOMS).await).len(), 7);
    for (q, mut expected) in [
        ("lph", vec!["Alpha", "Shared alpha"]),
        ("ALPHA", vec!["Alpha", "Shared alpha"]),
        ("%", vec!["100% off"]),
        ("_", vec!["a_b"]),
        ("'", vec!["O'Neil \"x\""]),
        ("\"", vec!["O'Neil \"x\""]),
        ("*", vec![]),
        ("\\", vec![]),
        ("raß", vec!["Straße"]),
        ("nothing", vec![]),
    ] {
        let answer = ann.get(&with_query(ROOMS, &[("q", q)])).await;
        let mut found = names(&answer);
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{q}");
    }
    assert_eq!(names(&ann.get("/v1/rooms?q=").await).len(), 7);
}

#[tokio::test]
async fn the_listing_takes_a_limit_of_1_to_100_and_20_if_none_is_given() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    for i in 0..22 {
        ann.room(&format!("Room {i}"), &[]).await;
    }
    assert_eq!(names(&ann.get(ROOMS).await).len(), 20);
    assert_eq!(names(&ann.get("/v1/rooms?limit=1").await).len(), 1);
    assert_eq!(names(&ann.get("/v1/rooms?limit=100").await).len(), 22);
    for bad in ["0", "101", "4294967295"] {
        let answer = ann.get(&format!("/v1/rooms?limit={bad}")).await;
        assert_refused(&answer, "limit", "out_of_range");
    }
    for bad in ["-1", "x", "", "1.5", "1e2", "4294967296", "%00"] {
        let answer = ann.get(&format!("/v1/rooms?limit={bad}")).await;
        answer.assert_problem(400, "invalid_query");
    }
    let long = with_query(ROOMS, &[("q", &"x".repeat(201))]);
    assert_refused(&ann.get(&long).await, "q", "too_long");
    let scope = ann.get("/v1/rooms?scope=all").await;
    scope.assert_problem(400, "invalid_query");
}

#[tokio::test]
async fn a_room_is_deleted_by_its_creator_for_everybody() {
    let server = Server::start().await;
    let (ann, bob, cem) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Cem").await,
    );
    let body = json!({"name": "General", "members": [{"user_id": bob.id(), "role": "ADMIN"}]});
    let made = ann.post(ROOMS, body).await;
    let path = format!("/v1/rooms/{}", made.body["id"].as_str().unwrap());
    bob.delete(&path).await.assert_problem(403, "not_creator");
    cem.delete(&path)
        .await
        .assert_problem(404, "room_not_found");
    assert_eq!(ann.delete(&path).await.status, 204);
    for user in [&ann, &bob] {
        user.get(&path).await.assert_problem(404, "room_not_found");
        let listed = user.get(&format!("{path}/messages")).await;
        listed.assert_problem(404, "room_not_found");
        let said = user
            .post(&format!("{path}/messages"), json!({"content": "x"}))
            .await;
        said.assert_problem(404, "room_not_found");
        assert!(names(&user.get(ROOMS).await).is_empty());
    }
    ann.delete(&path)
        .await
        .assert_problem(404, "room_not_found");
}
