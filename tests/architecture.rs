//! Catches imports that climb the floors, foreign types and hidden order in the core, and files that grow.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

const SRC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
/// The derive macros, which are a package of their own.
const DERIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/derive/src");

/// Files that may have more than 400 lines, and why. A file that no longer needs it fails too.
const LONG: [(&str, &str); 0] = [];

/// A source file: where it is under `src`, and its lines without test modules.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The module it belongs to: the first step of its path.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    /// Whether this is a test module's file; `mod tests;` is under `#[cfg(test)]` everywhere.
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Its code: no comments, no `#[cfg(test)]` items, no items of the flag `testing`.
    fn code(&self) -> Vec<(usize, &str)> {
        let mut out = Vec::new();
        if self.is_test() {
            return out;
        }
        let mut lines = self.text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            if line.trim_start().starts_with("#[cfg(test)]") || line.trim() == "#[cfg(feature = \"testing\")]" {
                skip_item(&mut lines);
            } else {
                out.push((at + 1, line.split("//").next().unwrap()));
            }
        }
        out
    }
}

/// Skips one item: up to a line that ends it at the indent it starts at.
fn skip_item<'t>(lines: &mut impl Iterator<Item = (usize, &'t str)>) {
    let mut indent = None;
    for (_, line) in lines {
        let own = line.len() - line.trim_start().len();
        let start = *indent.get_or_insert(own);
        if own == start && (line.ends_with(';') || line.ends_with('}')) {
            return;
        }
    }
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn sources_in(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(Path::new(folder), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| Source {
        path: path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(path).unwrap(),
    };
    paths.iter().map(read).collect()
}

fn sources() -> Vec<Source> {
    let sources = sources_in(SRC);
    assert!(sources.len() > 30, "only {} sources found under {SRC}", sources.len());
    sources
}

/// What is held to length and plainness: the crate, and its macros.
fn all_sources() -> Vec<Source> {
    // The macros are published by themselves, so who unpacks the crate does not have them.
    let macros = if Path::new(DERIVE).is_dir() { sources_in(DERIVE) } else { Vec::new() };
    let macros = macros.into_iter().map(|source| Source { path: format!("derive/src/{}", source.path), ..source });
    sources().into_iter().chain(macros).collect()
}

/// The modules with their floors, from the comments of `lib.rs`.
fn floors() -> Vec<(String, u32)> {
    let text = fs::read_to_string(format!("{SRC}/lib.rs")).unwrap();
    let (mut floor, mut out) = (None, Vec::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("// floor ") {
            let (number, words) = rest.split_once(": ").unwrap_or_else(|| panic!("not a floor: {line}"));
            assert!(!words.is_empty());
            assert_eq!(number.parse::<u32>().unwrap(), floor.map_or(0, |floor: u32| floor + 1), "{line}");
            floor = Some(number.parse().unwrap());
        }
        let module = line.trim_start_matches("pub ").strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'));
        if let Some(module) = module.filter(|module| *module != "testing") {
            out.push((module.to_owned(), floor.unwrap_or_else(|| panic!("`{module}` is on no floor"))));
        }
    }
    assert!(out.len() > 10, "{out:?}");
    out
}

/// What `lib.rs` re-exports at the top, with the module it comes from.
fn exported() -> Vec<(String, String)> {
    let text = fs::read_to_string(format!("{SRC}/lib.rs")).unwrap();
    let mut out = Vec::new();
    for line in text.split(';').filter_map(|item| item.trim().strip_prefix("pub use crate::")) {
        let (module, items) = line.split_once("::").unwrap_or_else(|| panic!("not a re-export: {line}"));
        let items = items.trim_matches(['{', '}']).split(',').map(str::trim).filter(|item| !item.is_empty());
        out.extend(items.map(|item| (item.to_owned(), module.to_owned())));
    }
    out
}

/// The modules named by `crate::module` in a line, `crate::{a, b}` included.
fn imports(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut out = Vec::new();
    for after in line.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => out.extend(list.split(',').map(|part| word(part.trim())).filter(|name| !name.is_empty())),
            None => out.push(word(after)),
        }
    }
    out
}

