use uuid::Uuid;

use super::*;

fn stream(text: &str) -> LiveStream {
    LiveStream {
        id: StreamId(Uuid::from_u128(1)),
        room_id: RoomId(Uuid::from_u128(2)),
        user_id: UserId(Uuid::from_u128(3)),
        username: Username::parse("ann").unwrap(),
        kind: StreamKind::Message,
        when_lost: WhenLost::Drop,
        is_hidden: false,
        state: StreamState::Open,
        text: MessageContent::parse(text).unwrap(),
        revision: 7,
        started_at: Timestamp::from_second(1).unwrap(),
    }
}

fn splice(index: usize, delta: &str) -> Option<Splice> {
    Some(Splice {
        revision: 8,
        index,
        delta: delta.into(),
    })
}

fn applied(stream: &LiveStream, splice: Option<Splice>) -> String {
    let text = stream.spliced(&splice.unwrap()).unwrap();
    text.as_str().to_owned()
}

#[test]
fn what_follows_the_text_is_added() {
    let stream = stream("Zoë 👋");
    assert_eq!(stream.length(), 5);
    let added = stream.append(5, ", hi").unwrap();
    assert_eq!(added, splice(5, ", hi"));
    assert_eq!(applied(&stream, added), "Zoë 👋, hi");
    assert_eq!(super::tail("", 0), Some(""));
}

#[test]
fn what_stands_there_already_is_not_added_again() {
    let stream = stream("Zoë 👋");
    for (index, delta) in [(0, "Zoë"), (2, "ë 👋"), (5, ""), (0, ""), (4, "👋")] {
        assert_eq!(stream.append(index, delta), Ok(None), "{index} {delta}");
    }
}

#[test]
fn of_what_overlaps_the_rest_is_added() {
    let stream = stream("Zoë 👋");
    assert_eq!(stream.append(4, "👋!").unwrap(), splice(5, "!"));
    assert_eq!(stream.append(0, "Zoë 👋?").unwrap(), splice(5, "?"));
}

#[test]
fn what_leaves_a_gap_or_says_otherwise_is_told_where_to_go_on() {
    let stream = stream("Zoë");
    let misplaced = Err(WriteRefused::Misplaced { length: 3 });
    for (index, delta) in [(4, "x"), (4, ""), (2, "e"), (0, "Zoe!"), (usize::MAX, "x")] {
        assert_eq!(stream.append(index, delta), misplaced, "{index} {delta}");
    }
}

#[test]
fn another_text_is_told_by_where_it_differs() {
    let stream = stream("Zoë 👋");
    for (text, index, delta) in [
        ("Zoë!", 3, "!"),
        ("", 0, ""),
        ("Zo", 2, ""),
        ("Zoe", 2, "e"),
        ("Zoë 👋!", 5, "!"),
    ] {
        let replaced = stream.replace(text).unwrap();
        assert_eq!(replaced, splice(index, delta), "{text}");
        assert_eq!(applied(&stream, replaced), text);
    }
    assert_eq!(stream.replace("Zoë 👋"), Ok(None));
}

#[test]
fn a_stream_is_as_long_as_a_message_at_most() {
    let stream = stream(&"x".repeat(3_999));
    assert!(stream.append(3_999, "y").is_ok());
    for refused in [
        stream.append(3_999, "yz"),
        stream.append(3_999, "\0"),
        stream.replace(&"y".repeat(4_001)),
    ] {
        assert!(matches!(refused, Err(WriteRefused::Invalid(_))));
    }
}

#[test]
fn a_stream_of_white_space_says_nothing() {
    assert!(stream("").is_blank());
    assert!(stream(" \n").is_blank());
    assert!(!stream(" x").is_blank());
}

#[test]
fn the_message_has_the_id_of_the_stream() {
    let stream = stream("");
    assert_eq!(stream.message_id().0, stream.id.0);
    assert_eq!(stream.client_msg_id().as_str(), stream.id.to_string());
}
