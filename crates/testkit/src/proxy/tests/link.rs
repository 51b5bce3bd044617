use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    super::{
        Direction, Entrance, Faults, Flow, Link, Way,
        connection::write_bytewise,
        link::{Door, listen},
    },
    backend, gone, listener,
};
use crate::free_port;

const PATIENCE: Duration = Duration::from_secs(20);

/// A link to a server that says back what it is told.
async fn link() -> Link {
    Link::to(backend(1).await.0).await.unwrap()
}

async fn connect(link: &Link) -> TcpStream {
    let mut stream = TcpStream::connect(link.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 1);
    stream
}

async fn assert_echoes(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut said = vec![0; text.len()];
    let reading = timeout(PATIENCE, stream.read_exact(&mut said));
    reading.await.expect("nothing comes back").unwrap();
    assert_eq!(String::from_utf8_lossy(&said), text);
}

/// Why the connection ended.
async fn ended(stream: &mut TcpStream) -> Option<ErrorKind> {
    let mut said = [0];
    let reading = timeout(PATIENCE, stream.read(&mut said));
    match reading.await.expect("it does not end") {
        Ok(0) => None,
        Ok(_) => panic!("something was said"),
        Err(error) => Some(error.kind()),
    }
}

const RESET: Option<ErrorKind> = Some(ErrorKind::ConnectionReset);

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it never came");
}

#[tokio::test]
async fn a_link_without_faults_carries_both_ways_and_ends_as_its_ends_do() {
    let link = link().await;
    let mut stream = connect(&link).await;
    assert_eq!(link.open(), 1);
    assert_echoes(&mut stream, &"much ".repeat(100_000)).await;
    stream.shutdown().await.unwrap();
    assert_eq!(ended(&mut stream).await, None);
    until(|| link.open() == 0).await;
    let mut other = connect(&link).await;
    drop(link);
    assert!(matches!(ended(&mut other).await, None | RESET));
}

#[tokio::test]
async fn a_server_that_is_down_resets_a_connection_and_one_that_comes_up_is_reached() {
    let (server, task) = backend(1).await;
    let link = Link::to(server).await.unwrap();
    let mut stream = connect(&link).await;
    task.abort();
    gone(server).await;
    let mut refused = TcpStream::connect(link.address()).await.unwrap();
    assert_eq!(ended(&mut refused).await, RESET);
    assert_echoes(&mut stream, "goes on").await;
}

#[tokio::test]
async fn a_delay_is_of_each_way_and_keeps_the_order() {
    let link = link().await;
    let mut stream = connect(&link).await;
    let delay = Duration::from_millis(100);
    link.set(Faults::delayed(delay)).await;
    let begun = Instant::now();
    stream.write_all(b"first ").await.unwrap();
    assert_echoes_after(&mut stream, "first ", "second").await;
    assert!(begun.elapsed() >= 2 * delay);
    link.heal().await;
    assert_echoes(&mut stream, "third").await;
}

async fn assert_echoes_after(stream: &mut TcpStream, before: &str, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut said = vec![0; before.len() + text.len()];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&said), format!("{before}{text}"));
}

#[tokio::test]
async fn a_cut_resets_what_is_open_and_refuses_what_is_new_until_it_is_healed() {
    let link = link().await;
    let mut stream = connect(&link).await;
    for _ in 0..3 {
        link.cut().await;
        assert_eq!(ended(&mut stream).await, RESET);
        let refused = TcpStream::connect(link.address()).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        link.heal().await;
        stream = connect(&link).await;
        assert_echoes(&mut stream, "healed").await;
    }
}

#[tokio::test]
async fn new_connections_are_reset_while_open_ones_go_on() {
    let link = link().await;
    let mut stream = connect(&link).await;
    let entrance = Entrance::Resetting;
    link.set(Faults {
        entrance,
        ..Faults::default()
    })
    .await;
    let mut refused = TcpStream::connect(link.address()).await.unwrap();
    assert_eq!(ended(&mut refused).await, RESET);
    assert_echoes(&mut stream, "as before").await;
}

#[tokio::test]
async fn one_direction_ends_and_the_other_goes_on() {
    let link = link().await;
    let mut stream = connect(&link).await;
    link.half_close(Direction::ToClient);
    assert_eq!(ended(&mut stream).await, None);
    // The server is heard no more, and hears.
    stream.write_all(b"still heard").await.unwrap();

    let mut other = connect(&link).await;
    other.write_all(b"before").await.unwrap();
    link.half_close(Direction::ToServer);
    // The server ends too then, once it has said all.
    let mut said = String::new();
    other.read_to_string(&mut said).await.unwrap();
    assert!("before".starts_with(&said), "{said}");
    // It is no matter of later connections.
    assert_echoes(&mut connect(&link).await, "new").await;
}

#[tokio::test]
async fn swallowed_bytes_never_come_and_the_connection_stays_up_until_the_link_is_healed() {
    let link = link().await;
    for direction in [Direction::ToServer, Direction::ToClient] {
        let mut stream = connect(&link).await;
        let before = link.swallowed();
        let way = Way {
            flow: Flow::Swallowed,
            ..Way::default()
        };
        let mut faults = Faults::default();
        match direction {
            Direction::ToServer => faults.to_server = way,
            Direction::ToClient => faults.to_client = way,
        }
        link.set(faults).await;
        stream.write_all(b"lost").await.unwrap();
        until(|| link.swallowed() == before + 4).await;
        assert_eq!(link.open(), 1);
        assert!(stream.try_read(&mut [0]).is_err());
        link.heal().await;
        assert_eq!(ended(&mut stream).await, RESET);
        until(|| link.open() == 0).await;
    }
}

