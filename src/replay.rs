//! One log read again by a new version, beside the one that serves.
//!
//! A [`Replay`] feeds the log into a new [`Stream`](crate::Stream). [`Slot`] is the live version that requests pin.

mod bad;
mod checkpoint;
mod driver;
mod progress;
mod slot;

pub use self::bad::{BadEvent, BadEvents, Tolerance};
pub use self::driver::{Delivery, Reading, Replay, Step};
pub use self::progress::{PartitionProgress, Progress};
pub use self::slot::{Pinned, Slot, Stale};

/// What the slot is made of. Its model test compiles the same file over loom's.
mod sync {
    pub(super) use std::hint::spin_loop;
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
    pub(super) use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError, Weak};
}
