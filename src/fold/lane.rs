//! Lanes: one fold's panes for one entity.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;

use crate::computer::FeatureComputer;
use crate::time::Grid;

/// Panes of one fold of one entity: states by pane start, in time order, only where something is.
pub(crate) trait Lane: Any + Debug + Send + Sync {
    fn clone_lane(&self) -> Box<dyn Lane>;
    fn len(&self) -> usize;
}

/// Typed panes.
#[derive(Clone, Debug)]
pub(super) struct Panes<S>(pub(super) Vec<(i64, S)>);

impl<S: Clone + Debug + Send + Sync + 'static> Lane for Panes<S> {
    fn clone_lane(&self) -> Box<dyn Lane> {
        Box::new(self.clone())
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<S> Panes<S> {
    /// The state of the pane at `start`, made if there is none.
    pub(super) fn at(&mut self, start: i64, identity: impl FnOnce() -> S) -> Option<&mut S> {
        let place = match self.0.last() {
            Some((last, _)) if *last == start => self.0.len() - 1,
            Some((last, _)) if *last < start => self.0.len(),
            None => 0,
            _ => self.0.partition_point(|(s, _)| *s < start),
        };
        if self.0.get(place).is_none_or(|(s, _)| *s != start) {
            self.0.insert(place, (start, identity()));
        }
        self.0.get_mut(place).map(|(_, state)| state)
    }

    /// Moves some panes onto a grid that is coarser there, and merges those that meet.
    pub(super) fn coarsen<C: FeatureComputer<State = S>>(&mut self, computer: &C, range: Range<usize>, grid: &Grid) {
        let Some(panes) = self.0.get_mut(range.clone()) else { return };
        // How many are kept so far: they are moved to the front.
        let mut kept = 0usize;
        for next in 0..panes.len() {
            let (before, after) = panes.split_at_mut(next);
            let Some((start, state)) = after.first_mut() else { break };
            *start = grid.pane(*start).unwrap_or(*start);
            match kept.checked_sub(1).and_then(|last| before.get_mut(last)) {
                Some((last, into)) if last == start => computer.merge(into, state),
                _ => {
                    panes.swap(kept, next);
                    kept += 1;
                }
            }
        }
        self.0.drain(range.start + kept..range.end);
    }
}

impl Clone for Box<dyn Lane> {
    fn clone(&self) -> Self {
        (**self).clone_lane()
    }
}

/// A lane that is absent is empty.
pub(crate) type LaneSlot = Option<Box<dyn Lane>>;

/// The typed panes of a lane.
pub(crate) fn panes<S: 'static>(lane: &LaneSlot) -> &[(i64, S)] {
    let lane = lane.as_deref().map(|lane| lane as &dyn Any);
    lane.and_then(|lane| lane.downcast_ref::<Panes<S>>()).map_or(&[], |panes| &panes.0)
}

/// The typed panes of a lane, made if there are none.
pub(super) fn panes_mut<C: FeatureComputer>(lane: &mut LaneSlot) -> Option<&mut Panes<C::State>> {
    let lane = lane.get_or_insert_with(|| Box::new(Panes::<C::State>(Vec::new())));
    let lane: &mut dyn Any = &mut **lane;
    lane.downcast_mut()
}

/// Merges `state` into the pane at `start`.
pub(super) fn flush<C: FeatureComputer>(computer: &C, lane: &mut LaneSlot, start: i64, state: C::State) {
    let Some(panes) = panes_mut::<C>(lane) else { return };
    match panes.0.last_mut() {
        Some((last, into)) if *last == start => computer.merge(into, &state),
        Some((last, _)) if *last > start => {
            if let Some(into) = panes.at(start, || computer.identity()) {
                computer.merge(into, &state);
            }
        }
        _ => panes.0.push((start, state)),
    }
}
