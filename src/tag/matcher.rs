//! The words of a lexicon as one automaton, and the rule that decides which of
//! their occurrences count.
//!
//! In: terms, patterns and exclusions that [`Lexicon::new`](super::Lexicon::new)
//! has checked. Out: occurrences in a text. The text is read once; no part of it
//! is looked at again but the few characters between the parts of a pattern.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use crate::diagnostic::Span;

/// The sign between the two parts of a pattern.
pub(super) const GAP_SIGN: char = '…';

/// Characters that a gap does not go over: whatever ends a sentence or a clause
/// that stands by itself, and the end of a paragraph.
pub(super) const STOPS: [char; 10] = ['。', '！', '？', '；', '｡', '!', '?', ';', '\n', '\r'];

/// A term or pattern as the matcher takes it.
pub(super) struct Entry<'l> {
    /// The term, or the pattern's two parts.
    pub words: (&'l str, Option<&'l str>),
    /// The most characters between the parts.
    pub gap: u32,
    /// Number of its theme.
    pub theme: usize,
    /// Whether it counts inside longer ones.
    pub nested: bool,
}

/// A term that stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Bytes of the text; of a pattern, from its first part to its second.
    pub span: Span,
    /// Number of the term in the lexicon.
    pub term: usize,
    /// Whether it counts, by the rule of the stage.
    pub counts: bool,
}

/// What a word of the automaton is there for.
#[derive(Clone, Copy)]
enum Use {
    /// It is the term with this number.
    Term(u32),
    /// It is a part of the pattern with this number.
    Part { term: u32, second: bool },
    /// What lies in it is not there for this theme.
    Excluded { theme: u32 },
}

#[derive(Clone, Copy)]
struct Rule {
    theme: u32,
    gap: Option<u32>,
    nested: bool,
}

pub(super) struct Matcher {
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    /// By word.
    uses: Vec<Vec<Use>>,
    /// By term.
    rules: Vec<Rule>,
    /// Most bytes of an occurrence.
    longest: usize,
}

/// An occurrence with what it covers.
#[derive(Clone, Copy)]
struct Found {
    span: Span,
    /// Bytes between the parts of a pattern, which it does not cover.
    hole: Span,
    term: u32,
}

impl Found {
    const fn covered_bytes(&self) -> usize {
        (self.span.end - self.span.start) - (self.hole.end - self.hole.start)
    }

    /// Whether all that `other` covers, this one covers too.
    fn covers(&self, other: &Self) -> bool {
        let touches = |start: usize, end: usize| self.hole.start < self.hole.end && start < self.hole.end && self.hole.start < end;
        self.span.contains(other.span)
            && if other.hole.start == other.hole.end {
                !touches(other.span.start, other.span.end)
            } else {
                !touches(other.span.start, other.hole.start) && !touches(other.hole.end, other.span.end)
            }
    }
}

