//! Text under normalisation that remembers where each piece of it lay in the
//! decoded record.

use unicode_normalization::UnicodeNormalization;

use super::but_ideographs;
use crate::diagnostic::Span;

/// A piece of text and the piece of the record that it came from. Equal
/// lengths mean that it was copied byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    text: Span,
    record: Span,
}

/// Normalised text with its origin.
///
/// Full-width letters and digits become narrow ones, compatibility forms and
/// radicals become the characters they stand for, all white space becomes
/// single spaces, and characters without width are dropped. Punctuation keeps
/// its width: ，and , are different marks in Chinese.
#[derive(Clone, Debug, Default)]
pub(super) struct Traced {
    text: String,
    runs: Vec<Run>,
    /// The text began with white space as wide as an indent.
    pub indented: bool,
}

enum Class {
    Keep,
    Space,
    Drop,
    Map(char),
}

impl Traced {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends `piece`, which lies in the record at byte `at`.
    pub(super) fn push(&mut self, piece: &str, at: usize) {
        self.text.reserve(piece.len());
        let mut copied = 0;
        for (start, c) in but_ideographs(piece) {
            let class = classify(c);
            if matches!(class, Class::Keep) {
                continue;
            }
            self.copy(piece, copied, start, at);
            copied = start + c.len_utf8();
            match class {
                Class::Map(plain) => self.put(plain, Span::new(at + start, at + copied)),
                Class::Space => self.space(c, Span::new(at + start, at + copied)),
                Class::Drop | Class::Keep => {}
            }
        }
        self.copy(piece, copied, piece.len(), at);
    }

    /// Appends `decoded`, which stands for the record's bytes `record` as a
    /// whole (a character reference).
    pub(super) fn push_decoded(&mut self, decoded: &str, record: Span) {
        for c in decoded.chars() {
            match classify(c) {
                Class::Keep => self.put(c, record),
                Class::Map(plain) => self.put(plain, record),
                Class::Space => self.space(c, record),
                Class::Drop => {}
            }
        }
    }

    /// Appends another text. Between two letters or digits of the Latin script
    /// a line break is a space; elsewhere it is nothing.
    pub(super) fn join(&mut self, other: &Self) {
        self.trim_end();
        let narrow = |c: char| c.is_ascii_graphic();
        if self.text.chars().next_back().is_some_and(narrow) && other.text.chars().next().is_some_and(narrow) {
            let end = self.runs.last().map_or(0, |run| run.record.end);
            self.put(' ', Span::new(end, end));
        }
        let shift = self.text.len();
        self.text.push_str(&other.text);
        for run in &other.runs {
            self.extend(Run { text: Span::new(run.text.start + shift, run.text.end + shift), record: run.record });
        }
    }

    pub(super) fn trim_end(&mut self) {
        let kept = self.text.trim_end().len();
        self.text.truncate(kept);
        while let Some(last) = self.runs.last_mut() {
            if last.text.start >= kept {
                self.runs.pop();
            } else {
                if last.text.end > kept {
                    last.record.end -= last.text.end - kept;
                    last.text.end = kept;
                }
                break;
            }
        }
    }

    /// The record's bytes under a span of the text.
    pub(super) fn origin(&self, span: Span) -> Span {
        let at = |byte: usize| {
            let next = self.runs.partition_point(|run| run.text.end <= byte);
            self.runs.get(next).or(self.runs.last())
        };
        let linear = |run: &Run| run.text.end - run.text.start == run.record.end - run.record.start;
        let start = at(span.start).map_or(0, |run| if linear(run) { run.record.start + span.start.saturating_sub(run.text.start) } else { run.record.start });
        let end = at(span.end.saturating_sub(1))
            .map_or(0, |run| if linear(run) { run.record.end - (run.text.end - span.end.min(run.text.end)) } else { run.record.end });
        Span::new(start, end.max(start))
    }

    /// Replaces the text by one with as many characters (another script).
    /// Returns whether it did.
    pub(super) fn replace_chars(&mut self, other: &str) -> bool {
        if self.text.chars().count() != other.chars().count() {
            return false;
        }
        let same_widths = self.text.chars().zip(other.chars()).all(|(a, b)| a.len_utf8() == b.len_utf8());
        if !same_widths {
            let old = std::mem::take(self);
            let mut at = 0;
            for (a, b) in old.text.chars().zip(other.chars()) {
                self.put(b, old.origin(Span::new(at, at + a.len_utf8())));
                at += a.len_utf8();
            }
            self.indented = old.indented;
        }
        self.text.replace_range(.., other);
        true
    }

    fn copy(&mut self, piece: &str, from: usize, to: usize, at: usize) {
        let Some(part) = piece.get(from..to).filter(|part| !part.is_empty()) else { return };
        let start = self.text.len();
        self.text.push_str(part);
        self.extend(Run { text: Span::new(start, self.text.len()), record: Span::new(at + from, at + to) });
    }

