//! How things are shown, and what is held against them at the end.

use std::error::Error;
use std::io::{self, Write};

use skewless::merge::Verdict;
use skewless::{FeatureSet, Served, State, Timestamp, Value};

use crate::service::{Service, Store};
use crate::shop::{Log, Logged, Shop};

/// How many ranks of a ladder are shown.
const RUNGS: usize = 6;

/// The beginning of a section.
pub(crate) fn heading(out: &mut dyn Write, title: &str) -> io::Result<()> {
    writeln!(out, "\n== {title} {}\n", "=".repeat(104usize.saturating_sub(title.chars().count())))
}

/// Columns below each other, each as wide as its widest cell.
pub(crate) fn table(out: &mut dyn Write, lines: &[Vec<String>]) -> io::Result<()> {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..count).map(|at| width(at).unwrap_or(0)).collect();
    for line in lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "  {}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// One line of a table.
pub(crate) fn line<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// A moment, to the second.
pub(crate) fn moment(time: i64) -> String {
    let text = Timestamp::from_micros(time).map_or_else(|why| why.to_string(), |time| time.to_string());
    text.replace('T', " ").chars().take(19).collect()
}

/// The hour and the minute.
pub(crate) fn clock(time: i64) -> String {
    moment(time).chars().skip(11).take(5).collect()
}

/// A value in a few characters.
pub(crate) fn brief(value: Option<&Value>) -> String {
    match value {
        None => "-".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::F64(x)) => format!("{x:.2}"),
        Some(Value::Str(text)) => text.to_string(),
        Some(Value::List(list)) => {
            let first: Vec<String> = list.iter().take(2).map(|x| format!("{x:.2}")).collect();
            format!("[{} ..]", first.join(" "))
        }
        Some(Value::Items(items)) => format!("{} items", items.len()),
        Some(other) => other.to_string(),
    }
}

/// What the gate says, a finding a line.
pub(crate) fn verdict(out: &mut dyn Write, what: &str, verdict: &Verdict) -> io::Result<()> {
    writeln!(out, "  {what}\n    -> {:?}", verdict.decision)?;
    verdict.findings.iter().try_for_each(|finding| writeln!(out, "       {finding}"))
}

/// What one user sees, moment by moment.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    heads: Vec<(String, String)>,
    rankings: Vec<Vec<(usize, f64)>>,
    features: Vec<Vec<String>>,
}

impl Ladder {
    /// One more moment; `names` are the features shown below.
    pub(crate) fn moment(
        &mut self,
        head: (impl Into<String>, impl Into<String>),
        served: &Served,
        ranking: Vec<(usize, f64)>,
        names: &[&str],
    ) {
        self.heads.push((head.0.into(), head.1.into()));
        self.rankings.push(ranking);
        self.features.push(names.iter().map(|name| brief(served.get(name))).collect());
    }

    /// The best items at each moment, with how far each rose or fell since the one before.
    pub(crate) fn show(&self, out: &mut dyn Write, shop: &Shop, names: &[&str]) -> io::Result<()> {
        let first = |text: &str, rest: &mut dyn Iterator<Item = String>| -> Vec<String> {
            std::iter::once(text.to_owned()).chain(rest).collect()
        };
        let mut lines = vec![first("", &mut self.heads.iter().map(|(time, _)| time.clone()))];
        lines.push(first("", &mut self.heads.iter().map(|(_, what)| what.clone())));
        for rank in 0..RUNGS {
            lines.push(first(
                &format!("#{}", rank + 1),
                &mut (0..self.rankings.len()).map(|at| self.rung(shop, at, rank)),
            ));
        }
        for (place, name) in names.iter().enumerate() {
            let values = self.features.iter().map(|values| values.get(place).cloned().unwrap_or_default());
            lines.push(first(name, &mut { values }));
        }
        table(out, &lines)
    }

    fn rung(&self, shop: &Shop, at: usize, rank: usize) -> String {
        let Some((item, _)) = self.rankings.get(at).and_then(|ranking| ranking.get(rank)) else {
            return String::new();
        };
        let before = at.checked_sub(1).and_then(|before| self.rankings.get(before));
        let was = before.map(|before| before.iter().position(|(other, _)| other == item));
        let name = shop.items.get(*item).map_or("", |item| item.name.as_str());
        match was {
            None => name.to_owned(),
            Some(None) => format!("{name} new"),
            Some(Some(was)) if was > rank => format!("{name} ↑{}", was - rank),
            Some(Some(was)) if was < rank => format!("{name} ↓{}", rank - was),
            Some(Some(_)) => format!("{name} ="),
        }
    }
}

/// What must hold at the end.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<(String, bool)>);

impl Checks {
    /// Notes whether something holds.
    pub(crate) fn note(&mut self, what: impl Into<String>, holds: bool) {
        self.0.push((what.into(), holds));
    }

    /// Holds every user's served features against one fold over the whole log, which knows of no layers.
    pub(crate) fn fold(&mut self, when: &str, service: &Service, log: &Log, as_of: i64) -> Result<(), skewless::Error> {
        let at = Timestamp::from_micros(as_of)?;
        let mut states: Vec<State> = log.shop.users.iter().map(|_| State::new(&service.set)).collect();
        for Logged { event, .. } in &log.events {
            if let Some(state) = states.get_mut(event.user) {
                state.update(&log.row(*event))?;
            }
        }
        let (mut same, mut all) = (0usize, 0usize);
        for (user, state) in states.iter().enumerate() {
            let (served, folded) = (service.ask(&log.shop, user, as_of, Store::Up)?, state.vector(at)?);
            all += service.set.names().len();
            // Values are equal when their bits are, and only a value that says it is whole may count.
            let whole = |name: &str| served.provenance(name).is_some_and(skewless::merge::Provenance::is_complete);
            same += folded.iter().filter(|(name, value)| served.get(name) == Some(value) && whole(name)).count();
        }
        self.note(format!("{when}: {same} of {all} served features are those of one fold, bit for bit"), same == all);
        Ok(())
    }

    /// Says what held.
    pub(crate) fn finish(self, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
        for (what, holds) in &self.0 {
            writeln!(out, "  {}  {what}", if *holds { "ok    " } else { "FAILED" })?;
        }
        match self.0.iter().filter(|(_, holds)| !holds).count() {
            0 => Ok(()),
            failed => Err(format!("{failed} of {} checks failed", self.0.len()).into()),
        }
    }
}

/// All features and externals of a definition, by name.
pub(crate) fn folded(set: &FeatureSet, served: &Served) -> Vec<Value> {
    set.names().iter().filter_map(|name| served.get(name).cloned()).collect()
}