impl Matcher {
    /// `excluded`: strings, and the theme whose terms are not there inside them.
    pub(super) fn new(entries: &[Entry<'_>], excluded: &[(&str, usize)]) -> Result<Option<Self>, String> {
        let mut words: BTreeMap<&str, Vec<Use>> = BTreeMap::new();
        let mut rules = Vec::new();
        let mut longest = 0;
        for (entry, number) in entries.iter().zip(0_u32..) {
            let (first, second) = entry.words;
            let mut bytes = first.len();
            if let Some(second) = second {
                words.entry(first).or_default().push(Use::Part { term: number, second: false });
                words.entry(second).or_default().push(Use::Part { term: number, second: true });
                bytes += second.len() + most_bytes(entry.gap);
            } else {
                words.entry(first).or_default().push(Use::Term(number));
            }
            longest = longest.max(bytes);
            rules.push(Rule { theme: small(entry.theme), gap: second.map(|_| entry.gap), nested: entry.nested });
        }
        for (text, theme) in excluded {
            words.entry(text).or_default().push(Use::Excluded { theme: small(*theme) });
        }
        if words.is_empty() {
            return Ok(None);
        }
        let automaton = CharwiseDoubleArrayAhoCorasick::with_values(words.keys().copied().zip(0_u32..)).map_err(|e| e.to_string())?;
        Ok(Some(Self { automaton, uses: words.into_values().collect(), rules, longest }))
    }

    /// All occurrences that are there, by position, each with whether it counts.
    ///
    /// # Cost
    /// One scan of the text, a sort of what it finds, and a comparison of each
    /// occurrence with those that begin within the length of the longest one.
    pub(super) fn occurrences(&self, text: &str) -> Vec<Occurrence> {
        let mut all = self.found(text);
        // The longer of two that begin together comes first, so that whatever
        // contains an occurrence stands before it.
        all.sort_unstable_by_key(|found| (found.span.start, Reverse(found.span.end), found.term));
        let mut last_end: BTreeMap<u32, usize> = BTreeMap::new();
        let mut out = Vec::with_capacity(all.len());
        for (number, found) in all.iter().enumerate() {
            let mut counts = self.rule(found.term).nested || !self.inside_another(&all, number, found);
            if counts {
                let end = last_end.entry(found.term).or_default();
                counts = found.span.start >= *end;
                if counts {
                    *end = found.span.end;
                }
            }
            out.push(Occurrence { span: found.span, term: found.term as usize, counts });
        }
        out
    }

    fn rule(&self, term: u32) -> Rule {
        self.rules.get(term as usize).copied().unwrap_or(Rule { theme: 0, gap: None, nested: false })
    }

    /// Whether another occurrence covers all that this one covers, and more.
    fn inside_another(&self, all: &[Found], number: usize, found: &Found) -> bool {
        let takes = |other: &Found| {
            other.covers(found) && {
                let (mine, others) = (found.covered_bytes(), other.covered_bytes());
                // Two that cover the same: the term goes before the pattern, then the order of the lexicon decides.
                let order = |f: &Found| (self.rule(f.term).gap.is_some(), f.term);
                mine < others || (mine == others && order(other) < order(found))
            }
        };
        let (before, from) = all.split_at_checked(number).unwrap_or((all, &[]));
        before.iter().rev().take_while(|other| other.span.start + self.longest >= found.span.end).any(takes)
            || from.iter().skip(1).take_while(|other| other.span == found.span).any(takes)
    }

    /// Terms and patterns that stand in the text, without the rule.
    fn found(&self, text: &str) -> Vec<Found> {
        let mut matches: Vec<(Span, u32)> =
            self.automaton.find_overlapping_iter(text).map(|found| (Span::new(found.start(), found.end()), found.value())).collect();
        matches.sort_unstable_by_key(|(span, _)| (span.start, Reverse(span.end)));
        let mut out = Vec::with_capacity(matches.len());
        let mut parts: Vec<(u32, bool, Span)> = Vec::new();
        // How far the excluded strings of a theme reach that began so far. Such a
        // string is longer than the words in it, so it comes before them.
        let mut reach: BTreeMap<u32, usize> = BTreeMap::new();
        for (span, word) in matches {
            for each in self.uses.get(word as usize).map(Vec::as_slice).unwrap_or_default() {
                match *each {
                    Use::Excluded { theme } => {
                        let end = reach.entry(theme).or_default();
                        *end = span.end.max(*end);
                    }
                    Use::Term(term) | Use::Part { term, .. } if reach.get(&self.rule(term).theme).is_some_and(|end| span.end <= *end) => {}
                    Use::Term(term) => out.push(Found { span, hole: Span::new(span.end, span.end), term }),
                    Use::Part { term, second } => parts.push((term, second, span)),
                }
            }
        }
        parts.sort_unstable();
        for of_one in parts.chunk_by(|a, b| a.0 == b.0) {
            self.pair(text, of_one, &mut out);
        }
        out
    }

    /// The shortest spans of one pattern: each second part with the last first
    /// part before it, if no other second part stands between them.
    fn pair(&self, text: &str, parts: &[(u32, bool, Span)], out: &mut Vec<Found>) {
        let (firsts, seconds) = parts.split_at(parts.partition_point(|(_, second, _)| !second));
        let mut before: Option<Span> = None;
        for (term, _, second) in seconds {
            let first = firsts.partition_point(|(_, _, first)| first.end <= second.start).checked_sub(1).and_then(|at| firsts.get(at));
            if let Some((_, _, first)) = first
                && before.is_none_or(|before| before.start < first.end)
                && bridges(text, Span::new(first.end, second.start), self.rule(*term).gap.unwrap_or(0))
            {
                out.push(Found { span: Span::new(first.start, second.end), hole: Span::new(first.end, second.start), term: *term });
            }
            before = Some(*second);
        }
    }
}

/// Whether a gap of at most `most` characters may lie there.
fn bridges(text: &str, hole: Span, most: u32) -> bool {
    hole.end - hole.start <= most_bytes(most) && {
        let between = hole.of(text);
        between.chars().count() <= most as usize && !between.contains(STOPS)
    }
}

/// Bytes of so many characters, at most.
const fn most_bytes(chars: u32) -> usize {
    chars as usize * 4
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use crate::diagnostic::DataFile;
    use crate::tag::Lexicon;

    fn lexicon(themes: &[(&str, &[&str])]) -> Lexicon {
        let text: String = themes.iter().map(|(id, terms)| format!("[[theme]]\nid='{id}'\nzh='甲'\nen='a'\nsource='s'\nterms={terms:?}\n")).collect();
        Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).unwrap()
    }

