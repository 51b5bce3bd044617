use domain::{
    ActivityPoint, Interval, Role, Room, User, UserId,
    ports::{
        MockActivityStore, MockLiveStats, MockMemberStore, MockPresence, MockRoomStore,
        MockUserStore,
    },
};
use testkit::{FakeClock, sample::node_stats};

use super::*;
use crate::{
    analytics::CountActivity,
    sample::{ann, away, bob, cat, guest_room, id, member, now, public_room, zoe},
};

/// A node with rooms, and people in them.
#[derive(Default)]
struct World {
    points: Vec<ActivityPoint>,
    rooms: Vec<Room>,
    members: Vec<(RoomId, Member)>,
    online: Vec<(RoomId, UserId)>,
    store_is_away: bool,
}

impl World {
    /// Somebody is a member of the room since so many seconds ago.
    fn enters(&mut self, room: &Room, user: &User, seconds_ago: i64) {
        let member = Member {
            joined_at: testkit::sample::later(-seconds_ago),
            ..member(user, Role::Member)
        };
        self.members.push((room.id, member));
        self.online.push((room.id, user.id));
    }

    fn overview(self) -> GuestOverview {
        let mut activity = MockActivityStore::new();
        let counted = if self.store_is_away {
            Err(away())
        } else {
            Ok(false)
        };
        activity.expect_count_on().return_const(counted);
        activity.expect_totals().return_const(Ok((42, 7)));
        activity.expect_series().return_const(Ok(self.points));
        let activity = Arc::new(activity);
        let mut rooms = MockRoomStore::new();
        let all = self.rooms.clone();
        rooms.expect_by_id().returning(move |room| {
            let found = all.iter().find(|it| it.id == room);
            Ok(found.cloned())
        });
        rooms.expect_public().return_const(Ok(self.rooms));
        let mut members = MockMemberStore::new();
        let guests = self.members.iter();
        let guests: Vec<_> = guests
            .filter(|(_, member)| member.guest_id.is_some())
            .map(|(room, member)| (*room, member.user_id))
            .collect();
        members.expect_guests().return_const(Ok(guests));
        let all = self.members;
        members.expect_get().returning(move |room, user| {
            let mut of_room = all.iter().filter(|(at, _)| *at == room);
            let found = of_room.find(|(_, member)| member.user_id == user);
            Ok(found.map(|(_, member)| member.clone()))
        });
        let mut presence = MockPresence::new();
        let online = self.online;
        presence.expect_online().returning(move |room| {
            let of_room = online.iter().filter(|(at, _)| *at == room);
            Ok(of_room.map(|(_, user)| *user).collect())
        });
        let mut live = MockLiveStats::new();
        live.expect_all().return_const(Ok(vec![node_stats()]));
        GuestOverview {
            analyst: Arc::new(Analyst {
                users: Arc::new(MockUserStore::new()),
                rooms: Arc::new(rooms),
                activity: activity.clone(),
                clock: Arc::new(FakeClock::default()),
                count: CountActivity { activity },
            }),
            live: Arc::new(live),
            members: Arc::new(members),
            presence: Arc::new(presence),
        }
    }

    async fn report(self) -> GuestOverviewReport {
        self.overview().execute(node_stats()).await.unwrap()
    }
}

/// Another room that lets guests in.
fn other_room() -> Room {
    Room {
        id: id(11),
        ..guest_room()
    }
}

fn names(report: &GuestOverviewReport) -> Vec<&str> {
    let present = report.present.iter();
    present.map(|member| member.username.as_str()).collect()
}

#[tokio::test]
async fn all_messages_and_all_nodes_are_counted() {
    let report = World::default().report().await;
    assert_eq!((report.messages, report.at), (42, now()));
    assert_eq!(report.fleet.nodes, 2);
    assert_eq!(report.present, []);
}

#[tokio::test]
async fn fifteen_minutes_are_told_those_without_a_message_too() {
    let minute = Interval::Minute.start_of(now());
    let point = |minutes_ago: i64, messages| ActivityPoint {
        at: Timestamp::from_second(minute.as_second() - 60 * minutes_ago).unwrap(),
        messages,
        senders: 1,
    };
    let world = World {
        points: vec![point(14, 3), point(2, 4), point(0, 5)],
        ..World::default()
    };
    let report = world.report().await;
    let mut expected = vec![0; 15];
    (expected[0], expected[12], expected[14]) = (3, 4, 5);
    assert_eq!(report.per_minute, expected);
}

#[tokio::test]
async fn those_who_are_there_are_named_once_the_longest_there_first() {
    let mut world = World {
        rooms: vec![guest_room(), other_room()],
        ..World::default()
    };
    world.enters(&guest_room(), &zoe(), 10);
    world.enters(&guest_room(), &ann(), 30);
    world.enters(&other_room(), &ann(), 20);
    world.enters(&other_room(), &bob(), 40);
    // A member who is not there, and one whose socket is still there.
    world.enters(&guest_room(), &cat(), 50);
    world.online.retain(|(_, user)| *user != cat().id);
    world.online.push((other_room().id, id(99)));
    let report = world.report().await;
    assert_eq!(names(&report), ["bob", "ann", "zoe"]);
    assert_eq!(report.present[2].guest_id, zoe().guest_id);
}

#[tokio::test]
async fn nobody_is_named_for_being_in_a_room_that_lets_no_guests_in() {
    let mut world = World {
        rooms: vec![public_room()],
        ..World::default()
    };
    world.enters(&public_room(), &ann(), 10);
    // One who was let in before the room was closed to guests.
    world.enters(&public_room(), &zoe(), 20);
    assert_eq!(names(&world.report().await), [""; 0]);
}

#[tokio::test]
async fn a_hundred_are_named_at_most() {
    let mut world = World {
        rooms: vec![guest_room()],
        ..World::default()
    };
    for number in 0..101 {
        let user = User {
            id: id(1_000 + number),
            ..bob()
        };
        world.enters(&guest_room(), &user, 1);
    }
    let report = world.report().await;
    assert_eq!(report.present.len(), GuestOverview::MOST_PRESENT);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let world = World {
        store_is_away: true,
        ..World::default()
    };
    let report = world.overview().execute(node_stats()).await;
    assert_eq!(report, Err(away()));
}
