//! The lexicon: themes and their terms, read from TOML and checked.

use std::collections::{BTreeMap, BTreeSet};

use daachorse::CharwiseDoubleArrayAhoCorasick;
use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::{DataFile, Diagnostic, Span, suggestion};

/// A theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Stable id, kebab-case.
    pub id: String,
    /// Chinese label.
    pub zh: String,
    /// English label.
    pub en: String,
    /// Number of the theme above it.
    pub parent: Option<usize>,
    /// Whether its terms count inside longer ones.
    pub nested: bool,
    /// Its terms.
    pub terms: Vec<String>,
    /// First known date, as written.
    pub first: Option<String>,
    /// Where the formulation comes from.
    pub source: String,
}

/// A theme that is not finished: it counts nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// Its terms.
    pub terms: Vec<String>,
}

/// A case that a theme carries: what its terms match in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexiconCase {
    /// Number of the theme.
    pub theme: usize,
    /// The text.
    pub text: String,
    /// The matched terms in order.
    pub hits: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    #[serde(default)]
    theme: Vec<WrittenTheme>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTheme {
    id: Spanned<String>,
    zh: String,
    en: String,
    #[serde(default)]
    parent: Option<Spanned<String>>,
    terms: Vec<Spanned<String>>,
    #[serde(default)]
    nested: bool,
    #[serde(default)]
    first: Option<String>,
    source: String,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    case: Vec<WrittenCase>,
}

/// The English label of a theme that a program wrote and nobody has finished.
const UNFINISHED: &str = "TODO";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCase {
    text: String,
    hits: Vec<String>,
}

/// All themes of a pipeline, ready to be found in text.
pub struct Lexicon {
    themes: Vec<Theme>,
    /// Terms with the theme of each.
    terms: Vec<(String, usize)>,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    cases: Vec<LexiconCase>,
    drafts: Vec<Draft>,
    hash: String,
}

