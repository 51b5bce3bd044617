//! Frames of WebSockets (RFC 6455, section 5), taken apart and put together by hand: a library would cost the load tool more
//! than some servers need.

/// A frame of a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A whole message of text.
    Text(&'a [u8]),
    /// To be answered with a pong of the same content.
    Ping(&'a [u8]),
    /// The end, with what the server says about it.
    Close(&'a [u8]),
}

/// What the load tool does not expect of a server.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server sent a frame that begins with {0:02x?}")]
pub struct Unexpected([u8; 2]);

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const CLOSE: u8 = 0x88;
const MASKED: u8 = 0x80;

/// The first frame of these bytes, and how many of them it takes; none while it is not whole.
pub fn first(bytes: &[u8]) -> Result<Option<(Incoming<'_>, usize)>, Unexpected> {
    let [opcode, short, rest @ ..] = bytes else {
        return Ok(None);
    };
    let (length, head) = match (short, rest) {
        (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            let length = usize::try_from(length).map_err(|_| Unexpected([*opcode, *short]))?;
            (length, 10)
        }
        (126 | 127, _) => return Ok(None),
        (short, _) => (usize::from(*short), 2),
    };
    let Some(payload) = bytes[head..].get(..length) else {
        return Ok(None);
    };
    let frame = match *opcode {
        TEXT => Incoming::Text(payload),
        PING => Incoming::Ping(payload),
        CLOSE => Incoming::Close(payload),
        _ => return Err(Unexpected([*opcode, *short])),
    };
    Ok(Some((frame, head + length)))
}

/// Puts the frame of a server with this text behind what is there.
pub fn push_server_text(to: &mut Vec<u8>, text: &[u8]) {
    push_head(to, TEXT, 0, text.len());
    to.extend_from_slice(text);
}

/// Puts the frame of a client with this text behind what is there.
pub fn push_client_text(to: &mut Vec<u8>, text: &[u8]) {
    push_client(to, TEXT, text);
}

/// Puts the answer to a ping behind what is there.
pub fn push_pong(to: &mut Vec<u8>, of: &[u8]) {
    push_client(to, PONG, of);
}

/// Masked with zeros, which leaves it as it is: nothing between here and the server is to be kept from reading it.
fn push_client(to: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    push_head(to, opcode, MASKED, payload.len());
    to.extend_from_slice(&[0; 4]);
    to.extend_from_slice(payload);
}

fn push_head(to: &mut Vec<u8>, opcode: u8, masked: u8, length: usize) {
    to.push(opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => to.push(masked | short),
        (_, Ok(length)) => {
            to.push(masked | 126);
            to.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            to.push(masked | 127);
            to.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// The first frame of a client in these bytes, unmasked in its place, and how many of them it takes; none while it is not
/// whole. For the baselines: it must be text of less than 64 KiB.
pub fn first_of_client(bytes: &mut [u8]) -> Option<(&[u8], usize)> {
    let (length, head) = match *bytes {
        [_, short, ..] if short & 0x7f < 126 => (usize::from(short & 0x7f), 2),
        [_, _, a, b, ..] => (usize::from(u16::from_be_bytes([a, b])), 4),
        _ => return None,
    };
    let whole = head + 4 + length;
    let frame = bytes.get_mut(head..whole)?;
    let (mask, payload) = frame.split_at_mut(4);
    for (place, byte) in payload.iter_mut().enumerate() {
        *byte ^= mask[place % 4];
    }
    Some((payload, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_a_server_is_found_once_it_is_whole() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let text = vec![b'x'; length];
            let mut bytes = Vec::new();
            push_server_text(&mut bytes, &text);
            let whole = bytes.len();
            bytes.extend_from_slice(b"next");
            assert_eq!(first(&bytes), Ok(Some((Incoming::Text(&text), whole))));
            for part in [0, 1, 2, 3, 9, whole - 1].map(|it| it.min(whole - 1)) {
                assert_eq!(first(&bytes[..part]), Ok(None), "{part} of {whole}");
            }
        }
    }

    #[test]
    fn a_frame_of_a_client_is_unmasked_once_it_is_whole() {
        for length in [0, 125, 126, 65_535] {
            let text = vec![b'y'; length];
            let mut bytes = Vec::new();
            push_client_text(&mut bytes, &text);
            let whole = bytes.len();
            assert_eq!(first_of_client(&mut bytes[..whole - 1]), None);
            assert_eq!(first_of_client(&mut bytes), Some((&*text, whole)));
        }
        let mut masked = vec![0x81, 0x82, 1, 2, 3, 4, b'a' ^ 1, b'b' ^ 2];
        assert_eq!(first_of_client(&mut masked), Some((&b"ab"[..], 8)));
    }

    #[test]
    fn control_frames_are_told_apart_and_others_are_not_expected() {
        assert_eq!(first(&[PING, 1, 7]), Ok(Some((Incoming::Ping(&[7]), 3))));
        assert_eq!(first(&[CLOSE, 0]), Ok(Some((Incoming::Close(&[]), 2))));
        assert_eq!(first(&[0x82, 0]), Err(Unexpected([0x82, 0])));
        assert_eq!(first(&[0x01, 0]), Err(Unexpected([0x01, 0])));
    }
}
