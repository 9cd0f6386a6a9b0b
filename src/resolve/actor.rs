//! Who: names and titles out of 国务院总理李强, 习近平总书记, 甲和乙.

use chrono::NaiveDate;

use super::Vocabulary;
use crate::parse::is_han;

/// A person who holds, chairs, attends, meets or speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name without titles.
    pub name: String,
    /// The title as the text has it; empty if there is none.
    pub title: String,
}

/// Marks in a foreign name.
const NAME_MARKS: [char; 4] = ['·', '-', '•', '—'];

/// Most characters of a name.
const MAX_NAME_CHARS: usize = 16;

/// Longest phrase in which persons are looked for, in bytes.
const MAX_PHRASE_BYTES: usize = 600;

/// Characters that no name holds: what stands between people, and organs.
const NOT_IN_NAMES: [char; 30] = [
    '我', '的', '和', '与', '及', '等', '在', '了', '将', '向', '对', '就', '从', '是', '会', '党', '部', '委', '们', '组', '团', '院', '局', '议', '省', '并',
    '其', '两', '该', '各',
];

/// What stands between two persons or two titles.
const SEPARATORS: [char; 6] = ['、', '和', '及', '与', '，', '同'];

/// The person that a phrase names, with the title before or after the name.
///
/// `None` for organs, for several persons, and for phrases that name nobody by
/// name.
#[must_use]
pub fn person(phrase: &str, vocabulary: &Vocabulary) -> Option<Actor> {
    let mut all = people(phrase, vocabulary, None).into_iter();
    all.next().filter(|_| all.next().is_none())
}

/// The persons that a phrase names, in order. `day` says who holds an office
/// that stands without a name (总书记) or with a family name alone (周总理).
///
/// # Cost
/// Linear; phrases of more than 600 bytes name nobody.
#[must_use]
pub fn people(phrase: &str, vocabulary: &Vocabulary, day: Option<NaiveDate>) -> Vec<Actor> {
    let phrase = phrase.trim_matches(|c: char| c.is_whitespace() || matches!(c, '“' | '”' | '，' | '、' | '：'));
    if phrase.len() > MAX_PHRASE_BYTES || phrase.is_empty() {
        return Vec::new();
    }
    let mut out: Vec<Actor> = Vec::new();
    // Where the title that is being read began: 甲部部长、乙局局长 X.
    let mut title_start: Option<usize> = None;
    let mut at = 0;
    for part in phrase.split_inclusive(SEPARATORS) {
        let start = at;
        at += part.len();
        let last_part = at == phrase.len();
        let part = part.trim_end_matches(SEPARATORS);
        let part = part.strip_suffix('等').unwrap_or(part);
        let part = without_courtesy(part, vocabulary);
        if vocabulary.persons.contains(part) {
            let title = title_start.take().and_then(|from| phrase.get(from..start)).unwrap_or_default();
            out.push(Actor { name: part.to_owned(), title: title.trim_end_matches(SEPARATORS).to_owned() });
            continue;
        }
        let titles = vocabulary.titles(part);
        match titles.last() {
            Some(last) => {
                let (before, name) = (part.get(..last.end).unwrap_or_default(), part.get(last.end..).unwrap_or_default());
                if is_chinese_name(name, vocabulary) || (is_foreign_name(name) && !vocabulary.not_names.contains(name)) {
                    let title = phrase.get(title_start.take().unwrap_or(start)..start + before.len()).unwrap_or_default();
                    out.push(Actor { name: name.to_owned(), title: title.to_owned() });
                } else if name.is_empty()
                    && let Some(actor) = named_before(part, &titles, vocabulary, day.filter(|_| last_part))
                {
                    title_start = None;
                    out.push(actor);
                } else {
                    title_start = title_start.or(Some(start));
                }
            }
            // A second given without title: 甲和乙.
            None if is_bare_name(part, vocabulary) && (title_start.is_none() || is_chinese_name(part, vocabulary)) => {
                title_start = None;
                out.push(Actor { name: part.to_owned(), title: String::new() });
            }
            None => title_start = title_start.or(Some(start)),
        }
    }
    out
}

/// 习近平总书记, 奥比昂总统; 总书记 and 周总理 by who held the office.
fn named_before(part: &str, titles: &[crate::diagnostic::Span], vocabulary: &Vocabulary, day: Option<NaiveDate>) -> Option<Actor> {
    // The titles that end the phrase: 习近平总书记.
    let last = titles.last()?;
    let first = titles.iter().rev().take_while(|t| t.end <= last.end).find(|t| vocabulary.titles(part.get(..t.start).unwrap_or_default()).is_empty())?;
    let (name, title) = (part.get(..first.start)?, part.get(first.start..)?);
    if is_bare_name(name, vocabulary) {
        return Some(Actor { name: name.to_owned(), title: title.to_owned() });
    }
    let holder = vocabulary.holder(title, day?)?;
    // 主席 alone may be anybody's; 总书记 is the Party's.
    let family = if name.is_empty() { title.chars().count() >= 3 } else { name.chars().count() == 1 && holder.starts_with(name) };
    family.then(|| Actor { name: holder.to_owned(), title: title.to_owned() })
}