    fn found(lexicon: &Lexicon, text: &str) -> Vec<String> {
        lexicon.occurrences(text).iter().map(|(span, _)| span.of(text).to_owned()).collect()
    }

    #[test]
    fn a_term_inside_a_longer_one_is_not_counted_and_crossing_ones_both_are() {
        let lexicon = lexicon(&[("a", &["内需"]), ("b", &["扩大内需"]), ("c", &["需求"]), ("d", &["扩大内需求实"])]);
        assert_eq!(found(&lexicon, "内需和扩大内需"), ["内需", "扩大内需"]);
        assert_eq!(found(&lexicon, "扩大内需求"), ["扩大内需", "需求"]);
        assert_eq!(found(&lexicon, "扩大内需求实"), ["扩大内需求实"]);
    }

    #[test]
    fn occurrences_of_one_term_that_overlap_count_once() {
        let lexicon = lexicon(&[("a", &["发发"])]);
        assert_eq!(found(&lexicon, "发发发发发"), ["发发", "发发"]);
    }

    /// A lexicon of one file, from its text.
    fn read(text: &str) -> Lexicon {
        Lexicon::new(&[DataFile { path: "t.toml".into(), text: text.to_owned() }]).unwrap_or_else(|faults| panic!("{}", faults[0]))
    }

    fn theme_of(keys: &str) -> Lexicon {
        read(&format!("[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\n{keys}\n"))
    }

    #[test]
    fn a_pattern_is_its_two_parts_within_its_gap_and_one_sentence() {
        let lexicon = theme_of("terms=['发展…新质生产力']");
        assert_eq!(found(&lexicon, "加快发展新质生产力"), ["发展新质生产力"]);
        assert_eq!(found(&lexicon, "发展具有天津特点的新质生产力。"), ["发展具有天津特点的新质生产力"]);
        assert_eq!(found(&lexicon, "发展农业，培育“新质生产力”"), ["发展农业，培育“新质生产力"]);
        // Eleven characters between the parts, a sentence between them, a paragraph between them.
        for text in ["发展一二三四五六七八九十一新质生产力", "要发展。新质生产力", "发展！新质生产力", "发展\n新质生产力", "新质生产力发展"]
        {
            assert!(found(&lexicon, text).is_empty(), "{text}");
        }
        assert_eq!(found(&theme_of("gap=2\nterms=['发展…新质生产力']"), "发展好新质生产力，发展壮大了新质生产力"), ["发展好新质生产力"]);
    }

