//! A set of characters of the basic plane, asked for every character of a text.

/// A bit for each character; what lies beyond the basic plane is never in it.
#[derive(Debug, Default)]
pub(super) struct CharSet {
    bits: Vec<u64>,
}

impl CharSet {
    pub(super) fn contains(&self, c: char) -> bool {
        self.bits.get(c as usize / 64).is_some_and(|bits| bits >> (c as usize % 64) & 1 == 1)
    }
}

impl FromIterator<char> for CharSet {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        let mut bits = vec![0_u64; 0x1_0000 / 64];
        for c in chars {
            if let Some(word) = bits.get_mut(c as usize / 64) {
                *word |= 1 << (c as usize % 64);
            }
        }
        Self { bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_put_in_and_nothing_else() {
        let set: CharSet = "王李𠮷".chars().collect();
        assert!(set.contains('王') && set.contains('李'));
        assert!(!set.contains('玉') && !set.contains('𠮷') && !CharSet::default().contains('王'));
    }
}
