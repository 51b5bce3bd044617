use std::io;

use futures_util::{FutureExt, stream};
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1_024;
const TEXT: u8 = 0x1;
const PING: u8 = 0x9;

/// A frame of a client, with a mask of no effect.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(MASKED | length as u8),
        126..=0xffff => {
            bytes.push(MASKED | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(MASKED | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

fn guard(
    chunks: Vec<Result<Bytes, PayloadError>>,
    verdict: &Rc<Cell<Option<Verdict>>>,
) -> FrameGuard {
    let chunks: Pin<Box<dyn Stream<Item = _>>> = Box::pin(stream::iter(chunks));
    FrameGuard::new(chunks.into(), LIMIT, None, verdict.clone())
}

/// The next of a guard that never waits.
fn next(guard: &mut FrameGuard) -> Option<Result<Bytes, PayloadError>> {
    guard.next().now_or_never().unwrap()
}

/// What passes of these chunks, and the verdict.
fn guarded(chunks: impl IntoIterator<Item = Vec<u8>>) -> (Vec<u8>, Option<Verdict>) {
    let chunks: Vec<_> = chunks
        .into_iter()
        .map(|chunk| Ok(Bytes::from(chunk)))
        .collect();
    let verdict: Rc<Cell<Option<Verdict>>> = Rc::default();
    let mut guard = guard(chunks, &verdict);
    let mut passed = Vec::new();
    while let Some(bytes) = next(&mut guard) {
        passed.extend_from_slice(&bytes.unwrap());
    }
    assert!(next(&mut guard).is_none());
    (passed, verdict.get())
}

fn assert_refused(bytes: Vec<u8>, expected: Verdict) {
    let whole = guarded([bytes.clone()]);
    assert_eq!(whole, (vec![], Some(expected)), "{bytes:x?}");
    let (_, verdict) = guarded(bytes.iter().map(|byte| vec![*byte]));
    assert_eq!(verdict, Some(expected), "byte by byte: {bytes:x?}");
}

fn assert_passes(bytes: Vec<u8>) {
    assert_eq!(guarded([bytes.clone()]), (bytes.clone(), None));
    let single = bytes.iter().map(|byte| vec![*byte]);
    assert_eq!(guarded(single), (bytes.clone(), None));
}

#[test]
fn frames_of_every_length_pass_whole_and_byte_by_byte() {
    for length in [0, 1, 125, 126, 127, LIMIT - 1, LIMIT] {
        assert_passes(frame(FIN | TEXT, &vec![b'a'; length]));
    }
}

#[test]
fn several_frames_in_one_chunk_pass() {
    let frames = [
        frame(FIN | TEXT, b"one"),
        frame(FIN | PING, b""),
        frame(FIN | 0xa, b"pong"),
        frame(FIN | 0x2, &[0; 300]),
        frame(FIN | 0x8, &[3, 232]),
    ];
    assert_passes(frames.concat());
}

#[test]
fn a_message_in_fragments_passes_with_control_frames_between() {
    let frames = [
        frame(TEXT, b"one "),
        frame(FIN | PING, b"are you there"),
        frame(CONTINUATION, b""),
        frame(CONTINUATION, b"two "),
        frame(FIN | 0xa, b""),
        frame(FIN | CONTINUATION, b"three"),
        frame(FIN | TEXT, b"another"),
    ];
    assert_passes(frames.concat());
}

#[test]
fn what_stands_before_the_bad_frame_passes() {
    let good = [frame(FIN | TEXT, b"good"), frame(FIN | PING, b"")].concat();
    let all = [
        good.clone(),
        header(FIN | TEXT, 1 << 32),
        frame(FIN | TEXT, b"never"),
    ]
    .concat();
    assert_eq!(guarded([all]), (good.clone(), Some(CloseReason::TooBig)));
    let unmasked = [good.clone(), vec![FIN | TEXT, 0], good.clone()].concat();
    assert_eq!(guarded([unmasked]), (good, Some(CloseReason::Protocol)));
}

#[test]
fn nothing_passes_after_the_verdict() {
    let chunks = [header(FIN | TEXT, 1 << 32), frame(FIN | TEXT, b"never")];
    assert_eq!(guarded(chunks), (vec![], Some(CloseReason::TooBig)));
}

#[test]
fn a_frame_is_refused_at_its_header_before_any_payload_has_come() {
    for length in [LIMIT as u64 + 1, 1 << 16, 1 << 32, 1 << 63, u64::MAX] {
        assert_refused(header(FIN | TEXT, length), CloseReason::TooBig);
    }
    // The mask has not come yet either.
    let mut cut = header(FIN | TEXT, 1 << 32);
    cut.truncate(10);
    assert_refused(cut, CloseReason::TooBig);
}

#[test]
fn a_message_in_fragments_may_have_the_limit_exactly_and_not_one_byte_more() {
    let half = vec![b'a'; LIMIT / 2];
    let exact = [frame(TEXT, &half), frame(FIN | CONTINUATION, &half)].concat();
    assert_passes([exact.clone(), exact].concat());
    let start = [frame(TEXT, &half), frame(CONTINUATION, &half)].concat();
    let over = [start.clone(), header(FIN | CONTINUATION, 1)].concat();
    assert_eq!(guarded([over]), (start, Some(CloseReason::TooBig)));
}

#[test]
fn control_frames_do_not_count_towards_the_message() {
    let ping = frame(FIN | PING, &[b'p'; 125]);
    let text = frame(TEXT, &vec![b'a'; LIMIT]);
    let end = frame(FIN | CONTINUATION, b"");
    assert_passes([text, ping.repeat(20), end].concat());
}

#[test]
fn every_broken_rule_of_the_protocol_is_refused() {
    for bytes in [
        vec![FIN | TEXT, 0],
        frame(FIN | 0x40 | TEXT, b""),
        frame(FIN | 0x20 | TEXT, b""),
        frame(FIN | 0x10 | TEXT, b""),
        frame(PING, b""),
        frame(FIN | PING, &[0; 126]),
        frame(FIN | CONTINUATION, b""),
        frame(CONTINUATION, b""),
    ] {
        assert_refused(bytes, CloseReason::Protocol);
    }
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        assert_refused(frame(FIN | opcode, b""), CloseReason::Protocol);
    }
}

#[test]
fn a_new_message_within_another_is_refused() {
    for first in [TEXT, FIN | TEXT, 0x2, FIN | 0x2] {
        let start = frame(TEXT, b"a");
        let both = [start.clone(), frame(first, b"b")].concat();
        assert_eq!(guarded([both]), (start, Some(CloseReason::Protocol)));
    }
}

#[test]
fn an_error_of_the_connection_goes_through_without_a_verdict() {
    let verdict: Rc<Cell<Option<Verdict>>> = Rc::default();
    let broken = PayloadError::Io(io::ErrorKind::ConnectionReset.into());
    let mut guard = guard(vec![Err(broken)], &verdict);
    assert!(matches!(next(&mut guard), Some(Err(PayloadError::Io(_)))));
    assert_eq!(verdict.get(), None);
}

/// A message of one frame or of fragments, with pings between.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop::collection::vec(any::<u8>(), 0..300);
    let pings = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..126), 0..2);
    let fragments = prop::collection::vec((fragment, pings), 1..4);
    (prop_oneof![Just(TEXT), Just(0x2)], fragments).prop_map(|(opcode, fragments)| {
        let last = fragments.len() - 1;
        let mut bytes = Vec::new();
        for (i, (payload, pings)) in fragments.into_iter().enumerate() {
            let fin = if i == last { FIN } else { 0 };
            let opcode = if i == 0 { opcode } else { CONTINUATION };
            bytes.extend(frame(fin | opcode, &payload));
            bytes.extend(pings.iter().flat_map(|ping| frame(FIN | PING, ping)));
        }
        bytes
    })
}

