//! Who may not ask, and what is no question.

use super::{
    ACTIVE, MESSAGES, OVERVIEW, TOP_ROOMS, TOP_USERS, first_admin, good, of_room, report_of, talk,
};
use crate::{
    rest::{NOBODY, assert_refused, with_query},
    server::Server,
};

#[tokio::test]
async fn an_owner_asks_of_their_room_alone() {
    let server = Server::start().await;
    let talk = talk(&server).await;
    let asks = [MESSAGES, ACTIVE, TOP_USERS];
    for path in asks {
        let own = of_room(&talk.ann, path, &talk.private).await;
        assert_eq!(own.status, 200, "{own:?}");
        // Bob is a member there, and the owner of the other one.
        let of_member = of_room(&talk.bob, path, &talk.private).await;
        of_member.assert_problem(403, "not_allowed");
        let of_public = of_room(&talk.ann, path, &talk.public).await;
        of_public.assert_problem(403, "not_allowed");
        let of_all = talk.ann.get(path).await;
        of_all.assert_problem(403, "not_allowed");
        let unknown = of_room(&talk.ann, path, NOBODY).await;
        unknown.assert_problem(404, "room_not_found");
        let unknown = of_room(&talk.admin, path, NOBODY).await;
        unknown.assert_problem(404, "room_not_found");
    }
    assert_eq!(
        good(&talk.ann, &report_of(&talk.private)).await["messages"],
        4
    );
    let others = talk.bob.get(&report_of(&talk.private)).await;
    others.assert_problem(403, "not_allowed");
    for path in [
        OVERVIEW.to_owned(),
        with_query(TOP_ROOMS, &[("room_id", talk.private.as_str())]),
    ] {
        talk.ann.get(&path).await.assert_problem(403, "not_allowed");
    }
    // For a stranger a private room is not there.
    let eve = server.user("Eve").await;
    for path in asks {
        let hidden = of_room(&eve, path, &talk.private).await;
        hidden.assert_problem(404, "room_not_found");
    }
    for (client, room) in [(&eve, talk.private.as_str()), (&talk.admin, NOBODY)] {
        let hidden = client.get(&report_of(room)).await;
        hidden.assert_problem(404, "room_not_found");
    }
}

#[tokio::test]
async fn nobody_asks_without_a_token() {
    let server = Server::start().await;
    let nobody = server.client();
    let room = report_of(NOBODY);
    for path in [OVERVIEW, MESSAGES, ACTIVE, TOP_USERS, TOP_ROOMS, &room] {
        let answer = nobody.get(path).await;
        answer.assert_problem(401, "token_missing");
    }
}

#[tokio::test]
async fn what_is_malformed_is_refused() {
    let server = Server::start().await;
    let admin = first_admin(&server).await;
    let ask = async |path: &str, query: &[(&str, &str)]| admin.get(&with_query(path, query)).await;
    for (name, bad) in [("from", "yesterday"), ("to", ""), ("from", "2026-01-02")] {
        assert_refused(&ask(MESSAGES, &[(name, bad)]).await, name, "not_a_time");
    }
    let both = ask(MESSAGES, &[("from", "x"), ("to", "y")]).await;
    assert_refused(&both, "from", "not_a_time");
    assert_refused(&both, "to", "not_a_time");
    for (from, to) in [
        ("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"),
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"),
    ] {
        let answer = ask(MESSAGES, &[("from", from), ("to", to)]).await;
        assert_refused(&answer, "to", "out_of_range");
    }
    for (path, name, bad) in [
        (MESSAGES, "interval", "year"),
        (MESSAGES, "interval", "HOUR"),
        (MESSAGES, "room_id", "the kitchen"),
        (ACTIVE, "window", "year"),
        (ACTIVE, "room_id", "1"),
        (TOP_USERS, "window", ""),
        (TOP_ROOMS, "limit", "many"),
        (TOP_ROOMS, "limit", "-1"),
    ] {
        let answer = ask(path, &[(name, bad)]).await;
        answer.assert_problem(400, "invalid_query");
    }
    for path in [TOP_ROOMS, TOP_USERS] {
        for bad in ["0", "101"] {
            assert_refused(&ask(path, &[("limit", bad)]).await, "limit", "out_of_range");
        }
    }
    let answer = admin.get(&report_of("the-kitchen")).await;
    answer.assert_problem(400, "invalid_id");
}
