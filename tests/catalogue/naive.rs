//! Every aggregate again, the dumbest way, from its card alone: a list of events in, what the answer must be out.

use std::cmp::Ordering;

use num_bigint::BigInt;
use serde_json::Value as Json;
use skewless::sketches::ValueHash;
use skewless::{Timestamp, Value};

use crate::events::Event;
use crate::exact::Real;
use crate::windows::span;
use crate::{numbers, times};

/// What an answer must be.
pub(crate) enum Expect {
    Is(Value),
    /// Within so many units in the last place.
    Near(Real, f64),
    /// Between two values, both included.
    Between(f64, f64),
    Map(Vec<(Value, Expect)>),
    List(Vec<Expect>),
    /// The card promises nothing here.
    Anything,
}

impl Expect {
    pub(crate) fn check(&self, found: &Value) -> Result<(), String> {
        match (self, found) {
            (Self::Is(value), _) if value == found => Ok(()),
            (Self::Near(real, ulps), Value::F64(x)) if real.off(*x) <= *ulps => Ok(()),
            (Self::Near(real, ulps), Value::F64(x)) => Err(format!("{x:?} is {} ulps off, not {ulps}", real.off(*x))),
            (Self::Between(least, most), found) if number(found).is_some_and(|x| (*least..=*most).contains(&x)) => {
                Ok(())
            }
            (Self::Anything, _) => Ok(()),
            (Self::Map(pairs), Value::Map(map)) if pairs.len() == map.len() => {
                let mut both = pairs.iter().zip(map.iter());
                both.try_for_each(
                    |((key, expect), (k, value))| {
                        if key == k { expect.check(value) } else { Err(format!("key {k} for {key}")) }
                    },
                )
            }
            (Self::List(items), found) => {
                let all = match found {
                    Value::Items(all) => all.to_vec(),
                    Value::List(all) => all.iter().map(|x| Value::F64(*x)).collect(),
                    other => return Err(format!("{other:?} is no list")),
                };
                if all.len() != items.len() {
                    return Err(format!("{} items for {}", all.len(), items.len()));
                }
                items.iter().zip(&all).try_for_each(|(expect, found)| expect.check(found))
            }
            _ => Err(format!("found {found:?}, expected {self:?}")),
        }
    }
}

/// The number that a value is, a moment's microseconds included.
fn number(value: &Value) -> Option<f64> {
    if let Value::Time(at) = value { Some(at.as_micros() as f64) } else { value.as_f64() }
}

impl std::fmt::Debug for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Is(value) => write!(f, "{value:?}"),
            Self::Near(_, ulps) => write!(f, "a number within {ulps} ulps"),
            Self::Between(least, most) => write!(f, "{least:?} to {most:?}"),
            Self::Map(pairs) => f.debug_map().entries(pairs.iter().map(|(key, value)| (key, value))).finish(),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Anything => f.write_str("anything"),
        }
    }
}

/// A question: the events in the window that pass the filter, what to make of them, and the window.
#[derive(Clone)]
pub(crate) struct Ask<'a> {
    pub(crate) events: Vec<&'a Event>,
    pub(crate) columns: Vec<&'a str>,
    pub(crate) feature: &'a Json,
    pub(crate) start: Option<i64>,
    pub(crate) end: i64,
}

impl<'a> Ask<'a> {
    pub(crate) fn whole(&self, parameter: &str, default: usize) -> usize {
        self.feature.get(parameter).map_or(default, |n| n.as_u64().unwrap() as usize)
    }

    pub(crate) fn span(&self, parameter: &str) -> i64 {
        span(&self.feature[parameter])
    }

    /// The events with all columns.
    pub(crate) fn inputs(&self) -> Vec<&'a Event> {
        let all = self.events.iter().copied();
        all.filter(|event| self.columns.iter().all(|column| event.is_some(column))).collect()
    }

    /// The values of the first column that are not null.
    pub(crate) fn values(&self) -> Vec<Value> {
        self.inputs().iter().map(|event| event.value(self.columns[0])).collect()
    }

    /// The first column as doubles.
    pub(crate) fn doubles(&self) -> Vec<f64> {
        self.inputs().iter().map(|event| event.number(self.columns[0])).collect()
    }

    /// Both columns as doubles.
    pub(crate) fn pairs(&self) -> Vec<(f64, f64)> {
        self.inputs().iter().map(|event| (event.number(self.columns[0]), event.number(self.columns[1]))).collect()
    }

    /// The inputs in the order that decides between events: time, tie break, value; latest last.
    fn dated(&self) -> Vec<(i64, Value, Value)> {
        let tie = self.feature.get("tie_break").map(|column| column.as_str().unwrap());
        let all = self
            .inputs()
            .into_iter()
            .map(|event| (event.at, tie.map_or(Value::Null, |tie| event.value(tie)), event.value(self.columns[0])));
        let mut all: Vec<_> = all.collect();
        all.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| order(&a.1, &b.1)).then_with(|| order(&a.2, &b.2)));
        all
    }

    /// The categories that came, each with how often, in their order; and how many events were beyond `limit`.
    fn categories(&self, limit: usize) -> (Vec<(Value, i64)>, Option<i64>) {
        let counts = counted(&self.values());
        let kept = kept(counts.iter().map(|(value, _)| value), limit);
        let beyond: Vec<i64> = counts.iter().filter(|(value, _)| !kept.contains(value)).map(|(_, n)| *n).collect();
        let counts = counts.into_iter().filter(|(value, _)| kept.contains(value)).collect();
        (counts, (!beyond.is_empty()).then(|| beyond.iter().sum()))
    }
}

