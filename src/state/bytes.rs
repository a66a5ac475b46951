//! A state as bytes.
//!
//! | part | bytes |
//! | --- | --- |
//! | magic | `SKLS` |
//! | format | 1 |
//! | fingerprint | 8, little-endian |
//! | checksum | 4: the low half of xxh3_64 of the fingerprint and the payload |
//! | payload | frontier, first event, rows, panes by fold |
//!
//! The payload is written for the frontier and in sorted order, so equal states are equal bytes; integers
//! are varints, times differences from the time before.

use super::{State, lane};
use crate::codec::{self, Reader};
use crate::definition::FeatureSet;
use crate::error::{Error, Result};
use crate::hash::{Fingerprint, checksum};
use crate::rows::{Head, Rows};
use crate::time::{BEGINNING, Timestamp};
use crate::value::{Value, ValueRef};

const MAGIC: [u8; 4] = *b"SKLS";
const FORMAT: u8 = 1;
const HEADER: usize = 17;

impl State {
    /// The canonical bytes of this state.
    ///
    /// # Format
    /// `SKLS`, a format byte, the fingerprint, a checksum, then the frontier, the first event, the events
    /// still kept whole, and the panes of each fold.
    pub fn encode(&self) -> Vec<u8> {
        if self.tidy {
            return self.write();
        }
        let mut tidy = self.clone();
        tidy.evict();
        tidy.write()
    }

