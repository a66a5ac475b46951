//! What came in from the log: offsets by partition, each taken once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::log::Positions;

/// The most stretches of offsets that were passed over and are still waited for, by partition.
pub(super) const MAX_HOLES: usize = 1024;

/// One partition's offsets: `[start, next)` without the holes was received, and the islands before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Partition {
    pub(super) start: u64,
    pub(super) next: u64,
    /// Whether the host said where it starts; then what lies before is not waited for.
    declared: bool,
    /// Stretches `[from, to)` passed over, ascending: compacted away, markers, or still to come.
    holes: Vec<(u64, u64)>,
    /// Stretches received from before the start, ascending: the log is being read again from an earlier place.
    islands: Vec<(u64, u64)>,
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
            let fresh = Partition { start, next: start, declared: true, ..Partition::default() };
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
                Ok(Admission::New)
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
        let first = Partition { start, next: start, declared: self.begun, ..Partition::default() };
        let fresh = !self.partitions.contains_key(&partition);
        let known = self.partitions.entry(partition).or_insert(first);
        if offset >= known.next {
            let skipped = offset - known.next;
            if skipped > 0 {
                known.holes.push((known.next, offset));
                bound(&mut known.holes);
            }
            known.next = after;
            return Ok(if fresh { Admission::Begun(skipped) } else { Admission::Skipped(skipped) });
        }
        if offset < known.start {
            return Ok(known.read_again(offset, after));
        }
        Ok(if known.fill(offset) { Admission::Filled } else { Admission::Known })
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
        self.partitions.iter().all(|(partition, known)| self.owns(*partition) && known.is_canonical())
    }
}

/// Lets go of the oldest stretch if there are too many.
fn bound(stretches: &mut Vec<(u64, u64)>) {
    if stretches.len() > MAX_HOLES {
        stretches.remove(0);
    }
}

/// Whether stretches are ascending, not empty and apart.
fn are_apart(stretches: &[(u64, u64)]) -> bool {
    let apart = stretches.windows(2).all(|pair| pair[0].1 < pair[1].0);
    apart && stretches.iter().all(|(from, to)| from < to) && stretches.len() <= MAX_HOLES
}

impl Partition {
    fn is_canonical(&self) -> bool {
        // The first offset after the start was received, unless the host named the start, and so was the last.
        let holes = self
            .holes
            .first()
            .is_none_or(|(from, _)| if self.declared { *from >= self.start } else { *from > self.start });
        let ends = self.holes.last().is_none_or(|(_, to)| *to < self.next);
        let islands = self.islands.last().is_none_or(|(_, to)| !self.declared && *to < self.start);
        let some = self.start < self.next || self.declared && self.start == self.next && self.holes.is_empty();
        some && holes && ends && islands && are_apart(&self.holes) && are_apart(&self.islands)
    }

    /// Takes an offset from before the start. The start moves there once nothing is missing in between.
    fn read_again(&mut self, offset: u64, after: u64) -> Admission {
        let at = self.islands.partition_point(|(_, to)| *to <= offset);
        if self.declared || self.islands.get(at).is_some_and(|(from, _)| *from <= offset) {
            return Admission::Known;
        }
        let joins_next = self.islands.get(at).is_some_and(|(from, _)| *from == after);
        let joins_last = at > 0 && self.islands.get(at - 1).is_some_and(|(_, to)| *to == offset);
        let from = if joins_last { self.islands.get(at - 1).map_or(offset, |(from, _)| *from) } else { offset };
        let to = if joins_next { self.islands.get(at).map_or(after, |(_, to)| *to) } else { after };
        self.islands.splice(at - usize::from(joins_last)..at + usize::from(joins_next), [(from, to)]);
        if let Some((from, _)) = self.islands.pop_if(|(_, to)| *to == self.start) {
            self.start = from;
            return Admission::Begun(0);
        }
        bound(&mut self.islands);
        Admission::New
    }

