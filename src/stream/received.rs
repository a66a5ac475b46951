//! What came in from the log: offsets by partition, each taken once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::log::Positions;

/// The most stretches of offsets that were passed over and are still waited for, by partition.
pub(super) const MAX_HOLES: usize = 1024;

/// One partition's offsets: `[start, next)` without the holes was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Partition {
    pub(super) start: u64,
    pub(super) next: u64,
    /// Whether the host said where it starts; then what lies before is not waited for.
    declared: bool,
    /// Stretches `[from, to)` passed over, ascending: compacted away, markers, or still to come.
    holes: Vec<(u64, u64)>,
}

/// All partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Received {
    partitions: BTreeMap<u32, Partition>,
    /// Whether the host said where the log begins; then a partition it did not name begins at 0.
    begun: bool,
    /// The partitions that come here, if they are not all of them.
    owned: Option<BTreeSet<u32>>,
}

impl Received {
    /// Says that everything before `positions` is not for this stream.
    pub(super) fn begin(&mut self, positions: &Positions) {
        self.begun = true;
        let ours: Vec<(u32, u64)> = positions.iter().filter(|(partition, _)| self.owns(*partition)).collect();
        for (partition, start) in ours {
            let fresh = Partition { start, next: start, declared: true, holes: Vec::new() };
            self.partitions.insert(partition, fresh);
        }
    }

    /// Says that only these partitions come here.
    pub(super) fn own(&mut self, partitions: BTreeSet<u32>) {
        self.owned = Some(partitions);
    }

    /// Whether a partition comes here.
    pub(super) fn owns(&self, partition: u32) -> bool {
        self.owned.as_ref().is_none_or(|owned| owned.contains(&partition))
    }

    /// Takes an event's place in the log; tells whether it is new, and by how much the offsets passed over changed.
    #[inline]
    pub(super) fn admit(&mut self, partition: u32, offset: u64) -> Result<Admission> {
        match self.partitions.get_mut(&partition) {
            Some(known) if offset == known.next && offset < u64::MAX => {
                known.next += 1;
                Ok(Admission { new: true, skipped: 0 })
            }
            _ => self.admit_elsewhere(partition, offset),
        }
    }

    #[cold]
    fn admit_elsewhere(&mut self, partition: u32, offset: u64) -> Result<Admission> {
        let Some(after) = offset.checked_add(1) else {
            return Err(Error::parameter("offset", offset, format!("0 to {}", u64::MAX - 1)));
        };
        if !self.owns(partition) {
            let allowed = format!("one of {:?}", self.owned.iter().flatten().collect::<Vec<_>>());
            return Err(Error::parameter("partition", partition, allowed));
        }
        let start = if self.begun { 0 } else { offset };
        let first = Partition { start, next: start, declared: self.begun, holes: Vec::new() };
        let known = self.partitions.entry(partition).or_insert(first);
        if offset >= known.next {
            let skipped = offset - known.next;
            if skipped > 0 {
                known.holes.push((known.next, offset));
                if known.holes.len() > MAX_HOLES {
                    known.holes.remove(0);
                }
            }
            known.next = after;
            return Ok(Admission { new: true, skipped: skipped.cast_signed() });
        }
        if offset < known.start {
            if known.declared {
                return Ok(Admission { new: false, skipped: 0 });
            }
            let skipped = known.start - after;
            if skipped > 0 {
                known.holes.insert(0, (after, known.start));
                if known.holes.len() > MAX_HOLES {
                    known.holes.remove(0);
                }
            }
            known.start = offset;
            return Ok(Admission { new: true, skipped: skipped.cast_signed() });
        }
        let new = known.fill(offset);
        Ok(Admission { new, skipped: if new { -1 } else { 0 } })
    }

    /// The next offset of each partition.
    pub(super) fn positions(&self) -> Positions {
        self.iter().map(|(partition, known)| (partition, known.next)).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    pub(super) fn get(&self, partition: u32) -> Option<&Partition> {
        self.partitions.get(&partition)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Partition)> {
        self.partitions.iter().map(|(partition, known)| (*partition, known))
    }

    /// Whether every partition is in the one form it can have.
    pub(super) fn is_canonical(&self) -> bool {
        self.partitions.keys().all(|partition| self.owns(*partition))
            && self.partitions.values().all(|known| {
                let edges = known.holes.iter().flat_map(|(from, to)| [*from, *to]);
                let edges: Vec<u64> = std::iter::once(known.start).chain(edges).chain([known.next]).collect();
                let rising = edges.windows(2).enumerate().all(|(i, pair)| {
                    // A hole may begin where a declared start is; it cannot be empty or touch the next one.
                    pair[0] < pair[1] || i == 0 && pair[0] == pair[1] && known.declared
                });
                rising && known.holes.len() <= MAX_HOLES
            })
    }
}

impl Partition {
    /// Takes an offset out of the holes; false if it is in none.
    fn fill(&mut self, offset: u64) -> bool {
        let at = self.holes.partition_point(|(_, to)| *to <= offset);
        let Some((from, to)) = self.holes.get(at).copied().filter(|(from, _)| *from <= offset) else { return false };
        let rest = [(from, offset), (offset + 1, to)];
        self.holes.splice(at..=at, rest.into_iter().filter(|(from, to)| from < to));
        if self.holes.len() > MAX_HOLES {
            self.holes.remove(0);
        }
        true
    }
}

/// What became of a place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admission {
    pub(super) new: bool,
    /// By how much the offsets passed over grew, or shrank.
    pub(super) skipped: i64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_offset_is_new_once_in_whatever_order_they_come(offsets in prop::collection::vec(0u64..40, 0..200)) {
            let (mut received, mut known, mut skipped) = (Received::default(), BTreeSet::new(), 0i64);
            for offset in offsets {
                let admission = received.admit(3, offset).unwrap();
                prop_assert_eq!(admission.new, known.insert(offset));
                skipped += admission.skipped;
                let (first, last) = (known.first().unwrap(), known.last().unwrap());
                prop_assert_eq!(skipped as u64, last - first + 1 - known.len() as u64);
                prop_assert_eq!(received.positions().next(3), last + 1);
                prop_assert!(received.is_canonical());
            }
        }
    }

    #[test]
    fn what_lies_before_a_declared_start_is_not_waited_for() {
        let mut received = Received::default();
        received.begin(&Positions::new().with(0, 10));
        assert!(!received.admit(0, 9).unwrap().new);
        assert!(received.admit(0, 12).unwrap().new);
        assert!(received.admit(0, 10).unwrap().new && received.is_canonical());
        assert!(!received.admit(0, 10).unwrap().new);
    }

    #[test]
    fn the_last_offset_of_all_is_refused_rather_than_taken_twice() {
        let mut received = Received::default();
        assert!(received.admit(0, u64::MAX).is_err());
        assert!(received.admit(0, u64::MAX - 1).unwrap().new);
        assert!(received.admit(0, u64::MAX).is_err() && !received.admit(0, u64::MAX - 1).unwrap().new);
    }

    #[test]
    fn holes_are_bounded() {
        let mut received = Received::default();
        for offset in 0..3_000 {
            assert!(received.admit(0, 2 * offset).unwrap().new);
        }
        assert_eq!(received.get(0).unwrap().holes.len(), MAX_HOLES);
        // The newest are still waited for; the oldest are taken as known.
        assert!(received.admit(0, 5_997).unwrap().new && !received.admit(0, 1).unwrap().new);
    }
}