    fn put(&mut self, c: char, record: Span) {
        let start = self.text.len();
        self.text.push(c);
        self.extend(Run { text: Span::new(start, self.text.len()), record });
    }

    fn space(&mut self, c: char, record: Span) {
        if self.text.is_empty() {
            self.indented |= c == '\u{3000}' || c == '\t' || c == '\u{2003}';
        } else if !self.text.ends_with(' ') {
            self.put(' ', record);
        }
    }

    fn extend(&mut self, next: Run) {
        if let Some(last) = self.runs.last_mut() {
            let linear = |run: &Run| run.text.end - run.text.start == run.record.end - run.record.start;
            if last.text.end == next.text.start && last.record.end == next.record.start && linear(last) && linear(&next) {
                last.text.end = next.text.end;
                last.record.end = next.record.end;
                return;
            }
        }
        self.runs.push(next);
    }
}

fn classify(c: char) -> Class {
    match c {
        // The common case first: CJK ideographs and CJK punctuation.
        '\u{4000}'..='\u{9fff}' | '\u{3001}'..='\u{301f}' => Class::Keep,
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '％' | '＋' | '－' | '．' | '／' | '＝' | '＆' | '＠' | '＃' => {
            narrow(c).map_or(Class::Keep, Class::Map)
        }
        // CJK compatibility ideographs and radicals: what PDF conversion leaves.
        '\u{f900}'..='\u{faff}' | '\u{2f00}'..='\u{2fdf}' | '\u{2f800}'..='\u{2fa1f}' => match std::iter::once(c).nfkc().next() {
            Some(plain) if plain != c => Class::Map(plain),
            _ => Class::Keep,
        },
        // Radicals that Unicode gives no decomposition but that stand for a character.
        '\u{2e80}'..='\u{2eff}' => RADICALS.iter().find(|(radical, _)| *radical == c).map_or(Class::Keep, |(_, plain)| Class::Map(*plain)),
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '\u{fe00}'..='\u{fe0f}' => Class::Drop,
        c if c.is_whitespace() => Class::Space,
        c if c.is_control() => Class::Drop,
        _ => Class::Keep,
    }
}

/// The character that stands for `c` in normalised text, if it is one.
pub(super) fn narrowed(c: char) -> char {
    match classify(c) {
        Class::Map(plain) => plain,
        Class::Keep | Class::Space | Class::Drop => c,
    }
}

fn narrow(c: char) -> Option<char> {
    char::from_u32(u32::from(c) - 0xfee0)
}

