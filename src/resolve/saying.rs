//! The words of saying: what introduces reported speech, and what its sentences
//! look like around it.

use std::collections::BTreeMap;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use serde::Deserialize;

use super::char_set::CharSet;
use super::endings::Endings;
use super::words::Words;
use crate::diagnostic::Span;

/// What a word does in a sentence that reports.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(super) enum SayingKind {
    /// A verb whose nominal object is content enough.
    Object,
    /// A verb with its content after a mark.
    Mark,
    /// A verb with a mark or a modal verb after it.
    Clause,
    /// A verb that may give an attitude only.
    Stance,
    /// A verb that is a noun too.
    Urge,
    /// A person's word to persons.
    Encourage,
    /// A verb that does what it says.
    Announce,
    /// A message, with its content after a mark.
    Message,
    /// Says nothing.
    None,
    /// What a subject does before it speaks.
    Deed,
    /// How and when.
    Adverb,
    /// Begins a phrase that is no subject.
    Preposition,
    /// Ends the phrase of a preposition.
    End,
    /// A noun that holds one of these words.
    Noun,
    /// Begins a sentence that goes on.
    On,
    /// Begins a sentence of the text itself.
    Off,
    /// Ends the first clause of a sentence of the text itself.
    Told,
    /// Begins a sentence of when.
    Time,
    /// Begins what a programme shows after a speech.
    Show,
    /// Tells who was there.
    Attended,
    /// What ought to be, what follows from what.
    Argue,
    /// After it a verb of saying is a noun.
    Nominal,
    /// An attitude.
    Attitude,
    /// A result that only the speaker can claim.
    Claim,
    /// Ends the name of a body.
    Body,
    /// Ends the words for unnamed persons.
    People,
    /// A trade, after which the name of its person begins.
    Trade,
}

impl SayingKind {
    const fn is_of_saying(self) -> bool {
        matches!(self, Self::Object | Self::Mark | Self::Clause | Self::Stance | Self::Urge | Self::Encourage | Self::Announce | Self::Message | Self::None)
    }

    const fn is_edge(self) -> bool {
        matches!(self, Self::Deed | Self::Adverb | Self::Preposition | Self::End | Self::Noun)
    }
}

/// Words of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SayingWords {
    kind: SayingKind,
    words: Vec<String>,
}

/// Words that stand for one person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alias {
    of: String,
    words: Vec<String>,
}

/// A case of the words of saying: a paragraph and what each of its sentences is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceCase {
    /// The paragraph.
    pub text: String,
    /// For each sentence `narrated`, its speaker (`?` for none), or `…` and its
    /// speaker where it goes on.
    pub voices: Vec<String>,
}

/// A word found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub kind: SayingKind,
    pub span: Span,
}

struct Finder {
    kinds: Vec<SayingKind>,
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
}

impl Finder {
    fn new<'w>(words: impl Iterator<Item = (&'w str, SayingKind)>) -> Result<Self, String> {
        let all: BTreeMap<&str, SayingKind> = words.collect();
        let kinds = all.values().copied().collect();
        let patterns: Vec<(&str, u32)> = if all.is_empty() { vec![("\u{0}", 0)] } else { all.into_keys().zip(0..).collect() };
        let automaton =
            CharwiseDoubleArrayAhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build_with_values(patterns).map_err(|e| e.to_string())?;
        Ok(Self { kinds, automaton })
    }

    fn hits<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Hit> + 't {
        self.automaton.leftmost_find_iter(text).filter_map(|m| {
            let kind = usize::try_from(m.value()).ok().and_then(|i| self.kinds.get(i))?;
            Some(Hit { kind: *kind, span: Span::new(m.start(), m.end()) })
        })
    }
}

/// The words of one kind.
struct List {
    words: Vec<String>,
    /// Finds them where a text begins and ends.
    beginnings: Words<()>,
    endings: Endings<()>,
    /// Finds them inside a text.
    anywhere: CharwiseDoubleArrayAhoCorasick<u32>,
}

