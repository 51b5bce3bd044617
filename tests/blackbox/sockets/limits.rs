use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{
    Scene,
    raw::{BINARY, CONTINUATION, FIN, PING, PONG, Raw, TEXT, frame, header},
};
use crate::{
    server::{Start, eventually},
    socket::Socket,
};

const LIMIT: usize = 262_144;

#[tokio::test]
async fn a_frame_that_breaks_the_protocol_closes_with_the_code_for_it() {
    let scene = Scene::new().await;
    let token = scene.ann.access_token();
    let unmasked = vec![FIN | TEXT, 2, b'{', b'}'];
    let cases = [
        ("binary", frame(FIN | BINARY, b"{}"), 1003),
        ("not UTF-8", frame(FIN | TEXT, b"\xff\xfe"), 1007),
        (
            "cut-off UTF-8",
            frame(FIN | TEXT, b"{\"a\":\"\xe2\x82"),
            1007,
        ),
        ("unmasked", unmasked, 1002),
        (
            "RSV1, as a compressed frame has it",
            frame(FIN | 0x40 | TEXT, b"{}"),
            1002,
        ),
        ("RSV2", frame(FIN | 0x20 | TEXT, b"{}"), 1002),
        ("an unknown opcode", frame(FIN | 0x3, b"{}"), 1002),
        ("an unknown control opcode", frame(FIN | 0xb, b""), 1002),
        ("a ping in fragments", frame(PING, b""), 1002),
        (
            "a ping that is too long",
            frame(FIN | PING, &[0; 126]),
            1002,
        ),
        (
            "a continuation of nothing",
            frame(FIN | CONTINUATION, b"{}"),
            1002,
        ),
        (
            "a message within a message",
            [frame(TEXT, b"{"), frame(FIN | TEXT, b"}")].concat(),
            1002,
        ),
        (
            "over the limit by one",
            frame(FIN | TEXT, &vec![b' '; LIMIT + 1]),
            1009,
        ),
        ("4 GiB", header(FIN | TEXT, 1 << 32), 1009),
        ("more than there is", header(FIN | TEXT, u64::MAX), 1009),
    ];
    let server = &scene.server;
    join_all(cases.map(|(what, bytes, code)| async move {
        let mut socket = Raw::open(server, token).await;
        socket.write(&bytes).await;
        assert_eq!(socket.closed().await, code, "{what}");
    }))
    .await;
    scene.ann.say(&scene.room, "the node is well").await;
}

