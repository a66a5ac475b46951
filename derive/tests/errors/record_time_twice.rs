//! Two fields say when the event was.

#[derive(skewless::Record)]
struct Click {
    #[record(entity)]
    user: u64,
    #[record(time)]
    at: i64,
    #[record(time)]
    received: i64,
    #[record(rename = "stored", time)]
    stored_at: i64,
}

fn main() {}
