//! The version in service, under one name: [`Slot`], what a request [pins](Pinned) of it, and who came [too
//! late](Stale).

use std::fmt;
use std::ops::Deref;

use super::sync::{Arc, AtomicU64, Mutex, Ordering, PoisonError, RwLock, TryLockError, Weak, spin_loop};

// Why no reader waits, and none sees half a version
//
// There are two cells. The version of epoch e is in cell e mod 2, together with its epoch; the other cell is empty
// but during a swap. One writer at a time, under the mutex, (1) puts e + 1 into the other cell, (2) stores e + 1 as the
// current epoch, (3) takes e out of its cell. So a writer never has the cell of the current epoch locked:
// before (2) it has the other one, after (2) the one that has just become the other one.
//
// A reader loads the epoch and only tries the lock of its cell. It gets there if the cell still holds that epoch. If it
// does not, or is locked, then (2) of a later swap was done since the load: a retry always means that somebody else
// got on, and without swaps there are none. Checking the epoch in the cell keeps a reader that was held up for two swaps from
// taking the next version before (2) of its swap, after which another reader could still get the one before it.
//
// What is in a cell is guarded by its lock; (2) is a release and the load an acquire so that who sees the epoch also
// finds (1) done and its lock free. Under a lock there is never more than a pointer moved or counted: no allocation, no drop
// and no code of `T`'s, so no lock is poisoned.
// Writers do wait: for each other, and for a reader that is between those two instructions.
//
// After (3) a version is in no cell: whoever has it pinned it before, so a count of its pins that is 0 stays 0.

/// The version in service, for readers that never wait and see one version whole.
///
/// A request takes a [`pin`](Self::pin) and answers all its questions from that, so that no two of its values are of
/// two versions. A swap is for requests that pin after it; whoever has a pin keeps what it pinned. Each version has an
/// epoch one higher than the one before it, and [`compare_and_swap`](Self::compare_and_swap) replaces only the version
/// that was meant.
///
/// A reader starts again only when a swap was completed since it started, so swaps in a tight loop could slow it
/// down, but nothing can stop it: not a writer that is suspended half-way either. Writers wait for each other.
///
/// # Examples
/// ```
/// use skewless::replay::Slot;
///
/// let slot = Slot::new("v1");
/// let request = slot.pin();
/// assert_eq!(slot.compare_and_swap(request.epoch(), "v2"), Ok(1));
/// assert_eq!((*request, *slot.pin()), ("v1", "v2")); // a request keeps what it began with
/// assert_eq!((slot.pins(0), slot.pins(1)), (1, 0));
///
/// let late = slot.compare_and_swap(0, "v3").unwrap_err();
/// assert_eq!((late.found, late.value), (1, "v3")); // nothing has changed, and nothing is lost
/// # assert_eq!(late.to_string(), "version 1 is in service, not version 0: nothing was swapped");
/// ```
pub struct Slot<T> {
    cells: [RwLock<Option<Arc<Version<T>>>>; 2],
    epoch: AtomicU64,
    /// Held by who swaps. Every version of which there may be pins, the current one last.
    known: Mutex<Vec<(u64, Weak<Version<T>>)>>,
}

struct Version<T> {
    epoch: u64,
    value: T,
}

impl<T> Slot<T> {
    /// A slot with its first version, of epoch 0.
    pub fn new(value: T) -> Self {
        Self::at(0, value)
    }

    /// A slot whose first version is of `epoch`: after a restart, the one that is on record.
    pub fn at(epoch: u64, value: T) -> Self {
        let version = Arc::new(Version { epoch, value });
        let known = vec![(epoch, Arc::downgrade(&version))];
        let slot = Self {
            cells: [RwLock::new(None), RwLock::new(None)],
            epoch: AtomicU64::new(epoch),
            known: Mutex::new(known),
        };
        let _ = slot.put(epoch, Some(version));
        slot
    }

