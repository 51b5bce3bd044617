use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use super::{super::Proxy, backend, gone, listener};

async fn who_answers(proxy: &Proxy) -> (TcpStream, u8) {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let name = stream.read_u8().await.unwrap();
    (stream, name)
}

#[tokio::test]
async fn connections_go_to_the_backends_in_turn_and_past_one_that_is_down() {
    let (one, two) = (backend(1).await, backend(2).await);
    let proxy = Proxy::start(listener().await, vec![one.0, two.0]).unwrap();
    let (mut first, name) = who_answers(&proxy).await;
    assert_eq!(name, 1);
    assert_eq!(who_answers(&proxy).await.1, 2);
    first.write_all(b"both ways").await.unwrap();
    first.shutdown().await.unwrap();
    let mut echoed = String::new();
    first.read_to_string(&mut echoed).await.unwrap();
    assert_eq!(echoed, "both ways");
    one.1.abort();
    gone(one.0).await;
    for _ in 0..3 {
        assert_eq!(who_answers(&proxy).await.1, 2);
    }
}

#[tokio::test]
async fn without_a_backend_a_connection_ends_and_without_the_proxy_all_do() {
    let (one, task) = backend(1).await;
    let proxy = Proxy::start(listener().await, vec![one]).unwrap();
    let (mut open, _) = who_answers(&proxy).await;
    task.abort();
    gone(one).await;
    let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(refused.read(&mut [0]).await.unwrap(), 0);
    drop(proxy);
    assert_eq!(open.read(&mut [0]).await.unwrap(), 0);
}

/// Answers every request with this status and its number.
async fn node(name: u16, status: watch::Receiver<u16>) -> std::net::SocketAddr {
    let listener = listener().await;
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let status = *status.borrow();
            let _ = stream.read(&mut [0; 512]).await;
            let answer = format!("HTTP/1.1 {status} x\r\nServer: {name}\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// The node that a new connection goes to; none while no node is ready.
async fn server(proxy: &Proxy) -> Option<String> {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.ok()?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await.ok()?;
    let (_, rest) = said.split_once("Server: ")?;
    Some(rest.trim().to_owned())
}

async fn until(proxy: &Proxy, servers: &[Option<&str>]) {
    loop {
        let mut heard = Vec::new();
        for _ in 0..4 {
            heard.push(server(proxy).await);
        }
        heard.sort();
        heard.dedup();
        if heard
            .iter()
            .map(Option::as_deref)
            .eq(servers.iter().copied())
        {
            return;
        }
    }
}

#[tokio::test]
async fn who_says_that_it_is_not_ready_gets_no_connection_until_it_says_that_it_is() {
    let (one, of_one) = watch::channel(200);
    let (two, of_two) = watch::channel(503);
    let nodes = vec![node(1, of_one).await, node(2, of_two).await];
    let pause = Duration::from_millis(1);
    let proxy = Proxy::to_ready(listener().await, nodes, pause).unwrap();
    until(&proxy, &[Some("1")]).await;
    two.send_replace(200);
    until(&proxy, &[Some("1"), Some("2")]).await;
    one.send_replace(503);
    until(&proxy, &[Some("2")]).await;
    two.send_replace(503);
    until(&proxy, &[None]).await;
}