#[tokio::test]
async fn a_frame_of_four_gibibytes_is_closed_at_its_header_and_costs_no_memory() {
    let scene = Scene::new().await;
    let token = scene.ann.access_token();
    // Warmed up, so that what is measured is the frame alone.
    drop(Raw::open(&scene.server, token).await);
    let before = scene.server.resident_kib();
    let mut socket = Raw::open(&scene.server, token).await;
    socket.write(&header(FIN | TEXT, 1 << 32)).await;
    let chunk = vec![b'a'; 1 << 20];
    for _ in 0..64 {
        socket.write(&chunk).await;
    }
    let grown = scene.server.resident_kib().saturating_sub(before);
    assert!(grown < 16 * 1_024, "grown by {grown} KiB");
    let mut socket = Raw::open(&scene.server, token).await;
    socket.write(&header(FIN | TEXT, 1 << 32)).await;
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn a_message_in_fragments_is_one_command_up_to_the_limit_and_1009_beyond() {
    let scene = Scene::new().await;
    let mut listener = scene.bob.socket(&scene.server, &[]).await;
    let text =
        json!({"event": "send_message", "data": {"room_id": scene.room, "content": "pieces"}});
    let text = text.to_string();
    let (start, end) = text.as_bytes().split_at(1);
    let mut socket = Raw::open(&scene.server, scene.ann.access_token()).await;
    socket.write(&frame(TEXT, start)).await;
    socket.write(&frame(FIN | PING, b"between")).await;
    assert_eq!(socket.next(PONG).await, b"between");
    socket
        .write(&frame(
            CONTINUATION,
            &vec![b' '; LIMIT - start.len() - end.len()],
        ))
        .await;
    socket.write(&frame(FIN | CONTINUATION, end)).await;
    assert_eq!(
        listener.hear("receive_message").await["data"]["content"],
        "pieces"
    );
    socket.write(&frame(TEXT, b"")).await;
    socket.write(&frame(CONTINUATION, &vec![b' '; LIMIT])).await;
    socket.write(&header(FIN | CONTINUATION, 1)).await;
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn the_limit_is_what_the_operator_says() {
    let scene = Scene::with(Start::default().with("WS_MAX_FRAME_BYTES", "1024")).await;
    let mut socket = Raw::open(&scene.server, scene.ann.access_token()).await;
    socket.write(&frame(FIN | TEXT, &[b' '; 1_024])).await;
    let answer = socket.next(TEXT).await;
    assert!(String::from_utf8(answer).unwrap().contains("ready"));
    assert!(
        String::from_utf8(socket.next(TEXT).await)
            .unwrap()
            .contains("invalid_json")
    );
    socket.write(&header(FIN | TEXT, 1_025)).await;
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn a_ping_is_answered_and_a_close_too() {
    let Scene { server, ann, .. } = Scene::new().await;
    let mut socket = ann.socket(&server, &[]).await;
    socket.send_raw(Message::Ping("are you there".into())).await;
    let answer = socket.next_message().await;
    assert_eq!(answer, Some(Message::Pong("are you there".into())));
    let mut raw = Raw::open(&server, ann.access_token()).await;
    raw.write(&frame(FIN | 0x8, &1000_u16.to_be_bytes())).await;
    assert_eq!(raw.closed().await, 1000);
}

#[tokio::test]
async fn a_silent_peer_is_closed_and_one_that_answers_pings_is_not() {
    let start = Start::default()
        .with("WS_PING_INTERVAL", "100ms")
        .with("WS_PONG_TIMEOUT", "300ms");
    let scene = Scene::with(start).await;
    let mut alive = scene.bob.socket(&scene.server, &[]).await;
    assert_eq!(alive.ready["ping_interval_ms"], 100);
    let opened = Instant::now();
    let mut silent = Raw::open(&scene.server, scene.ann.access_token()).await;
    let closed = async {
        let code = silent.closed().await;
        scene.ann.say(&scene.room, "end").await;
        code
    };
    // The library answers pings only while it is read from.
    let (code, _) = tokio::join!(closed, alive.until("end"));
    assert_eq!(code, 4000);
    assert!(opened.elapsed() >= Duration::from_millis(300));
    alive.say(&scene.room, "still here").await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_off_while_others_get_everything() {
    let start = Start::default()
        .with("RATE_MESSAGES_USER", "off")
        .with("RATE_SOCKET_FRAMES", "off")
        .with("WS_QUEUE_BYTES", "65536")
        .with("WS_ROOMS_MAX", "128")
        .with("WS_WRITE_TIMEOUT", "1s");
    let scene = Scene::with(start).await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = &scene;
    let slow = Raw::slow(server, bob.access_token()).await;
    let mut a = ann.socket(server, &[]).await;
    let mut b = bob.socket(server, &[room]).await;
    eventually("all three are open", async || {
        (server.client().get("/health").await.body["clients"] == 3).then_some(())
    })
    .await;
    let content = "x".repeat(3_000);
    for i in 0..2_000 {
        let data = json!({"room_id": room, "content": format!("{i} {content}")});
        a.send(json!({"event": "send_message", "id": i, "data": data}))
            .await;
        assert_eq!(a.answer(i).await["event"], "ack");
        a.take(|frame| frame["event"] == "receive_message").await;
        let heard = b.hear("receive_message").await;
        assert_eq!(heard["seq"], 4 + i);
    }
    eventually("the slow one is gone", async || {
        (server.client().get("/health").await.body["clients"] == 2).then_some(())
    })
    .await;
    // It still reads nothing: TCP has given it up, and nothing of it is kept.
    let connection = (port(server.sockets()), slow.port());
    eventually("its connection is closed", async || {
        (!is_established(connection)).then_some(())
    })
    .await;
}

fn port(address: &str) -> u16 {
    address.parse::<std::net::SocketAddr>().unwrap().port()
}

/// Whether the kernel holds an open connection from the first port to the second, as the first one's side sees it.
fn is_established((from, to): (u16, u16)) -> bool {
    let ends_in = |field: &str, port: u16| field.ends_with(&format!(":{port:04X}"));
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        ends_in(fields[1], from) && ends_in(fields[2], to) && fields[3] == "01"
    })
}

#[tokio::test]
async fn a_socket_names_no_more_rooms_than_the_operator_says_and_without_any_follows_all() {
    let scene = Scene::with(Start::default().with("WS_ROOMS_MAX", "2")).await;
    let Scene {
        server, ann, room, ..
    } = &scene;
    let second = ann.room("Second", &[]).await;
    let third = ann.room("Third", &[]).await;
    let query = format!(
        "access_token={}&room_id={room}&room_id={second}&room_id={third}",
        ann.access_token()
    );
    let refused = Socket::connect(server, &query).await.err().unwrap();
    assert_eq!(
        (refused.status, &refused.problem["code"]),
        (400, &json!("too_many_rooms"))
    );
    ann.socket(server, &[room, &second]).await;
    let all = ann.socket(server, &[]).await;
    assert_eq!(all.ready["rooms"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_hundred_sockets_of_one_user_all_hear() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::with(Start::default().with("WS_SOCKETS_USER", "off")).await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        sockets.push(bob.socket(&server, &[&room]).await);
    }
    ann.say(&room, "all of you").await;
    for socket in &mut sockets {
        assert_eq!(socket.hear("receive_message").await["seq"], 4);
    }
}
