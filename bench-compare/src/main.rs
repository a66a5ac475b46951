//! The sketches of skewless beside those of other crates: what they cost and how far off they are.
#![allow(clippy::expect_used, reason = "a contestant that fails is not measured")]

mod clock;
mod data;
mod distinct;
mod frequency;
mod quantiles;
mod sameness;
mod table;
mod top;

use std::collections::BTreeSet;

/// A table, and what prints it from so many rounds.
type Section = (&'static str, fn(usize));

const USAGE: &str = "usage: bench-compare sketches [distinct|frequency|top|quantiles]... [--rounds N]";

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut rounds = 9;
    if let Some(at) = args.iter().position(|arg| arg == "--rounds") {
        rounds = args.get(at + 1).and_then(|n| n.parse().ok()).expect(USAGE);
        args.drain(at..at + 2);
    }
    assert_eq!(args.first().map(String::as_str), Some("sketches"), "{USAGE}");
    let sections: BTreeSet<&str> = args.iter().skip(1).map(String::as_str).collect();
    let all: [Section; 4] =
        [("distinct", distinct::run), ("frequency", frequency::run), ("top", top::run), ("quantiles", quantiles::run)];
    assert!(sections.iter().all(|asked| all.iter().any(|(name, _)| name == asked)), "{USAGE}");
    machine(rounds);
    for (_, run) in all.iter().filter(|(name, _)| sections.is_empty() || sections.contains(name)) {
        run(rounds);
    }
}

fn machine(rounds: usize) {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{}, {cores} cores, one used. Processor time of the thread; medians of {rounds} rounds in which",
        model.trim_start_matches([' ', '\t', ':'])
    );
    println!("all contestants take turns. {}.\n", versions().join(", "));
}

/// The versions that were built, from the lock file.
fn versions() -> Vec<String> {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let package = lock.split("[[package]]").find(|package| package.contains(&format!("name = \"{name}\"")));
        let version = package.and_then(|package| package.split("version = \"").nth(1)?.split('"').next());
        format!("{name} {}", version.unwrap_or("?"))
    };
    ["skewless", "datasketches", "hyperloglogplus", "sketches-ddsketch", "hdrhistogram"].map(version).into()
}
