//! The words of saying: what introduces reported speech, and what its sentences
//! look like around it.

use std::collections::BTreeMap;

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

/// The words of one kind.
struct List {
    words: Vec<String>,
    /// Finds them where they begin.
    beginnings: Words<()>,
    /// What they begin with.
    firsts: CharSet,
    /// Finds them where a text ends.
    endings: Endings<()>,
}

impl List {
    fn new(words: Vec<String>) -> Self {
        let beginnings = Words::of(&words);
        let firsts = words.iter().filter_map(|word| word.chars().next()).collect();
        let endings = Endings::new(words.iter().map(|word| (word, ())));
        Self { words, beginnings, firsts, endings }
    }

    /// Where words end that stand in a text: of those that begin together the longest.
    fn ends<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let starts = text.char_indices().filter(|(_, c)| self.firsts.contains(*c)).map(|(at, _)| at);
        starts.filter_map(|at| self.beginnings.longest(text.get(at..)?).map(|((), bytes)| at + bytes))
    }
}

/// The words of saying, ready to be found.
pub(super) struct Saying {
    verbs: Words<SayingKind>,
    edges: Words<SayingKind>,
    lists: BTreeMap<SayingKind, List>,
    /// Persons by name, and the words that stand for them by their numbers.
    persons: Vec<String>,
    aliases: Words<usize>,
    /// What the names of persons begin with.
    persons_firsts: CharSet,
}

impl Saying {
    pub(super) fn new(words: Vec<SayingWords>, aliases: Vec<Alias>) -> Self {
        // Of two entries for a word the last holds.
        let of = |wanted: fn(SayingKind) -> bool| {
            let all: BTreeMap<&str, SayingKind> = words.iter().filter(|g| wanted(g.kind)).flat_map(|g| g.words.iter().map(|w| (w.as_str(), g.kind))).collect();
            Words::new(all)
        };
        let (verbs, edges) = (of(SayingKind::is_of_saying), of(SayingKind::is_edge));
        let mut listed: BTreeMap<SayingKind, Vec<String>> = BTreeMap::new();
        for group in words {
            listed.entry(group.kind).or_default().extend(group.words);
        }
        let lists = listed.into_iter().map(|(kind, words)| (kind, List::new(words))).collect();
        // Whoever no word stands for is not known by name here.
        let (persons, words): (Vec<String>, Vec<Vec<String>>) = aliases.into_iter().filter(|a| !a.words.is_empty()).map(|a| (a.of, a.words)).unzip();
        let aliases = Words::new((0..).zip(words).flat_map(|(number, words)| words.into_iter().map(move |word| (word, number))));
        let persons_firsts = persons.iter().filter_map(|name| name.chars().next()).collect();
        Self { verbs, edges, lists, persons, aliases, persons_firsts }
    }

    /// The words of saying, or those that only look like them.
    pub(super) fn words(&self, say_nothing: bool) -> impl Iterator<Item = &str> {
        let wanted = move |kind: SayingKind| kind.is_of_saying() && (kind == SayingKind::None) == say_nothing;
        self.lists.iter().filter(move |(kind, _)| wanted(**kind)).flat_map(|(_, list)| &list.words).map(String::as_str)
    }

    /// The words at which a subject may end or begin, and the nouns that hold one.
    pub(super) fn edge_words(&self) -> impl Iterator<Item = String> {
        self.edges.iter().map(|(word, _)| word)
    }

    /// Words of saying, in order. They, and what only looks like one, can begin
    /// only at the bytes `starts`.
    pub(super) fn verbs(&self, text: &str, starts: impl Iterator<Item = usize>) -> impl Iterator<Item = Hit> {
        self.verbs.leftmost(text, starts).filter(|(kind, _)| *kind != SayingKind::None).map(|(kind, span)| Hit { kind, span })
    }

    /// Where a subject may end or begin, if it can at the bytes `starts`.
    pub(super) fn edges(&self, text: &str, starts: impl Iterator<Item = usize>) -> impl Iterator<Item = Hit> {
        self.edges.leftmost(text, starts).filter(|(kind, _)| *kind != SayingKind::Noun).map(|(kind, span)| Hit { kind, span })
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
        self.lists.get(&kind).is_some_and(|list| list.ends(text).next().is_some())
    }

    /// Where the last word of this kind ends in the text.
    pub(super) fn last_end(&self, kind: SayingKind, text: &str) -> Option<usize> {
        self.lists.get(&kind)?.ends(text).max()
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
