//! Markdown.

/// Prints a table: the names of the columns, the first of them left-aligned, then the rows.
pub fn print(columns: &[&str], rows: &[Vec<String>]) {
    println!("| {} |", columns.join(" | "));
    println!("| --- |{}", " ---: |".repeat(columns.len() - 1));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!();
}

/// A number with two or three digits that count.
pub fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        ..0.01 => format!("{x:.4}"),
        ..0.1 => format!("{x:.3}"),
        ..10.0 => format!("{x:.2}"),
        ..100.0 => format!("{x:.1}"),
        _ => format!("{x:.0}"),
    }
}

/// A time, unless the answer was wrong: then a time says nothing.
pub fn time(right: bool, x: f64) -> String {
    if right { short(x) } else { "wrong".into() }
}

/// What became of one input taken in thirty ways.
pub fn sameness(bytes: usize, answers: usize) -> String {
    if (bytes, answers) == (1, 1) { "yes".into() } else { format!("no: {bytes} and {answers} of 30") }
}
