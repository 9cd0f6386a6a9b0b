//! The texts of the page, in both languages: `words.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese, simplified.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The word for it on the command line and in pipeline files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// BCP 47 tag.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }
}

const WORDS: &str = include_str!("words.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    zh: String,
    en: String,
}

/// The texts of one language.
pub(super) struct Words {
    pub(super) language: Language,
    texts: BTreeMap<String, Both>,
}

impl Words {
    pub(super) fn new(language: Language) -> Self {
        // The file is checked by the tests; a broken one would show its keys.
        Self { language, texts: toml::from_str(WORDS).unwrap_or_default() }
    }

    /// The text of a key; the key itself where there is none.
    pub(super) fn t(&self, key: &str) -> String {
        self.get(key).unwrap_or(key).to_owned()
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|both| match self.language {
            Language::Zh => both.zh.as_str(),
            Language::En => both.en.as_str(),
        })
    }

    /// The text of a key with `{0}`, `{1}` … filled in.
    pub(super) fn fill(&self, key: &str, parts: &[&str]) -> String {
        parts.iter().enumerate().fold(self.t(key), |text, (at, part)| text.replace(&format!("{{{at}}}"), part))
    }

    /// The name of a member of a list (`type`, `place`, `kind` …), as it is where it has none.
    pub(super) fn name(&self, list: &str, member: &str) -> String {
        self.get(&format!("{list}-{member}")).unwrap_or(member).to_owned()
    }

    /// One of two texts.
    pub(super) const fn label<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    /// The texts that the script shows, by key.
    pub(super) fn of_script(&self) -> BTreeMap<&str, &str> {
        self.texts.keys().filter(|key| key.starts_with("js-")).filter_map(|key| Some((key.trim_start_matches("js-"), self.get(key)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SOURCES: [&str; 14] = [
        include_str!("mod.rs"),
        include_str!("chart.rs"),
        include_str!("corpus.rs"),
        include_str!("calendar.rs"),
        include_str!("heat.rs"),
        include_str!("explorer.rs"),
        include_str!("movers.rs"),
        include_str!("turns.rs"),
        include_str!("members.rs"),
        include_str!("pairs.rs"),
        include_str!("phrases.rs"),
        include_str!("occasions.rs"),
        include_str!("warnings.rs"),
        include_str!("method.rs"),
    ];

    #[test]
    fn every_section_has_a_name() {
        let all = all();
        assert!(super::super::SECTIONS.iter().all(|(id, _)| all.contains_key(&format!("section-{id}"))));
    }

    fn all() -> BTreeMap<String, Both> {
        toml::from_str(WORDS).unwrap()
    }

    /// Keys that the sources ask for: `w.t("KEY")` and `w.fill("KEY", …)`.
    fn asked() -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for text in SOURCES {
            for call in [".t(\"", ".fill(\"", "warn(\""] {
                out.extend(text.split(call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            }
        }
        out
    }

    #[test]
    fn both_languages_have_every_text() {
        for (key, both) in all() {
            assert!(!both.zh.trim().is_empty() && !both.en.trim().is_empty(), "{key}");
            let holes = |text: &str| (0..9).filter(|n| text.contains(&format!("{{{n}}}"))).collect::<Vec<_>>();
            // A month has a number in one language and a name in the other.
            assert!(holes(&both.zh) == holes(&both.en) || ["js-month", "js-day"].contains(&key.as_str()), "{key}");
            let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..'\u{a000}').contains(&c));
            assert!(!han(&both.en) || key.starts_with("heat-"), "{key}: Chinese in the English text");
        }
    }

    #[test]
    fn every_text_that_is_asked_for_is_there_and_none_is_idle() {
        let (all, asked) = (all(), asked());
        let missing: Vec<_> = asked.iter().filter(|key| !all.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let script = include_str!("report.js");
        let lists =
            ["type-", "place-", "kind-", "period-", "cadence-", "heat-", "trend-", "precision-", "basis-", "duplicates-", "reason-", "breakdown-", "section-"];
        let idle = |key: &&String| match key.strip_prefix("js-") {
            Some(rest) => !script.contains(&format!("words[\"{rest}\"]")),
            None => !asked.contains(*key) && !lists.iter().any(|list| key.starts_with(list)),
        };
        let idle: Vec<_> = all.keys().filter(idle).collect();
        assert!(idle.is_empty(), "{idle:?}");
        for rest in script.split("words[\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(key, _)| key) {
            assert!(all.contains_key(&format!("js-{rest}")), "{rest}");
        }
    }

    #[test]
    fn a_text_is_filled_and_an_unknown_member_keeps_its_name() {
        let words = Words::new(Language::En);
        assert_eq!(words.name("type", "plenary"), "plenary");
        assert_eq!(words.name("type", "of-one's-own"), "of-one's-own");
        assert_eq!(Words::new(Language::Zh).name("place", "110000"), "北京");
    }
}