/// A phrase without 同志, 先生, 一行.
pub(super) fn without_courtesy<'p>(phrase: &'p str, vocabulary: &Vocabulary) -> &'p str {
    let mut phrase = phrase.trim();
    while let Some((rest, ())) = vocabulary.courtesies.of(phrase).next() {
        phrase = rest;
    }
    phrase
}

/// A name that needs no title to be known as one.
fn is_bare_name(name: &str, vocabulary: &Vocabulary) -> bool {
    if vocabulary.persons.contains(name) {
        return true;
    }
    let count = name.chars().count();
    let chinese = || (2..=3).contains(&count) && is_chinese_name(name, vocabulary);
    let foreign = || {
        (3..=MAX_NAME_CHARS).contains(&count)
            && name.chars().all(|c| NAME_MARKS.contains(&c) || vocabulary.transliteration.contains(c))
            && vocabulary.gazetteer.mentions(name, None).is_empty()
    };
    (chinese() || foreign()) && !vocabulary.not_names.contains(name)
}

fn is_chinese_name(name: &str, vocabulary: &Vocabulary) -> bool {
    let count = name.chars().count();
    (2..=4).contains(&count)
        && name.chars().all(is_han)
        && if count == 4 {
            vocabulary.compound_surnames.iter().any(|s| name.starts_with(s.as_str())) || name.chars().all(|c| vocabulary.transliteration.contains(c))
        } else {
            name.chars().next().is_some_and(|c| vocabulary.surnames.contains(c))
        }
        && !name.contains(NOT_IN_NAMES)
        && !vocabulary.not_names.contains(name)
}

fn is_foreign_name(name: &str) -> bool {
    let count = name.chars().count();
    (2..=MAX_NAME_CHARS).contains(&count)
        && name.chars().all(|c| is_han(c) || NAME_MARKS.contains(&c))
        && !name.contains(NOT_IN_NAMES)
        && (name.contains(NAME_MARKS) || count <= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(phrase: &str, day: Option<&str>) -> String {
        let vocabulary = Vocabulary::builtin();
        let day = day.and_then(crate::parse::read_date).map(|d| d.start);
        people(phrase, &vocabulary, day).iter().map(|a| format!("{}/{}", a.name, a.title)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_and_titles_are_told_apart() {
        for (phrase, expected) in [
            ("习近平总书记", "习近平/总书记"),
            ("习近平总书记同志", "习近平/总书记"),
            ("国务院总理李强", "李强/国务院总理"),
            ("中共中央政治局常委、全国政协主席王沪宁", "王沪宁/中共中央政治局常委、全国政协主席"),
            ("中共中央总书记、国家主席、中央军委主席习近平", "习近平/中共中央总书记、国家主席、中央军委主席"),
            ("俄罗斯总理米舒斯京", "米舒斯京/俄罗斯总理"),
            ("加纳总统阿库福-阿多", "阿库福-阿多/加纳总统"),
            ("赵乐际", "赵乐际/"),
            ("李希同志", "李希/"),
            ("中国", ""),
        ] {
            assert_eq!(read(phrase, None), expected, "{phrase}");
        }
        for phrase in ["中共中央政治局", "会议", "国务院总理", "各地", "", "两国总统", "双方"] {
            assert_eq!(read(phrase, None), "", "{phrase}");
        }
    }

    #[test]
    fn several_persons_are_read_one_by_one() {
        assert_eq!(read("县长王明、副县长李四光和建设、交通和水利局局长赵建国", None), "王明/县长 李四光/副县长 赵建国/建设、交通和水利局局长");
        assert_eq!(read("王明、李四光", None), "王明/ 李四光/");
    }

    #[test]
    fn an_office_without_a_name_is_who_held_it_on_the_day() {
        assert_eq!(read("总书记", Some("2024-03-05")), "习近平/总书记");
        assert_eq!(read("总书记", Some("2008-03-05")), "胡锦涛/总书记");
        assert_eq!(read("周总理", Some("1964-12-21")), "周恩来/总理");
        assert_eq!(read("习主席", Some("2024-03-05")), "习近平/主席");
        assert_eq!(read("总书记", None), "");
        assert_eq!(read("张总理", Some("1964-12-21")), "");
    }
}