impl Lexicon {
    /// Reads and checks the files of a lexicon, themes in the order of the files.
    ///
    /// # Errors
    /// Every mistake found in any of the files, each with its place.
    pub fn new(files: &[DataFile]) -> Result<Self, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let mut written: Vec<(&DataFile, WrittenTheme)> = Vec::new();
        for file in files {
            match toml::from_str::<ThemeFile>(&file.text) {
                Ok(read) => written.extend(read.theme.into_iter().map(|theme| (file, theme))),
                Err(error) => faults.push(file.toml_fault(&error)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (drafts, written): (Vec<_>, Vec<_>) = written.into_iter().partition(|(_, theme)| theme.draft);
        for (file, theme) in written.iter().filter(|(_, theme)| theme.en == UNFINISHED) {
            let hint = "write it, or `draft = true` until it is known".to_owned();
            faults.push(file.fault(span(&theme.id), format!("the English label of theme `{}` is still `{UNFINISHED}`", theme.id.get_ref()), Some(hint)));
        }
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, (file, theme)) in written.iter().enumerate() {
            if numbers.insert(theme.id.get_ref().as_str(), number).is_some() {
                faults.push(file.fault(span(&theme.id), format!("the theme id `{}` is used twice", theme.id.get_ref()), None));
            }
        }
        for (file, theme) in drafts.iter().filter(|(_, theme)| numbers.contains_key(theme.id.get_ref().as_str())) {
            faults.push(file.fault(span(&theme.id), format!("the theme id `{}` is used twice", theme.id.get_ref()), None));
        }
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (file, theme) in &written {
            if let Some(parent) = &theme.parent {
                match numbers.get(parent.get_ref().as_str()).and_then(|n| written.get(*n)) {
                    None => {
                        let near = suggestion(parent.get_ref(), numbers.keys().copied()).map(|n| format!("did you mean `{n}`?"));
                        faults.push(file.fault(span(parent), format!("there is no theme `{}`", parent.get_ref()), near));
                    }
                    Some((_, above)) if above.parent.is_some() => {
                        faults.push(file.fault(span(parent), "the tree of themes has two levels: a parent has no parent", None));
                    }
                    Some(_) => {}
                }
            }
            for term in &theme.terms {
                let text = term.get_ref().as_str();
                if text.chars().count() < 2 || text.contains(char::is_whitespace) {
                    faults.push(file.fault(span(term), format!("the term `{text}` is shorter than two characters or has white space"), None));
                }
                if let Some(other) = seen.insert(text, theme.id.get_ref()) {
                    let hint = Some(format!("it stands in theme `{other}` already"));
                    faults.push(file.fault(span(term), format!("the term `{text}` stands twice in the lexicon"), hint));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let drafts = drafts
            .iter()
            .map(|(_, theme)| Draft { id: theme.id.get_ref().clone(), terms: theme.terms.iter().map(|t| t.get_ref().clone()).collect() })
            .collect();
        Self::build(&written, &numbers).map(|lexicon| Self { drafts, ..lexicon }).map_err(|message| {
            let file = files.first().cloned().unwrap_or(DataFile { path: "lexicon".into(), text: String::new() });
            vec![file.fault(Span::default(), message, None)]
        })
    }

    fn build(written: &[(&DataFile, WrittenTheme)], numbers: &BTreeMap<&str, usize>) -> Result<Self, String> {
        let mut hasher = blake3::Hasher::new();
        let (mut themes, mut terms, mut cases) = (Vec::new(), Vec::new(), Vec::new());
        for (number, (_, theme)) in written.iter().enumerate() {
            let own: Vec<String> = theme.terms.iter().map(|t| t.get_ref().clone()).collect();
            let parent = theme.parent.as_ref().and_then(|p| numbers.get(p.get_ref().as_str()).copied());
            // What stands in a table is hashed: a comment or a case does not.
            let label = format!(
                "{}\0{}\0{}\0{parent:?}\0{}\0{}\0{:?}\0{}\0",
                theme.id.get_ref(),
                theme.zh,
                theme.en,
                theme.nested,
                own.join("\0"),
                theme.first,
                theme.source
            );
            hasher.update(label.as_bytes());
            terms.extend(own.iter().map(|t| (t.clone(), number)));
            cases.extend(theme.case.iter().map(|c| LexiconCase { theme: number, text: c.text.clone(), hits: c.hits.clone() }));
            themes.push(Theme {
                id: theme.id.get_ref().clone(),
                zh: theme.zh.clone(),
                en: theme.en.clone(),
                parent,
                nested: theme.nested,
                terms: own,
                first: theme.first.clone(),
                source: theme.source.clone(),
            });
        }
        let automaton = if terms.is_empty() {
            None
        } else {
            let patterns = terms.iter().map(|(term, _)| term.as_str()).zip(0_u32..);
            Some(CharwiseDoubleArrayAhoCorasick::with_values(patterns).map_err(|e| e.to_string())?)
        };
        Ok(Self { themes, terms, automaton, cases, drafts: Vec::new(), hash: hasher.finalize().to_hex().to_string() })
    }

    /// The themes, in order.
    #[must_use]
    pub fn themes(&self) -> &[Theme] {
        &self.themes
    }

    /// The term with this number.
    #[must_use]
    pub fn term(&self, number: usize) -> &str {
        self.terms.get(number).map_or("", |(term, _)| term)
    }

    /// All terms, in the order of their themes.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|(term, _)| term.as_str())
    }

    /// The theme of a term.
    #[must_use]
    pub fn theme_of(&self, term: usize) -> usize {
        self.terms.get(term).map_or(0, |(_, theme)| *theme)
    }

    /// The themes that are not finished.
    #[must_use]
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// The cases of all themes.
    #[must_use]
    pub fn cases(&self) -> &[LexiconCase] {
        &self.cases
    }

    /// BLAKE3 of all that decides a count or a label, as hex.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The occurrences that count, by position: their bytes and term.
    ///
    /// # Cost
    /// One scan of the text, and a sort of what it finds.
    #[must_use]
    pub fn occurrences(&self, text: &str) -> Vec<(Span, usize)> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut all: Vec<(Span, usize)> = automaton.find_overlapping_iter(text).map(|m| (Span::new(m.start(), m.end()), m.value() as usize)).collect();
        // The longer of two that begin together comes first, so that whatever
        // contains an occurrence stands before it.
        all.sort_unstable_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut reach = 0;
        let mut last_end: BTreeMap<usize, usize> = BTreeMap::new();
        all.retain(|(span, term)| {
            let inside = span.end <= reach;
            reach = reach.max(span.end);
            let nested = self.themes.get(self.theme_of(*term)).is_some_and(|t| t.nested);
            if inside && !nested {
                return false;
            }
            let end = last_end.entry(*term).or_default();
            let again = span.start < *end;
            if !again {
                *end = span.end;
            }
            !again
        });
        all
    }

    /// The cases that do not hold, each with what was found instead.
    #[must_use]
    pub fn failing_cases(&self) -> Vec<(LexiconCase, Vec<String>)> {
        self.cases
            .iter()
            .filter_map(|case| {
                let found: Vec<String> = self
                    .occurrences(&case.text)
                    .into_iter()
                    .filter(|(_, term)| self.theme_of(*term) == case.theme)
                    .map(|(_, term)| self.term(term).to_owned())
                    .collect();
                (found != case.hits).then(|| (case.clone(), found))
            })
            .collect()
    }

    /// Ids of themes that carry terms but no case.
    #[must_use]
    pub fn themes_without_cases(&self) -> Vec<&str> {
        let covered: BTreeSet<usize> = self.cases.iter().map(|c| c.theme).collect();
        self.themes.iter().enumerate().filter(|(n, t)| !t.terms.is_empty() && !covered.contains(n)).map(|(_, t)| t.id.as_str()).collect()
    }
}

fn span<T>(value: &Spanned<T>) -> Span {
    Span::new(value.span().start, value.span().end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn mistakes_are_told_with_their_line_and_all_at_once() {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nparent='bb'\nterms=['重复','短','重复']\n[[theme]]\nid='a'\nzh='乙'\nen='b'\nsource='s'\nterms=[]\n";
        let faults = Lexicon::new(&[DataFile { path: "t.toml".into(), text: text.into() }]).err().unwrap();
        let lines: Vec<_> = faults.iter().map(|f| f.line_column().0).collect();
        assert_eq!(lines, [9, 6, 7, 7]);
        let unknown = Lexicon::new(&[DataFile { path: "t.toml".into(), text: "[[theme]]\nid='a'\nlabel='x'\n".into() }]).err().unwrap();
        assert!(unknown[0].message.contains("label"), "{}", unknown[0]);
    }

    #[test]
    fn every_case_of_the_starter_lexicon_holds() {
        let files = crate::resolve::builtin_files("themes");
        let lexicon = Lexicon::new(&files).unwrap_or_else(|faults| panic!("{}", faults[0]));
        assert!(lexicon.themes().len() >= 60);
        let failing = lexicon.failing_cases();
        assert!(failing.is_empty(), "{failing:?}");
        assert!(lexicon.themes_without_cases().is_empty(), "{:?}", lexicon.themes_without_cases());
    }

    /// The rule of the module, said another way: every pair is compared.
    fn by_pairs(terms: &[String], text: &str) -> Vec<Span> {
        let mut all = Vec::new();
        for term in terms {
            let begins = |at: &usize| text.get(*at..).is_some_and(|rest| rest.starts_with(term.as_str()));
            all.extend((0..text.len()).filter(begins).map(|at| Span::new(at, at + term.len())));
        }
        let mut kept: Vec<Span> = all.iter().copied().filter(|s| !all.iter().any(|other| other != s && other.contains(*s))).collect();
        kept.sort_unstable();
        let mut out: Vec<Span> = Vec::new();
        for span in kept {
            let before = out.iter().rfind(|other| other.of(text) == span.of(text));
            if before.is_none_or(|before| before.end <= span.start) {
                out.push(span);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn the_sweep_agrees_with_a_comparison_of_all_pairs(terms in proptest::collection::btree_set("[甲乙丙]{2,4}", 1..6), text in "[甲乙丙]{0,24}") {
            let terms: Vec<String> = terms.into_iter().collect();
            let refs: Vec<&str> = terms.iter().map(String::as_str).collect();
            let lexicon = lexicon(&[("a", &refs)]);
            let got: Vec<_> = lexicon.occurrences(&text).iter().map(|(s, _)| *s).collect();
            prop_assert_eq!(got, by_pairs(&terms, &text));
        }
    }
}