    #[test]
    fn of_a_pattern_the_shortest_span_counts() {
        let lexicon = theme_of("terms=['发展…产业']");
        assert_eq!(found(&lexicon, "发展和发展新产业、老产业"), ["发展新产业"]);
        let lexicon = theme_of("terms=['甲乙…乙甲']");
        assert_eq!(found(&lexicon, "甲乙乙甲乙乙甲"), ["甲乙乙甲"]);
    }

    #[test]
    fn a_pattern_takes_what_lies_in_its_parts_and_leaves_what_lies_in_its_gap() {
        let lexicon = lexicon(&[("a", &["新质生产力"]), ("b", &["发展…新质生产力"]), ("c", &["科技"]), ("d", &["加快发展…新质生产力"])]);
        assert_eq!(found(&lexicon, "发展新质生产力，新质生产力"), ["发展新质生产力", "新质生产力"]);
        assert_eq!(found(&lexicon, "发展科技和新质生产力"), ["发展科技和新质生产力", "科技"]);
        assert_eq!(found(&lexicon, "加快发展科技和新质生产力"), ["加快发展科技和新质生产力", "科技"]);
        // The term of the same characters goes before the pattern, a longer one takes it.
        let lexicon = theme_of("terms=['发展…产业','发展产业','发展产业化']");
        let terms = |text: &str| lexicon.occurrences(text).iter().map(|(_, term)| lexicon.term(*term).to_owned()).collect::<Vec<_>>();
        assert_eq!(terms("发展产业"), ["发展产业"]);
        assert_eq!(terms("发展新产业"), ["发展…产业"]);
        assert_eq!(terms("发展产业化"), ["发展产业化"]);
    }

    #[test]
    fn an_excluded_string_hides_the_terms_of_its_theme_and_no_others() {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['稳增长','发展…农业']\nnot_in=['平稳增长','发展中国家']\n\
                    [[theme]]\nid='b'\nzh='甲'\nen='a'\nsource='s'\nterms=['增长','发展中']\n";
        let lexicon = read(text);
        assert_eq!(found(&lexicon, "稳增长，平稳增长"), ["稳增长", "增长"]);
        assert_eq!(found(&lexicon, "发展中国家的农业"), ["发展中"]);
        assert_eq!(found(&lexicon, "发展了发展中国家的农业"), ["发展了发展中国家的农业", "发展中"]);
    }

    /// A theme of a random lexicon.
    #[derive(Clone, Debug)]
    struct Made {
        terms: Vec<String>,
        gap: u32,
        nested: bool,
        not_in: Vec<String>,
    }

    /// Where a word stands in a text, in characters.
    fn places(text: &[char], word: &str) -> Vec<Vec<usize>> {
        let word: Vec<char> = word.chars().collect();
        text.windows(word.len()).enumerate().filter(|(_, window)| **window == *word).map(|(at, _)| (at..at + word.len()).collect()).collect()
    }

