//! What has no columns.

#[derive(skewless::Record)]
struct Tuple(u64, i64);

#[derive(skewless::Record)]
struct Unit;

#[derive(skewless::Record)]
enum Action {
    View,
    Click,
}

#[derive(skewless::Record)]
union Bits {
    a: u64,
    b: i64,
}

fn main() {}
