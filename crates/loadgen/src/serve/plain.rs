use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, rt, web};
use actix_ws::{Message, Session};
use anyhow::Result;
use futures_util::StreamExt;

use super::room;

/// Everybody, by room and by a number of their own.
#[derive(Default)]
struct Sessions {
    rooms: Mutex<HashMap<u64, HashMap<u64, Session>>>,
    next: AtomicU64,
}

impl Sessions {
    fn of<T>(&self, room: u64, what: impl FnOnce(&mut HashMap<u64, Session>) -> T) -> T {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        what(rooms.entry(room).or_default())
    }

    fn others(&self, room: u64, id: u64) -> Vec<Session> {
        self.of(room, |all| {
            let others = all.iter().filter(|(other, _)| **other != id);
            others.map(|(_, session)| session.clone()).collect()
        })
    }
}

/// Serves until the process is ended.
pub fn serve(listener: TcpListener) -> Result<()> {
    let sessions = web::Data::new(Sessions::default());
    rt::System::new().block_on(async {
        HttpServer::new(move || {
            App::new()
                .app_data(sessions.clone())
                .route("/", web::get().to(open))
        })
        .on_connect(|connection, _| {
            if let Some(stream) = connection.downcast_ref::<rt::net::TcpStream>() {
                // It fails for a connection that has ended already.
                let _ = stream.set_nodelay(true);
            }
        })
        .disable_signals()
        .listen(listener)?
        .run()
        .await
    })?;
    Ok(())
}

async fn open(
    request: HttpRequest,
    body: web::Payload,
    sessions: web::Data<Sessions>,
) -> Result<HttpResponse, Error> {
    let number = room(request.query_string());
    let (response, mut session, mut frames) = actix_ws::handle(&request, body)?;
    let id = sessions.next.fetch_add(1, Ordering::Relaxed);
    rt::spawn(async move {
        sessions.of(number, |all| all.insert(id, session.clone()));
        while let Some(Ok(frame)) = frames.next().await {
            match frame {
                Message::Text(text) => {
                    for mut other in sessions.others(number, id) {
                        // Who is gone is taken out by its own task.
                        let _ = other.text(text.clone()).await;
                    }
                }
                Message::Ping(bytes) => {
                    // As above.
                    let _ = session.pong(&bytes).await;
                }
                Message::Close(_) => break,
                _ => {}
            }
        }
        sessions.of(number, |all| all.remove(&id));
    });
    Ok(response)
}
