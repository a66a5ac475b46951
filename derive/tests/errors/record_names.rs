//! Columns of one name, and one of none.

#[derive(skewless::Record)]
#[record(rename_all = "camelCase")]
struct Click {
    #[record(time)]
    at: i64,
    user_id: u64,
    #[record(rename = "userId")]
    user: u64,
    #[record(rename = "")]
    empty: u64,
}

#[derive(skewless::Record)]
#[record(rename_all = "camelCase")]
struct View {
    #[record(time)]
    at: i64,
    user_id: u64,
    #[record(rename = "userId")]
    user: u64,
    #[allow(non_snake_case)]
    userId: u64,
}

fn main() {}
