use serde_json::json;

use super::{NOBODY, assert_ids_and_times};
use crate::{api::Client, server::Server};

/// A room with one of each role, and somebody outside.
struct Cast {
    owner: Client,
    admin: Client,
    member: Client,
    outsider: Client,
    members: String,
}

async fn cast(server: &Server) -> Cast {
    let (owner, admin) = (server.user("Owner").await, server.user("Adm").await);
    let (member, outsider) = (server.user("Member").await, server.user("Outsider").await);
    let body = json!({"name": "General", "member_ids": [member.id()],
        "members": [{"user_id": admin.id(), "role": "ADMIN"}]});
    let made = owner.post("/v1/rooms", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let members = format!("/v1/rooms/{}/members", made.body["id"].as_str().unwrap());
    Cast {
        owner,
        admin,
        member,
        outsider,
        members,
    }
}

#[tokio::test]
async fn the_members_are_an_array_of_who_is_what_since_when() {
    let server = Server::start().await;
    let cast = cast(&server).await;
    let listed = cast.member.get(&cast.members).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let mut seen = Vec::new();
    for member in listed.body.as_array().unwrap() {
        assert_ids_and_times(member, &["user_id"], &["joined_at"]);
        seen.push((
            member["user_id"].as_str().unwrap(),
            member["username"].as_str().unwrap(),
            member["role"].as_str().unwrap(),
        ));
    }
    seen.sort_unstable_by_key(|(_, _, role)| *role);
    let expected = [
        (cast.admin.id(), "Adm", "ADMIN"),
        (cast.member.id(), "Member", "MEMBER"),
        (cast.owner.id(), "Owner", "OWNER"),
    ];
    assert_eq!(seen, expected);
    let outside = cast.outsider.get(&cast.members).await;
    outside.assert_problem(404, "room_not_found");
    let unknown = cast
        .member
        .get(&format!("/v1/rooms/{NOBODY}/members"))
        .await;
    unknown.assert_problem(404, "room_not_found");
}

#[tokio::test]
async fn an_owner_adds_admins_and_an_admin_adds_members_and_a_member_nobody() {
    let server = Server::start().await;
    let cast = cast(&server).await;
    let Cast {
        owner,
        admin,
        member,
        outsider,
        members,
    } = &cast;
    let one = format!("{members}/{}", outsider.id());
    for (who, role, expected) in [
        (member, "MEMBER", "not_allowed"),
        (member, "ADMIN", "not_allowed"),
        (member, "OWNER", "validation_failed"),
        (admin, "ADMIN", "not_allowed"),
        (admin, "OWNER", "validation_failed"),
        (owner, "OWNER", "validation_failed"),
        (outsider, "MEMBER", "room_not_found"),
        (admin, "MEMBER", ""),
        (owner, "MEMBER", ""),
        (owner, "ADMIN", ""),
    ] {
        let body = json!({"user_id": outsider.id(), "role": role});
        let answer = who.post(members, body).await;
        if expected.is_empty() {
            assert_eq!(answer.status, 201, "{answer:?}");
            assert_ids_and_times(&answer.body, &["user_id"], &["joined_at"]);
            assert_eq!(answer.body["user_id"], outsider.id());
            assert_eq!(answer.body["username"], "Outsider");
            assert_eq!(answer.body["role"], role);
            assert_eq!(owner.delete(&one).await.status, 204);
        } else {
            let status = match expected {
                "room_not_found" => 404,
                "validation_failed" => 400,
                _ => 403,
            };
            answer.assert_problem(status, expected);
        }
    }
    let plain = admin.post(members, json!({"user_id": outsider.id()})).await;
    assert_eq!(plain.body["role"], "MEMBER", "{plain:?}");
}

#[tokio::test]
async fn an_addition_that_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let cast = cast(&server).await;
    let add = async |body| cast.owner.post(&cast.members, body).await;
    let twice = add(json!({"user_id": cast.member.id()})).await;
    twice.assert_problem(409, "already_member");
    // To be added as something else is no way to be promoted.
    let promoted = add(json!({"user_id": cast.member.id(), "role": "ADMIN"})).await;
    promoted.assert_problem(409, "already_member");
    let oneself = add(json!({"user_id": cast.owner.id()})).await;
    oneself.assert_problem(409, "already_member");
    let nobody = add(json!({"user_id": NOBODY})).await;
    nobody.assert_problem(404, "user_not_found");
    for bad in [
        json!({}),
        json!({"user_id": "ann"}),
        json!({"user_id": null}),
        json!({"user_id": [NOBODY]}),
        json!({"user_id": NOBODY, "role": "admin"}),
        json!({"user_id": NOBODY, "role": 1}),
        json!([NOBODY]),
        json!(NOBODY),
    ] {
        add(bad).await.assert_problem(400, "invalid_body");
    }
}

#[tokio::test]
async fn one_removes_who_stands_below_and_oneself() {
    let server = Server::start().await;
    let cast = cast(&server).await;
    let Cast {
        owner,
        admin,
        member,
        outsider,
        members,
    } = &cast;
    let remove = async |who: &Client, whom: &str| who.delete(&format!("{members}/{whom}")).await;
    for (who, whom, status, code) in [
        (member, admin.id(), 403, "not_allowed"),
        (member, owner.id(), 403, "not_allowed"),
        (admin, owner.id(), 403, "not_allowed"),
        (owner, owner.id(), 403, "owner_stays"),
        (outsider, member.id(), 404, "room_not_found"),
        (outsider, outsider.id(), 404, "room_not_found"),
        (owner, outsider.id(), 404, "member_not_found"),
        (owner, NOBODY, 404, "member_not_found"),
        (owner, "me", 400, "invalid_id"),
    ] {
        remove(who, whom).await.assert_problem(status, code);
    }
    assert_eq!(remove(admin, member.id()).await.status, 204);
    let again = remove(admin, member.id()).await;
    again.assert_problem(404, "member_not_found");
    let second = json!({"user_id": outsider.id(), "role": "ADMIN"});
    assert_eq!(owner.post(members, second).await.status, 201);
    let peer = remove(admin, outsider.id()).await;
    peer.assert_problem(403, "not_allowed");
    assert_eq!(remove(owner, outsider.id()).await.status, 204);
    assert_eq!(remove(admin, admin.id()).await.status, 204, "one leaves");
    admin
        .get(members)
        .await
        .assert_problem(404, "room_not_found");
    assert_eq!(owner.get(members).await.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_presence_of_a_room_is_who_has_a_socket_there() {
    let server = Server::start().await;
    let cast = cast(&server).await;
    let path = cast.members.replace("/members", "/presence");
    let nobody = cast.owner.get(&path).await;
    assert_eq!(nobody.body, json!({"online": 0, "users": []}));
    let _socket = cast.member.socket(&server, &[]).await;
    let one = cast.owner.get(&path).await;
    assert_eq!(one.body["online"], 1);
    assert_eq!(one.body["users"][0]["user_id"], cast.member.id());
    let outside = cast.outsider.get(&path).await;
    outside.assert_problem(404, "room_not_found");
}
