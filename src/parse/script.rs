//! Traditional and simplified script: which one a text is in, and conversion.

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

/// What a character says of the script it stands in, as bits of [`Tables::marks`].
const TRADITIONAL: u8 = 1;
const SIMPLIFIED: u8 = 2;

/// The block of ideographs whose script is looked up.
const FIRST: u32 = 0x4e00;
const LAST: u32 = 0x9fff;

struct Tables {
    to_simplified: Option<OpenCC>,
    /// For each ideograph whether only one of the scripts has it. A byte each,
    /// because every character of every text is looked up.
    marks: Vec<u8>,
}

/// Built once: about 21,000 single-character conversions each way.
static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let to_simplified = OpenCC::from_config(BuiltinConfig::T2s).ok();
    let to_traditional = OpenCC::from_config(BuiltinConfig::S2t).ok();
    let changes = |converter: &Option<OpenCC>, c: char| {
        let mut buffer = [0; 4];
        converter.as_ref().is_some_and(|converter| converter.convert(c.encode_utf8(&mut buffer)) != *c.to_string())
    };
    let mark = |c| if changes(&to_simplified, c) { TRADITIONAL } else { 0 } | if changes(&to_traditional, c) { SIMPLIFIED } else { 0 };
    let marks = (FIRST..=LAST).map(|code| char::from_u32(code).map_or(0, mark)).collect();
    Tables { to_simplified, marks }
});

/// Characters of a text that tell its script.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    ideographs: usize,
    traditional: usize,
    simplified: usize,
    /// The first different ones that only traditional script has.
    different: [char; 3],
}

impl Evidence {
    /// # Cost
    /// One look-up for each Han character.
    pub(super) fn of(text: &str) -> Self {
        let mut out = Self::default();
        let marks = TABLES.marks.as_slice();
        for c in text.chars() {
            let Some(mark) = u32::from(c).checked_sub(FIRST).and_then(|at| marks.get(at as usize)).copied() else { continue };
            out.ideographs += 1;
            // Every fourth character or so is a simplified one, in no order that
            // a branch could be foretold from.
            out.simplified += usize::from(mark & SIMPLIFIED != 0);
            if mark & TRADITIONAL != 0 {
                out.traditional += 1;
                out.meet(c);
            }
        }
        out
    }

    fn meet(&mut self, c: char) {
        if !self.different.contains(&c)
            && let Some(free) = self.different.iter_mut().find(|slot| **slot == '\0')
        {
            *free = c;
        }
    }

    /// Both texts together; how many different characters they have is no longer known.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            ideographs: self.ideographs + other.ideographs,
            traditional: self.traditional + other.traditional,
            simplified: self.simplified + other.simplified,
            different: ['\0'; 3],
        }
    }

    /// The script of the text.
    pub(super) const fn script(self) -> Script {
        const fn stray(few: usize, many: usize) -> bool {
            few * 100 <= many * STRAY_PERCENT
        }
        match (self.traditional, self.simplified) {
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
    pub(super) fn traditional_chars(&self) -> usize {
        let needed = if self.ideographs <= 30 { 2 } else { 3 };
        let found = self.different.iter().filter(|c| **c != '\0').count();
        if found >= needed { self.traditional } else { 0 }
    }
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

    fn script_of(text: &str) -> Script {
        Evidence::of(text).script()
    }

    fn traditional_chars(text: &str) -> usize {
        Evidence::of(text).traditional_chars()
    }

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