    /// The rule of the stage, said another way: an occurrence is the set of its
    /// characters, and every pair of sets is compared.
    fn by_sets(themes: &[Made], text: &str) -> Vec<(usize, usize, String)> {
        let text: Vec<char> = text.chars().collect();
        let mut all: Vec<(BTreeSet<usize>, bool, usize, bool, String)> = Vec::new();
        let mut number = 0;
        for theme in themes {
            let hidden: Vec<_> = theme.not_in.iter().flat_map(|word| places(&text, word)).collect();
            let stand = |word: &str| -> Vec<Vec<usize>> {
                places(&text, word).into_iter().filter(|at| !hidden.iter().any(|longer| at.iter().all(|c| longer.contains(c)))).collect()
            };
            for term in &theme.terms {
                let sets: Vec<BTreeSet<usize>> = if let Some((first, second)) = term.split_once('…') {
                    let mut pairs = Vec::new();
                    for a in stand(first) {
                        for b in stand(second) {
                            let between = a[a.len() - 1] + 1..b[0];
                            let fits = a[a.len() - 1] < b[0] && between.len() <= theme.gap as usize && !text[between].contains(&'。');
                            pairs.extend(fits.then(|| (a[0], b[b.len() - 1], a.iter().chain(&b).copied().collect::<BTreeSet<_>>())));
                        }
                    }
                    let shortest = |p: &&(usize, usize, BTreeSet<usize>)| !pairs.iter().any(|q| (q.0, q.1) != (p.0, p.1) && p.0 <= q.0 && q.1 <= p.1);
                    pairs.iter().filter(shortest).map(|p| p.2.clone()).collect()
                } else {
                    stand(term).into_iter().map(|at| at.into_iter().collect()).collect()
                };
                all.extend(sets.into_iter().map(|set| (set, term.contains('…'), number, theme.nested, term.clone())));
                number += 1;
            }
        }
        let inside =
            |x: &(BTreeSet<usize>, bool, usize, bool, String)| all.iter().any(|y| x.0.is_subset(&y.0) && (x.0.len() < y.0.len() || (y.1, y.2) < (x.1, x.2)));
        let mut kept: Vec<_> = all.iter().filter(|x| x.3 || !inside(x)).map(|x| (*x.0.first().unwrap(), *x.0.last().unwrap() + 1, x.4.clone())).collect();
        kept.sort_by_key(|x| x.0);
        let mut out: Vec<(usize, usize, String)> = Vec::new();
        for x in kept {
            if !out.iter().any(|before| before.2 == x.2 && x.0 < before.1) {
                out.push(x);
            }
        }
        out.sort();
        out
    }

    fn made_themes() -> impl Strategy<Value = Vec<Made>> {
        let term = prop_oneof![3 => "[甲乙丙]{2,4}", 2 => "[甲乙]{2,3}…[甲乙丙]{2,3}"];
        let theme = (1_u32..5, any::<bool>(), proptest::collection::vec(("[甲乙丙。]{0,2}", "[甲乙丙]{0,2}", any::<prop::sample::Index>()), 0..3));
        (proptest::collection::btree_set(term, 1..7), proptest::collection::vec(theme, 1..4)).prop_map(|(terms, themes)| {
            let mut out: Vec<Made> = themes.iter().map(|(gap, nested, _)| Made { terms: vec![], gap: *gap, nested: *nested, not_in: vec![] }).collect();
            let many = out.len();
            for (number, term) in terms.into_iter().enumerate() {
                out[number % many].terms.push(term);
            }
            for (theme, (_, _, excluded)) in out.iter_mut().zip(themes) {
                let words: Vec<String> = theme.terms.iter().flat_map(|term| term.split('…')).map(str::to_owned).collect();
                for (before, after, word) in excluded.iter().filter(|_| !words.is_empty()) {
                    let text = format!("{before}{}{after}", words[word.index(words.len())]);
                    if !words.contains(&text) && !theme.not_in.contains(&text) {
                        theme.not_in.push(text);
                    }
                }
            }
            out
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_sweep_agrees_with_a_comparison_of_all_pairs(themes in made_themes(), text in "[甲乙丙。]{0,30}") {
            let written: String = themes.iter().enumerate().map(|(number, t)| {
                let gap = if t.terms.iter().any(|term| term.contains('…')) { format!("gap={}\n", t.gap) } else { String::new() };
                format!("[[theme]]\nid='t{number}'\nzh='甲'\nen='a'\nsource='s'\nterms={:?}\nnested={}\nnot_in={:?}\n{gap}", t.terms, t.nested, t.not_in)
            }).collect();
            let lexicon = read(&written);
            let chars = |byte: usize| text.get(..byte).unwrap().chars().count();
            let mut got: Vec<_> = lexicon.occurrences(&text).iter().map(|(s, term)| (chars(s.start), chars(s.end), lexicon.term(*term).to_owned())).collect();
            got.sort();
            prop_assert_eq!(got, by_sets(&themes, &text));
        }
    }
}
