//! Attributes that there are not, that say nothing or too much; all are told at once.

#[derive(skewless::Record)]
#[record(rename_al = "camelCase")]
struct Click {
    #[record(entitty)]
    user: u64,
    #[record(rename = 5)]
    price: f64,
    #[record(rename = "a", rename = "b")]
    device: String,
    #[record(skip, entity)]
    shop: u64,
    #[record(entity, time)]
    at: i64,
    #[record]
    page: String,
    #[record(time = true)]
    ts: i64,
    #[record(serde::rename = "x")]
    x: i64,
}

#[derive(skewless::Record)]
#[record(rename_all = "camelcase", rename_all = "snake_case")]
struct View {
    #[record(time)]
    at: i64,
}

#[derive(skewless::Record)]
#[record(rename_all = "camelcase")]
struct Buy {
    #[record(time)]
    at: i64,
}

#[derive(skewless::Record)]
#[record(crate = "not a path")]
struct Sell {
    #[record(time)]
    at: i64,
}

#[derive(skewless::Record)]
#[record(entity)]
struct Misplaced {
    #[record(time)]
    at: i64,
}

fn main() {}
