//! Which rows a window sees at each query: two pointers for every kind of window.

use std::borrow::Cow;

use crate::definition::{Plan, WindowPlan};
use crate::fold::Range;
use crate::pane::apart;
use crate::table::Table;
use crate::time::BEGINNING;

/// The queries of a block, sorted by entity and time.
#[derive(Debug)]
pub(super) struct Queries<'q> {
    pub(super) times: Cow<'q, [i64]>,
    /// Where the queries of each entity start, and where the last one's end.
    pub(super) starts: Vec<u32>,
}

/// What a window sees at each query, in sorted query order.
#[derive(Debug)]
pub(super) struct Seen {
    /// The rows `[from, to)` of the sorted table.
    pub(super) rows: Vec<Range>,
    /// Where the window starts, if that depends on the events; else empty.
    pub(super) starts: Vec<i64>,
    /// How much before the query it ends, where that alone says which rows are before its end.
    pub(super) offset: Option<i64>,
}

/// The rows of the sorted table that `window` sees at each query; `known` are those that other windows see.
pub(super) fn ranges<'s>(
    plan: &Plan,
    window: &WindowPlan,
    table: &Table<'_>,
    queries: &Queries<'_>,
    mut known: impl Iterator<Item = &'s Seen>,
) -> Seen {
    let moves = window.session.is_some() || window.reset.is_some();
    if !moves && window.slice.is_none() {
        let ends = known.find(|seen| seen.offset == Some(window.offset)).map(|seen| &*seen.rows);
        return Seen { rows: fixed(window, table, queries, ends), starts: Vec::new(), offset: Some(window.offset) };
    }
    let mut seen = Seen { rows: Vec::with_capacity(queries.times.len()), starts: Vec::new(), offset: None };
    let activity = window.session.and_then(|(gap, fold)| Some((gap, plan.folds.get(fold)?.select.bit)));
    for (bounds, asked) in table.starts.windows(2).zip(queries.starts.windows(2)) {
        let ([first, end], [from, to]) = (bounds, asked) else { continue };
        let mut walk = Walk::new(window, activity, table, *first as usize..*end as usize);
        for time in queries.times.get(*from as usize..*to as usize).unwrap_or(&[]) {
            let (low, high) = walk.to(*time);
            seen.rows.push((first + low as u32, first + high as u32));
            if moves {
                seen.starts.push(walk.start);
            }
        }
    }
    seen
}

/// The ranges of a window that does not depend on the events; `ends` are those of one that ends alike.
fn fixed(window: &WindowPlan, table: &Table<'_>, queries: &Queries<'_>, ends: Option<&[Range]>) -> Vec<Range> {
    let mut out = Vec::with_capacity(queries.times.len());
    for (bounds, asked) in table.starts.windows(2).zip(queries.starts.windows(2)) {
        let ([first, end], [from, to]) = (bounds, asked) else { continue };
        let times = table.times.get(*first as usize..*end as usize).unwrap_or(&[]);
        let asked = *from as usize..*to as usize;
        let mut places = One { times, first: *first, low: 0, high: 0 };
        let ends = ends.and_then(|ends| ends.get(asked.clone()));
        let asked = queries.times.get(asked).unwrap_or(&[]);
        let end = |time: &i64| time.saturating_sub(window.offset);
        match (window.tail.back, window.tail.step) {
            (None, _) => places.walk(asked, ends, end, |_| BEGINNING, &mut out),
            (Some(back), 1) => places.walk(asked, ends, end, |end| end.saturating_sub(back), &mut out),
            _ => places.walk(asked, ends, end, |end| window.tail.start(end), &mut out),
        }
    }
    out
}

/// One entity's rows, and where a window starts and ends among them.
struct One<'t> {
    times: &'t [i64],
    first: u32,
    low: usize,
    high: usize,
}

impl One<'_> {
    #[inline(always)]
    fn walk(
        &mut self,
        asked: &[i64],
        ends: Option<&[Range]>,
        end: impl Fn(&i64) -> i64,
        start: impl Fn(i64) -> i64,
        out: &mut Vec<Range>,
    ) {
        match ends {
            Some(ends) => out.extend(asked.iter().zip(ends).map(|(time, (_, to))| (self.low(start(end(time))), *to))),
            None => out.extend(asked.iter().map(|time| {
                let end = end(time);
                self.high = advance(self.times, self.high, end);
                (self.low(start(end)), self.first + self.high as u32)
            })),
        }
    }

    #[inline(always)]
    fn low(&mut self, start: i64) -> u32 {
        self.low = advance(self.times, self.low, start);
        self.first + self.low as u32
    }
}

/// The first place from `at` on whose time is not before `until`; mostly it is near.
#[inline]
fn advance(times: &[i64], mut at: usize, until: i64) -> usize {
    for _ in 0..8 {
        match times.get(at) {
            Some(time) if *time < until => at += 1,
            _ => return at,
        }
    }
    at + times.get(at..).map_or(0, |rest| rest.partition_point(|time| *time < until))
}

/// One entity's rows, walked forward as the queries' times rise.
struct Walk<'a> {
    times: &'a [i64],
    masks: &'a [u64],
    window: &'a WindowPlan,
    /// For sessions: the gap, and the filter bit of what counts as activity.
    activity: Option<(i64, u64)>,
    low: usize,
    high: usize,
    /// Where the window starts at the query asked last.
    start: i64,
    /// The last activity before the end, and where its run started.
    last: Option<i64>,
    run: i64,
    /// Just after the latest reset before the end.
    reset: i64,
}

impl<'a> Walk<'a> {
    fn new(
        window: &'a WindowPlan,
        activity: Option<(i64, u64)>,
        table: &'a Table<'_>,
        rows: std::ops::Range<usize>,
    ) -> Self {
        let times = table.times.get(rows.clone()).unwrap_or(&[]);
        let masks = table.masks.get(rows).unwrap_or(&[]);
        Self {
            times,
            masks,
            window,
            activity,
            low: 0,
            high: 0,
            start: BEGINNING,
            last: None,
            run: BEGINNING,
            reset: BEGINNING,
        }
    }

    /// The rows the window sees at `t`, which is not before the `t` of the last call.
    fn to(&mut self, t: i64) -> (usize, usize) {
        let (start, end) = self.window.bounds().at(t);
        while let Some(time) = self.times.get(self.high).filter(|time| **time < end) {
            self.pass(*time);
            self.high += 1;
        }
        let mut start = start.max(self.reset);
        if let Some((gap, _)) = self.activity {
            let open = self.last.is_some_and(|last| !apart(last, end, gap));
            start = start.max(if open { self.run } else { end });
        }
        self.start = start;
        self.low = advance(self.times.get(..self.high).unwrap_or(&[]), self.low, start);
        (self.low, self.high)
    }

    /// Takes note of a row that comes to lie before the end.
    #[inline]
    fn pass(&mut self, time: i64) {
        let mask = self.masks.get(self.high).copied().unwrap_or(0);
        if let Some((gap, bit)) = self.activity
            && mask & bit != 0
        {
            if self.last.is_none_or(|last| apart(last, time, gap)) {
                self.run = time;
            }
            self.last = Some(time);
        }
        if self.window.reset.is_some_and(|bit| mask & bit != 0) {
            self.reset = time.saturating_add(1);
        }
    }
}
