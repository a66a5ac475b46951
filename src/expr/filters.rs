//! All filters of a definition at once.

use super::Predicate;
use super::filter::Op;
use crate::value::{Value, ValueRef};

/// The filters of a definition, arranged so that asking them all of one event looks at little.
///
/// Nearly every filter compares a column of text with a literal, and several compare the same column with different
/// ones, of which a text can equal but one.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    /// The bits of the filters that every event passes.
    always: u64,
    /// By column place, literals and the bits of the filters that compare with them.
    texts: Vec<(usize, Literals)>,
    others: Vec<(Predicate, u64)>,
}

/// Texts, and the bits of the filters that compare with each.
type Literals = Vec<(Box<str>, u64)>;

impl Filters {
    /// Arranges filters; bit `i` of a mask is that of filter `i`.
    pub(crate) fn new(filters: &[Predicate]) -> Self {
        let mut all = Self::default();
        for (at, filter) in filters.iter().enumerate() {
            let bit = 1 << at;
            match filter {
                Predicate::Always => all.always |= bit,
                Predicate::Compare(column, Op::Eq, Value::Str(text)) => all.add(*column, text, bit),
                other => all.others.push((other.clone(), bit)),
            }
        }
        all
    }

    fn add(&mut self, column: usize, text: &str, bit: u64) {
        let known = self.texts.iter().position(|(known, _)| *known == column);
        let at = known.unwrap_or_else(|| {
            self.texts.push((column, Vec::new()));
            self.texts.len() - 1
        });
        let literals = &mut self.texts[at].1;
        match literals.iter_mut().find(|(literal, _)| **literal == *text) {
            Some((_, bits)) => *bits |= bit,
            None => literals.push((text.into(), bit)),
        }
    }

    /// The bits of the filters that an event passes.
    #[inline]
    pub(crate) fn ask(&self, cells: &[ValueRef<'_>]) -> u64 {
        let mut mask = self.always;
        for (column, literals) in &self.texts {
            if let Some(ValueRef::Str(found)) = cells.get(*column) {
                // Texts of different lengths are told apart without looking at them.
                let equal = literals.iter().find(|(literal, _)| **literal == **found);
                mask |= equal.map_or(0, |(_, bits)| *bits);
            }
        }
        for (filter, bit) in &self.others {
            mask |= if filter.passes(cells) { *bit } else { 0 };
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_asked_at_once_say_what_each_says_alone() {
        let text = |column, op, text: &str| Predicate::Compare(column, op, Value::from(text));
        let filters = [
            text(0, Op::Eq, "view"),
            Predicate::Always,
            text(1, Op::Eq, "view"),
            text(0, Op::Eq, "click"),
            text(0, Op::Ne, "click"),
            text(0, Op::Eq, "view"),
            Predicate::Compare(1, Op::Eq, Value::I64(3)),
            Predicate::Not(Box::new(text(0, Op::Eq, "views"))),
        ];
        let cells =
            [ValueRef::Null, ValueRef::I64(3), ValueRef::Str("view"), ValueRef::Str("click"), ValueRef::Str("")];
        let all = Filters::new(&filters);
        for a in cells {
            for b in cells {
                let alone = filters.iter().enumerate().map(|(at, filter)| u64::from(filter.passes(&[a, b])) << at);
                assert_eq!(all.ask(&[a, b]), alone.sum::<u64>(), "{a} {b}");
            }
        }
    }
}
