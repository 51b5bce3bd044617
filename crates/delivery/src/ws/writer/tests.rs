use std::{
    io::Read,
    net::{TcpListener, TcpStream},
    task::{Context, Poll, Waker},
};

use super::*;

/// Both ends of a connection; the first never waits.
async fn connection() -> (SharedStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (own, _) = listener.accept().unwrap();
    own.set_nonblocking(true).unwrap();
    let own = SharedStream::new(tokio::net::TcpStream::from_std(own).unwrap());
    // The runtime has heard that it takes something.
    own.writable().await.unwrap();
    (own, peer)
}

fn writer(direct: Option<SharedStream>) -> (Arc<FrameWriter>, FrameBody) {
    let writer = FrameWriter::new(direct);
    (writer.clone(), FrameBody::new(writer, BoxBody::new(())))
}

/// What the framework is given: none for nothing yet, and the inner one for the end.
fn asked(body: &mut FrameBody) -> Option<Option<Bytes>> {
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(body).poll_next(&mut cx) {
        Poll::Ready(piece) => Some(piece.map(|it| it.unwrap())),
        Poll::Pending => None,
    }
}

fn read(mut peer: &TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    peer.read_exact(&mut bytes).unwrap();
    bytes
}

/// One whose answer's head is written.
async fn begun() -> (Arc<FrameWriter>, FrameBody, TcpStream) {
    let (own, peer) = connection().await;
    let (writer, mut body) = writer(Some(own));
    for _ in 0..3 {
        assert_eq!(asked(&mut body), None);
    }
    (writer, body, peer)
}

#[tokio::test]
async fn it_is_free_once_the_framework_has_written_the_head_and_writes_straight_then() {
    let (own, peer) = connection().await;
    let (writer, mut body) = writer(Some(own));
    for _ in 0..2 {
        assert_eq!(asked(&mut body), None);
        assert!(!writer.is_free(), "the head is not known to be written");
    }
    assert_eq!(asked(&mut body), None);
    assert!(writer.write(b"hello"));
    assert_eq!(read(&peer, 5), b"hello");
    assert_eq!(asked(&mut body), None);
}

/// Writes until the connection takes no more. Answers all that was written.
fn fill(writer: &FrameWriter) -> Vec<u8> {
    let piece: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let mut all = Vec::new();
    while writer.is_free() {
        all.extend_from_slice(&piece);
        writer.write(&piece);
    }
    all
}

#[tokio::test]
async fn what_the_connection_does_not_take_is_written_when_it_does_and_before_anything_else() {
    let (writer, mut body, peer) = begun().await;
    let all = fill(&writer);
    assert_eq!(asked(&mut body), None);
    assert!(!writer.is_free(), "the framework has nothing to do with it");
    let reading = std::thread::spawn(move || (read(&peer, all.len()) == all, peer));
    assert!(writer.free().await);
    assert!(writer.write(b"and on"));
    let (is_same, peer) = reading.join().unwrap();
    assert!(is_same, "each byte once and in order");
    assert_eq!(read(&peer, 6), b"and on");
}

#[tokio::test]
async fn what_is_left_at_the_end_is_the_frameworks_to_write() {
    let (writer, mut body, peer) = begun().await;
    let all = fill(&writer);
    writer.end();
    let rest = asked(&mut body).unwrap().unwrap();
    let came = read(&peer, all.len() - rest.len());
    assert!(
        [&came[..], &rest].concat() == all,
        "each byte once and in order"
    );
    assert_eq!(asked(&mut body), Some(None));
}

#[test]
fn without_a_direct_way_all_goes_the_frameworks_way() {
    let (writer, mut body) = writer(None);
    assert_eq!(asked(&mut body), None);
    assert!(!writer.write(b"hello"));
    assert_eq!(asked(&mut body), Some(Some(Bytes::from_static(b"hello"))));
    assert_eq!(asked(&mut body), None);
    assert!(writer.is_free());
}

#[test]
fn the_body_ends_behind_what_was_written() {
    let (writer, mut body) = writer(None);
    assert_eq!(asked(&mut body), None);
    writer.write(b"bye");
    writer.end();
    assert_eq!(asked(&mut body), Some(Some(Bytes::from_static(b"bye"))));
    assert_eq!(asked(&mut body), Some(None));
}

#[tokio::test]
async fn who_waits_for_it_is_told_when_it_is_free_and_when_the_connection_is_gone() {
    let (own, mut peer) = connection().await;
    let (writer, mut body) = writer(Some(own));
    let waiting = tokio::spawn({
        let writer = writer.clone();
        async move { writer.free().await }
    });
    for _ in 0..3 {
        assert_eq!(asked(&mut body), None);
    }
    assert!(waiting.await.unwrap());
    drop(body);
    assert!(!writer.free().await);
    // Who held on to it would keep the connection open.
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}