/// Those of different values that stay apart: the ones of least hash.
pub(crate) fn kept<'v>(values: impl Iterator<Item = &'v Value>, limit: usize) -> Vec<Value> {
    let mut ranked: Vec<(u64, Value)> =
        values.map(|value| (ValueHash::new(0).hash(value.as_ref()), value.clone())).collect();
    ranked.sort_by_key(|(hash, _)| *hash);
    ranked.truncate(limit);
    ranked.into_iter().map(|(_, value)| value).collect()
}

/// The order of values of one kind: by size, text by bytes, lists item by item; null least.
pub(crate) fn order(a: &Value, b: &Value) -> Ordering {
    let double = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()));
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::I64(a), Value::I64(b)) => a.cmp(b),
        (Value::F64(a), Value::F64(b)) => double(*a, *b),
        (Value::Str(a), Value::Str(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Time(a), Value::Time(b)) => a.as_micros().cmp(&b.as_micros()),
        (Value::List(a), Value::List(b)) => {
            let items = a.iter().zip(b.iter()).map(|(a, b)| double(*a, *b));
            items.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
        }
        _ => panic!("{a:?} and {b:?}"),
    }
}

fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by(order);
    values
}

/// Different values and how often they came, in their order.
pub(crate) fn counted(values: &[Value]) -> Vec<(Value, i64)> {
    let mut out: Vec<(Value, i64)> = Vec::new();
    for value in sorted(values.to_vec()) {
        match out.last_mut() {
            Some((last, n)) if *last == value => *n += 1,
            _ => out.push((value, 1)),
        }
    }
    out
}

fn is(value: impl Into<Value>) -> Expect {
    Expect::Is(value.into())
}

/// Null when there is none.
fn one(value: Option<&Value>) -> Expect {
    is(value.cloned().unwrap_or(Value::Null))
}

/// Null when empty; a list of doubles is one value here, so its items are compared like any others.
fn list(values: Vec<Value>) -> Expect {
    if values.is_empty() { is(Value::Null) } else { Expect::List(values.into_iter().map(Expect::Is).collect()) }
}

fn counts(pairs: Vec<(Value, i64)>) -> Expect {
    Expect::Map(pairs.into_iter().map(|(value, n)| (value, is(n))).collect())
}

fn bits(counts: &[i64]) -> f64 {
    let all: i64 = counts.iter().sum();
    counts.iter().map(|n| -(*n as f64 / all as f64) * (*n as f64 / all as f64).log2()).sum()
}

/// The latest event of those with the greatest (or least) key.
fn arg(ask: &Ask<'_>, best: Ordering) -> Expect {
    let keys: Vec<Value> = ask.inputs().iter().map(|event| event.value(ask.columns[1])).collect();
    let Some(top) = keys.iter().cloned().reduce(|a, b| if order(&b, &a) == best { b } else { a }) else {
        return is(Value::Null);
    };
    let events = ask.events.iter().copied().filter(|event| event.value(ask.columns[1]) == top).collect();
    one(Ask { events, ..ask.clone() }.dated().last().map(|(_, _, value)| value))
}

fn some(values: Vec<Value>, what: impl Fn(&[bool]) -> bool) -> Expect {
    let flags: Vec<bool> = values.iter().map(|value| *value == Value::Bool(true)).collect();
    if flags.is_empty() { is(Value::Null) } else { is(what(&flags)) }
}

