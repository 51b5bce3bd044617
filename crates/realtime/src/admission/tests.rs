use std::{sync::Barrier, thread};

use domain::UserId;
use testkit::sample;

use super::*;
use crate::Outgoing;

const HOME: &str = "192.0.2.1";
const OFFICE: &str = "198.51.100.7";
const SILENCE: Duration = Duration::from_secs(30);

fn settings() -> AdmissionSettings {
    AdmissionSettings {
        silence: SILENCE,
        ..AdmissionSettings::default()
    }
}

fn user() -> UserId {
    UserId(sample::id())
}

fn outbox() -> Arc<Outbox> {
    Arc::new(Outbox::new(1_000))
}

/// An admission at one moment, which a test moves on.
struct Scene {
    admission: Admission,
    now: Instant,
}

impl Scene {
    fn new(settings: AdmissionSettings) -> Self {
        Self {
            admission: Admission::new(settings),
            now: Instant::now(),
        }
    }

    fn admit(&self, user_id: UserId, network: &str) -> Result<Seat, Full> {
        self.admission.admit(user_id, network, outbox(), self.now)
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }
}

fn refusal(answer: Result<Seat, Full>) -> Option<Full> {
    answer.err()
}

#[test]
fn each_cap_refuses_what_goes_beyond_it_and_names_itself() {
    let (zoe, ann) = (user(), user());
    let node = Scene::new(AdmissionSettings {
        node: Some(2),
        ..settings()
    });
    let _seats = (node.admit(zoe, HOME), node.admit(ann, OFFICE));
    assert_eq!(refusal(node.admit(user(), "203.0.113.1")), Some(Full::Node));

    let of_user = Scene::new(AdmissionSettings {
        user: Some(2),
        ..settings()
    });
    let _seats = (of_user.admit(zoe, HOME), of_user.admit(zoe, OFFICE));
    assert_eq!(refusal(of_user.admit(zoe, HOME)), Some(Full::User));
    assert_eq!(refusal(of_user.admit(ann, HOME)), None);

    let address = Scene::new(AdmissionSettings {
        address: Some(2),
        ..settings()
    });
    let _seats = (address.admit(zoe, HOME), address.admit(ann, HOME));
    assert_eq!(refusal(address.admit(user(), HOME)), Some(Full::Address));
    assert_eq!(refusal(address.admit(zoe, OFFICE)), None);
}

#[test]
fn a_seat_that_is_dropped_is_free_again_and_nothing_is_left_of_it() {
    let scene = Scene::new(AdmissionSettings {
        node: Some(1),
        user: Some(1),
        address: Some(1),
        ..settings()
    });
    let zoe = user();
    for _ in 0..3 {
        let seat = scene.admit(zoe, HOME).unwrap();
        assert_eq!(scene.admission.taken(), 1);
        assert!(scene.admit(zoe, HOME).is_err());
        drop(seat);
        assert_eq!(scene.admission.taken(), 0);
    }
    let ledger = lock(&scene.admission.ledger);
    assert!(ledger.by_user.is_empty() && ledger.by_network.is_empty());
}

#[test]
fn without_caps_everybody_is_let_in() {
    let scene = Scene::new(settings());
    let zoe = user();
    let seats: Result<Vec<_>, _> = (0..500).map(|_| scene.admit(zoe, HOME)).collect();
    assert_eq!(seats.unwrap().len(), 500);
}

#[test]
fn a_socket_that_was_silent_for_too_long_makes_room_for_a_new_one_of_its_user() {
    let mut scene = Scene::new(AdmissionSettings {
        user: Some(2),
        ..settings()
    });
    let (zoe, silent_outbox) = (user(), outbox());
    let admission = &scene.admission;
    let silent = admission.admit(zoe, HOME, silent_outbox.clone(), scene.now);
    let talking = scene.admit(zoe, HOME).unwrap();
    scene.pass(SILENCE);
    talking.heard(scene.now);
    assert_eq!(
        refusal(scene.admit(zoe, HOME)),
        Some(Full::User),
        "not too long yet"
    );
    scene.pass(Duration::from_millis(1));
    let third = scene.admit(zoe, HOME).unwrap();
    assert_eq!(
        silent_outbox.try_next(),
        Some(Outgoing::Close(CloseReason::TooManySockets))
    );
    assert_eq!(talking.place.outbox.try_next(), None);
    assert_eq!(refusal(scene.admit(zoe, HOME)), Some(Full::User));
    // The end of the one that lost its place gives nobody another one.
    drop(silent);
    assert_eq!(refusal(scene.admit(zoe, HOME)), Some(Full::User));
    drop(third);
    assert_eq!(refusal(scene.admit(zoe, HOME)), None);
}

