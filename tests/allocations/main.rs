//! Catches memory that is taken without need: by an answer, by a record that is read, by an entity in a stream.

#[cfg(feature = "derive")]
mod derive;
mod serving;

use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static PEAK: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// The counters are of the process, so tests take turns.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