/// What one feature must answer; `None` for an aggregate that nobody wrote down here.
pub(crate) fn answer(name: &str, ask: &Ask<'_>) -> Option<Expect> {
    let k = || ask.whole("k", 10);
    let reversed = |mut values: Vec<Value>| {
        values.reverse();
        values
    };
    let dated = || ask.dated().into_iter().map(|(_, _, value)| value).collect::<Vec<_>>();
    let first = |mut values: Vec<Value>, k: usize| {
        values.truncate(k);
        values
    };
    Some(match name {
        "count" => is(ask.inputs().len() as i64),
        "count_distinct" => {
            let limit = ask.whole("limit", 1_000);
            is(counted(&ask.values()).len().min(limit + 1) as i64)
        }
        "ratio" => {
            let filters = ask.feature["ratio"].as_array().unwrap();
            let passed = |i: usize| ask.events.iter().filter(|e| crate::windows::passes(&filters[i], e)).count();
            let (up, down) = (passed(0), passed(1));
            if down == 0 { is(Value::Null) } else { is(up as f64 / down as f64) }
        }
        "min" => one(sorted(ask.values()).first()),
        "max" => one(sorted(ask.values()).last()),
        "arg_min" => arg(ask, Ordering::Less),
        "arg_max" => arg(ask, Ordering::Greater),
        "first" => one(dated().first()),
        "last" | "vector_last" => one(dated().last()),
        "first_k" => list(first(dated(), k())),
        "last_k" => list(first(reversed(dated()), k())),
        "last_distinct_k" => {
            let mut seen: Vec<Value> = Vec::new();
            for value in reversed(dated()) {
                if !seen.contains(&value) {
                    seen.push(value);
                }
            }
            list(first(seen, k()))
        }
        "top_k" => list(first(reversed(sorted(ask.values())), k())),
        "bottom_k" => list(first(sorted(ask.values()), k())),
        "histogram" => {
            let (mut all, beyond) = ask.categories(ask.whole("limit", 1_000));
            all.extend(beyond.map(|n| (Value::Null, n)));
            counts(all)
        }
        "mode" => {
            let (all, beyond) = ask.categories(ask.whole("limit", 1_000));
            let most = all.iter().map(|(_, n)| *n).max().unwrap_or(0);
            // What is beyond might be one category.
            let sure = beyond.is_none_or(|beyond| most > beyond);
            one(all.iter().find(|(_, n)| *n == most).map(|(value, _)| value).filter(|_| sure))
        }
        "entropy" => match ask.categories(ask.whole("limit", 1_000)) {
            (all, None) if !all.is_empty() => {
                let counts: Vec<i64> = all.iter().map(|(_, n)| *n).collect();
                let bits = bits(&counts);
                Expect::Between(bits * (1.0 - 1e-13), bits * (1.0 + 1e-13))
            }
            _ => is(Value::Null),
        },
        "any" => some(ask.values(), |flags| flags.contains(&true)),
        "all" => some(ask.values(), |flags| !flags.contains(&false)),
        "approx_distinct" => {
            let (precision, n) = (ask.whole("precision", 12), counted(&ask.values()).len());
            let m = 2f64.powi(precision as i32);
            // Nearly exact while there are few; the seeds here have no collision.
            let off = if n as f64 <= m * 3.0 / 16.0 { 0.0 } else { 4.0 * 1.04 / m.sqrt() * n as f64 + 1.0 };
            Expect::Between(n as f64 - off, n as f64 + off)
        }
        "approx_frequency" => {
            let inputs = ask.values();
            let epsilon = ask.feature.get("epsilon").map_or(0.001, |e| e.as_f64().unwrap());
            let of = |wanted: &Json| {
                let wanted = wanted.as_str().map(Value::from).unwrap_or_else(|| wanted.as_i64().unwrap().into());
                let truth = inputs.iter().filter(|value| **value == wanted).count() as f64;
                // With probability `delta` more; a coarse sketch as in the example may be that unlucky.
                let most = if epsilon < 0.01 { truth + epsilon * inputs.len() as f64 } else { inputs.len() as f64 };
                (wanted, Expect::Between(truth, most))
            };
            Expect::Map(ask.feature["values"].as_array().unwrap().iter().map(of).collect())
        }
        "approx_top_k" => {
            let mut all = counted(&ask.values());
            if all.len() > ask.whole("candidates", 256) || ask.feature.get("epsilon").is_some() {
                return Some(Expect::Anything);
            }
            all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| order(&a.0, &b.0)));
            all.truncate(k());
            counts(all)
        }
        other => return numbers::answer(other, ask).or_else(|| times::answer(other, ask)),
    })
}

/// The seconds from one moment to another, rounded once.
pub(crate) fn seconds(from: i64, to: i64) -> Value {
    Value::F64(crate::exact::rounded(&(BigInt::from(to) - from), &BigInt::from(1_000_000), 0))
}

/// Whether a moment is one that an event can have.
pub(crate) fn is_moment(at: i64) -> bool {
    (Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros()).contains(&at)
}
