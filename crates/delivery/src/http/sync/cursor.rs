//! Where a client stands in each of its rooms, as a text that it keeps and gives back. It is no secret and gives no
//! right: whoever makes one up learns what their memberships allow, and nothing else.
//!
//! In base64url, without padding: the version, then for each room, in ascending order, its id in 16 bytes and its number
//! in groups of seven bits, the lowest first, all but the last with the high bit set. Positions have one text each.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{RoomId, Seq};
use usecase::rooms::Positions;

const VERSION: u8 = 1;
const ID_BYTES: usize = 16;

pub(super) fn encode(positions: &Positions) -> String {
    let mut bytes = vec![VERSION];
    for (room, seq) in positions {
        bytes.extend(room.0.as_bytes());
        put_number(&mut bytes, seq.0);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// None for whatever [`encode`] does not make.
pub(super) fn decode(text: &str) -> Option<Positions> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (&VERSION, mut rest) = bytes.split_first()? else {
        return None;
    };
    let mut positions = Positions::new();
    while !rest.is_empty() {
        let (id, after) = rest.split_at_checked(ID_BYTES)?;
        let room = RoomId(id.to_vec().try_into().ok()?);
        let seq;
        (seq, rest) = take_number(after)?;
        if positions
            .last_key_value()
            .is_some_and(|(last, _)| *last >= room)
        {
            return None;
        }
        positions.insert(room, Seq(seq));
    }
    Some(positions)
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = 1 + bytes.iter().position(|byte| *byte < 0x80)?;
    let (groups, rest) = bytes.split_at(length);
    // A highest group of nothing makes a second way to write the number.
    if length > 1 && groups.ends_with(&[0]) {
        return None;
    }
    let mut number: u64 = 0;
    for group in groups.iter().rev() {
        let shifted = number.checked_mul(0x80)?;
        number = shifted | u64::from(group & 0x7f);
    }
    Some((number, rest))
}

#[cfg(test)]
mod tests;
