//! A type parameter that turns out to be no field.

use skewless::{Record, Schema};

#[derive(Record)]
struct Event<T> {
    #[record(entity)]
    user: u64,
    #[record(time)]
    at: i64,
    what: T,
}

struct Opaque;

fn folds<R: Record>(_: R) {}

fn declares<R: Schema>() {}

fn main() {
    folds(Event { user: 1, at: 2, what: "a" });
    folds(Event { user: 1, at: 2, what: Opaque });
    declares::<Event<u8>>();
    declares::<Event<Opaque>>();
}
