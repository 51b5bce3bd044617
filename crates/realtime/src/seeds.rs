//! Cases that are drawn from numbers, for the model tests.

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestCaseError, TestRunner},
};

/// Tries a property with the cases that the seeds 0, 1, 2, … draw: the same ones each time, on every machine. How many,
/// the variable `<NAME>_SEEDS` says, else `least`. A case that fails is told in its smallest form, with its seed and the
/// command that tries that seed alone.
pub(crate) fn hold_for_all<S: Strategy>(
    name: &str,
    least: u64,
    cases: impl Fn() -> S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let number = |variable: String| {
        let text = std::env::var(&variable).ok()?;
        Some(text.parse::<u64>().expect("a number"))
    };
    let seeds = match number(format!("{name}_SEED")) {
        Some(seed) => seed..=seed,
        None => {
            0..=number(format!("{name}_SEEDS"))
                .unwrap_or(least)
                .saturating_sub(1)
        }
    };
    for seed in seeds {
        let config = Config {
            cases: 1,
            rng_seed: RngSeed::Fixed(seed),
            // The seed is all that there is to keep.
            failure_persistence: None,
            max_shrink_iters: 20_000,
            max_shrink_time: 30_000,
            ..Config::default()
        };
        if let Err(failure) = TestRunner::new(config).run(&cases(), &property) {
            panic!(
                "{failure}\nto replay it:\n    {name}_SEED={seed} cargo test -p realtime model\n"
            );
        }
    }
}