#[tokio::test]
async fn the_end_of_a_connection_is_swallowed_too() {
    let link = link().await;
    let mut stream = connect(&link).await;
    link.set(Faults::swallowing()).await;
    stream.shutdown().await.unwrap();
    stream.readable_nothing().await;
    assert_eq!(link.open(), 1);
    link.heal().await;
    assert_eq!(ended(&mut stream).await, None);
}

trait ReadableNothing {
    async fn readable_nothing(&self);
}

impl ReadableNothing for TcpStream {
    /// Nothing has come, after other tasks had their turn.
    async fn readable_nothing(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
            let read = self.try_read(&mut [0]);
            assert_eq!(read.unwrap_err().kind(), ErrorKind::WouldBlock);
        }
    }
}

#[tokio::test]
async fn held_bytes_come_when_the_link_is_healed_and_none_is_lost() {
    let link = link().await;
    let mut stream = connect(&link).await;
    link.set(Faults::partitioned()).await;
    stream.write_all(b"waits").await.unwrap();
    stream.readable_nothing().await;
    link.heal().await;
    let mut said = [0; 5];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"waits");
    assert_eq!(link.swallowed(), 0);
    assert_echoes(&mut stream, "goes on").await;
}

#[tokio::test]
async fn only_marked_connections_lose_bytes_and_a_mark_may_be_cut_in_two() {
    let server = backend(1).await.0;
    let is_marked = |said: &[u8]| said.windows(9).any(|word| word == b"SUBSCRIBE");
    let link = Link::marking(server, is_marked).await.unwrap();
    let (mut marked, mut other) = (connect(&link).await, connect(&link).await);
    assert_echoes(&mut marked, "SUBS").await;
    assert_echoes(&mut marked, "CRIBE").await;
    assert_echoes(&mut other, "PUBLISH").await;
    link.set(Faults::swallowing_marked()).await;
    marked.write_all(b"lost").await.unwrap();
    until(|| link.swallowed() == 4).await;
    assert_echoes(&mut other, "as before").await;
    // One that is marked only now.
    let mut late = connect(&link).await;
    late.write_all(b"SUBSCRIBE").await.unwrap();
    until(|| link.swallowed() == 13).await;
    link.heal().await;
    assert_eq!(ended(&mut marked).await, RESET);
    assert_eq!(ended(&mut late).await, RESET);
    assert_echoes(&mut other, "as before").await;
}

#[tokio::test]
async fn trickled_bytes_come_all_and_in_order() {
    let link = link().await;
    let mut stream = connect(&link).await;
    link.set(Faults::trickled()).await;
    assert_echoes(&mut stream, &"byte by byte ".repeat(100)).await;
}

/// The sizes of the writes.
#[derive(Default)]
struct Sizes(Vec<usize>);

impl AsyncWrite for Sizes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.push(bytes.len());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn each_trickled_byte_is_a_write_of_its_own() {
    let mut sizes = Sizes::default();
    write_bytewise(&mut sizes, b"abcde").await.unwrap();
    assert_eq!(sizes.0, [1; 5]);
}

#[tokio::test]
async fn every_open_connection_is_reset_again_and_again() {
    let link = link().await;
    let pause = Duration::from_millis(20);
    link.set(Faults::resetting_every(pause)).await;
    for _ in 0..3 {
        let mut stream = TcpStream::connect(link.address()).await.unwrap();
        let mut said = Vec::new();
        let reading = timeout(PATIENCE, stream.read_to_end(&mut said));
        let ended = reading.await.expect("it does not end");
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    link.heal().await;
    assert_echoes(&mut connect(&link).await, "healed").await;
}

/// What the client said came to the server all the same.
#[tokio::test]
async fn the_next_answer_is_lost_with_its_connection_and_no_other_one() {
    let listener = listener().await;
    let link = Link::to(listener.local_addr().unwrap()).await.unwrap();
    let mut asking = TcpStream::connect(link.address()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    let mut other = TcpStream::connect(link.address()).await.unwrap();
    let (mut to_other, _) = listener.accept().await.unwrap();
    link.lose_next_answer();
    asking.write_all(b"ask").await.unwrap();
    let mut asked = [0; 3];
    server.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"ask");
    server.write_all(b"answer").await.unwrap();
    assert_eq!(ended(&mut asking).await, RESET);
    assert_eq!(link.lost_answers(), 1);
    other.write_all(b"ask").await.unwrap();
    to_other.read_exact(&mut asked).await.unwrap();
    to_other.write_all(b"yes").await.unwrap();
    let mut answer = [0; 3];
    other.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"yes");
    assert_eq!(link.lost_answers(), 1);
}

/// A process that is being started holds copies of all sockets until it runs its own program.
#[tokio::test]
async fn a_shut_door_refuses_though_somebody_holds_a_copy_of_its_socket() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let listener = listen(address).unwrap();
    let _copy = SockRef::from(&listener).try_clone().unwrap();
    let door = Door::Open(listener).set(false).unwrap();
    let refused = TcpStream::connect(address).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(TcpListener::bind(address).await.is_err(), "the port is had");
    let door = door.set(true).unwrap();
    let (client, _) = tokio::join!(TcpStream::connect(address), door.accept());
    client.unwrap();
}
