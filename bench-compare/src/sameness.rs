//! Whether a sketch depends on more than its inputs.

use std::collections::BTreeSet;

use crate::data::ways;
use crate::table;

/// Takes `items` in in thirty ways, and counts the different bytes and the different answers that come out.
///
/// `fold` makes a sketch of each part and merges them in turn.
pub fn of<T: Clone, S>(items: &[T], fold: impl Fn(&[Vec<T>]) -> S, read: impl Fn(S) -> (Vec<u8>, Vec<u64>)) -> String {
    let (mut bytes, mut answers) = (BTreeSet::new(), BTreeSet::new());
    for parts in ways(items) {
        let (encoded, answer) = read(fold(&parts));
        bytes.insert(encoded);
        answers.insert(answer);
    }
    table::sameness(bytes.len(), answers.len())
}
