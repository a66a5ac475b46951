//! Which events are still needed as they are, and letting go of the others.

use super::State;
use crate::definition::Storage;
use crate::rows::Head;
use crate::time::BEGINNING;

impl State {
    /// Drops the rows, and the values of rows, that nothing reads any more.
    pub(super) fn reduce(&mut self) {
        let needs = self.needs();
        let read = |head: Head, place: usize| {
            needs.reads.iter().any(|(bit, at, from)| bit & head.mask != 0 && *at == place && head.time >= *from)
        };
        let until =
            needs.bits.iter().chain(needs.reads.iter().map(|(_, _, from)| from)).max().copied().unwrap_or(BEGINNING);
        // Most often every fold needs the rows from the same moment on, and then no row is looked at.
        let from = needs.bits.iter().min().copied().unwrap_or(until);
        self.rows.reduce(from..until, |head| needs.of(head), read);
        self.kept = self.rows.len();
    }

    /// From when on each filter's rows, and each value of them, are still needed as instants.
    pub(super) fn needs(&self) -> Needs {
        let plan = self.set.plan();
        let mut needs = Needs { bits: vec![i64::MAX; plan.filters.len()], reads: Vec::new() };
        for fold in &plan.folds {
            let mut from = fold.reach(self.settled);
            if let Storage::Instants { reset: Some(reset), .. } = &fold.storage {
                let latest = self.latest(*reset, from, self.settled.saturating_sub(fold.offset));
                // The reset itself stays, so that it goes on hiding what is before it.
                needs.at_least(*reset, from.max(latest.unwrap_or(BEGINNING)));
                from = from.max(latest.map_or(BEGINNING, |latest| latest.saturating_add(1)));
            }
            needs.at_least(fold.select.bit, from);
            for bit in fold.select.conditions.iter().chain(Some(&fold.select.retract)) {
                needs.at_least(*bit, from);
            }
            needs.reads.extend(fold.select.args.iter().map(|place| (fold.select.bit, *place, from)));
        }
        needs
    }

    /// The latest row in `[from, until)` that passed the filter `bit`.
    pub(super) fn latest(&self, bit: u64, from: i64, until: i64) -> Option<i64> {
        let before = self.rows.heads().get(..self.rows.lower_bound(until))?;
        let within = before.iter().rev().take_while(|head| head.time >= from);
        within.filter(|head| head.mask & bit != 0).map(|head| head.time).next()
    }
}

/// Which rows are still needed as instants.
pub(super) struct Needs {
    /// By filter: from when on.
    bits: Vec<i64>,
    /// Filter bit, place of a value, and from when on a fold of that filter reads it.
    reads: Vec<(u64, usize, i64)>,
}

impl Needs {
    fn at_least(&mut self, bit: u64, from: i64) {
        if let Some(slot) = self.bits.get_mut(bit.trailing_zeros() as usize) {
            *slot = (*slot).min(from);
        }
    }

    /// The bits of a row that are still needed.
    pub(super) fn of(&self, head: Head) -> u64 {
        let needed = self.bits.iter().enumerate().filter(|(_, from)| head.time >= **from);
        needed.fold(0, |mask, (bit, _)| mask | 1 << bit) & head.mask
    }
}
