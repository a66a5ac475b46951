//! What is neither a category nor a struct of one field.

#[derive(skewless::Field)]
enum Action {
    View,
    Click(u64),
    Buy { price: f64 },
}

#[derive(skewless::Field)]
enum Never {}

#[derive(skewless::Field)]
struct Nothing;

#[derive(skewless::Field)]
struct Place {
    latitude: f64,
    longitude: f64,
}

#[derive(skewless::Field)]
union Bits {
    a: u64,
    b: i64,
}

fn main() {}
