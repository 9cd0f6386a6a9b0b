//! Traditional and simplified script: which one a text is in, and conversion.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// The script of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Script {
    /// Simplified characters.
    #[default]
    Hans,
    /// Traditional characters.
    Hant,
    /// Both, each more than a few.
    Mixed,
    /// No character that tells one from the other.
    None,
}

impl Script {
    /// ISO 15924 code, or `mixed` or `none`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hans => "hans",
            Self::Hant => "hant",
            Self::Mixed => "mixed",
            Self::None => "none",
        }
    }

    /// The script with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "hant" => Self::Hant,
            "mixed" => Self::Mixed,
            "none" => Self::None,
            _ => Self::Hans,
        }
    }
}

/// Traditional characters in a simplified text below which it is still called
/// simplified: a heading or two.
pub(super) const FEW_TRADITIONAL: usize = 10;

/// Characters of one script in a hundred of the other that a text may hold and
/// still be called by the other's name (names, quotations).
const STRAY_PERCENT: usize = 10;

struct Tables {
    to_simplified: Option<OpenCC>,
    /// Characters that only one of the scripts has.
    traditional: BTreeSet<char>,
    simplified: BTreeSet<char>,
}

/// Built once: about 21,000 single-character conversions each way.
static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let han = || '\u{4e00}'..='\u{9fff}';
    let changed = |converter: &Option<OpenCC>| -> BTreeSet<char> {
        let Some(converter) = converter else { return BTreeSet::new() };
        let mut buffer = [0; 4];
        han().filter(|c| converter.convert(c.encode_utf8(&mut buffer)) != *c.to_string()).collect()
    };
    let to_simplified = OpenCC::from_config(BuiltinConfig::T2s).ok();
    let to_traditional = OpenCC::from_config(BuiltinConfig::S2t).ok();
    let (traditional, simplified) = (changed(&to_simplified), changed(&to_traditional));
    Tables { to_simplified, traditional, simplified }
});

/// The script of a text.
///
/// # Cost
/// One look-up for each Han character.
#[must_use]
pub fn script_of(text: &str) -> Script {
    let (mut traditional, mut simplified) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)) {
        traditional += usize::from(TABLES.traditional.contains(&c));
        simplified += usize::from(TABLES.simplified.contains(&c));
    }
    let stray = |few: usize, many: usize| few * 100 <= many * STRAY_PERCENT;
    match (traditional, simplified) {
        (0, 0) => Script::None,
        (t, s) if stray(t, s) => Script::Hans,
        (t, s) if stray(s, t) => Script::Hant,
        // Characters such as 后 and 里 stand in both scripts but change in one
        // direction, so a traditional text has some of them.
        (t, s) if t > 2 * s => Script::Hant,
        _ => Script::Mixed,
    }
}

/// Characters that only traditional script has, in a paragraph that is at least
/// in part in it; 0 in any other. It is, if it has three different ones, or two
/// if it is short: one or two are names (傅崐萁) and words of both scripts (著名).
#[must_use]
pub fn traditional_chars(paragraph: &str) -> usize {
    let mut found = BTreeSet::new();
    let (mut han, mut count) = (0, 0);
    for c in paragraph.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)) {
        han += 1;
        if TABLES.traditional.contains(&c) {
            found.insert(c);
            count += 1;
        }
    }
    if found.len() >= if han <= 30 { 2 } else { 3 } { count } else { 0 }
}

/// The text in simplified characters, one for one.
///
/// # Source
/// `OpenCC`'s t2s dictionaries (Apache-2.0), by the crate ferrous-opencc.
#[must_use]
pub fn simplified(text: &str) -> String {
    let Some(converter) = &TABLES.to_simplified else { return text.to_owned() };
    let whole = converter.convert(text);
    if whole.chars().count() == text.chars().count() {
        return whole;
    }
    // A phrase changed its length, which would move every later offset.
    let mut buffer = [0; 4];
    text.chars()
        .map(|c| {
            let one = converter.convert(c.encode_utf8(&mut buffer));
            let mut chars = one.chars();
            match (chars.next(), chars.next()) {
                (Some(plain), None) => plain,
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_apart() {
        assert_eq!(script_of("加快修渠，推动农业发展，关系民生"), Script::Hans);
        assert_eq!(script_of("各級政府應當繼續發展農業生產"), Script::Hant);
        assert_eq!(script_of("各级政府应当继续发展農業生產，這是我們"), Script::Mixed);
        assert_eq!(script_of("2024 OK"), Script::None);
        assert_eq!(script_of("著名作家乾先生参观展览，听取汇报，发表讲话，还调研了农业农村发展现代产业，这对于经济增长关系很大"), Script::Hans);
    }

    #[test]
    fn a_traditional_paragraph_is_told_from_a_name() {
        assert!(0 < traditional_chars("二、縣級財政的幾個問題"));
        assert!(0 < traditional_chars("這條水渠，已經修了两年"));
        assert_eq!(traditional_chars("会见傅崐萁率领的参访团，著名学者出席"), 0);
    }

    #[test]
    fn conversion_keeps_the_number_of_characters() {
        let text = "發展國民經濟，後來的著名學者說：裏面有麵粉";
        let plain = simplified(text);
        assert_eq!(plain.chars().count(), text.chars().count());
        assert!(plain.starts_with("发展国民经济，后来的著名学者说"));
    }
}
