use super::Outgoing;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// The most bytes that a control frame carries.
const CONTROL: usize = 125;

impl Outgoing {
    /// Puts its frame, as a server sends it (RFC 6455, section 5: whole, and not masked), behind what is there. A control frame
    /// that is too long is cut off.
    pub fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Frame(text) => {
                put_head(TEXT, text.len(), bytes);
                bytes.extend_from_slice(text.as_bytes());
            }
            Self::Ping => put_head(PING, 0, bytes),
            Self::Pong(content) => {
                let content = &content[..content.len().min(CONTROL)];
                put_head(PONG, content.len(), bytes);
                bytes.extend_from_slice(content);
            }
            Self::Close(reason) => {
                let code = reason.code().to_be_bytes();
                let text = reason.text();
                let text = &text[..text.floor_char_boundary(CONTROL - code.len())];
                put_head(CLOSE, code.len() + text.len(), bytes);
                bytes.extend_from_slice(&code);
                bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
}

fn put_head(opcode: u8, length: usize, bytes: &mut Vec<u8>) {
    bytes.push(opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => bytes.push(short),
        (_, Ok(length)) => {
            bytes.push(126);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::CloseReason;

    fn put(outgoing: &Outgoing) -> Vec<u8> {
        let mut bytes = Vec::new();
        outgoing.put(&mut bytes);
        bytes
    }

    #[test]
    fn a_text_has_the_shortest_head_that_tells_its_length() {
        let heads: [(usize, &[u8]); 5] = [
            (0, &[0x81, 0]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xff, 0xff]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ];
        for (length, head) in heads {
            let text = "x".repeat(length);
            let bytes = put(&Outgoing::Frame(text.clone().into()));
            assert_eq!(bytes, [head, text.as_bytes()].concat(), "{length}");
        }
    }

    #[test]
    fn control_frames_carry_at_most_125_bytes() {
        assert_eq!(put(&Outgoing::Ping), [0x89, 0]);
        let pong = |length| put(&Outgoing::Pong(Bytes::from(vec![7; length])));
        assert_eq!(pong(2), [0x8a, 2, 7, 7]);
        assert_eq!(pong(126).len(), 2 + 125);
        let close = put(&Outgoing::Close(CloseReason::Slow));
        let text = CloseReason::Slow.text();
        assert_eq!(close[..4], [0x88, 2 + text.len() as u8, 0x11, 0x38]);
        assert_eq!(&close[4..], text.as_bytes());
    }
}