    /// Writes a state that is settled and sorted.
    fn write(&self) -> Vec<u8> {
        let plan = self.set.plan();
        let mut out = Vec::with_capacity(HEADER + 32 + 16 * self.rows.len());
        out.extend_from_slice(&MAGIC);
        out.push(FORMAT);
        out.extend_from_slice(&self.set.fingerprint().as_u64().to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let anchor = self.anchor();
        put_moment(&mut out, self.frontier, BEGINNING, 0);
        put_moment(&mut out, self.first, i64::MAX, anchor);
        codec::put_u64(&mut out, self.rows.len() as u64);
        let mut before = anchor;
        for (i, head) in self.rows.heads().iter().enumerate() {
            codec::put_i64(&mut out, head.time.wrapping_sub(before));
            codec::put_u64(&mut out, head.mask);
            for (value, (_, bits)) in self.rows.values(i).iter().zip(&plan.kept) {
                if bits & head.mask != 0 {
                    codec::put(&mut out, value);
                }
            }
            before = head.time;
        }
        for (place, fold) in plan.folds.iter().enumerate() {
            fold.computer.encode(self.lanes.get(place).unwrap_or(&None), anchor, &mut out);
        }
        seal(&mut out);
        out
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`Magic`](crate::ErrorKind::Magic) or [`Format`](crate::ErrorKind::Format) for bytes that are no
    /// state of this version, [`Mismatch`](crate::ErrorKind::Mismatch) for a state of another definition,
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for damaged ones, and
    /// [`NotCanonical`](crate::ErrorKind::NotCanonical) for any others that `encode` would not have
    /// written. Never a panic. Memory is taken as the bytes prove themselves: a count is held against the bytes
    /// left, and a row of two bytes costs its 16 bytes and 24 for each column kept, a few times over.
    pub fn decode(set: &FeatureSet, bytes: &[u8]) -> Result<Self> {
        let mut state = Self::parse(set, open(set, bytes)?)?;
        // One check for every way of not being canonical: the state, arranged, must give these very bytes.
        state.settled = BEGINNING;
        state.settle_again();
        if state.write() != bytes {
            return Err(Error::not_canonical("the state they describe is written differently"));
        }
        Ok(state)
    }

    /// Reads what [`encode`](Self::encode) wrote, without asking whether it is the one form: for bytes that a checksum
    /// around them vouches for, and a state that is only read from.
    pub(crate) fn decode_own(set: &FeatureSet, bytes: &[u8]) -> Result<Self> {
        Self::parse(set, open(set, bytes)?)
    }

    fn parse(set: &FeatureSet, payload: &[u8]) -> Result<Self> {
        let plan = set.plan();
        let mut state = Self::new(set);
        let mut from = Reader::new(payload);
        state.frontier = take_moment(&mut from, BEGINNING, 0, "frontier")?;
        state.settled = state.frontier;
        let anchor = state.anchor();
        state.first = take_moment(&mut from, i64::MAX, anchor, "first event")?;
        let rows = from.count(2, "rows")?;
        // A row takes two bytes at least, but can hold many values: let it grow as it proves itself.
        state.rows = Rows::with_capacity(plan.kept.len(), rows.min(64));
        let (mut before, mut values) = (anchor, Vec::with_capacity(plan.kept.len()));
        for _ in 0..rows {
            let time = before.wrapping_add(from.i64("row time")?);
            if Timestamp::from_micros(time).is_err() || state.rows.heads().last().is_some_and(|last| last.time > time) {
                return Err(Error::corrupt(format!("row time {time} is out of range or out of order")));
            }
            let mask = from.u64("row filters")?;
            if mask == 0 || mask.checked_shr(plan.filters.len() as u32).is_some_and(|rest| rest != 0) {
                return Err(Error::corrupt(format!("row filters {mask:b} are not among {}", plan.filters.len())));
            }
            take_values(set, &mut from, mask, &mut values)?;
            state.rows.insert(Head { time, mask }, |into| into.append(&mut values));
            before = time;
        }
        for (place, fold) in plan.folds.iter().enumerate() {
            let panes = fold.computer.decode(anchor, &mut from)?;
            if panes.is_some() {
                *lane(&mut state.lanes, place, plan) = panes;
            }
        }
        from.finish()?;
        if state.first == i64::MAX && !(state.rows.is_empty() && state.lanes.iter().all(Option::is_none)) {
            return Err(Error::not_canonical("events are kept, but no first event is named"));
        }
        state.kept = state.rows.len();
        Ok(state)
    }

    /// What stored times are relative to.
    fn anchor(&self) -> i64 {
        if self.frontier == BEGINNING { 0 } else { self.frontier }
    }

    /// Arranges a parsed state as if it never had been: panes onto the grid, rows down to their needs.
    fn settle_again(&mut self) {
        let set = self.set.clone();
        for (fold, lane) in set.plan().folds.iter().zip(&mut self.lanes) {
            match fold.grid(self.frontier) {
                Some(grid) => fold.computer.arrange(lane, &grid, fold.reach(self.frontier)),
                None => *lane = None,
            }
        }
        self.settled = self.frontier;
        let earliest = self.rows.heads().first().map_or(i64::MAX, |head| head.time);
        self.first = self.first.min(earliest);
        self.reduce();
        self.rows.canonicalise();
    }
}

/// A moment that may be absent: 0, or one more than the zigzag difference from `anchor`.
fn put_moment(out: &mut Vec<u8>, at: i64, absent: i64, anchor: i64) {
    out.push(u8::from(at != absent));
    if at != absent {
        codec::put_i64(out, at.wrapping_sub(anchor));
    }
}

fn take_moment(from: &mut Reader<'_>, absent: i64, anchor: i64, what: &str) -> Result<i64> {
    if !from.take::<bool>(what)? {
        return Ok(absent);
    }
    let at = anchor.wrapping_add(from.i64(what)?);
    Timestamp::from_micros(at).map(Timestamp::as_micros).map_err(|why| Error::corrupt(format!("{what}: {why}")))
}

fn take_values(set: &FeatureSet, from: &mut Reader<'_>, mask: u64, values: &mut Vec<Value>) -> Result<()> {
    let plan = set.plan();
    for (column, bits) in &plan.kept {
        let value = if bits & mask != 0 { Value::read(from)? } else { Value::Null };
        let good = match plan.columns.get(*column).and_then(crate::record::Column::kind) {
            Some(kind) => value.is_null() || value.kind() == Some(kind) && plan.fits_length(*column, &value),
            // A column asked only whether it is null keeps no more than that.
            None => matches!(value, Value::Null | Value::Bool(true)),
        };
        if !good {
            let column = plan.columns.get(*column).map_or("?", crate::record::Column::name);
            return Err(Error::corrupt(format!("column `{column}` cannot have kept {}", ValueRef::from(&value))));
        }
        values.push(value);
    }
    Ok(())
}

/// Writes the checksum into its place.
fn seal(out: &mut [u8]) {
    let sum = sum_of(out);
    if let Some(place) = out.get_mut(13..HEADER) {
        place.copy_from_slice(&sum);
    }
}

fn sum_of(bytes: &[u8]) -> [u8; 4] {
    let (fingerprint, payload) = (bytes.get(5..13).unwrap_or(&[]), bytes.get(HEADER..).unwrap_or(&[]));
    let seed = fingerprint.iter().fold(0u64, |seed, byte| seed << 8 | u64::from(*byte));
    checksum(seed, payload)
}

/// Checks the header and gives the payload.
fn open<'b>(set: &FeatureSet, bytes: &'b [u8]) -> Result<&'b [u8]> {
    let mut from = Reader::headed(bytes, MAGIC, FORMAT)?;
    let fingerprint: [u8; 8] = from.bytes(8, "fingerprint")?.try_into().unwrap_or([0; 8]);
    let sum = from.bytes(4, "checksum")?;
    if sum != sum_of(bytes) {
        return Err(Error::corrupt("the checksum does not match: the bytes were cut short or changed"));
    }
    let found = Fingerprint::from_u64(u64::from_le_bytes(fingerprint));
    if found != set.fingerprint() {
        let (name, version, expected) = (set.name(), set.version(), set.fingerprint());
        return Err(Error::mismatch(format!("a state of definition {found}, not of {name} v{version} ({expected})")));
    }
    Ok(bytes.get(HEADER..).unwrap_or(&[]))
}
