use proptest::{collection::btree_map, prelude::*};
use uuid::Uuid;

use super::*;

fn room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(number))
}

fn written(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The version, and room 1 with what follows it.
fn of_room_one(rest: &[u8]) -> String {
    written(&[&[VERSION], room(1).0.as_bytes().as_slice(), rest].concat())
}

fn positions() -> impl Strategy<Value = Positions> {
    // Numbers of every length, not of ten bytes alone.
    let number = (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| Seq(number >> shift));
    btree_map(any::<u128>().prop_map(room), number, 0..50)
}

proptest! {
    #[test]
    fn what_was_written_is_read(positions in positions()) {
        let text = encode(&positions);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(decode(&text), Some(positions));
    }

    /// So whatever else is refused: there is one text for the same positions.
    #[test]
    fn what_is_read_was_written(bytes in prop::collection::vec(any::<u8>(), 0..60), versioned: bool) {
        let bytes = if versioned { [&[VERSION], bytes.as_slice()].concat() } else { bytes };
        let text = written(&bytes);
        if let Some(positions) = decode(&text) {
            prop_assert_eq!(encode(&positions), text);
        }
    }

    #[test]
    fn no_text_breaks_it(text: String) {
        let _ = decode(&text);
    }

    #[test]
    fn a_text_that_was_cut_off_is_not_the_text_of_other_rooms(positions in positions(), at: prop::sample::Index) {
        let text = encode(&positions);
        let cut = &text[..at.index(text.len())];
        if let Some(fewer) = decode(cut) {
            prop_assert!(fewer.iter().all(|(room, seq)| positions.get(room) == Some(seq)));
            prop_assert!(fewer.len() < positions.len());
        }
    }
}

#[test]
fn a_client_without_rooms_has_a_cursor_too() {
    assert_eq!(encode(&Positions::new()), "AQ");
    assert_eq!(decode("AQ"), Some(Positions::new()));
}

#[test]
fn a_number_is_read_to_its_last_bit() {
    let nine = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let ten = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    for (bytes, number) in [
        (&[0][..], 0),
        (&[0x7f], 127),
        (&[0x80, 1], 128),
        (&nine, u64::MAX >> 1),
        (&ten, u64::MAX),
    ] {
        let known = Positions::from([(room(1), Seq(number))]);
        assert_eq!(decode(&of_room_one(bytes)), Some(known), "{bytes:x?}");
    }
}

#[test]
fn garbage_is_refused() {
    let id = |number| room(number).0.into_bytes();
    let two = |one: u128, other: u128| {
        written(&[&[VERSION], &id(one)[..], &[5], &id(other)[..], &[5]].concat())
    };
    assert!(decode(&two(1, 2)).is_some());
    for (what, text) in [
        ("nothing", String::new()),
        ("no base64", "A Q".to_owned()),
        ("padding", "AQ==".to_owned()),
        ("the other alphabet", "AQ+/".to_owned()),
        ("bits that are left over", "AR".to_owned()),
        ("another version", written(&[VERSION + 1])),
        ("half an id", written(&[VERSION, 1, 2, 3])),
        ("no number", of_room_one(&[])),
        ("half a number", of_room_one(&[0x80])),
        ("a long way to say 0", of_room_one(&[0x80, 0])),
        ("a long way to say 1", of_room_one(&[0x81, 0x80, 0])),
        (
            "65 bits",
            of_room_one(&[[0xff; 9].as_slice(), &[2]].concat()),
        ),
        (
            "77 bits",
            of_room_one(&[[0xff; 10].as_slice(), &[1]].concat()),
        ),
        ("the same room twice", two(1, 1)),
        ("another order", two(2, 1)),
    ] {
        assert_eq!(decode(&text), None, "{what}: {text}");
    }
}