    /// The version in service, to be held for as long as a request takes.
    #[inline]
    pub fn pin(&self) -> Pinned<T> {
        loop {
            if let Some(version) = self.look(self.epoch.load(Ordering::Acquire)) {
                return Pinned(version);
            }
            spin_loop();
        }
    }

    /// The epoch of the version in service. By the time it is looked at there may be another; a pin
    /// [has its own](Pinned::epoch).
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Puts `value` into service if the version of epoch `expected` is in service, and returns the new epoch.
    ///
    /// # Errors
    /// [`Stale`] with `value` in it if another version is in service; nothing has changed then.
    pub fn compare_and_swap(&self, expected: u64, value: T) -> Result<u64, Stale<T>> {
        self.replace(Some(expected), value)
    }

    /// Puts `value` into service, whatever is there, and returns the new epoch.
    pub fn swap(&self, value: T) -> u64 {
        self.replace(None, value).unwrap_or_else(|stale| stale.found)
    }

    /// How many pins of the version of `epoch` are out; 0 for one that is gone, or never was.
    ///
    /// Of a version that is no longer in service there are no new pins but copies of those there are, so 0 is final: what
    /// it needed can be deleted.
    pub fn pins(&self, epoch: u64) -> usize {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let version = known.iter().find(|(known, _)| *known == epoch);
        // The one in service is also in its cell.
        let in_cell = usize::from(epoch == self.epoch());
        version.map_or(0, |(_, version)| version.strong_count().saturating_sub(in_cell))
    }

    fn cell(&self, epoch: u64) -> &RwLock<Option<Arc<Version<T>>>> {
        &self.cells[(epoch & 1) as usize]
    }

    /// The version of `epoch`, if it is still in its cell and nobody is about to take it out.
    #[inline]
    fn look(&self, epoch: u64) -> Option<Arc<Version<T>>> {
        let cell = match self.cell(epoch).try_read() {
            Ok(cell) => cell,
            Err(TryLockError::Poisoned(cell)) => cell.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        cell.as_ref().filter(|version| version.epoch == epoch).cloned()
    }

    /// Exchanges what is in the cell of `epoch`; what was there is dropped by the caller, outside of the lock.
    fn put(&self, epoch: u64, version: Option<Arc<Version<T>>>) -> Option<Arc<Version<T>>> {
        let mut cell = self.cell(epoch).write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *cell, version)
    }

    fn replace(&self, expected: Option<u64>, value: T) -> Result<u64, Stale<T>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.epoch();
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(Stale { value, expected, found });
        }
        // Wraps in theory only, and even then into the other cell.
        let next = found.wrapping_add(1);
        let version = Arc::new(Version { epoch: next, value });
        known.retain(|(_, version)| version.strong_count() > 0);
        known.push((next, Arc::downgrade(&version)));
        let _ = self.put(next, Some(version));
        self.epoch.store(next, Ordering::Release);
        let old = self.put(found, None);
        drop(known);
        drop(old);
        Ok(next)
    }
}

impl<T: fmt::Debug> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pinned = self.pin();
        f.debug_struct("Slot").field("epoch", &pinned.epoch()).field("value", &*pinned).finish()
    }
}

/// One version, held: it stays as it is, and stays there, for as long as this does.
pub struct Pinned<T>(Arc<Version<T>>);

impl<T> Pinned<T> {
    /// Which version it is.
    pub fn epoch(&self) -> u64 {
        self.0.epoch
    }
}

impl<T> Deref for Pinned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> Clone for Pinned<T> {
    /// Another pin of the same version, which may be in service no more.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Pinned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned").field("epoch", &self.epoch()).field("value", &**self).finish()
    }
}

/// Another version is in service than the one that was to be replaced: somebody else swapped before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale<T> {
    /// What was not put into service.
    pub value: T,
    /// The epoch that was to be replaced.
    pub expected: u64,
    /// The epoch in service.
    pub found: u64,
}

impl<T> fmt::Display for Stale<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found, .. } = self;
        write!(f, "version {found} is in service, not version {expected}: nothing was swapped")
    }
}

impl<T: fmt::Debug> std::error::Error for Stale<T> {}