    /// Takes an offset out of the holes; false if it is in none.
    fn fill(&mut self, offset: u64) -> bool {
        let at = self.holes.partition_point(|(_, to)| *to <= offset);
        let Some((from, to)) = self.holes.get(at).copied().filter(|(from, _)| *from <= offset) else { return false };
        let rest = [(from, offset), (offset + 1, to)];
        self.holes.splice(at..=at, rest.into_iter().filter(|(from, to)| from < to));
        bound(&mut self.holes);
        true
    }
}

/// What became of a place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// New.
    New,
    /// New, and so many offsets were passed over.
    Skipped(u64),
    /// New, and the partition begins elsewhere than was known; so many offsets were passed over.
    Begun(u64),
    /// New, and one of those passed over.
    Filled,
    /// Had before.
    Known,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_offset_is_new_once_in_whatever_order_they_come(offsets in prop::collection::vec(0u64..40, 0..200)) {
            let (mut received, mut known, mut skipped) = (Received::default(), BTreeSet::new(), 0u64);
            for offset in offsets {
                let admission = received.admit(3, offset).unwrap();
                prop_assert_eq!(admission != Admission::Known, known.insert(offset));
                match admission {
                    Admission::Skipped(count) | Admission::Begun(count) => skipped += count,
                    Admission::Filled => skipped -= 1,
                    Admission::New | Admission::Known => {}
                }
                let partition = received.get(3).unwrap();
                let since = known.range(partition.start..).count() as u64;
                prop_assert_eq!(partition.next, known.last().unwrap() + 1);
                prop_assert_eq!(skipped, partition.next - partition.start - since);
                // What lies before the start is apart from it.
                prop_assert!(partition.start == 0 || !known.contains(&(partition.start - 1)));
                prop_assert!(received.is_canonical());
            }
        }
    }

    #[test]
    fn what_lies_before_a_declared_start_is_not_waited_for() {
        let mut received = Received::default();
        received.begin(&Positions::new().with(0, 10));
        assert_eq!(received.admit(0, 9).unwrap(), Admission::Known);
        assert_eq!(received.admit(0, 12).unwrap(), Admission::Skipped(2));
        assert_eq!(received.admit(0, 10).unwrap(), Admission::Filled);
        assert!(received.is_canonical());
        assert_eq!(received.admit(0, 10).unwrap(), Admission::Known);
    }

    #[test]
    fn the_last_offset_of_all_is_refused_rather_than_taken_twice() {
        let mut received = Received::default();
        assert!(received.admit(0, u64::MAX).is_err());
        assert_eq!(received.admit(0, u64::MAX - 1).unwrap(), Admission::Begun(0));
        assert!(received.admit(0, u64::MAX).is_err());
        assert_eq!(received.admit(0, u64::MAX - 1).unwrap(), Admission::Known);
    }

    #[test]
    fn holes_are_bounded() {
        let mut received = Received::default();
        for offset in 0..3_000 {
            assert_ne!(received.admit(0, 2 * offset).unwrap(), Admission::Known);
        }
        assert_eq!(received.get(0).unwrap().holes.len(), MAX_HOLES);
        // The newest are still waited for; the oldest are taken as known.
        assert_eq!(received.admit(0, 5_997).unwrap(), Admission::Filled);
        assert_eq!(received.admit(0, 1).unwrap(), Admission::Known);
    }

    #[test]
    fn a_partition_that_is_read_again_from_an_earlier_place_begins_there_once_nothing_is_missing() {
        let mut received = Received::default();
        for offset in [7, 2, 5, 3] {
            received.admit(0, offset).unwrap();
            assert_eq!(received.get(0).unwrap().start, 7);
        }
        assert_eq!(received.admit(0, 6).unwrap(), Admission::Begun(0));
        assert_eq!((received.get(0).unwrap().start, received.admit(0, 5).unwrap()), (5, Admission::Known));
        received.admit(0, 4).unwrap();
        assert_eq!(received.get(0).unwrap().start, 2);
        assert!(received.is_canonical());
    }
}
