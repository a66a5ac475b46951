//! One entity's state: update, vector, merge, encode, decode.

mod bytes;
mod entry;
mod needs;
mod read;
mod split;

#[cfg(any(feature = "arrow", feature = "polars", feature = "testing"))]
pub(crate) use self::entry::read_cell;
#[cfg(any(feature = "arrow", feature = "polars"))]
pub(crate) use self::entry::read_into;
pub(crate) use self::entry::{Cells, Entry};
use crate::computer::MAX_ARGS;
use crate::definition::{FeatureSet, Plan};
use crate::error::Result;
use crate::fold::LaneSlot;
use crate::record::Record;
use crate::rows::{Head, Rows};
use crate::time::{BEGINNING, Grid, Timestamp};
use crate::value::{Value, ValueRef};

/// Rows that may gather before they are folded into panes.
const PATIENCE: usize = 64;

/// Everything kept of one entity.
///
/// A pure function of the events it was given, as a multiset, and of its *frontier*: at or above the
/// frontier events stay as they are; below it they fold into the panes that the windows can still tell
/// apart, coarser as they age, and go when no window can see them. The host moves the frontier with its
/// watermark. It never goes back, and moving it never changes an answer at or after it.
///
/// For services that keep state in a store of their own: [`decode`](Self::decode),
/// [`update`](Self::update), [`vector`](Self::vector), [`encode`](Self::encode).
/// [`Stream`](crate::Stream) keeps many of these.
///
/// # Laws
/// Equal multisets of events and equal frontiers give equal states, equal bytes and equal vectors, in any
/// order, split anywhere and merged in any tree. `decode(encode(s)) = s`.
///
/// # Examples
/// ```
/// use skewless::{Feature, FeatureSet, Span, State, Timestamp, Window};
///
/// let set = FeatureSet::builder("shopper")
///     .entity("user")
///     .time("ts")
///     .feature("spend_7d", Feature::sum("amount").over(Window::sliding(Span::days(7))))
///     .build()?;
///
/// let mut state = State::new(&set);
/// state.update(&serde_json::json!({"user": "ada", "ts": 1_000_000, "amount": 0.1}))?;
/// state.update(&serde_json::json!({"user": "ada", "ts": 2_000_000, "amount": 0.2}))?;
///
/// let later = Timestamp::from_micros(3_000_000)?;
/// let vector = State::decode(&set, &state.encode())?.vector(later)?;
/// assert_eq!(vector.get("spend_7d").and_then(|value| value.as_f64()), Some(0.1 + 0.2));
/// # Ok::<(), skewless::Error>(())
/// ```
#[derive(Clone)]
pub struct State {
    set: FeatureSet,
    /// The frontier; [`BEGINNING`] until it is first moved.
    frontier: i64,
    /// The frontier that rows and panes are arranged for; at most `frontier`. Arranging late costs less.
    settled: i64,
    /// The earliest event ever given; `i64::MAX` before the first.
    first: i64,
    rows: Rows,
    /// Panes by fold; empty until the first event ages.
    lanes: Vec<LaneSlot>,
    /// Rows that came in since the state was last settled.
    fresh: usize,
    /// Rows left when those no longer needed were last dropped.
    kept: usize,
    /// Whether the physical form is the canonical one, so that it can be encoded as it is.
    tidy: bool,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Folded in, at or above the frontier.
    Applied,
    /// Folded in, below the frontier.
    Late,
    /// Too old for every window that looks for it; nothing changed but what is known of the first event.
    Expired,
    /// Had before: the log delivered it again, or every view kept has it. Nothing changed. Only of
    /// [`Stream::update_at`](crate::Stream::update_at).
    Redelivered,
    /// Below the event-time cut of the view in service, which was made without it: kept for the views before
    /// that one, if there are any, and seen again with the next. Only of a [`Stream`](crate::Stream) told of cuts.
    BelowCut,
}

impl State {
    /// The state of an entity that was never seen.
    pub fn new(set: &FeatureSet) -> Self {
        let rows = Rows::new(set.plan().kept.len());
        let set = set.clone();
        Self {
            set,
            frontier: BEGINNING,
            settled: BEGINNING,
            first: i64::MAX,
            rows,
            lanes: Vec::new(),
            fresh: 0,
            kept: 0,
            tidy: true,
        }
    }

