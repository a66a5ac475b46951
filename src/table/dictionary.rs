//! Texts by small numbers, so that a pass looks at each text once.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// The code of no text.
pub(crate) const NO_TEXT: u32 = u32::MAX;

/// Up to so many bytes, a text's two ends and its length are all of it.
const SHORT: usize = 16;

/// Distinct texts, numbered in order of first appearance.
///
/// In memory only: nothing stored depends on the numbers or on the hash.
#[derive(Debug, Default)]
pub(crate) struct Dictionary<'a> {
    texts: Vec<&'a str>,
    table: HashTable<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    ends: Ends,
    length: u32,
    code: u32,
}

/// The first and the last bytes of a text.
type Ends = (u64, u64);

impl<'a> Dictionary<'a> {
    /// The texts by code.
    pub(crate) fn texts(&self) -> &[&'a str] {
        &self.texts
    }

    /// The texts by code, the rest let go.
    pub(crate) fn into_texts(self) -> Vec<&'a str> {
        self.texts
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The code of `text`, a new one if it was not seen before.
    #[inline]
    pub(crate) fn code(&mut self, text: &'a str) -> u32 {
        let probe = Probe::of(text);
        match self.table.find(probe.hash, |slot| probe.is(slot, &self.texts)) {
            Some(slot) => slot.code,
            None => self.add(&probe, text),
        }
    }

    #[inline(never)]
    fn add(&mut self, probe: &Probe<'_>, text: &'a str) -> u32 {
        let (texts, code) = (&self.texts, self.texts.len() as u32);
        let slot = Slot { ends: probe.ends, length: probe.length, code };
        self.table.insert_unique(probe.hash, slot, |slot| slot_hash(slot, texts));
        self.texts.push(text);
        code
    }

    /// The code of `text`, or [`NO_TEXT`].
    #[inline]
    pub(crate) fn find(&self, text: &str) -> u32 {
        let probe = Probe::of(text);
        self.table.find(probe.hash, |slot| probe.is(slot, &self.texts)).map_or(NO_TEXT, |slot| slot.code)
    }
}

/// A text to look for.
struct Probe<'t> {
    text: &'t str,
    ends: Ends,
    length: u32,
    hash: u64,
}

impl<'t> Probe<'t> {
    #[inline(always)]
    fn of(text: &'t str) -> Self {
        let (ends, length) = (ends(text.as_bytes()), u32::try_from(text.len()).unwrap_or(u32::MAX));
        let hash = if text.len() <= SHORT { mix(ends, length) } else { xxh3_64(text.as_bytes()) };
        Self { text, ends, length, hash }
    }

    #[inline(always)]
    fn is(&self, slot: &Slot, texts: &[&str]) -> bool {
        slot.ends == self.ends
            && slot.length == self.length
            && (self.text.len() <= SHORT || texts.get(slot.code as usize) == Some(&self.text))
    }
}

#[inline]
fn slot_hash(slot: &Slot, texts: &[&str]) -> u64 {
    if slot.length as usize <= SHORT {
        return mix(slot.ends, slot.length);
    }
    texts.get(slot.code as usize).map_or(0, |text| Probe::of(text).hash)
}

/// All of a text of up to [`SHORT`] bytes, its length known; of a longer one its first and last eight.
#[inline]
fn ends(text: &[u8]) -> Ends {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)), 0)
    } else {
        let at = |i: usize| text.get(i).copied().map_or(0, u64::from);
        (at(0) << 16 | at(1) << 8 | at(2), 0)
    }
}

/// One multiplication, both halves of which are kept.
#[inline]
fn mix((first, last): Ends, length: u32) -> u64 {
    let a = first ^ 0x9e37_79b9_7f4a_7c15;
    let b = last.rotate_left(32) ^ u64::from(length).wrapping_mul(0xe703_7ed1_a0b4_28db) ^ 0xa076_1d64_78bd_642f;
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_keep_their_codes() {
        let texts: Vec<String> = (0..40)
            .flat_map(|length| ["a", "b", "\0"].map(|letter| letter.repeat(length)))
            .chain((0..200).map(|n| format!("a text of more than sixteen bytes, {n:04}, and the same end")))
            .collect();
        let mut dictionary = Dictionary::default();
        let codes: Vec<u32> = texts.iter().map(|text| dictionary.code(text)).collect();
        for (text, code) in texts.iter().zip(&codes) {
            assert_eq!(dictionary.find(text), *code);
            assert_eq!(dictionary.texts()[*code as usize], text.as_str());
        }
        let mut distinct = texts.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(dictionary.len(), distinct.len());
        assert_eq!(dictionary.find("nobody"), NO_TEXT);
    }

    #[test]
    fn short_texts_that_differ_only_in_the_middle_are_told_apart() {
        let texts = ["abc", "acc", "abcd", "abd", "abcdefgh", "abcdxfgh", "abcdefgh1", "abcdefgh12345678", "ab", "a"];
        let mut dictionary = Dictionary::default();
        let codes: Vec<u32> = texts.iter().map(|text| dictionary.code(text)).collect();
        assert_eq!(codes, (0..texts.len() as u32).collect::<Vec<_>>());
    }
}
