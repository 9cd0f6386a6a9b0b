//! `like`: `%` is any text, `_` is one character.

/// A pattern, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Char(char),
}

impl Pattern {
    /// `None` if it ends with the escape sign.
    pub(super) fn new(text: &str, escape: Option<char>) -> Option<Self> {
        let mut parts = Vec::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            parts.push(match char {
                sign if Some(sign) == escape => Part::Char(chars.next()?),
                '%' => Part::Any,
                '_' => Part::One,
                other => Part::Char(other),
            });
        }
        Some(Self(parts))
    }

    /// Whether the whole text is of the pattern.
    ///
    /// # Cost
    /// Characters of the text times those of the pattern at worst: of several
    /// `%`, only the last is ever moved.
    pub(super) fn fits(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        // Where the last `%` stands, and up to where it reaches.
        let mut back: Option<(usize, usize)> = None;
        loop {
            let step = match (self.0.get(part), chars.get(at)) {
                (None, None) => return true,
                (Some(Part::Any), _) => {
                    back = Some((part, at));
                    part += 1;
                    continue;
                }
                (Some(Part::One), Some(_)) => true,
                (Some(Part::Char(wanted)), Some(found)) => wanted == found,
                _ => false,
            };
            if step {
                (part, at) = (part + 1, at + 1);
                continue;
            }
            match back {
                Some((any, reached)) if reached < chars.len() => {
                    back = Some((any, reached + 1));
                    (part, at) = (any + 1, reached + 1);
                }
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By definition: the first part, then the rest on every ending.
    fn slow(parts: &[Part], text: &[char]) -> bool {
        match (parts.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some((Part::Any, rest)), _) => (0..=text.len()).any(|n| slow(rest, &text[n..])),
            (Some((Part::One, rest)), Some((_, left))) => slow(rest, left),
            (Some((Part::Char(wanted), rest)), Some((found, left))) => wanted == found && slow(rest, left),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_it_fits_by_definition(pattern in "[ab水%_]{0,8}", text in "[ab水]{0,8}") {
            let pattern = Pattern::new(&pattern, None).unwrap();
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(pattern.fits(&text), slow(&pattern.0, &chars));
        }
    }

    #[test]
    fn an_escaped_sign_is_itself() {
        let fits = |pattern: &str, text: &str| Pattern::new(pattern, Some('\\')).map(|p| p.fits(text));
        assert_eq!(fits("50\\%", "50%"), Some(true));
        assert_eq!(fits("50\\%", "500"), Some(false));
        assert_eq!(fits("50\\", "50"), None);
    }
}
