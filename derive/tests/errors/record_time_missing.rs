//! Nothing says when the event was.

#[derive(skewless::Record)]
struct Click {
    #[record(entity)]
    user: u64,
}

fn main() {}