    /// The definition.
    pub fn set(&self) -> &FeatureSet {
        &self.set
    }

    /// The frontier, if it was ever moved.
    pub fn frontier(&self) -> Option<Timestamp> {
        (self.frontier != BEGINNING).then(|| Timestamp::clamped(self.frontier))
    }

    /// The earliest event ever given, expired ones too.
    pub fn first_event(&self) -> Option<Timestamp> {
        (self.first != i64::MAX).then(|| Timestamp::clamped(self.first))
    }

    /// Whether no window can see anything at or after the frontier: such a state can be forgotten.
    pub fn is_vacant(&self) -> bool {
        let vacant = |state: &Self| state.rows.is_empty() && state.lanes.iter().all(Option::is_none);
        let settled = || {
            let mut settled = self.clone();
            settled.evict();
            settled
        };
        vacant(self) || !self.tidy && vacant(&settled())
    }

    /// Folds one event in. The entity columns are not looked at.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`](crate::ErrorKind::Missing) without a time,
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a value that is not of its column's kind,
    /// [`ErrorKind::Time`](crate::ErrorKind::Time) for a time out of range or unreadable. The state is then
    /// as it was.
    #[inline]
    pub fn update<R: Record + ?Sized>(&mut self, event: &R) -> Result<Outcome> {
        let mut room = Cells::new(self.set.plan());
        let entry = Entry::read(self.set.plan(), event, &mut room)?;
        Ok(self.enter(&entry))
    }

    /// Folds in an event that was read already.
    #[inline]
    pub(crate) fn enter(&mut self, entry: &Entry<'_, '_>) -> Outcome {
        let time = entry.time.as_micros();
        self.first = self.first.min(time);
        self.tidy = false;
        if time < self.frontier {
            return self.enter_late(entry);
        }
        if entry.mask != 0 {
            self.rows.insert(Head { time, mask: entry.mask }, |into| entry.keep(self.set.plan(), into));
            self.fresh += 1;
            if self.fresh >= PATIENCE {
                self.settle();
            }
        }
        Outcome::Applied
    }

    #[cold]
    fn enter_late(&mut self, entry: &Entry<'_, '_>) -> Outcome {
        let set = self.set.clone();
        let plan = set.plan();
        let time = entry.time.as_micros();
        self.settle();
        let mut seen = false;
        let mut kept = Vec::with_capacity(plan.kept.len());
        entry.keep(plan, &mut kept);
        for (place, fold) in plan.folds.iter().enumerate().filter(|(_, fold)| fold.select.bit & entry.mask != 0) {
            let Some(grid) = fold.grid(self.settled).filter(|_| time < fold.reach(self.settled)) else { continue };
            if grid.pane(time).is_some() {
                seen = true;
                let mut args = [ValueRef::Null; MAX_ARGS];
                let value = |place: usize| kept.get(place).map_or(ValueRef::Null, Value::as_ref);
                fold.select.fill(&mut args, entry.mask, value);
                let args = args.get(..fold.select.width()).unwrap_or(&[]);
                let minus = entry.mask & fold.select.retract != 0;
                fold.computer.absorb_one(lane(&mut self.lanes, place, plan), entry.time, args, minus, &grid);
            }
        }
        let mask = self.needs().of(Head { time, mask: entry.mask });
        if mask != 0 {
            seen = true;
            self.rows.insert(Head { time, mask }, |into| into.append(&mut kept));
        }
        if seen || entry.mask == 0 { Outcome::Late } else { Outcome::Expired }
    }

    /// Moves the frontier to `frontier`; an earlier one changes nothing.
    pub fn advance(&mut self, frontier: Timestamp) {
        self.tidy &= frontier.as_micros() <= self.frontier;
        self.frontier = self.frontier.max(frontier.as_micros());
    }

