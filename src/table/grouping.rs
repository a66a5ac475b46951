//! Rows by entity, in order of time.

/// The group of a row that is left out.
pub(crate) const LEFT_OUT: u32 = u32::MAX;

/// Rows grouped by a small number, in order of time within each group.
#[derive(Debug)]
pub(crate) struct Grouping {
    /// Row numbers, group by group.
    pub(crate) order: Vec<u32>,
    /// Where each group starts in `order`; one more than there are groups.
    pub(crate) starts: Vec<u32>,
}

impl Grouping {
    /// Groups rows by `group` (below `groups`, or [`LEFT_OUT`]) and sorts each group by `time`.
    pub(crate) fn new(group: &[u32], time: &[i64], groups: usize) -> Self {
        // Most data comes in order of time already.
        Self::of(group.iter().copied(), time, groups, time.is_sorted())
    }

    /// As [`new`](Self::new), where it is known whether the times are in order.
    pub(crate) fn of(group: impl Iterator<Item = u32> + Clone, time: &[i64], groups: usize, sorted: bool) -> Self {
        // `starts[g + 1]` counts group `g` first, then runs from its start to its end as rows find their places.
        let mut starts = vec![0u32; groups + 2];
        for g in group.clone().filter(|g| *g != LEFT_OUT) {
            starts[g as usize + 2] += 1;
        }
        for g in 2..starts.len() {
            starts[g] += starts[g - 1];
        }
        let mut order = vec![0u32; starts.last().map_or(0, |end| *end as usize)];
        for (row, g) in group.enumerate().filter(|(_, g)| *g != LEFT_OUT) {
            let place = &mut starts[g as usize + 1];
            order[*place as usize] = row as u32;
            *place += 1;
        }
        starts.pop();
        let mut grouping = Self { order, starts };
        if !sorted {
            grouping.sort(time);
        }
        grouping
    }

    fn sort(&mut self, time: &[i64]) {
        let mut dated: Vec<(i64, u32)> = Vec::new();
        for bounds in self.starts.windows(2) {
            let rows = &mut self.order[bounds[0] as usize..bounds[1] as usize];
            if rows.is_sorted_by_key(|row| time[*row as usize]) {
                continue;
            }
            dated.clear();
            dated.extend(rows.iter().map(|row| (time[*row as usize], *row)));
            dated.sort_unstable();
            rows.iter_mut().zip(&dated).for_each(|(row, (_, sorted))| *row = *sorted);
        }
    }

    /// The order, unless it is the one that the rows have already.
    pub(crate) fn changed(&self) -> Option<&[u32]> {
        let same = self.order.iter().zip(0..).all(|(row, at)| *row == at);
        (!same).then_some(&self.order)
    }

    /// By row its place in the order.
    pub(crate) fn places(&self) -> Vec<u32> {
        let mut places = vec![0; self.order.len()];
        for (row, at) in self.order.iter().zip(0..) {
            if let Some(place) = places.get_mut(*row as usize) {
                *place = at;
            }
        }
        places
    }

    /// The rows of group `g`, as places in `order`; none for a group there is not.
    #[inline]
    pub(crate) fn group(&self, g: usize) -> std::ops::Range<usize> {
        let at = |i: usize| self.starts.get(i).map_or(self.order.len(), |start| *start as usize);
        at(g)..at(g + 1)
    }
}
