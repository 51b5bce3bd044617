use domain::ports::CommitCounts;

use super::*;

#[tokio::test]
async fn a_commit_counts_with_its_appends() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    let occupant = scene.occupy().await;
    let first = scene.queue(scene.message(room, "first")).await;
    let stranger = sample::new_message(room, UserId(sample::id()), "uninvited");
    let stranger = scene.queue(stranger).await;
    let second = scene.queue(scene.message(room, "second")).await;
    scene.let_go().await;
    for call in [occupant, first, second] {
        new(call.await.unwrap());
    }
    assert!(stranger.await.unwrap().is_err());
    let told = scene.store.commits().so_far();
    assert_eq!(told.changes, 3);
    assert_eq!(Vec::from_iter(told.sizes.values()), [(1, 1), (2, 1)]);
}
