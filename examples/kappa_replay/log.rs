//! The log: lines of JSON in partitions, some of them broken, and what a consumer and a host see of it.

use serde_json::{Value as Json, json};
use skewless::replay::Delivery;
use skewless::{Observation, Positions, Timestamp};

/// Into how many partitions it is divided.
pub(crate) const PARTITIONS: usize = 4;
/// How many shoppers there are.
pub(crate) const USERS: u64 = 400;

/// The splitmix64 generator.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// The log: lines of JSON, but for a few, and the event time of each partition's last.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) partitions: [Vec<String>; PARTITIONS],
    heads: [Option<Timestamp>; PARTITIONS],
    pub(crate) broken: u64,
}

impl Log {
    pub(crate) fn write(&mut self, now: Timestamp, dice: &mut Dice) {
        let (user, partition) = (dice.below(USERS), dice.below(PARTITIONS as u64) as usize);
        let mut event = json!({"user": format!("u{user}"), "ts": now.as_micros(), "type": "click"});
        if dice.below(4) == 0 {
            let cents = 500 + dice.below(4_000);
            event["type"] = "purchase".into();
            event["gross"] = (cents as f64 / 100.0).into();
            // The old app, which every other shopper has, does not know of taxes.
            if user % 2 == 0 {
                event["net"] = (cents as f64 / 119.0).into();
            }
        }
        let mut line = event.to_string();
        if dice.below(5_000) == 0 {
            line.truncate(line.len() / 2);
            self.broken += 1;
        }
        self.partitions[partition].push(line);
        self.heads[partition] = Some(now);
    }

    /// What a consumer is given from `next` on, so many of each partition.
    pub(crate) fn deliveries(&self, next: &Positions, each: usize) -> Vec<Delivery<Json>> {
        let mut all = Vec::new();
        for (partition, lines) in (0..).zip(&self.partitions) {
            let from = next.next(partition);
            for (offset, line) in (from..).zip(lines.iter().skip(from as usize).take(each)) {
                all.push(match serde_json::from_str(line) {
                    Ok(event) => Delivery::new(partition, offset, event),
                    Err(why) => Delivery::unreadable(partition, offset, why.to_string()),
                });
            }
        }
        all
    }

    /// The event time of the last event before `next`.
    fn time_at(&self, partition: u32, next: u64) -> Option<Timestamp> {
        let read = self.partitions[partition as usize].iter().take(next as usize).rev();
        read.filter_map(|line| serde_json::from_str::<Json>(line).ok())
            .find_map(|event| event["ts"].as_i64().and_then(|ts| Timestamp::from_micros(ts).ok()))
    }

    /// One look at everything, as a host takes it.
    pub(crate) fn looks(&self, next: &Positions, now: Timestamp) -> Vec<Observation> {
        let look = |partition: u32| {
            let (end, next) = (self.partitions[partition as usize].len() as u64, next.next(partition));
            let mut look = Observation::new(partition, now).with_log(0, end).with_next(next);
            look.head_time = self.heads[partition as usize];
            look.processed_time = self.time_at(partition, next);
            look
        };
        (0..PARTITIONS as u32).map(look).collect()
    }
}
