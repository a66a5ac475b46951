//! A new version beside the old one: the log read again, caught up with, compared, swapped in, and gone back from.
//!
//! A [`Replay`] feeds the log into a new [`Stream`](crate::Stream), with progress, a [`Tolerance`] for bad events, and
//! checkpoints. A [`Controller`] takes [`Observation`](crate::Observation)s of both versions and says what has to be so, and
//! why it is no more: a [`Decision`]. A [`Comparison`] puts the two side by side. A [`Slot`] holds the version in service, for
//! requests to pin.
//!
//! The host reads the log, tells the time, keeps what is to be kept, and does what is decided.

mod bad;
mod checkpoint;
mod commands;
mod comparison;
mod controller;
mod decision;
mod driver;
mod failure;
mod progress;
mod rules;
mod sample;
mod slot;

pub use self::bad::{BadEvent, BadEvents, Tolerance};
pub use self::comparison::{Comparison, Difference, FeatureComparison};
pub use self::controller::{Controller, Entered, Stretch};
pub use self::decision::{Action, Decision, Phase, Reason, Side};
pub use self::driver::{Delivery, Reading, Replay, Step};
pub use self::failure::Failure;
pub use self::progress::{PartitionProgress, Progress};
pub use self::rules::Rules;
pub use self::slot::{Pinned, Slot, Stale};

/// What the slot is made of. Its model test compiles the same file over loom's.
mod sync {
    pub(super) use std::hint::spin_loop;
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
    pub(super) use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError, Weak};
}
