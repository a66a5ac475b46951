//! Texts by small numbers, so that a pass looks at each text once.

use xxhash_rust::xxh3::xxh3_64;

/// The code of no text.
pub(crate) const NO_TEXT: u32 = u32::MAX;

/// Up to so many bytes, a text's two ends and its length are all of it.
const SHORT: usize = 16;

/// Distinct texts, numbered in order of first appearance.
///
/// A table of its own rather than a library's, because most of its texts are short enough to be compared in the slot
/// itself: a look-up is one place in memory. In memory only: nothing stored depends on the numbers or on the hash.
#[derive(Debug, Default)]
pub(crate) struct Dictionary<'a> {
    texts: Vec<&'a str>,
    /// A power of two of them, at most three quarters full; a text is in the first that is free from its hash on.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    ends: Ends,
    length: u32,
    /// [`NO_TEXT`] where it is free.
    code: u32,
}

/// The first and the last bytes of a text.
type Ends = (u64, u64);

/// Either the code of a text, or the slot it belongs in.
enum Place {
    Known(u32),
    Free(usize),
}

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
    #[inline(always)]
    pub(crate) fn code(&mut self, text: &'a str) -> u32 {
        let probe = Probe::of(text);
        match self.place(&probe) {
            Place::Known(code) => code,
            Place::Free(slot) => self.add(&probe, slot, text),
        }
    }

    /// The code of `text`, or [`NO_TEXT`].
    #[inline]
    pub(crate) fn find(&self, text: &str) -> u32 {
        match self.place(&Probe::of(text)) {
            Place::Known(code) => code,
            Place::Free(_) => NO_TEXT,
        }
    }

    #[inline(always)]
    fn place(&self, probe: &Probe<'_>) -> Place {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = probe.hash as usize & mask;
        // There is always a free slot; without any slots the first look ends it.
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.code != NO_TEXT) {
            if probe.is(slot, &self.texts) {
                return Place::Known(slot.code);
            }
            at = (at + 1) & mask;
        }
        Place::Free(at)
    }

    #[inline(never)]
    fn add(&mut self, probe: &Probe<'_>, mut at: usize, text: &'a str) -> u32 {
        let code = self.texts.len() as u32;
        self.texts.push(text);
        if 4 * self.texts.len() > 3 * self.slots.len() {
            self.grow();
            if let Place::Free(free) = self.place(probe) {
                at = free;
            }
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot { ends: probe.ends, length: probe.length, code };
        }
        code
    }

    /// Doubles the slots.
    fn grow(&mut self) {
        let free = Slot { ends: (0, 0), length: 0, code: NO_TEXT };
        let size = (2 * self.slots.len()).max(16);
        let old = std::mem::replace(&mut self.slots, vec![free; size]);
        for slot in old.into_iter().filter(|slot| slot.code != NO_TEXT) {
            let mut at = slot_hash(&slot, &self.texts) as usize & (size - 1);
            while self.slots.get(at).is_some_and(|other| other.code != NO_TEXT) {
                at = (at + 1) & (size - 1);
            }
            if let Some(free) = self.slots.get_mut(at) {
                *free = slot;
            }
        }
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
