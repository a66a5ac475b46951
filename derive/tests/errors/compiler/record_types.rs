//! Fields of types that no column can hold.

use std::collections::HashMap;

struct Place {
    latitude: f64,
}

#[derive(skewless::Record)]
struct Click {
    #[record(entity)]
    user: u128,
    #[record(time)]
    at: i64,
    tags: HashMap<String, String>,
    place: Option<Place>,
    small: Vec<f32>,
}

#[derive(skewless::Field)]
struct Tags(Vec<String>);

fn main() {
    let _ = |place: Place| place.latitude;
}
