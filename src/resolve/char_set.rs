//! A set of characters, asked for every character of a text.

/// A bit for each character of the basic plane, and a list of the few beyond it.
#[derive(Debug, Default)]
pub(super) struct CharSet {
    bits: Vec<u64>,
    beyond: Vec<char>,
}

impl CharSet {
    #[inline]
    pub(super) fn contains(&self, c: char) -> bool {
        match self.bits.get(c as usize / 64) {
            Some(bits) => bits >> (c as usize % 64) & 1 == 1,
            None => self.beyond.contains(&c),
        }
    }
}

impl FromIterator<char> for CharSet {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        let mut out = Self { bits: vec![0; 0x1_0000 / 64], beyond: Vec::new() };
        for c in chars {
            match out.bits.get_mut(c as usize / 64) {
                Some(bits) => *bits |= 1 << (c as usize % 64),
                None => out.beyond.push(c),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_put_in_and_nothing_else() {
        let set: CharSet = "王李𠮷".chars().collect();
        assert!(set.contains('王') && set.contains('李') && set.contains('𠮷'));
        assert!(!set.contains('玉') && !set.contains('𠮶') && !CharSet::default().contains('王'));
    }
}