/// The CJK radicals supplement, which fonts in PDF files put for whole characters.
///
/// # Source
/// Unicode `EquivalentUnifiedIdeograph.txt`, all rows of this block.
const RADICALS: [(char, char); 114] = [
    ('\u{2e81}', '厂'),
    ('\u{2e82}', '乛'),
    ('\u{2e83}', '乚'),
    ('\u{2e84}', '乙'),
    ('\u{2e85}', '亻'),
    ('\u{2e86}', '冂'),
    ('\u{2e87}', '𠘨'),
    ('\u{2e88}', '刀'),
    ('\u{2e89}', '刂'),
    ('\u{2e8a}', '卜'),
    ('\u{2e8b}', '㔾'),
    ('\u{2e8c}', '小'),
    ('\u{2e8d}', '小'),
    ('\u{2e8e}', '兀'),
    ('\u{2e8f}', '尣'),
    ('\u{2e90}', '尢'),
    ('\u{2e91}', '𡯂'),
    ('\u{2e92}', '巳'),
    ('\u{2e93}', '幺'),
    ('\u{2e94}', '彑'),
    ('\u{2e95}', '𫜹'),
    ('\u{2e96}', '忄'),
    ('\u{2e97}', '心'),
    ('\u{2e98}', '扌'),
    ('\u{2e99}', '攵'),
    ('\u{2e9b}', '旡'),
    ('\u{2e9c}', '日'),
    ('\u{2e9d}', '月'),
    ('\u{2e9e}', '歺'),
    ('\u{2e9f}', '母'),
    ('\u{2ea0}', '民'),
    ('\u{2ea1}', '氵'),
    ('\u{2ea2}', '氺'),
    ('\u{2ea3}', '灬'),
    ('\u{2ea4}', '爫'),
    ('\u{2ea5}', '爫'),
    ('\u{2ea6}', '丬'),
    ('\u{2ea7}', '牛'),
    ('\u{2ea8}', '犭'),
    ('\u{2ea9}', '王'),
    ('\u{2eaa}', '𤴔'),
    ('\u{2eab}', '目'),
    ('\u{2eac}', '示'),
    ('\u{2ead}', '礻'),
    ('\u{2eae}', '𥫗'),
    ('\u{2eaf}', '糹'),
    ('\u{2eb0}', '纟'),
    ('\u{2eb1}', '罓'),
    ('\u{2eb2}', '罒'),
    ('\u{2eb3}', '㓁'),
    ('\u{2eb4}', '冗'),
    ('\u{2eb5}', '𦉫'),
    ('\u{2eb6}', '羊'),
    ('\u{2eb7}', '𦍌'),
    ('\u{2eb8}', '𦍋'),
    ('\u{2eb9}', '耂'),
    ('\u{2eba}', '肀'),
    ('\u{2ebb}', '聿'),
    ('\u{2ebc}', '肉'),
    ('\u{2ebd}', '𦥑'),
    ('\u{2ebe}', '艹'),
    ('\u{2ebf}', '艹'),
    ('\u{2ec0}', '艹'),
    ('\u{2ec1}', '虎'),
    ('\u{2ec2}', '衤'),
    ('\u{2ec3}', '覀'),
    ('\u{2ec4}', '西'),
    ('\u{2ec5}', '见'),
    ('\u{2ec6}', '角'),
    ('\u{2ec7}', '𧢲'),
    ('\u{2ec8}', '讠'),
    ('\u{2ec9}', '贝'),
    ('\u{2eca}', '𧾷'),
    ('\u{2ecb}', '车'),
    ('\u{2ecc}', '辶'),
    ('\u{2ecd}', '辶'),
    ('\u{2ece}', '辶'),
    ('\u{2ecf}', '邑'),
    ('\u{2ed0}', '钅'),
    ('\u{2ed1}', '長'),
    ('\u{2ed2}', '镸'),
    ('\u{2ed3}', '长'),
    ('\u{2ed4}', '门'),
    ('\u{2ed5}', '𨸏'),
    ('\u{2ed6}', '阝'),
    ('\u{2ed7}', '雨'),
    ('\u{2ed8}', '青'),
    ('\u{2ed9}', '韦'),
    ('\u{2eda}', '页'),
    ('\u{2edb}', '风'),
    ('\u{2edc}', '飞'),
    ('\u{2edd}', '食'),
    ('\u{2ede}', '𩙿'),
    ('\u{2edf}', '飠'),
    ('\u{2ee0}', '饣'),
    ('\u{2ee1}', '𩠐'),
    ('\u{2ee2}', '马'),
    ('\u{2ee3}', '骨'),
    ('\u{2ee4}', '鬼'),
    ('\u{2ee5}', '鱼'),
    ('\u{2ee6}', '鸟'),
    ('\u{2ee7}', '卤'),
    ('\u{2ee8}', '麦'),
    ('\u{2ee9}', '黄'),
    ('\u{2eea}', '黾'),
    ('\u{2eeb}', '斉'),
    ('\u{2eec}', '齐'),
    ('\u{2eed}', '歯'),
    ('\u{2eee}', '齿'),
    ('\u{2eef}', '竜'),
    ('\u{2ef0}', '龙'),
    ('\u{2ef1}', '龜'),
    ('\u{2ef2}', '亀'),
    ('\u{2ef3}', '龟'),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn width_and_spaces_are_normalised_and_lead_back() {
        let record = "　　１９９８年\u{200b}３月，ＧＤＰ　增长";
        let mut traced = Traced::default();
        traced.push(record, 0);
        assert_eq!(traced.text(), "1998年3月，GDP 增长");
        assert!(traced.indented);
        let at = traced.text().find("年3月").unwrap();
        assert_eq!(traced.origin(Span::new(at, at + "年3月".len())).of(record), "年\u{200b}３月");
    }

    #[test]
    fn no_common_ideograph_changes() {
        assert!(('\u{4000}'..='\u{9fff}').all(|c| matches!(classify(c), Class::Keep)));
    }

    #[test]
    fn radicals_become_the_characters_they_stand_for() {
        let mut traced = Traced::default();
        traced.push("⼈⺠⻓⻄\u{f907}", 0);
        assert_eq!(traced.text(), "人民长西龜");
    }

    #[test]
    fn joined_lines_lead_back_to_both_of_their_places() {
        let record = "及时将\n\n科技创新";
        let (mut first, mut second) = (Traced::default(), Traced::default());
        first.push("及时将", 0);
        second.push("科技创新", 11);
        first.join(&second);
        assert_eq!(first.text(), "及时将科技创新");
        assert_eq!(first.origin(Span::new(3, 15)).of(record), "时将\n\n科技");
    }

    proptest! {
        #[test]
        fn every_character_leads_back_to_its_place(record in "[ 　一-十a-zＡ-Ｚ０-９，。&;\u{200b}]{0,40}") {
            let mut traced = Traced::default();
            traced.push(&record, 0);
            traced.trim_end();
            for (i, c) in traced.text().char_indices() {
                let origin = traced.origin(Span::new(i, i + c.len_utf8())).of(&record);
                let mut alone = Traced::default();
                alone.push("x", 0);
                alone.push(origin, 1);
                prop_assert!(alone.text().ends_with(c), "{:?} from {:?}", c, origin);
            }
        }
    }
}
