use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Push(FrameClass, usize),
    PushOwn(usize),
    Begin,
    Answer {
        size: Option<usize>,
        behind_all: bool,
    },
    Take,
    Close(CloseReason),
}

fn step() -> impl Strategy<Value = Step> {
    let size = || 0..200_usize;
    let answer = (proptest::option::of(size()), any::<bool>());
    prop_oneof![
        4 => size().prop_map(|size| Step::Push(Durable, size)),
        4 => size().prop_map(|size| Step::Push(Ephemeral, size)),
        3 => size().prop_map(Step::PushOwn),
        3 => Just(Step::Begin),
        3 => answer.prop_map(|(size, behind_all)| Step::Answer { size, behind_all }),
        10 => Just(Step::Take),
        1 => Just(Step::Close(RESTART)),
        1 => Just(Step::Close(CloseReason::Protocol)),
    ]
}

/// The durable frames, by their numbers, as they must come out.
#[derive(Default)]
struct Expected {
    order: Vec<usize>,
    taken: Vec<usize>,
    is_under_way: bool,
    /// How many of them may come out before the answer.
    before: Option<usize>,
    closed: Option<CloseReason>,
}

impl Expected {
    fn push(&mut self, number: usize) {
        if self.closed.is_none() {
            self.order.push(number);
        }
    }

    fn push_own(&mut self, number: usize) {
        if self.is_under_way && self.closed.is_none() {
            self.before.get_or_insert(self.order.len());
        }
        self.push(number);
    }

    fn answer(&mut self, number: Option<usize>, behind_all: bool) {
        let before = self.before.take().filter(|_| !behind_all);
        if let Some(number) = number
            && matches!(self.closed, None | Some(CloseReason::Restart { .. }))
        {
            self.order
                .insert(before.unwrap_or(self.order.len()), number);
        }
        self.is_under_way = false;
    }

    /// Takes one frame, and checks that it is the next.
    fn take(&mut self, outbox: &Outbox) -> Result<(), TestCaseError> {
        match outbox.try_next() {
            Some(Outgoing::Frame(frame)) => {
                let mut words = frame.split(' ');
                if words.next() == Some("Durable") {
                    self.taken.push(words.next().unwrap().parse().unwrap());
                    prop_assert!(self.order.starts_with(&self.taken));
                    let most = self.before.unwrap_or(self.order.len());
                    prop_assert!(self.taken.len() <= most, "it went before the answer");
                }
            }
            Some(Outgoing::Close(reason)) => prop_assert_eq!(Some(reason), self.closed),
            None => prop_assert!(self.closed.is_none() || self.is_under_way),
            Some(other) => prop_assert!(false, "{other:?} was never put in"),
        }
        Ok(())
    }
}

fn named(class: FrameClass, number: usize, size: usize) -> ByteString {
    format!("{class:?} {number} {:size$}", "").into()
}

proptest! {
    #[test]
    fn the_queue_is_bounded_and_no_durable_frame_is_missing_or_in_the_wrong_place(
        limit in 0..1_000_usize,
        steps in prop::collection::vec(step(), 0..100),
    ) {
        let outbox = Outbox::new(limit);
        let mut expected = Expected::default();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push(class, size) => {
                    if class == Durable {
                        expected.push(number);
                    }
                    outbox.push(class, named(class, number, size));
                }
                Step::PushOwn(size) => {
                    expected.push_own(number);
                    outbox.push_own(named(Durable, number, size));
                }
                Step::Begin if !expected.is_under_way && expected.closed.is_none() => {
                    expected.is_under_way = true;
                    outbox.begin_command();
                }
                Step::Answer { size, behind_all } if expected.is_under_way => {
                    expected.answer(size.map(|_| number), behind_all);
                    let frame = size.map(|size| named(Durable, number, size));
                    if behind_all {
                        outbox.answer_behind_all(frame);
                    } else {
                        outbox.answer(frame);
                    }
                }
                Step::Begin | Step::Answer { .. } => {}
                Step::Take => expected.take(&outbox)?,
                Step::Close(reason) => {
                    outbox.close(reason);
                    expected.closed = expected.closed.or(Some(reason));
                }
            }
            let queue = outbox.lock();
            if expected.closed.is_none() {
                expected.closed = queue.closing;
                prop_assert!(matches!(expected.closed, None | Some(CloseReason::Slow)));
            }
            let costs = queue.frames.iter().map(Waiting::cost);
            prop_assert_eq!(queue.bytes, costs.sum::<usize>());
            let is_bounded = queue.bytes <= limit || queue.frames.len() <= 1;
            // What drains may take one answer more.
            prop_assert!(is_bounded || expected.closed.is_some());
        }
        if expected.is_under_way {
            expected.answer(None, false);
            outbox.answer(None);
        }
        while !outbox.lock().frames.is_empty() {
            expected.take(&outbox)?;
        }
        // A close that gives up the queue leaves a beginning of it.
        if matches!(expected.closed, None | Some(CloseReason::Restart { .. })) {
            prop_assert_eq!(expected.taken, expected.order);
        }
    }
}
