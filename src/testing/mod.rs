//! The laws, adversarial events and the naive oracle, for your own tests.
//!
//! One line holds your computer to every law of [`FeatureComputer`]:
//!
//! ```
//! skewless::testing::check(skewless::features::Sum)?;
//! # Ok::<(), skewless::Error>(())
//! ```
//!
//! and one line holds a definition to the promise, that stream, merge, encoded state and oracle give the
//! same bits for the same events in any order and partition:
//!
//! ```
//! # use skewless::{Feature, FeatureSet, Span, Window};
//! # let set = FeatureSet::builder("s").entity("user").time("ts")
//! #     .feature("n", Feature::count().over(Window::sliding(Span::hours(1)))).build()?;
//! skewless::testing::check_set(&set, 50)?;
//! // And that serving a batch view over a stream gives them too.
//! skewless::testing::check_serving(&set, 20)?;
//! # Ok::<(), skewless::Error>(())
//! ```

pub mod events;
pub mod laws;
pub mod oracle;
mod promise;
mod serving;

pub use self::events::Event;
pub use self::promise::check_set;
pub use self::serving::check_serving;
use crate::computer::FeatureComputer;
use crate::definition::FeatureSet;
use crate::error::Result;

/// Holds `computer` to every law of [`FeatureComputer`], on generated inputs.
///
/// # Errors
/// [`ErrorKind::Law`](crate::ErrorKind::Law): which law, the smallest inputs found that break it, and what
/// the two sides were.
pub fn check<C: FeatureComputer>(computer: C) -> Result<()> {
    laws::hold(&computer, &[])
}

/// Holds every built-in aggregate to every law, for all its examples.
///
/// # Errors
/// As [`check`].
pub fn check_builtins() -> Result<()> {
    crate::features::names().try_for_each(check_named)
}

/// Holds the built-in aggregate called `name` to every law, for all its examples.
///
/// # Errors
/// As [`check`].
pub fn check_named(name: &str) -> Result<()> {
    for example in crate::features::catalogue().filter(|(known, _)| *known == name).flat_map(|(_, all)| all) {
        let set = example_set(&[example], &[r#"{"sliding": "1d"}"#])?;
        let plan = set.plan();
        for fold in &plan.folds {
            let column = |place: &usize| {
                let column = plan.columns.get(plan.kept.get(*place)?.0)?;
                Some((column.kind(), column.length()))
            };
            let columns: Vec<laws::Held> =
                fold.select.args.iter().map(|place| column(place).unwrap_or_default()).collect();
            fold.computer.check_laws(&columns).map_err(|why| why.context(*example))?;
            for feature in &fold.features {
                if let Some(reader) = &plan.features[*feature].reader {
                    reader.check_laws(&columns).map_err(|why| why.context(*example))?;
                }
            }
        }
    }
    Ok(())
}

/// A definition of `examples`, features without a window such as [`features::catalogue`](crate::features::catalogue)
/// gives, each over all of `windows`.
///
/// Its entity is `user`, its time `ts`, and its columns are `flag`, `qty`, `amount`, `word`, `seen` and `vec`.
///
/// # Errors
/// [`ErrorKind::Definition`](crate::ErrorKind::Definition), for example where a window does not go with an
/// aggregate.
pub fn example_set(examples: &[&str], windows: &[&str]) -> Result<FeatureSet> {
    let pairs = examples.iter().flat_map(|example| windows.iter().map(move |window| (example, window)));
    let features =
        pairs.enumerate().map(|(i, (example, window))| format!(r#""f{i}": {{{example}, "over": {window}}}"#));
    FeatureSet::from_json(&format!(
        r#"{{"name": "t", "version": 1, "entity": "user", "time": "ts",
            "columns": {{"flag": "bool", "qty": "i64", "amount": "f64", "word": "string", "seen": "timestamp",
                         "vec": "list"}}, "features": {{{}}}}}"#,
        features.collect::<Vec<_>>().join(", ")
    ))
}
