//! One log read again by a new version, beside the one that serves.
//!
//! A [`Replay`] feeds the log into a new [`Stream`](crate::Stream). [`Slot`] is the live version that requests pin.

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
