//! The lexicon: themes and their terms, read from TOML and checked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use super::matcher::{Entry, GAP_SIGN, Matcher, Occurrence, STOPS};
use crate::diagnostic::{DataFile, Diagnostic, Span, suggestion};

/// The most characters between the parts of a pattern, where the theme says nothing.
pub const DEFAULT_GAP: u32 = 10;

/// The largest `gap` that a theme may set.
const LARGEST_GAP: u32 = 50;

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
    /// Its terms and patterns, as written.
    pub terms: Vec<String>,
    /// The most characters between the parts of its patterns; none if it has no pattern.
    pub gap: Option<u32>,
    /// Strings inside which its terms are not there.
    pub not_in: Vec<String>,
    /// First known date, as written.
    pub first: Option<String>,
    /// Where the formulation comes from.
    pub source: String,
}

impl Theme {
    /// 0, or 1 for a theme below another.
    #[must_use]
    pub fn level(&self) -> u32 {
        u32::from(self.parent.is_some())
    }
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
    gap: Option<Spanned<u32>>,
    #[serde(default)]
    not_in: Vec<Spanned<String>>,
    #[serde(default)]
    first: Option<Spanned<String>>,
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
    matcher: Option<Matcher>,
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
                faults.extend(parent_fault(file, theme, parent, &numbers, &written));
            }
            for term in &theme.terms {
                faults.extend(term_fault(file, term));
                if let Some(other) = seen.insert(term.get_ref(), theme.id.get_ref()) {
                    let hint = Some(format!("it stands in theme `{other}` already"));
                    faults.push(file.fault(span(term), format!("the term `{}` stands twice in the lexicon", term.get_ref()), hint));
                }
            }
            faults.extend(theme_faults(file, theme));
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
            let gap = own.iter().any(|t| parts(t).1.is_some()).then(|| theme.gap.as_ref().map_or(DEFAULT_GAP, |gap| *gap.get_ref()));
            let not_in: Vec<String> = theme.not_in.iter().map(|t| t.get_ref().clone()).collect();
            let first = theme.first.as_ref().map(|first| first.get_ref().clone());
            // What stands in a table is hashed: a comment or a case does not.
            let label = format!(
                "{}\0{}\0{}\0{parent:?}\0{}\0{}\0{gap:?}\0{}\0{first:?}\0{}\0",
                theme.id.get_ref(),
                theme.zh,
                theme.en,
                theme.nested,
                own.join("\0"),
                not_in.join("\0"),
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
                gap,
                not_in,
                first,
                source: theme.source.clone(),
            });
        }
        let entries: Vec<Entry<'_>> = terms
            .iter()
            .filter_map(|(term, number): &(String, usize)| {
                let theme: &Theme = themes.get(*number)?;
                Some(Entry { words: parts(term), gap: theme.gap.unwrap_or(0), theme: *number, nested: theme.nested })
            })
            .collect();
        let excluded: Vec<(&str, usize)> = themes.iter().enumerate().flat_map(|(n, t)| t.not_in.iter().map(move |text| (text.as_str(), n))).collect();
        let matcher = Matcher::new(&entries, &excluded)?;
        Ok(Self { themes, terms, matcher, cases, drafts: Vec::new(), hash: hasher.finalize().to_hex().to_string() })
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

    /// How many terms there are, patterns included.
    #[must_use]
    pub const fn term_count(&self) -> usize {
        self.terms.len()
    }

    /// The occurrences that count, by position: their bytes and term.
    ///
    /// # Cost
    /// One scan of the text, and a sort of what it finds.
    #[must_use]
    pub fn occurrences(&self, text: &str) -> Vec<(Span, usize)> {
        self.all_occurrences(text).into_iter().filter(|found| found.counts).map(|found| (found.span, found.term)).collect()
    }

    /// All occurrences, by position, also those that do not count because they lie
    /// inside another; what `not_in` excludes is not among them.
    ///
    /// # Cost
    /// As [`occurrences`](Self::occurrences).
    #[must_use]
    pub fn all_occurrences(&self, text: &str) -> Vec<Occurrence> {
        self.matcher.as_ref().map_or_else(Vec::new, |matcher| matcher.occurrences(text))
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

/// A term as it is, or the two parts of a pattern.
fn parts(term: &str) -> (&str, Option<&str>) {
    term.split_once(GAP_SIGN).map_or((term, None), |(first, second)| (first, Some(second)))
}

fn term_fault(file: &DataFile, term: &Spanned<String>) -> Option<Diagnostic> {
    let text = term.get_ref().as_str();
    let short = |part: &str| part.chars().count() < 2;
    match parts(text) {
        _ if text.contains(char::is_whitespace) => Some(file.fault(span(term), format!("the term `{text}` has white space"), None)),
        (_, None) if short(text) => Some(file.fault(span(term), format!("the term `{text}` is shorter than two characters"), None)),
        (first, Some(second)) if short(first) || short(second) || second.contains(GAP_SIGN) || text.contains(STOPS) => {
            let hint = "write two parts of two characters or more, without 。！？；, and one … between them".to_owned();
            Some(file.fault(span(term), format!("`{text}` is no pattern"), Some(hint)))
        }
        _ => None,
    }
}

fn parent_fault(
    file: &DataFile,
    theme: &WrittenTheme,
    parent: &Spanned<String>,
    numbers: &BTreeMap<&str, usize>,
    written: &[(&DataFile, WrittenTheme)],
) -> Option<Diagnostic> {
    let named = |id: &str| numbers.get(id).and_then(|n| written.get(*n)).map(|(_, theme)| theme);
    let Some(above) = named(parent.get_ref()) else {
        let near = suggestion(parent.get_ref(), numbers.keys().copied()).map(|n| format!("did you mean `{n}`?"));
        return Some(file.fault(span(parent), format!("there is no theme `{}`", parent.get_ref()), near));
    };
    // The way up, as far as it leads.
    let mut way = vec![theme.id.get_ref().as_str()];
    let mut next = Some(above);
    while let Some(above) = next.filter(|_| way.len() <= written.len()) {
        way.push(above.id.get_ref());
        if above.id.get_ref() == theme.id.get_ref() {
            return Some(file.fault(span(parent), format!("the theme is above itself: {}", way.join(" below ")), None));
        }
        next = above.parent.as_ref().and_then(|p| named(p.get_ref()));
    }
    above.parent.is_some().then(|| file.fault(span(parent), "the tree of themes has two levels: a parent has no parent", None))
}

fn theme_faults(file: &DataFile, theme: &WrittenTheme) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let id = theme.id.get_ref();
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        let hint = Some("use small letters, digits and -".to_owned());
        out.push(file.fault(span(&theme.id), format!("the theme id `{id}` is not in kebab case"), hint));
    }
    if let Some(first) = theme.first.as_ref().filter(|first| !is_date(first.get_ref())) {
        let hint = Some("write 2023-09-07, 2023-09 or 2023".to_owned());
        out.push(file.fault(span(first), format!("`{}` is no date", first.get_ref()), hint));
    }
    if let Some(gap) = &theme.gap {
        if !(1..=LARGEST_GAP).contains(gap.get_ref()) {
            out.push(file.fault(span(gap), format!("a gap is of 1 to {LARGEST_GAP} characters"), None));
        }
        if !theme.terms.iter().any(|t| t.get_ref().contains(GAP_SIGN)) {
            let hint = Some("write a term such as 发展…新质生产力, or leave `gap` out".to_owned());
            out.push(file.fault(span(gap), "no term of the theme has a gap", hint));
        }
    }
    let mut own = Vec::new();
    for term in &theme.terms {
        let (first, second) = parts(term.get_ref());
        own.push(first);
        own.extend(second);
    }
    let mut seen = BTreeSet::new();
    for excluded in &theme.not_in {
        let text = excluded.get_ref().as_str();
        if !own.iter().any(|word| text.len() > word.len() && text.contains(word)) || own.contains(&text) {
            let hint = Some("write a longer string that one of its terms stands in".to_owned());
            out.push(file.fault(span(excluded), format!("`{text}` excludes nothing: no term of the theme lies inside it"), hint));
        }
        if !seen.insert(text) {
            out.push(file.fault(span(excluded), format!("`{text}` stands twice in `not_in`"), None));
        }
    }
    out
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, a day that there was.
fn is_date(text: &str) -> bool {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        10 => text.to_owned(),
        _ => return false,
    };
    whole.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
        && NaiveDate::parse_from_str(&whole, "%Y-%m-%d").is_ok()
}

