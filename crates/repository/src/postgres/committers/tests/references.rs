//! What is sent again, or by two.

use super::*;

#[tokio::test]
async fn a_reference_that_is_doubled_in_a_batch_is_one_message() {
    let scene = Scene::set(|_| {}).await;
    let (room, other) = (scene.room().await, scene.room().await);
    let old = with_reference(scene.message(room, "old"), "old");
    let edited = new(scene.append(old.clone()).await.unwrap()).id;
    let text = sample::content("edited");
    RoomLog::edit(
        &*scene.store,
        room,
        edited,
        scene.ann.id,
        text.clone(),
        sample::now(),
    )
    .await
    .unwrap();

    let occupant = scene.occupy().await;
    let first = scene
        .queue(with_reference(scene.message(room, "1"), "a"))
        .await;
    let second = scene
        .queue(with_reference(scene.message(room, "2"), "a"))
        .await;
    let elsewhere = scene
        .queue(with_reference(scene.message(other, "3"), "a"))
        .await;
    let repeat = scene.queue(old).await;
    let nowhere = RoomId(sample::id());
    let refused = scene
        .queue(with_reference(scene.message(nowhere, "4"), "a"))
        .await;
    let refused_too = scene
        .queue(with_reference(scene.message(nowhere, "5"), "a"))
        .await;
    scene.let_go().await;

    new(occupant.await.unwrap());
    let Appended::New(event) = first.await.unwrap().unwrap() else {
        panic!("not new");
    };
    assert_eq!(second.await.unwrap(), Ok(Appended::Repeat(event.clone())));
    assert_eq!(scene.log(room).await.last(), Some(&event));
    assert_eq!(new(elsewhere.await.unwrap()).seq, Seq(3));
    let Appended::Repeat(event) = repeat.await.unwrap().unwrap() else {
        panic!("not a repeat");
    };
    assert!(matches!(event.kind, RoomEventKind::MessageSent(shown) if shown.content == text));
    for call in [refused, refused_too] {
        assert_eq!(call.await.unwrap(), Err(StoreError::NotFound));
    }
    assert_eq!(scene.log(room).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_that_is_sent_to_two_nodes_at_once_is_one_message() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    let node = Arc::new(Postgres::open(&options(&scene.dsn)).await.unwrap());
    for round in 0..20 {
        let calls: Vec<_> = [&scene.store, &node, &scene.store, &node]
            .into_iter()
            .map(|store| {
                let (store, text) = (Arc::clone(store), round.to_string());
                let new = with_reference(scene.message(room, &text), &text);
                tokio::spawn(async move { store.append(new).await.unwrap() })
            })
            .collect();
        let mut events = Vec::new();
        let mut fresh = 0;
        for call in calls {
            match call.await.unwrap() {
                Appended::New(event) => {
                    fresh += 1;
                    events.push(event);
                }
                Appended::Repeat(event) => events.push(event),
            }
        }
        assert_eq!(fresh, 1);
        assert!(events.iter().all(|event| *event == events[0]));
    }
    assert_eq!(scene.log(room).await.len(), 22);
}
