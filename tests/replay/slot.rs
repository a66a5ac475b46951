//! Catches a slot that goes wrong only under real threads and real contention: versions torn, lost, or never let go.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use skewless::replay::Slot;

const SWAPS: u64 = 2_000;
const WRITERS: u64 = 2;

/// Enough memory that half a version would show.
struct Version {
    numbers: Vec<u64>,
    dropped: Arc<AtomicU64>,
}

impl Drop for Version {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn readers_see_whole_versions_in_order_while_writers_compete() {
    let dropped = Arc::new(AtomicU64::new(0));
    let version = |number| Version { numbers: vec![number; 32], dropped: dropped.clone() };
    let slot = Slot::new(version(0));
    let stop = AtomicBool::new(false);
    let read = thread::scope(|threads| {
        let readers: Vec<_> = (0..4).map(|_| threads.spawn(|| read(&slot, &stop))).collect();
        let writers: Vec<_> = (0..WRITERS).map(|_| threads.spawn(|| write(&slot, &version))).collect();
        let lost: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
        stop.store(true, Ordering::SeqCst);
        let read: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert_eq!(dropped.load(Ordering::SeqCst), SWAPS * WRITERS + lost);
        read
    });
    assert!(read > 0);
    assert_eq!(slot.epoch(), SWAPS * WRITERS);
    assert_eq!(slot.pin().numbers[0], SWAPS * WRITERS);
}

/// Pins until told to stop; how often that was.
fn read(slot: &Slot<Version>, stop: &AtomicBool) -> u64 {
    let (mut last, mut count) = (0, 0);
    while !stop.load(Ordering::SeqCst) || count == 0 {
        let pinned = slot.pin();
        assert!(pinned.epoch() >= last, "from {last} back to {}", pinned.epoch());
        last = pinned.epoch();
        assert!(pinned.numbers.iter().all(|number| *number == last), "{:?} in version {last}", pinned.numbers);
        count += 1;
    }
    count
}

/// Swaps so many times, each on what was there; how often somebody else was first.
fn write(slot: &Slot<Version>, version: &(dyn Fn(u64) -> Version + Sync)) -> u64 {
    let mut lost = 0;
    for _ in 0..SWAPS {
        let mut expected = slot.epoch();
        while let Err(stale) = slot.compare_and_swap(expected, version(expected + 1)) {
            assert_eq!(stale.value.numbers[0], expected + 1);
            (expected, lost) = (stale.found, lost + 1);
        }
    }
    lost
}

#[test]
fn a_suspended_reader_keeps_its_version_and_holds_nobody_up() {
    let slot = Slot::at(41, String::from("v1"));
    let request = slot.pin();
    let again = request.clone();
    for i in 0..5 {
        assert_eq!(slot.swap(format!("v{}", i + 2)), 42 + i);
    }
    assert_eq!((request.as_str(), request.epoch(), slot.pin().as_str()), ("v1", 41, "v6"));
    assert_eq!((slot.pins(41), slot.pins(42), slot.pins(46), slot.pins(99)), (2, 0, 0, 0));
    drop(request);
    assert_eq!(slot.pins(41), 1);
    drop(again);
    assert_eq!(slot.pins(41), 0);
}

#[test]
fn epochs_that_run_out_begin_again_in_the_other_cell() {
    let slot = Slot::at(u64::MAX, 'a');
    assert_eq!(slot.compare_and_swap(u64::MAX, 'b'), Ok(0));
    assert_eq!((slot.compare_and_swap(0, 'c'), *slot.pin()), (Ok(1), 'c'));
}