fn span<T>(value: &Spanned<T>) -> Span {
    Span::new(value.span().start, value.span().end)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(lexicon.themes().len() >= 200);
        let failing = lexicon.failing_cases();
        assert!(failing.is_empty(), "{failing:?}");
        assert!(lexicon.themes_without_cases().is_empty(), "{:?}", lexicon.themes_without_cases());
    }

    #[test]
    fn mistakes_in_patterns_exclusions_and_dates_are_told() {
        let faults = |keys: &str| {
            let text = format!("[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\n{keys}\n");
            Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).err().unwrap_or_default().iter().map(|f| f.message.clone()).collect::<Vec<_>>()
        };
        for term in ["发…产业", "发展…", "发展……产业", "发展…新…产业", "发展。…产业"] {
            assert_eq!(faults(&format!("terms=['{term}']")), [format!("`{term}` is no pattern")]);
        }
        assert_eq!(faults("terms=['发展…产业']\ngap=51"), ["a gap is of 1 to 50 characters"]);
        assert_eq!(faults("terms=['产业']\ngap=5"), ["no term of the theme has a gap"]);
        for excluded in ["产业", "农业"] {
            assert_eq!(
                faults(&format!("terms=['产业']\nnot_in=['{excluded}']")),
                [format!("`{excluded}` excludes nothing: no term of the theme lies inside it")]
            );
        }
        for date in ["2023-13", "2023-02-29", "2023.9", "23", "20230907", "2023-0907-"] {
            assert_eq!(faults(&format!("terms=['产业']\nfirst='{date}'")), [format!("`{date}` is no date")]);
        }
        assert!(faults("terms=['产业']\nfirst='2024-02-29'").is_empty());
    }

    #[test]
    fn a_theme_above_itself_is_told_and_so_is_a_third_level() {
        let theme = |id: &str, parent: &str| format!("[[theme]]\nid='{id}'\nzh='甲'\nen='a'\nsource='s'\nparent='{parent}'\nterms=[]\n");
        let faults =
            |text: String| Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).err().unwrap().iter().map(|f| f.message.clone()).collect::<Vec<_>>();
        assert_eq!(
            faults(theme("a", "b") + &theme("b", "a")),
            ["the theme is above itself: a below b below a", "the theme is above itself: b below a below b"]
        );
        assert_eq!(faults(theme("a", "a")), ["the theme is above itself: a below a"]);
        let top = "[[theme]]\nid='c'\nzh='甲'\nen='a'\nsource='s'\nterms=[]\n";
        assert_eq!(faults(theme("a", "b") + &theme("b", "c") + top), ["the tree of themes has two levels: a parent has no parent"]);
    }
}
