//! Texts of two variants, and attributes that there are not.

#[derive(skewless::Field)]
#[field(rename_all = "lowercase")]
enum Action {
    View,
    #[field(rename = "view")]
    Look,
    ViEw,
}

#[derive(skewless::Field)]
#[field(name = "x")]
enum Device {
    Phone,
}

#[derive(skewless::Field)]
enum Channel {
    #[field(skip)]
    Web,
    #[field(rename = "")]
    App,
}

#[derive(skewless::Field)]
#[field(rename_all = "lowercase")]
struct Cents(i64);

#[derive(skewless::Field)]
struct User(#[field(rename = "id")] u64);

fn main() {}
