//! The log as the stream of the merge reads it: what the cut does not cover.

use skewless::batch::Rows;
use skewless::{Cut, Serving, Timestamp};

use crate::cut::place_in_log;
use crate::fail::Outcome;
use crate::run::Place;

/// An event, with its number in the log.
type Event = (usize, Place);

/// The events after the cut, in the order in which they are read.
///
/// Where the cut is a time that is the order of time. Where it is positions, it is the order of the log, as a
/// consumer has no other; it then reads so far that it has all events before a query.
pub(crate) struct Feed<'a> {
    rows: &'a [Rows<'a>],
    by_time: bool,
    order: Vec<Event>,
    /// In order of time: an event's time, and how far one reads to have it.
    reach: Vec<(i64, usize)>,
    /// How many events were read.
    read: usize,
    /// Of how many events the time has come.
    due: usize,
}

impl<'a> Feed<'a> {
    /// The events that `cut` leaves, of these `places` in order of time.
    pub(crate) fn new(rows: &'a [Rows<'a>], places: &[Place], cut: &Cut) -> Self {
        let lengths = rows.iter().map(Rows::len);
        let starts: Vec<usize> = lengths.scan(0, |sum, len| Some(std::mem::replace(sum, *sum + len))).collect();
        let number = |place: &Place| starts.get(place.batch as usize).map_or(0, |start| start + place.row as usize);
        let left = |(number, place): &Event| {
            let time = Timestamp::from_micros(place.time);
            !time.is_ok_and(|time| cut.covers(Some(place_in_log(*number)), time))
        };
        let mut order: Vec<Event> = places.iter().map(|place| (number(place), *place)).filter(left).collect();
        let by_time = matches!(cut, Cut::EventTime(_));
        if !by_time {
            order.sort_unstable_by_key(|(number, _)| *number);
        }
        let mut reach: Vec<(i64, usize)> = order.iter().zip(1..).map(|((_, place), upto)| (place.time, upto)).collect();
        reach.sort_unstable();
        Self { rows, by_time, order, reach, read: 0, due: 0 }
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Reads until all events before `time` are in.
    pub(crate) fn until(&mut self, serving: &mut Serving, time: i64) -> Outcome<()> {
        let coming = self.reach.get(self.due..).unwrap_or(&[]);
        let due = coming.iter().take_while(|(at, _)| *at < time);
        let (count, upto) = due.fold((0, 0), |(count, most), (_, upto)| (count + 1, most.max(*upto)));
        self.due += count;
        self.read_to(serving, upto)
    }

    /// Reads everything.
    pub(crate) fn rest(&mut self, serving: &mut Serving) -> Outcome<()> {
        self.read_to(serving, self.order.len())
    }

    fn read_to(&mut self, serving: &mut Serving, upto: usize) -> Outcome<()> {
        for (number, place) in self.order.get(self.read..upto).unwrap_or(&[]) {
            let Some(rows) = self.rows.get(place.batch as usize) else { continue };
            let row = rows.row(place.row as usize);
            let taken = if self.by_time {
                serving.advance(Timestamp::from_micros(place.time)?);
                serving.update(&row)
            } else {
                let (partition, offset) = place_in_log(*number);
                serving.update_at(partition, offset, &row)
            };
            taken.map_err(|why| place.blame("events", why))?;
        }
        self.read = self.read.max(upto);
        Ok(())
    }
}
