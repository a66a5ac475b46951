//! Whether a peer gives the answers that we give.

use arrow_array::Array;

use super::answers::{Answers, Order};
use super::definition::{LAST, LIMIT, REAL, Task, WHOLE};
use super::events::Events;

/// How far a sum or a mean may be off, relative to ours or to 1: others add doubles in one order or another.
const OFF: f64 = 1e-9;

/// Where `last_cat` has but one possible answer. Where the latest time has several categories, others take the one
/// that came last in the file and we the greatest.
pub struct Clear(Vec<bool>);

impl Clear {
    pub fn new(task: Task, events: &Events, order: &Order) -> Self {
        let (entity, ts) = (events.entity(), events.ts());
        let mut clear = vec![true; order.len];
        let sorted = events.sorted();
        for group in sorted.chunk_by(|a, b| entity.value(*a) == entity.value(*b)) {
            let mut so_far = true;
            for tie in group.chunk_by(|a, b| ts[*a] == ts[*b]) {
                if task == Task::Pit {
                    tie.iter().for_each(|row| clear[*row] = so_far);
                }
                so_far = after(events, tie).unwrap_or(so_far);
            }
            if let Some(place) = order.place(entity.value(group[0])) {
                clear[place] = so_far;
            }
        }
        Self(clear)
    }
}

/// Whether the events of one time have one category; none if they have none.
fn after(events: &Events, tie: &[usize]) -> Option<bool> {
    let category = events.category();
    let mut known = tie.iter().filter(|row| category.is_valid(**row)).map(|row| category.value(*row));
    let first = known.next()?;
    Some(known.all(|other| other == first))
}

/// A feature with other answers than ours.
struct Differing {
    name: &'static str,
    count: usize,
    /// The first such answer, in words.
    first: String,
}

/// Holds a peer's answers to ours; says how many, or what is wrong with them.
pub fn same(ours: &Answers, theirs: &Answers, clear: &Clear) -> Result<String, String> {
    let mut wrong = Vec::new();
    for ((name, ours), theirs) in WHOLE.into_iter().zip(&ours.whole).zip(&theirs.whole) {
        let equal = |at: usize| {
            let more = name == "nuniq_1d" && ours[at] > LIMIT && theirs[at] > LIMIT;
            ours[at] == theirs[at] || more
        };
        wrong.extend(differing(name, ours, theirs, equal, i64::to_string));
    }
    for ((name, ours), theirs) in REAL.into_iter().zip(&ours.real).zip(&theirs.real) {
        let equal = |at: usize| match (ours[at], theirs[at]) {
            (Some(ours), Some(theirs)) if name.starts_with("max") => ours == theirs,
            (Some(ours), Some(theirs)) => (ours - theirs).abs() <= OFF * ours.abs().max(1.0),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        wrong.extend(differing(name, ours, theirs, equal, |x| x.map_or("null".into(), |x| x.to_string())));
    }
    let equal = |at: usize| !clear.0[at] || ours.last[at] == theirs.last[at];
    wrong.extend(differing(LAST, &ours.last, &theirs.last, equal, |text| text.clone().unwrap_or("null".into())));
    let Some(first) = wrong.first() else { return Ok(format!("all {} the same", ours.last.len())) };
    let counts: Vec<String> = wrong.iter().map(|one| format!("{} in {}", one.name, one.count)).collect();
    Err(format!("differs: {}; {}", counts.join(", "), first.first))
}

fn differing<T>(
    name: &'static str,
    ours: &[T],
    theirs: &[T],
    equal: impl Fn(usize) -> bool,
    word: impl Fn(&T) -> String,
) -> Option<Differing> {
    let mut differ = (0..ours.len()).filter(|at| !equal(*at));
    let at = differ.next()?;
    let first = format!("{name} of answer {at} is {}, ours {}", word(&theirs[at]), word(&ours[at]));
    Some(Differing { name, count: 1 + differ.count(), first })
}
