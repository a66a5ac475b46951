//! What the answers are by definition: every event of the table is looked at for every question.

use std::collections::BTreeSet;

use arrow_array::Array;
use skewless::ExactSum;

use super::answers::{Answers, Order};
use super::definition::{DAY, HOUR, LAST, LIMIT, REAL, Task, WHOLE};
use super::events::Events;
use crate::data::Dice;

/// Questions that are asked of it; as many again among events that share their time with another one.
const SAMPLE: usize = 150;

/// The eight features of one entity as of one time.
struct Truth {
    whole: [i64; WHOLE.len()],
    real: [Option<f64>; REAL.len()],
    last: Option<String>,
}

/// Holds our answers to the definition, bit for bit, on a sample.
pub fn check(task: Task, events: &Events, order: &Order, ours: &Answers) -> Result<String, String> {
    let click = events.click();
    let sample = sample(task, events, order);
    for place in &sample {
        let (entity, as_of) = match task {
            Task::Pit => (events.entity().value(*place), events.ts()[*place]),
            Task::Snapshot => (events.entity().value(order.first[*place]), events.after()),
        };
        let truth = truth(events, entity, as_of, &click);
        let whole = (0..WHOLE.len()).find(|at| ours.whole[*at][*place] != truth.whole[*at]);
        let bits = |x: Option<f64>| x.map(f64::to_bits);
        let real = (0..REAL.len()).find(|at| bits(ours.real[*at][*place]) != bits(truth.real[*at]));
        let last = (ours.last[*place] != truth.last).then_some(LAST);
        if let Some(name) = whole.map(|at| WHOLE[at]).or(real.map(|at| REAL[at])).or(last) {
            return Err(format!("{name} of {entity} as of {as_of} is not what it is by definition"));
        }
    }
    Ok(format!("{} of {} by definition", sample.len(), order.len))
}

fn sample(task: Task, events: &Events, order: &Order) -> BTreeSet<usize> {
    let mut dice = Dice(5);
    let mut out: BTreeSet<usize> = (0..SAMPLE).map(|_| dice.below(order.len as u64) as usize).collect();
    if task == Task::Pit {
        let (entity, ts) = (events.entity(), events.ts());
        let sorted = events.sorted();
        let tie = |pair: &&[usize]| ts[pair[0]] == ts[pair[1]] && entity.value(pair[0]) == entity.value(pair[1]);
        let ties: Vec<usize> = sorted.windows(2).filter(tie).map(|pair| pair[1]).collect();
        if !ties.is_empty() {
            out.extend((0..SAMPLE).map(|_| ties[dice.below(ties.len() as u64) as usize]));
        }
    }
    out
}

fn truth(events: &Events, entity: &str, as_of: i64, click: &str) -> Truth {
    let (entities, ts) = (events.entity(), events.ts());
    let seen: Vec<usize> =
        (0..events.rows()).filter(|row| ts[*row] < as_of && entities.value(*row) == entity).collect();
    let within = |span: i64| seen.iter().copied().filter(move |row| ts[*row] >= as_of - span);
    let amounts = |span: i64| {
        let amount = events.amount();
        within(span).filter(|row| amount.is_valid(*row)).map(|row| amount.value(row)).collect::<Vec<f64>>()
    };
    let sum = |amounts: &[f64]| {
        let mut sum = ExactSum::new();
        amounts.iter().for_each(|x| sum.add(*x));
        sum
    };
    let (week, day) = (amounts(7 * DAY), amounts(DAY));
    let items: BTreeSet<&str> =
        within(DAY).filter(|row| events.item().is_valid(*row)).map(|row| events.item().value(row)).collect();
    let category = events.category();
    let last = seen.iter().filter(|row| category.is_valid(**row)).map(|row| (ts[*row], category.value(*row))).max();
    Truth {
        whole: [
            within(7 * DAY).filter(|row| events.event_type().value(*row) == click).count() as i64,
            (items.len() as i64).min(LIMIT + 1),
            within(HOUR).count() as i64,
        ],
        real: [
            sum(&week).value(),
            sum(&day).value(),
            sum(&day).mean(day.len() as u64),
            amounts(30 * DAY).into_iter().reduce(f64::max),
        ],
        last: last.map(|(_, category)| category.to_owned()),
    }
}
