//! Answers, brought into one order so that they can be compared.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};

use super::definition::{LAST, REAL, Task, WHOLE};
use super::events::{self, Events};

/// Which answer belongs where: by row, or by entity in order of first appearance.
pub struct Order {
    pub len: usize,
    task: Task,
    entities: HashMap<String, usize>,
    /// The first event of each entity, where answers are by entity.
    pub first: Vec<usize>,
}

/// One answer to every question, in the order of an [`Order`].
pub struct Answers {
    pub whole: [Vec<i64>; WHOLE.len()],
    pub real: [Vec<Option<f64>>; REAL.len()],
    pub last: Vec<Option<String>>,
}

impl Order {
    pub fn new(task: Task, events: &Events) -> Self {
        let mut order = Self { len: events.rows(), task, entities: HashMap::new(), first: Vec::new() };
        if task == Task::Snapshot {
            for (row, entity) in events.entity().iter().enumerate() {
                let entity = entity.expect("every event has an entity");
                if !order.entities.contains_key(entity) {
                    order.entities.insert(entity.to_owned(), order.first.len());
                    order.first.push(row);
                }
            }
            order.len = order.first.len();
        }
        order
    }

    /// The place of an entity.
    pub fn place(&self, entity: &str) -> Option<usize> {
        self.entities.get(entity).copied()
    }

    /// The place of each row of a table of answers; each place must be filled once.
    fn places(&self, answers: &RecordBatch) -> Result<Vec<usize>, String> {
        let name = self.task.key();
        let key = answers.column_by_name(name).ok_or(format!("no column {name}"))?;
        let places: Option<Vec<usize>> = match self.task {
            Task::Pit => {
                let rows = key.as_primitive_opt::<Int64Type>().ok_or("row numbers must be int64")?;
                rows.values().iter().map(|row| usize::try_from(*row).ok().filter(|row| *row < self.len)).collect()
            }
            Task::Snapshot => {
                let names = key.as_string_opt::<i32>().ok_or("entities must be text")?;
                names.iter().map(|name| self.place(name?)).collect()
            }
        };
        let places = places.ok_or("there is an answer to a question that was not asked")?;
        let mut filled = vec![false; self.len];
        places.iter().for_each(|place| filled[*place] = true);
        match (places.len() == self.len, filled.into_iter().all(|place| place)) {
            (true, true) => Ok(places),
            _ => Err(format!("{} answers to {} questions", places.len(), self.len)),
        }
    }
}

impl Answers {
    /// Reads what a contestant wrote.
    pub fn read(path: &Path, order: &Order) -> Result<Self, String> {
        let batch = events::parquet(path)?;
        let places = order.places(&batch)?;
        let mut answers = Self {
            whole: std::array::from_fn(|_| vec![0; order.len]),
            real: std::array::from_fn(|_| vec![None; order.len]),
            last: vec![None; order.len],
        };
        let column = |name: &str| batch.column_by_name(name).ok_or(format!("no column {name}"));
        for (name, out) in WHOLE.into_iter().zip(&mut answers.whole) {
            let column = column(name)?.as_primitive_opt::<Int64Type>().ok_or(format!("{name} must be int64"))?;
            if column.null_count() > 0 {
                return Err(format!("{name} is null {} times", column.null_count()));
            }
            places.iter().zip(column.values()).for_each(|(place, x)| out[*place] = *x);
        }
        for (name, out) in REAL.into_iter().zip(&mut answers.real) {
            let column = column(name)?.as_primitive_opt::<Float64Type>().ok_or(format!("{name} must be float64"))?;
            places.iter().zip(column).for_each(|(place, x)| out[*place] = x);
        }
        let last = column(LAST)?.as_string_opt::<i32>().ok_or(format!("{LAST} must be text"))?;
        places.iter().zip(last).for_each(|(place, text)| answers.last[*place] = text.map(str::to_owned));
        Ok(answers)
    }
}