#[test]
fn of_several_silent_sockets_the_one_silent_longest_goes() {
    let mut scene = Scene::new(AdmissionSettings {
        user: Some(3),
        ..settings()
    });
    let zoe = user();
    let seats: Vec<_> = (0..3).map(|_| scene.admit(zoe, HOME).unwrap()).collect();
    for (number, later) in [(1, 1), (0, 2), (2, 3)] {
        seats[number].heard(scene.now + Duration::from_secs(later));
    }
    scene.pass(SILENCE * 2);
    let mut gone = Vec::new();
    let _new: Vec<_> = (0..3)
        .map(|_| {
            let seat = scene.admit(zoe, HOME).unwrap();
            let closing = (0..3).filter(|it| seats[*it].place.outbox.is_closing());
            let fresh = closing.filter(|it| !gone.contains(it)).collect::<Vec<_>>();
            gone.extend(fresh);
            seat
        })
        .collect();
    assert_eq!(gone, [1, 0, 2]);
    assert_eq!(refusal(scene.admit(zoe, HOME)), Some(Full::User));
}

#[test]
fn a_silent_socket_has_its_place_on_the_node_and_of_its_address_until_it_is_gone() {
    for (settings, expected) in [
        (
            AdmissionSettings {
                node: Some(1),
                ..settings()
            },
            Full::Node,
        ),
        (
            AdmissionSettings {
                address: Some(1),
                ..settings()
            },
            Full::Address,
        ),
    ] {
        let user_cap = AdmissionSettings {
            user: Some(1),
            ..settings
        };
        let mut scene = Scene::new(user_cap);
        let zoe = user();
        let silent = scene.admit(zoe, HOME).unwrap();
        scene.pass(SILENCE * 2);
        assert_eq!(refusal(scene.admit(zoe, HOME)), Some(expected));
        assert!(
            !silent.place.outbox.is_closing(),
            "it was closed for nobody"
        );
        drop(silent);
        assert_eq!(refusal(scene.admit(zoe, HOME)), None);
    }
}

#[test]
fn one_users_silence_is_of_no_use_to_another() {
    let mut scene = Scene::new(AdmissionSettings {
        node: Some(2),
        user: Some(1),
        ..settings()
    });
    let (zoe, ann) = (user(), user());
    let silent = scene.admit(zoe, HOME).unwrap();
    scene.pass(SILENCE * 2);
    let _ann = scene.admit(ann, HOME).unwrap();
    assert_eq!(refusal(scene.admit(ann, HOME)), Some(Full::Node));
    assert!(!silent.place.outbox.is_closing());
}

#[test]
fn the_caps_hold_exactly_when_many_come_and_go_at_once() {
    const CAP: usize = 7;
    let admission = Admission::new(AdmissionSettings {
        node: Some(CAP),
        user: Some(3),
        address: Some(5),
        ..settings()
    });
    let users = [user(), user(), user()];
    let now = Instant::now();
    let begin = Barrier::new(8);
    thread::scope(|threads| {
        for number in 0..8 {
            let (admission, users, begin) = (&admission, &users, &begin);
            threads.spawn(move || {
                begin.wait();
                let mut seats = Vec::new();
                for round in 0..2_000 {
                    let user_id = users[(number + round) % 3];
                    let network = [HOME, OFFICE][round % 2];
                    seats.extend(admission.admit(user_id, network, outbox(), now));
                    let ledger = lock(&admission.ledger);
                    assert!(ledger.taken <= CAP);
                    assert!(ledger.by_user.values().all(|places| places.len() <= 3));
                    assert!(ledger.by_network.values().all(|count| *count <= 5));
                    assert_eq!(ledger.by_network.values().sum::<usize>(), ledger.taken);
                    drop(ledger);
                    if round % 3 == 0 {
                        seats.clear();
                    }
                }
            });
        }
    });
    assert_eq!(admission.taken(), 0);
}

#[test]
fn a_census_tells_who_holds_seats_and_what_waits_for_them() {
    let scene = Scene::new(settings());
    let zoe = user();
    let queue = outbox();
    let admit = || {
        let admission = &scene.admission;
        admission.admit(zoe, HOME, queue.clone(), scene.now)
    };
    let seats = (admit().unwrap(), scene.admit(user(), OFFICE).unwrap());
    drop(scene.admit(zoe, HOME).unwrap());
    queue.push(crate::FrameClass::Durable, "hello".into());
    let census = scene.admission.census();
    assert_eq!((census.taken, census.peak, census.users.count()), (2, 3, 2));
    assert_eq!(census.queue_bytes, queue.queued_bytes());
    assert_eq!(census.largest_queue, queue.queued_bytes());
    drop(seats);
    let census = scene.admission.census();
    assert_eq!((census.taken, census.peak, census.users.count()), (0, 3, 0));
    assert_eq!(census.queue_bytes, 0);
}
