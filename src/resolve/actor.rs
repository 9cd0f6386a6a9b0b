//! Who: a person's name and title out of 国务院总理李强 or 习近平总书记.

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

/// Characters that no name holds: what stands between people, and organs.
const NOT_IN_NAMES: [char; 24] =
    ['的', '和', '与', '及', '等', '在', '了', '将', '向', '对', '就', '从', '是', '会', '党', '部', '委', '们', '组', '团', '院', '局', '议', '省'];

/// The person that a phrase names, with the title before or after the name.
///
/// `None` for organs and for phrases that name nobody by name.
#[must_use]
pub fn person(phrase: &str, vocabulary: &Vocabulary) -> Option<Actor> {
    let mut phrase = phrase.trim().trim_matches(['“', '”', '，', '、', '：']);
    for courtesy in &vocabulary.courtesies {
        phrase = phrase.strip_suffix(courtesy.as_str()).unwrap_or(phrase);
    }
    // 习近平总书记: the title stands after the name.
    if let Some(title) = vocabulary.titles.iter().find(|t| phrase.ends_with(t.as_str())) {
        let before = phrase.strip_suffix(title.as_str()).unwrap_or_default();
        return is_chinese_name(before, vocabulary).then(|| Actor { name: before.to_owned(), title: title.clone() });
    }
    // 国务院总理李强: the name stands after the last title.
    let last = vocabulary.titles.iter().filter_map(|title| phrase.rfind(title.as_str()).map(|at| at + title.len())).max();
    match last {
        Some(end) => {
            let (title, name) = (phrase.get(..end)?, phrase.get(end..)?);
            let fits = is_chinese_name(name, vocabulary) || is_foreign_name(name);
            fits.then(|| Actor { name: name.to_owned(), title: title.to_owned() })
        }
        None => (is_chinese_name(phrase, vocabulary) && phrase.chars().count() < 4).then(|| Actor { name: phrase.to_owned(), title: String::new() }),
    }
}

fn is_chinese_name(name: &str, vocabulary: &Vocabulary) -> bool {
    let count = name.chars().count();
    (2..=4).contains(&count)
        && name.chars().all(is_han)
        && name.chars().next().is_some_and(|c| vocabulary.surnames.contains(&c))
        && !name.contains(NOT_IN_NAMES)
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

    #[test]
    fn names_and_titles_are_told_apart() {
        let vocabulary = Vocabulary::builtin();
        let read = |phrase| person(phrase, &vocabulary).map(|a| format!("{}/{}", a.name, a.title));
        for (phrase, expected) in [
            ("习近平总书记", "习近平/总书记"),
            ("国务院总理李强", "李强/国务院总理"),
            ("中共中央政治局常委、全国政协主席王沪宁", "王沪宁/中共中央政治局常委、全国政协主席"),
            ("俄罗斯总理米舒斯京", "米舒斯京/俄罗斯总理"),
            ("加纳总统阿库福-阿多", "阿库福-阿多/加纳总统"),
            ("赵乐际", "赵乐际/"),
            ("李希同志", "李希/"),
        ] {
            assert_eq!(read(phrase).as_deref(), Some(expected), "{phrase}");
        }
        for phrase in ["中共中央政治局", "会议", "国务院总理", "各地", ""] {
            assert_eq!(read(phrase), None, "{phrase}");
        }
    }
}
