//! Names in a phrase: who and where, which are new every day and are no set
//! formulations.

use crate::parse::{DateRange, is_han};
use crate::resolve::{DateContext, DateKind, Vocabulary, dates, people};

/// Most characters of a Chinese name.
const NAME_CHARS: usize = 3;

/// Characters of a foreign name, from which on they are one without a title.
const TRANSLITERATED_CHARS: usize = 4;

/// Whether the phrase is a person: a name that is known, or a name with a title.
pub(super) fn is_person(phrase: &str, vocabulary: &Vocabulary) -> bool {
    let foreign = |name: &str| name.chars().all(|c| !is_han(c) || vocabulary.transliterates(c));
    people(phrase, vocabulary, None).iter().any(|actor| !actor.title.is_empty() && (foreign(&actor.name) || is_name(&actor.name, vocabulary)))
}

/// Whether the phrase is a title: before a name it makes a person.
fn is_title(phrase: &str, vocabulary: &Vocabulary) -> bool {
    const NAME: &str = "王明";
    people(&format!("{phrase}{NAME}"), vocabulary, None).iter().any(|actor| actor.name == NAME && !actor.title.is_empty())
}

/// Whether the phrase is a person with a title, or begins or ends with one.
pub(super) fn has_person_at_edge(phrase: &str, vocabulary: &Vocabulary) -> bool {
    let cuts: Vec<usize> = phrase.char_indices().map(|(at, _)| at).collect();
    let parts = cuts.iter().skip(4).filter_map(|at| phrase.get(..*at)).chain(cuts.iter().skip(1).rev().skip(3).filter_map(|at| phrase.get(*at..)));
    is_person(phrase, vocabulary) || is_title(phrase, vocabulary) || parts.into_iter().any(|part| is_person(part, vocabulary))
}

/// Whether the phrase has the form of a Chinese name, which other words have too.
pub(super) fn is_name(phrase: &str, vocabulary: &Vocabulary) -> bool {
    phrase.chars().count() <= NAME_CHARS && people(phrase, vocabulary, None).iter().any(|actor| actor.name == phrase)
}

/// Whether the phrase is written with the characters of foreign names alone.
pub(super) fn is_foreign_name(phrase: &str, vocabulary: &Vocabulary) -> bool {
    phrase.chars().count() >= 3 && phrase.chars().all(|c| vocabulary.transliterates(c))
}

/// Whether a sentence tells of abroad alone: it names a foreign place, and
/// neither China nor a place in it.
pub(super) fn tells_of_abroad(sentence: &str, vocabulary: &Vocabulary) -> bool {
    const HOME: [&str; 4] = ["中国", "我国", "中方", "中共"];
    if HOME.iter().any(|word| sentence.contains(word)) {
        return false;
    }
    let mut abroad = false;
    for mention in vocabulary.gazetteer.mentions(sentence, None) {
        match mention.place.and_then(|place| vocabulary.gazetteer.place(place)) {
            Some(place) if place.country() != "CN" => abroad = true,
            Some(_) => return false,
            None => {}
        }
    }
    abroad
}

/// Whether a phrase that has the form of a name is one: in one of the contexts
/// a title stands before or after it.
pub(super) fn is_named<'c>(phrase: &str, contexts: impl IntoIterator<Item = &'c str>, vocabulary: &Vocabulary) -> bool {
    contexts.into_iter().any(|context| {
        let Some((before, after)) = context.split_once(phrase) else { return false };
        let run = |text: &str, back: bool| -> String {
            let mut chars: Vec<char> =
                if back { text.chars().rev().take_while(|c| is_han(*c)).take(12).collect() } else { text.chars().take_while(|c| is_han(*c)).take(6).collect() };
            if back {
                chars.reverse();
            }
            chars.into_iter().collect()
        };
        let titled = |text: &str| people(text, vocabulary, None).iter().any(|actor| actor.name == phrase && !actor.title.is_empty());
        titled(&(run(before, true) + phrase))
            || (2..=6).any(|length| titled(&(phrase.to_owned() + &run(after, false).chars().take(length).collect::<String>())))
    })
}

