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
//! # Ok::<(), skewless::Error>(())
//! ```

pub mod events;
pub mod laws;
pub mod oracle;
mod promise;

pub use self::events::Event;
pub use self::promise::check_set;
use crate::computer::FeatureComputer;
use crate::error::Result;

/// Holds `computer` to every law of [`FeatureComputer`], on generated inputs.
///
/// # Errors
/// [`ErrorKind::Law`](crate::ErrorKind::Law): which law, the smallest inputs found that break it, and what
/// the two sides were.
pub fn check<C: FeatureComputer>(computer: C) -> Result<()> {
    laws::hold(&computer)
}

/// Holds every built-in aggregate to every law, for every kind of column it takes.
///
/// # Errors
/// As [`check`].
pub fn check_builtins() -> Result<()> {
    for aggregate in crate::features::AGGREGATES {
        let kinds = aggregate.input.kinds().iter().copied().map(Some);
        let star = aggregate.input.kinds().is_empty().then_some(None);
        let any = aggregate.input.kinds().is_empty().then_some(Some(crate::Kind::F64));
        for kind in kinds.chain(star).chain(any) {
            match (aggregate.bind)(kind) {
                Some(fold) => fold.check_laws()?,
                None => {
                    return Err(crate::Error::law("bind", aggregate.name, format!("refuses its own kind {kind:?}")));
                }
            }
        }
    }
    Ok(())
}
