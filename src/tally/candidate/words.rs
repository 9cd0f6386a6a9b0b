//! The words that bound phrases: data of the language, in `pipelines/phrases/`.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::diagnostic::{DataFile, Diagnostic};
use crate::resolve::builtin_files;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    not_first: String,
    not_last: String,
    not_at_edge: Vec<String>,
    light: Vec<String>,
    counting: String,
    case: Vec<PhraseCase>,
}

/// A case of the word lists: what they say of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PhraseCase {
    /// The text.
    pub text: String,
    /// Whether it begins as no phrase does.
    pub begins: bool,
    /// Whether it ends as no phrase does.
    pub ends: bool,
    /// Whether it is made of light words alone.
    pub light: bool,
    /// Whether it is made of numerals and measures alone.
    pub counting: bool,
    /// What is left without the light words before it; empty: all of it.
    pub core: String,
}

/// The word lists.
#[derive(Debug, Default)]
pub struct PhraseWords {
    not_first: BTreeSet<char>,
    not_last: BTreeSet<char>,
    not_at_edge: Vec<String>,
    /// Longest first.
    light: Vec<String>,
    counting: BTreeSet<char>,
    cases: Vec<PhraseCase>,
    /// BLAKE3 over all files, as hex.
    pub hash: String,
}

impl PhraseWords {
    /// Reads the lists.
    ///
    /// # Errors
    /// The first file that cannot be read.
    pub fn new(files: &[DataFile]) -> Result<Self, Box<Diagnostic>> {
        let mut out = Self::default();
        let mut hasher = blake3::Hasher::new();
        for file in files.iter().filter(|f| f.path.extension().is_some_and(|e| e == "toml")) {
            hasher.update(file.text.as_bytes()).update(b"\0");
            let read: Written = toml::from_str(&file.text).map_err(|e| Box::new(file.toml_fault(&e)))?;
            let chars = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<Vec<_>>();
            out.not_first.extend(chars(&read.not_first));
            out.not_last.extend(chars(&read.not_last));
            out.counting.extend(chars(&read.counting));
            out.not_at_edge.extend(read.not_at_edge);
            out.light.extend(read.light);
            out.cases.extend(read.case);
        }
        out.light.sort_by_key(|word| std::cmp::Reverse(word.len()));
        out.hash = hasher.finalize().to_hex().to_string();
        Ok(out)
    }

    /// The lists that tifa was built with.
    ///
    /// # Panics
    /// Never in a build whose tests passed: they read these files.
    #[must_use]
    pub fn builtin() -> Self {
        match Self::new(&builtin_files("phrases")) {
            Ok(words) => words,
            Err(fault) => unreachable!("the built-in words are checked by the tests: {fault}"),
        }
    }

    /// Whether a phrase may begin with this character only if it always does.
    pub(super) fn is_loose_start(&self, phrase: &str) -> bool {
        phrase.chars().next().is_some_and(|c| self.not_first.contains(&c))
    }

    /// Whether a phrase may end with this character only if it always does.
    pub(super) fn is_loose_end(&self, phrase: &str) -> bool {
        phrase.chars().next_back().is_some_and(|c| self.not_last.contains(&c))
    }

    /// Whether a word that belongs to no phrase stands at its beginning or end.
    pub(super) fn has_foreign_edge(&self, phrase: &str) -> bool {
        self.not_at_edge.iter().any(|word| phrase.starts_with(word.as_str()) || phrase.ends_with(word.as_str()))
    }

    /// Whether at most one character is left when light words are taken out.
    pub(super) fn is_light(&self, phrase: &str) -> bool {
        // The fewest characters left over in each beginning of the phrase.
        let chars: Vec<char> = phrase.chars().collect();
        let mut left = vec![0_usize];
        for end in 1..=chars.len() {
            let mut best = left.get(end - 1).copied().unwrap_or(0) + 1;
            for word in &self.light {
                let length = word.chars().count();
                let ends = chars.get(..end).is_some_and(|c| c.iter().rev().zip(word.chars().rev()).filter(|(a, b)| **a == *b).count() == length);
                if let Some(before) = end.checked_sub(length).filter(|_| ends).and_then(|at| left.get(at)) {
                    best = best.min(*before);
                }
            }
            left.push(best);
        }
        left.last().is_some_and(|rest| *rest <= 1)
    }

    /// Whether it is made of numerals and measures but for one character.
    pub(super) fn is_counting(&self, phrase: &str) -> bool {
        phrase.chars().filter(|c| !self.counting.contains(c)).count() <= 1
    }

    /// The phrase without the light words before it.
    pub(super) fn core<'p>(&self, phrase: &'p str) -> &'p str {
        let mut core = phrase;
        while let Some(rest) = self.light.iter().find_map(|word| core.strip_prefix(word.as_str())).filter(|rest| !rest.is_empty()) {
            core = rest;
        }
        core
    }

    /// The number of cases that the files carry.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// The cases that do not hold, each with what was found instead.
    #[must_use]
    pub fn failing_cases(&self) -> Vec<(PhraseCase, PhraseCase)> {
        let found = |case: &PhraseCase| {
            let text = case.text.as_str();
            let core = self.core(text);
            let at_edge = |holds: fn(&str, &str) -> bool| self.not_at_edge.iter().any(|word| holds(text, word));
            PhraseCase {
                text: case.text.clone(),
                begins: self.is_loose_start(text) || at_edge(|text, word| text.starts_with(word)),
                ends: self.is_loose_end(text) || at_edge(|text, word| text.ends_with(word)),
                light: self.is_light(text),
                counting: self.is_counting(text),
                core: if case.core.is_empty() { String::new() } else { core.to_owned() },
            }
        };
        self.cases.iter().map(|case| (case.clone(), found(case))).filter(|(case, found)| case != found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_of_the_words_holds() {
        let words = PhraseWords::builtin();
        assert!(words.cases() >= 8);
        assert!(words.failing_cases().is_empty(), "{:?}", words.failing_cases());
    }

    #[test]
    fn light_words_are_taken_out_in_any_order_and_one_character_may_be_left() {
        let words = PhraseWords { light: vec!["大力".into(), "推进".into(), "力推".into()], ..PhraseWords::default() };
        assert!(words.is_light("大力推进") && words.is_light("要大力推进") && words.is_light("推进大力"));
        assert!(!words.is_light("推进改革") && !words.is_light("大大"));
        assert_eq!(words.core("大力推进改革"), "改革");
        assert_eq!(words.core("大力推进"), "推进");
    }
}
