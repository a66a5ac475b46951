//! What skewless costs beside what others offer, and how far off each is: its sketches, and its batch pass.
#![allow(clippy::expect_used, reason = "a contestant that fails is not measured")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a tool reads files and looks at the clock")]

mod clock;
mod data;
mod distinct;
mod frequency;
mod machine;
mod quantiles;
mod sameness;
mod table;
mod tables;
mod top;

use std::collections::BTreeSet;

/// Without one that keeps what is freed, a quarter of a run is the system's work of giving memory and taking it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A table, and what prints it from so many rounds.
type Section = (&'static str, fn(usize));

const USAGE: &str = "usage: bench-compare sketches [distinct|frequency|top|quantiles]... [--rounds N]";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = args.split_first().map_or(("", &[][..]), |(command, rest)| (command.as_str(), rest));
    match command {
        "sketches" => sketches(rest.to_vec()),
        "tables" => tables::run(rest),
        // This program again, with one contestant.
        "child" => tables::child(rest),
        _ => {
            eprintln!("{USAGE}\n{}", tables::USAGE);
            std::process::exit(2);
        }
    }
}

fn sketches(mut args: Vec<String>) {
    let mut rounds = 9;
    if let Some(at) = args.iter().position(|arg| arg == "--rounds") {
        rounds = args.get(at + 1).and_then(|n| n.parse().ok()).expect(USAGE);
        args.drain(at..at + 2);
    }
    let sections: BTreeSet<&str> = args.iter().map(String::as_str).collect();
    let all: [Section; 4] =
        [("distinct", distinct::run), ("frequency", frequency::run), ("top", top::run), ("quantiles", quantiles::run)];
    assert!(sections.iter().all(|asked| all.iter().any(|(name, _)| name == asked)), "{USAGE}");
    head(rounds);
    for (_, run) in all.iter().filter(|(name, _)| sections.is_empty() || sections.contains(name)) {
        run(rounds);
    }
}

fn head(rounds: usize) {
    println!("{}, one used. Processor time of the thread; medians of {rounds} rounds in which", machine::processor());
    let crates = ["skewless", "datasketches", "hyperloglogplus", "sketches-ddsketch", "hdrhistogram"];
    let versions = crates.map(|name| format!("{name} {}", machine::version(name)));
    println!("all contestants take turns. {}.\n", versions.join(", "));
}