    /// Merges another state in; both then have the later frontier.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) if the definitions differ, with what differs.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.set.check_same(&other.set)?;
        self.frontier = self.frontier.max(other.frontier);
        self.first = self.first.min(other.first);
        self.tidy = false;
        let ahead = |head: &Head| head.time >= self.settled;
        if other.lanes.iter().all(Option::is_none) && other.rows.heads().first().is_none_or(ahead) {
            // Nothing of theirs has aged, or would have here: what a batch view and a young stream look like.
            self.rows.union(&other.rows);
            self.fresh += other.rows.len();
            if self.fresh >= PATIENCE {
                self.settle();
            }
            return Ok(());
        }
        // Both only have to be arranged alike; the frontier itself may be further on.
        let level = self.settled.max(other.settled);
        self.settle_to(level);
        let mut theirs = std::borrow::Cow::Borrowed(other);
        if other.settled < level {
            theirs.to_mut().settle_to(level);
        }
        self.rows.union(&theirs.rows);
        let set = self.set.clone();
        for (place, (fold, from)) in set.plan().folds.iter().zip(&theirs.lanes).enumerate() {
            if from.is_some() {
                fold.computer.join(lane(&mut self.lanes, place, set.plan()), from);
            }
        }
        Ok(())
    }

    /// Lets go of everything that no window can see at or after the frontier.
    ///
    /// Happens by itself as events come in, a while after it could; call it to free memory now. Encoding
    /// writes the evicted form, but leaves the state as it is.
    pub fn evict(&mut self) {
        if !self.tidy {
            self.settle();
            self.reduce();
            self.rows.canonicalise();
            for (fold, lane) in self.set.plan().folds.iter().zip(&mut self.lanes) {
                fold.computer.prune(lane);
            }
            self.tidy = true;
        }
    }

    /// Arranges rows and panes for the frontier: the physical form of the logical state.
    pub(crate) fn settle(&mut self) {
        self.settle_to(self.frontier);
        self.fresh = 0;
    }

    /// Arranges rows and panes as for a frontier at `level`, which is not after the frontier.
    fn settle_to(&mut self, level: i64) {
        if self.settled >= level {
            return;
        }
        let set = self.set.clone();
        let plan = set.plan();
        let (mut old, mut grid) = (Grid::default(), Grid::default());
        for (place, fold) in plan.folds.iter().enumerate() {
            if !fold.lay(level, &mut grid) {
                continue;
            }
            let from = self.rows.lower_bound(fold.reach(self.settled));
            let until = self.rows.lower_bound(fold.reach(level));
            if let Some(lane) = self.lanes.get_mut(place).filter(|lane| lane.is_some()) {
                fold.lay(self.settled, &mut old);
                fold.computer.age(lane, &old, &grid);
            }
            let picked = |head: &Head| head.mask & fold.select.bit != 0 && head.time >= grid.reach();
            if self.rows.heads().get(from..until).is_some_and(|heads| heads.iter().any(picked)) {
                let lane = lane(&mut self.lanes, place, plan);
                fold.computer.absorb(lane, &self.rows, from..until, &fold.select, &grid);
            }
        }
        self.settled = level;
        // Rows that no fold reads any more do no harm, so dropping them waits until it pays.
        let earliest = plan.folds.iter().map(|fold| fold.reach(level)).min().unwrap_or(BEGINNING);
        let unread = 2 * self.rows.lower_bound(earliest) >= self.rows.len().max(PATIENCE);
        if unread || self.rows.len() >= 2 * self.kept + PATIENCE {
            self.reduce();
        }
    }
}

/// The lane of fold `place`, with room made for all lanes.
fn lane<'l>(lanes: &'l mut Vec<LaneSlot>, place: usize, plan: &Plan) -> &'l mut LaneSlot {
    if lanes.len() < plan.folds.len() {
        lanes.resize_with(plan.folds.len(), || None);
    }
    &mut lanes[place]
}

impl PartialEq for State {
    /// Equality of the logical states, however they are arranged.
    fn eq(&self, other: &Self) -> bool {
        self.set == other.set && self.encode() == other.encode()
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lanes = self.lanes.iter().flatten().map(|lane| lane.len());
        f.debug_struct("State")
            .field("set", &self.set)
            .field("frontier", &self.frontier())
            .field("first_event", &self.first_event())
            .field("rows", &self.rows.len())
            .field("panes", &lanes.sum::<usize>())
            .finish()
    }
}