/// Characters of the phrase that are no place and no foreign name.
pub(super) fn chars_beside_places(phrase: &str, vocabulary: &Vocabulary) -> usize {
    let mut inside: Vec<bool> = vec![false; phrase.len()];
    let mut mark = |from: usize, to: usize| inside.get_mut(from..to).into_iter().flatten().for_each(|byte| *byte = true);
    for mention in vocabulary.gazetteer.mentions(phrase, None) {
        // 中国 is in every other formulation.
        if mention.span.of(phrase) != "中国" {
            mark(mention.span.start, mention.span.end);
        }
    }
    let (mut from, mut length) = (0, 0);
    for (at, c) in phrase.char_indices().chain([(phrase.len(), '\n')]) {
        if vocabulary.transliterates(c) {
            if length == 0 {
                from = at;
            }
            length += 1;
        } else {
            if length >= TRANSLITERATED_CHARS {
                mark(from, at);
            }
            length = 0;
        }
    }
    phrase.char_indices().filter(|(at, _)| inside.get(*at) == Some(&false)).count()
}

/// Characters of the phrase that are no date; a plan or a congress, which may be
/// new, is none.
pub(super) fn chars_beside_dates(phrase: &str, vocabulary: &Vocabulary) -> usize {
    // Relative words and days off are read against some date: a year whose days
    // off the almanac knows.
    let context = DateContext { document: DateRange::day(2024, 1, 1), previous: None };
    let mut found = dates(phrase, context, &vocabulary.almanac);
    found.retain(|date| date.kind != DateKind::Named || ["feast", "public_holiday"].contains(&date.rule));
    phrase.char_indices().filter(|(at, _)| !found.iter().any(|d| d.span.start <= *at && *at < d.span.end)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::builtin);

    #[test]
    fn persons_are_known_by_their_title_and_set_phrases_with_a_title_are_none() {
        for phrase in ["国务院总理李强", "加纳总统马哈马", "李四光部长"] {
            assert!(is_person(phrase, &VOCABULARY), "{phrase}");
        }
        assert!(has_person_at_edge("国务院总理李强主持", &VOCABULARY) && has_person_at_edge("同加纳总统马哈马", &VOCABULARY));
        assert!(has_person_at_edge("驻华大使", &VOCABULARY));
        for phrase in ["总书记重要讲话", "基础设施", "一国两制", "全过程人民民主", "河长制", "主席团会议"] {
            assert!(!is_person(phrase, &VOCABULARY) && !has_person_at_edge(phrase, &VOCABULARY), "{phrase}");
        }
    }

    #[test]
    fn the_form_of_a_name_needs_a_title_in_a_context() {
        assert!(is_name("王建国", &VOCABULARY) && !is_name("退耕还林", &VOCABULARY));
        assert!(is_named("王建国", ["日前，水利局局长王建国说"], &VOCABULARY));
        assert!(!is_named("高峰", ["迎来客流高峰", "高峰期间加开列车"], &VOCABULARY));
    }

    #[test]
    fn places_and_dates_are_taken_out() {
        assert_eq!(chars_beside_places("黑龙江省", &VOCABULARY), 0);
        assert_eq!(chars_beside_places("中国式现代化", &VOCABULARY), 6);
        assert_eq!(chars_beside_places("巴黎奥运会", &VOCABULARY), 3);
        assert_eq!(chars_beside_places("波克罗夫斯克方向", &VOCABULARY), 2);
        assert!(is_foreign_name("波克罗夫斯克", &VOCABULARY) && !is_foreign_name("生产力", &VOCABULARY));
        assert!(tells_of_abroad("以色列和黎巴嫩停火", &VOCABULARY));
        assert!(!tells_of_abroad("中国和法国发表声明", &VOCABULARY) && !tells_of_abroad("甘肃有了新路", &VOCABULARY));
        assert_eq!(chars_beside_dates("今年前三季度", &VOCABULARY), 0);
        assert_eq!(chars_beside_dates("中秋国庆假期", &VOCABULARY), 0);
        assert_eq!(chars_beside_dates("退耕还林", &VOCABULARY), 4);
    }
}
