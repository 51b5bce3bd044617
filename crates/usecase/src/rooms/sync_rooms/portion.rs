//! What goes into one answer.

/// Which of these costs, in events, one answer bears: together at most `most`, or a single one that is greater by
/// itself. What costs nothing is always borne.
///
/// The greatest first: what was left out has become the greatest some day, and then it goes in, however busy the
/// others are.
pub(super) fn portion(costs: &[u64], most: u64) -> Vec<bool> {
    let mut by_size: Vec<usize> = (0..costs.len()).collect();
    by_size.sort_by_key(|at| std::cmp::Reverse(costs[*at]));
    let mut borne = vec![false; costs.len()];
    let mut spent: u64 = 0;
    for at in by_size {
        let cost = costs[at];
        if cost == 0 || spent == 0 || spent.saturating_add(cost) <= most {
            borne[at] = true;
            spent = spent.saturating_add(cost);
        }
    }
    borne
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_goes_in_as_there_is_room_for_and_not_one_event_more() {
        for (costs, most, borne) in [
            (&[][..], 5, &[][..]),
            (&[2, 3], 5, &[true, true]),
            (&[2, 4], 5, &[false, true]),
            (&[3, 1, 3, 1], 5, &[true, true, false, true]),
            (&[0, 9, 0, 1], 9, &[true, true, true, false]),
        ] {
            assert_eq!(portion(costs, most), borne, "{costs:?} in {most}");
        }
    }

    #[test]
    fn one_that_is_too_great_for_any_answer_has_one_to_itself() {
        assert_eq!(portion(&[1, 9, 0, 7], 5), [false, true, true, false]);
        assert_eq!(portion(&[1, 0, 7], 5), [false, true, true]);
        assert_eq!(portion(&[u64::MAX, u64::MAX], 5), [true, false]);
    }

    #[test]
    fn nothing_waits_for_ever_behind_rooms_that_are_always_busy() {
        let mut waiting = 4;
        for _ in 0..3 {
            // Two rooms have three new events before every answer; one has had four, once.
            if portion(&[3, 3, waiting], 5)[2] {
                waiting = 0;
            }
        }
        assert_eq!(waiting, 0);
    }
}
