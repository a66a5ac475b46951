//! Catches a slot that under some schedule blocks a reader, shows it half a version or an older one than before, or
//! loses one: every schedule of a few threads, by loom, over the very file the crate is made of.
#![allow(clippy::unwrap_used, reason = "a test")]

/// What the slot is made of here. Loom's `Arc` has no weak side; the one of the standard library does not add schedules.
mod sync {
    use std::cell::Cell;
    pub(crate) use std::sync::{Arc, PoisonError, TryLockError, Weak};

    pub(crate) use loom::sync::atomic::Ordering;
    pub(crate) use loom::sync::{Mutex, RwLock};

    loom::thread_local! {
        /// The epoch that this thread has seen last.
        static SEEN: Cell<u64> = Cell::new(0);
    }
    thread_local! {
        /// The last epoch of the schedule that is run: loom runs all its threads on one.
        static STORED: Cell<u64> = const { Cell::new(0) };
    }

    /// An epoch that remembers who has seen what.
    pub(crate) struct AtomicU64(loom::sync::atomic::AtomicU64);

    impl AtomicU64 {
        pub(crate) fn new(epoch: u64) -> Self {
            STORED.with(|stored| stored.set(epoch));
            Self(loom::sync::atomic::AtomicU64::new(epoch))
        }

        pub(crate) fn load(&self, order: Ordering) -> u64 {
            let epoch = self.0.load(order);
            SEEN.with(|seen| seen.set(epoch));
            epoch
        }

        pub(crate) fn store(&self, epoch: u64, order: Ordering) {
            self.0.store(epoch, order);
            STORED.with(|stored| stored.set(epoch));
        }
    }

    /// What a reader does before it tries again.
    pub(crate) fn spin_loop() {
        let (seen, stored) = (SEEN.with(Cell::get), STORED.with(Cell::get));
        assert!(seen < stored, "a reader waits for a writer: {seen} is the latest epoch, and cannot be had");
        loom::hint::spin_loop();
    }
}

#[path = "../src/replay/slot.rs"]
#[allow(unreachable_pub, reason = "public in the crate")]
mod slot;

use std::sync::Arc;

use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use loom::thread;
use slot::Slot;

/// A version in two halves. Reading them relaxed shows what was not published before the version was.
struct Halves {
    left: AtomicU64,
    right: AtomicU64,
    dropped: Arc<AtomicUsize>,
}

impl Halves {
    fn new(number: u64, dropped: &Arc<AtomicUsize>) -> Self {
        let halves = Self { left: AtomicU64::new(0), right: AtomicU64::new(0), dropped: dropped.clone() };
        halves.left.store(number, Ordering::Relaxed);
        halves.right.store(number, Ordering::Relaxed);
        halves
    }

    fn read(&self) -> (u64, u64) {
        (self.left.load(Ordering::Relaxed), self.right.load(Ordering::Relaxed))
    }
}

impl Drop for Halves {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_reader_sees_whole_versions_that_never_go_back() {
    loom::model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let slot = Arc::new(Slot::new(Halves::new(0, &dropped)));
        let reader = {
            let slot = slot.clone();
            thread::spawn(move || {
                let mut last = 0;
                for _ in 0..2 {
                    let pinned = slot.pin();
                    assert!(pinned.epoch() >= last);
                    last = pinned.epoch();
                    assert_eq!(pinned.read(), (last, last));
                }
            })
        };
        // Two swaps, so that the cell a reader was about to look at is used again.
        for epoch in 0..2 {
            assert!(
                matches!(slot.compare_and_swap(epoch, Halves::new(epoch + 1, &dropped)), Ok(next) if next == epoch + 1)
            );
        }
        assert_eq!(slot.pin().read(), (2, 2));
        reader.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 2, "what is neither in service nor pinned is gone");
        drop(slot);
        assert_eq!(dropped.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_pin_outlives_the_swap_and_is_counted_until_it_goes() {
    loom::model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let slot = Arc::new(Slot::new(Halves::new(0, &dropped)));
        let reader = {
            let slot = slot.clone();
            thread::spawn(move || slot.pin())
        };
        slot.swap(Halves::new(1, &dropped));
        // Whoever pins the old version has done so by now: it can only become fewer.
        let after_swap = slot.pins(0);
        let pinned = reader.join().unwrap();
        let old = usize::from(pinned.epoch() == 0);
        assert!(after_swap >= slot.pins(0), "a pin of a version that was out of service already");
        assert_eq!((slot.pins(0), slot.pins(1)), (old, 1 - old));
        assert_eq!(pinned.read(), (pinned.epoch(), pinned.epoch()));
        assert_eq!(dropped.load(Ordering::Relaxed), 1 - old);
        drop(pinned);
        assert_eq!((slot.pins(0), slot.pins(1), dropped.load(Ordering::Relaxed)), (0, 0, 1));
    });
}

#[test]
fn of_two_writers_who_expect_the_same_one_wins_and_the_other_has_its_value_back() {
    loom::model(|| {
        let slot = Arc::new(Slot::new(0));
        let other = {
            let slot = slot.clone();
            thread::spawn(move || slot.compare_and_swap(0, 7))
        };
        let ours = slot.compare_and_swap(0, 9);
        let theirs = other.join().unwrap();
        let (winner, loser) = if ours.is_ok() { (9, theirs) } else { (7, ours) };
        let stale = loser.unwrap_err();
        assert_eq!((stale.value, stale.expected, stale.found), (16 - winner, 0, 1));
        assert_eq!((*slot.pin(), slot.pin().epoch()), (winner, 1));
    });
}