/// The bytes, cut at these places.
fn cut(bytes: &[u8], places: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<_> = places
        .iter()
        .map(|place| place.index(bytes.len() + 1))
        .collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let pieces = places
        .windows(2)
        .map(|ends| bytes[ends[0]..ends[1]].to_vec());
    pieces.collect()
}

proptest! {
    #[test]
    fn every_byte_of_valid_frames_passes_however_they_are_cut(
        messages in prop::collection::vec(message(), 1..5),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let bytes = messages.concat();
        prop_assert_eq!(guarded(cut(&bytes, &places)), (bytes, None));
    }

    #[test]
    fn the_verdict_is_the_same_however_the_bytes_are_cut(
        good in message(),
        bad in prop::collection::vec(any::<u8>(), 2..40),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let bytes = [good.clone(), bad].concat();
        let (whole, verdict) = guarded([bytes.clone()]);
        let (pieces, same) = guarded(cut(&bytes, &places));
        prop_assert_eq!(verdict, same);
        // Of the bad frame's header, what came in a chunk before the verdict has passed: never a byte of its payload.
        prop_assert!(pieces.starts_with(&whole) && pieces.len() < whole.len() + 14);
        prop_assert!(whole.starts_with(&good));
    }
}

#[test]
fn of_too_many_frames_those_that_are_allowed_pass() {
    for first in [FIN | TEXT, FIN | PING] {
        let frame = frame(first, b"x");
        let rate = crate::Rate {
            burst: 3,
            period: std::time::Duration::from_secs(86_400),
        };
        let verdict: Rc<Cell<Option<Verdict>>> = Rc::default();
        let mut guard = guard(vec![Ok(Bytes::from(frame.repeat(5)))], &verdict);
        guard.meter = Some(Meter::new(rate, Instant::now()));
        assert_eq!(next(&mut guard).unwrap().unwrap(), frame.repeat(3));
        assert!(next(&mut guard).is_none());
        assert_eq!(verdict.get(), Some(CloseReason::Flood));
    }
}
