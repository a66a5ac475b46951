//! The definition of a feature's value, computed the dumbest way: no panes, no sharing, no state.

use super::events::Event;
use crate::definition::{FeatureSet, WindowPlan};
use crate::state::{Cells, Entry, read_cell};
use crate::stream::Entity;
use crate::time::{Interval, Timestamp};
use crate::value::{Value, ValueRef};

/// The values of all features of `entity` at `as_of`, over all `events`.
///
/// Looks at every event for every feature. An event a definition refuses is left out.
pub fn vector(set: &FeatureSet, events: &[Event], entity: &Entity, as_of: Timestamp) -> Vec<Value> {
    let plan = set.plan();
    let passes = |event: &Event, bit: u64| {
        Entry::read(plan, event, &mut Cells::new(plan)).is_ok_and(|entry| bit == 0 || entry.passes(bit))
    };
    let mine: Vec<&Event> = events.iter().filter(|event| event.entity() == *entity && passes(event, 0)).collect();
    let mut values = vec![Value::Null; plan.features.len()];
    for fold in &plan.folds {
        for at in &fold.features {
            let feature = &plan.features[*at];
            let answer = |window: &WindowPlan| {
                let (start, end) = interval(set, window, &mine, as_of, &passes);
                let inside = |event: &&&Event| (start..end).contains(&i128::from(event.time().as_micros()));
                let mut inputs =
                    mine.iter().filter(inside).filter(|event| passes(event, fold.select.bit)).map(|event| {
                        let args = fold.select.args.iter().map(|place| {
                            let column = &set.columns()[plan.kept[*place].0];
                            event.values().get(column.index()).map_or(ValueRef::Null, Value::as_ref)
                        });
                        let args = args.zip(&fold.select.args).map(|(cell, place)| {
                            read_cell(&set.columns()[plan.kept[*place].0], cell).unwrap_or(ValueRef::Null)
                        });
                        let passed = fold.select.conditions.iter().map(|bit| ValueRef::Bool(passes(event, *bit)));
                        let minus = fold.select.retract != 0 && passes(event, fold.select.retract);
                        (event.time(), args.chain(passed).collect(), minus)
                    });
                let computer = feature.reader.as_ref().unwrap_or(&fold.computer);
                let clamp = |time: i128| i64::try_from(time.max(i64::MIN.into())).unwrap_or(i64::MAX);
                computer.fold(&mut inputs, Interval::raw(clamp(start), clamp(end)), feature.default.as_ref())
            };
            values[*at] = if feature.series.is_empty() {
                answer(&feature.window)
            } else {
                Value::Items(feature.series.iter().map(answer).collect())
            };
        }
    }
    plan.derive(&mut values);
    values
}

/// The interval `[start, end)` a window is at `as_of`, in numbers that cannot overflow.
fn interval(
    set: &FeatureSet,
    window: &WindowPlan,
    events: &[&Event],
    as_of: Timestamp,
    passes: &impl Fn(&Event, u64) -> bool,
) -> (i128, i128) {
    let end = i128::from(as_of.as_micros()) - i128::from(window.offset);
    let mut start = match window.tail.back {
        None => i128::MIN,
        Some(back) => (end - i128::from(back)).div_euclid(i128::from(window.tail.step)) * i128::from(window.tail.step),
    };
    let times = |bit: u64| {
        let mut times: Vec<i128> =
            events.iter().filter(|event| passes(event, bit)).map(|event| event.time().as_micros().into()).collect();
        times.retain(|time| *time < end);
        times.sort_unstable();
        times
    };
    if let Some((earlier, size)) = window.slice {
        start -= i128::from(earlier);
        return (start, end.min(start + i128::from(size)));
    }
    if let Some((gap, fold)) = window.session {
        let mut run = end;
        for time in times(set.plan().folds[fold].select.bit).into_iter().rev() {
            if run - time > i128::from(gap) {
                break;
            }
            run = time;
        }
        start = start.max(run);
    }
    if let Some(reset) = window.reset {
        start = start.max(times(reset).last().map_or(i128::MIN, |latest| latest + 1));
    }
    (start, end)
}
