//! One table of results: everybody answers one question about one table of events.

use std::path::{Path, PathBuf};

use super::answers::{Answers, Order};
use super::args::Args;
use super::check::{self, Clear};
use super::contestants::{self, Contestant};
use super::definition::Task;
use super::events::Events;
use super::launch::{Launch, Outcome};
use super::measure::Job;
use super::oracle;
use super::report::{self, Row, Verdict};

/// What is asked, and what is known of the answers.
pub struct Contest<'a> {
    args: &'a Args,
    scratch: &'a Path,
    events: &'a Events,
    data: &'a Path,
    task: Task,
    order: Order,
    clear: Clear,
    answers: PathBuf,
    /// The answers that others are held to.
    ours: Option<Answers>,
}

impl<'a> Contest<'a> {
    pub fn new(args: &'a Args, scratch: &'a Path, events: &'a Events, data: &'a Path, task: Task) -> Self {
        let order = Order::new(task, events);
        let clear = Clear::new(task, events, &order);
        let answers = scratch.join("answers.parquet");
        Self { args, scratch, events, data, task, order, clear, answers, ours: None }
    }

    /// Lets everybody run, ours first.
    pub fn rows(&mut self) -> Vec<Row> {
        let (args, task) = (self.args, self.task);
        let mut rows = Vec::new();
        for contestant in contestants::all().iter().filter(|one| one.does(task) && args.wants(one.name)) {
            let threads: &[usize] = if contestant.several { &args.threads } else { &[1] };
            for threads in threads {
                let row = self.row(contestant, *threads);
                let absent = matches!(row.verdict, Verdict::Absent(_));
                report::progress(&row);
                rows.push(row);
                if absent {
                    break;
                }
            }
        }
        rows
    }

    fn row(&mut self, contestant: &Contestant, threads: usize) -> Row {
        let job = self.job(contestant, threads);
        let launch = Launch { job, contestant, python: &self.args.python };
        let (measured, verdict) = match launch.run(self.scratch) {
            Outcome::Measured(measured) => {
                let found = Answers::read(&self.answers, &self.order);
                let verdict = self.judge(contestant, &found);
                if contestant.name == contestants::OURS && matches!(verdict, Verdict::Right(_)) {
                    self.ours = found.ok();
                }
                (Some(measured), verdict)
            }
            Outcome::Failed(why) => (None, Verdict::Failed(why)),
            Outcome::Absent(why) => (None, Verdict::Absent(why)),
        };
        Row {
            name: contestant.name,
            about: contestant.about,
            ours: contestant.is_ours(),
            threads,
            events: self.events.rows(),
            input: self.events.bytes(),
            measured,
            verdict,
        }
    }

    fn job(&self, contestant: &Contestant, threads: usize) -> Job {
        Job {
            contestant: contestant.name.to_owned(),
            task: self.task,
            threads,
            reps: self.args.reps,
            limit: self.args.limit,
            data: self.data.to_owned(),
            answers: Some(self.answers.clone()),
            click: self.events.click(),
            as_of: self.events.after(),
            batch: None,
            calls: None,
        }
    }

    /// Ours is held to a naive oracle, everybody else to ours.
    fn judge(&self, contestant: &Contestant, found: &Result<Answers, String>) -> Verdict {
        let checked = match (found, &self.ours) {
            (Err(why), _) => Err(why.clone()),
            (Ok(found), _) if contestant.is_ours() => oracle::check(self.task, self.events, &self.order, found),
            (Ok(found), Some(ours)) => check::same(ours, found, &self.clear),
            (Ok(_), None) => Err("there is nothing of ours to compare it with".into()),
        };
        checked.map_or_else(Verdict::Wrong, Verdict::Right)
    }
}