impl List {
    fn new(words: Vec<String>) -> Result<Self, String> {
        let distinct: std::collections::BTreeSet<&str> = words.iter().map(String::as_str).collect();
        let anywhere = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(distinct.into_iter().zip(0..)).map_err(|e| e.to_string())?;
        let beginnings = Words::of(&words);
        let endings = Endings::new(words.iter().map(|word| (word, ())));
        Ok(Self { words, beginnings, endings, anywhere })
    }
}

/// The words of saying, ready to be found.
pub(super) struct Saying {
    verbs: Finder,
    edges: Finder,
    lists: BTreeMap<SayingKind, List>,
    /// Persons by name, and the words that stand for them by their numbers.
    persons: Vec<String>,
    aliases: Words<usize>,
    /// What the names of persons begin with.
    persons_firsts: CharSet,
}

impl Saying {
    pub(super) fn new(words: Vec<SayingWords>, aliases: Vec<Alias>) -> Result<Self, String> {
        let each = || words.iter().flat_map(|g| g.words.iter().map(|w| (w.as_str(), g.kind)));
        let verbs = Finder::new(each().filter(|(_, kind)| kind.is_of_saying()))?;
        let edges = Finder::new(each().filter(|(_, kind)| kind.is_edge()))?;
        let mut listed: BTreeMap<SayingKind, Vec<String>> = BTreeMap::new();
        for group in words {
            listed.entry(group.kind).or_default().extend(group.words);
        }
        let lists = listed.into_iter().map(|(kind, words)| Ok((kind, List::new(words)?))).collect::<Result<_, String>>()?;
        // Whoever no word stands for is not known by name here.
        let (persons, words): (Vec<String>, Vec<Vec<String>>) = aliases.into_iter().filter(|a| !a.words.is_empty()).map(|a| (a.of, a.words)).unzip();
        let aliases = Words::new((0..).zip(words).flat_map(|(number, words)| words.into_iter().map(move |word| (word, number))));
        let persons_firsts = persons.iter().filter_map(|name| name.chars().next()).collect();
        Ok(Self { verbs, edges, lists, persons, aliases, persons_firsts })
    }

    /// The words of saying.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().filter(|(kind, _)| kind.is_of_saying() && **kind != SayingKind::None).flat_map(|(_, list)| &list.words).map(String::as_str)
    }

    /// Words of saying and those that only look like them, in order.
    pub(super) fn verbs<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Hit> + 't {
        self.verbs.hits(text).filter(|h| h.kind != SayingKind::None)
    }

    /// Where a subject may end or begin.
    pub(super) fn edges(&self, text: &str) -> Vec<Hit> {
        self.edges.hits(text).filter(|h| h.kind != SayingKind::Noun).collect()
    }

    /// The text begins with a word of this kind.
    pub(super) fn begins(&self, kind: SayingKind, text: &str) -> bool {
        self.lists.get(&kind).is_some_and(|list| list.beginnings.longest(text).is_some())
    }

    /// The text ends with a word of this kind.
    pub(super) fn ends(&self, kind: SayingKind, text: &str) -> bool {
        self.lists.get(&kind).is_some_and(|list| list.endings.of(text).next().is_some())
    }

    /// The text holds a word of this kind.
    pub(super) fn holds(&self, kind: SayingKind, text: &str) -> bool {
        self.lists.get(&kind).is_some_and(|list| list.anywhere.find_overlapping_iter(text).next().is_some())
    }

    /// Where the last word of this kind ends in the text.
    pub(super) fn last_end(&self, kind: SayingKind, text: &str) -> Option<usize> {
        self.lists.get(&kind)?.anywhere.find_overlapping_iter(text).last().map(|found| found.end())
    }

    /// The person for whom this word stands.
    pub(super) fn alias(&self, word: &str) -> Option<&str> {
        let number = self.aliases.find(word, |number, bytes| (bytes == word.len()).then_some(number))?;
        self.persons.get(number).map(String::as_str)
    }

    /// The person with whose full name this phrase begins.
    pub(super) fn known_person(&self, phrase: &str) -> Option<&str> {
        if !phrase.starts_with(|c| self.persons_firsts.contains(c)) {
            return None;
        }
        self.persons.iter().map(String::as_str).find(|name| phrase.starts_with(name))
    }
}