fn fail_if_any(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn imports_only_go_down_the_floors() {
    let floors = floors();
    let exported = exported();
    let floor = |name: &str| {
        let module = exported.iter().find(|(item, _)| item == name).map_or(name, |(_, module)| module);
        floors.iter().find(|(known, _)| known == module).map(|(_, floor)| *floor)
    };
    let mut faults = Vec::new();
    let mut seen = 0;
    for source in sources().iter().filter(|source| source.module() != "lib" && source.module() != "testing") {
        let Some(here) = floor(source.module()) else {
            faults.push(format!("{}: not a module of lib.rs with a floor", source.path));
            continue;
        };
        for (line, text) in source.code() {
            for name in imports(text) {
                seen += 1;
                match floor(&name) {
                    Some(there) if there <= here => {}
                    Some(there) => {
                        faults.push(format!("{}:{line}: floor {here} imports `{name}` of floor {there}", source.path))
                    }
                    None => {
                        faults.push(format!("{}:{line}: `crate::{name}` is not a module with a floor", source.path))
                    }
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were found");
    fail_if_any(&faults);
}

#[test]
fn the_check_itself_sees_what_it_should() {
    assert_eq!(imports("pub use crate::stream::Stream;"), ["stream"]);
    assert_eq!(imports("use crate::{error::Error, time};"), ["error", "time"]);
    assert_eq!(imports("let x = crate::fold::f(crate::Y);"), ["fold", "Y"]);
    let text = "a\n#[cfg(test)]\nmod tests {\n    b\n}\nc\n    #[cfg(feature = \"testing\")]\n    fn d() {\n        e\n    }\nf // g";
    let source = Source { path: "x/y.rs".into(), text: text.into() };
    let kept: Vec<&str> = source.code().iter().map(|(_, line)| line.trim()).collect();
    assert_eq!((source.module(), kept), ("x", vec!["a", "c", "f"]));
}

#[test]
fn test_modules_are_compiled_for_tests_only() {
    let mut found = 0;
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| pair[1].starts_with("mod tests")) {
            assert_eq!(pair[0], "#[cfg(test)]", "{}", source.path);
            found += 1;
        }
    }
    assert!(found > 5, "only {found} test modules were found");
}

#[test]
fn nothing_but_the_testing_flag_leads_to_the_test_kit() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "testing") {
        for (line, text) in source.code() {
            if imports(text).contains(&"testing".to_owned())
                || text.contains("mod testing")
                || text.contains("proptest")
            {
                faults.push(format!("{}:{line}: {}", source.path, text.trim()));
            }
        }
    }
    fail_if_any(&faults);
}

/// Every line of code outside `allowed` that contains one of `words`.
fn banned(words: &[&str], allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for source in all_sources().iter().filter(|source| !allowed(&source.path)) {
        for (line, text) in source.code() {
            if let Some(word) = words.iter().find(|word| text.contains(**word)) {
                faults.push(format!("{}:{line}: `{word}`", source.path));
            }
        }
    }
    faults
}

#[test]
fn only_the_arrow_door_names_arrow() {
    fail_if_any(&banned(&["arrow_", "parquet"], |path| path.starts_with("batch/arrow/")));
    assert!(!banned(&["arrow_"], |_| false).is_empty(), "the word looked for is found nowhere");
}

#[test]
fn only_the_polars_door_names_polars() {
    let words = ["polars::", "polars_"];
    fail_if_any(&banned(&words, |path| path.starts_with("batch/polars/")));
    assert!(words.iter().all(|word| !banned(&[word], |_| false).is_empty()), "a word looked for is found nowhere");
}

#[test]
fn only_the_facade_names_the_metrics_facade() {
    let words = ["metrics::"];
    fail_if_any(&banned(&words, |path| path == "samples/facade.rs"));
    assert!(!banned(&words, |_| false).is_empty(), "the word looked for is found nowhere");
}

#[test]
fn nothing_is_unsafe_or_left_to_do() {
    fail_if_any(&banned(&["unsafe ", "unsafe{", "todo!", "unimplemented!", "TODO", "FIXME"], |_| false));
    let comments: Vec<String> = all_sources()
        .iter()
        .filter(|source| source.text.contains("TODO") || source.text.contains("FIXME"))
        .map(|source| format!("{}: a note on something left to do", source.path))
        .collect();
    fail_if_any(&comments);
}

#[test]
fn no_map_of_random_order_is_in_the_core() {
    // A record may be a `HashMap`: it is only looked up by key.
    fail_if_any(&banned(&["HashMap", "HashSet", "RandomState", "DefaultHasher"], |path| path == "record.rs"));
}

#[test]
fn the_core_reads_no_clock_no_file_and_no_environment() {
    let words =
        ["time::Instant", "SystemTime", "Utc::now", "std::fs", "std::io", "std::net", "std::env", "std::thread"];
    fail_if_any(&banned(&words, |_| false));
}

#[test]
fn sources_are_ascii() {
    let mut faults = Vec::new();
    for source in all_sources() {
        let odd = source.text.lines().enumerate().filter(|(_, line)| !line.is_ascii());
        faults.extend(odd.map(|(at, line)| format!("{}:{}: {line}", source.path, at + 1)));
    }
    fail_if_any(&faults);
}

#[test]
fn files_stay_short() {
    let mut faults = Vec::new();
    for source in all_sources() {
        let lines = source.text.lines().count();
        let reason = LONG.iter().find(|(path, _)| *path == source.path);
        match (lines, reason) {
            (601.., _) => faults.push(format!("{}: {lines} lines, at most 600", source.path)),
            (401.., None) => {
                faults.push(format!("{}: {lines} lines, at most 400 without a reason in LONG", source.path))
            }
            (..=400, Some(_)) => faults.push(format!("{}: {lines} lines, strike it from LONG", source.path)),
            _ => {}
        }
    }
    let known: Vec<String> = all_sources().into_iter().map(|source| source.path).collect();
    faults.extend(
        LONG.iter().filter(|(path, _)| !known.contains(&(*path).to_owned())).map(|(path, _)| format!("{path} is gone")),
    );
    fail_if_any(&faults);
}

fn cards() -> Vec<Source> {
    let is_card =
        |path: &str| path.strip_prefix("features/").is_some_and(|rest| rest != "mod.rs" && !rest.starts_with("parts/"));
    let cards: Vec<Source> = sources().into_iter().filter(|source| is_card(&source.path)).collect();
    assert!(cards.len() >= 11);
    cards
}

/// The sketches: a file of its own each, or the first file of a folder.
fn sketches() -> Vec<Source> {
    let public = ["count_min.rs", "heavy_hitters.rs", "hll/mod.rs", "log_histogram.rs"];
    let sketches: Vec<Source> = sources()
        .into_iter()
        .filter(|source| source.path.strip_prefix("sketches/").is_some_and(|rest| public.contains(&rest)))
        .collect();
    assert_eq!(sketches.len(), public.len());
    sketches
}

#[test]
fn every_aggregate_is_in_the_registry() {
    let registry = fs::read_to_string(format!("{SRC}/features/mod.rs")).unwrap();
    let list = registry.split("const AGGREGATES").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let names: Vec<&str> = skewless::features::names().collect();
    assert_eq!(list.matches("::AGGREGATE,").count(), names.len());
    let mut faults = Vec::new();
    for source in cards() {
        let stem = source.path.trim_start_matches("features/").trim_end_matches(".rs");
        if !list.contains(&format!("&{stem}::AGGREGATE,")) {
            faults.push(format!("{}: not in AGGREGATES", source.path));
        }
        if !names.contains(&stem) || !source.text.contains(&format!("name: \"{stem}\"")) {
            faults.push(format!("{}: the file is not called like its aggregate", source.path));
        }
    }
    assert_eq!(cards().len(), names.len(), "one file an aggregate");
    let table = fs::read_to_string(format!("{SRC}/features/catalogue.md")).unwrap();
    let rows: String = table.lines().filter(|line| line.starts_with("| `")).collect();
    faults.extend(
        names.iter().filter(|name| !rows.contains(&format!("`{name}`"))).map(|name| format!("`{name}` is in no table")),
    );
    fail_if_any(&faults);
}

#[test]
fn every_aggregate_and_every_sketch_opens_with_its_card() {
    let mut faults = Vec::new();
    for source in cards().into_iter().chain(sketches()) {
        let card: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        if !card.first().is_some_and(|line| line.len() > 10 && line.ends_with('.')) {
            faults.push(format!("{}: does not open with a sentence", source.path));
        }
        for row in ["input", "output", "state", "order", "error", "retractable", "source"] {
            let found = card.iter().find(|line| line.starts_with(&format!("//! | {row}")));
            let told = found.and_then(|line| line.split('|').nth(2)).is_some_and(|cell| !cell.trim().is_empty());
            if !told {
                faults.push(format!("{}: no row `{row}` in its card", source.path));
            }
        }
    }
    fail_if_any(&faults);
}
