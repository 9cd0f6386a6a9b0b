//! New phrases, with sentences that hold them.

use maud::{Markup, html};

use super::data::MOST_CANDIDATES;
use super::{Page, number, section};

/// Characters of a sentence on each side of the phrase.
const AROUND: usize = 60;

/// The section.
pub(super) fn phrases(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    if data.candidates.is_empty() {
        let text = if page.facts.windows == 0 { w.t("phrases-no-window") } else { w.t("phrases-empty") };
        return section(w, "phrases", html! { p.empty { (text) } });
    }
    let mut windows: Vec<_> = data.candidates.iter().map(|c| (c.window_start, c.window_end)).collect();
    windows.dedup();
    section(
        w,
        "phrases",
        html! {
            p { (w.fill("phrases-intro", &[&MOST_CANDIDATES.to_string(), &number::count(data.all_candidates)])) }
            @for window in &windows {
                h3 { (number::days(window.0, window.1, w.language)) }
                @let some: Vec<_> = data.candidates.iter().filter(|c| (c.window_start, c.window_end) == *window).collect();
                @if some.iter().any(|c| c.baseline_thin) { p.note { (w.t("phrases-thin")) } }
                ol.phrases {
                    @for candidate in some {
                        li {
                            b lang="zh" { (candidate.phrase) }
                            span.note {
                                (w.fill("phrases-counts", &[&number::count(candidate.count), &number::count(candidate.documents), &number::count(candidate.days), &number::count(candidate.count_before)]))
                                (w.fill("phrases-first", &[&number::day(candidate.first_date, w.language)]))
                                @if let Some(term) = &candidate.nearest_term { (w.t("phrases-near")) span lang="zh" { (term) } }
                            }
                            code title=(w.t("phrases-id")) { (candidate.candidate_id) }
                            @if !candidate.contexts.is_empty() {
                                details {
                                    summary { (w.fill("phrases-contexts", &[&candidate.contexts.len().to_string()])) }
                                    @for context in &candidate.contexts { blockquote lang="zh" { (marked(context, &candidate.phrase)) } }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// A sentence with the phrase marked, cut to its surroundings.
fn marked(sentence: &str, phrase: &str) -> Markup {
    let Some((before, after)) = sentence.split_once(phrase) else { return html! { (head(sentence, 2 * AROUND)) } };
    html! { (tail(before, AROUND)) mark { (phrase) } (head(after, AROUND)) }
}

/// The first so many characters.
pub(super) fn head(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most).chain(['…']).collect() }
}

fn tail(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most { text.to_owned() } else { ['…'].into_iter().chain(text.chars().skip(count - most)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_marked_and_its_sentence_escaped() {
        assert_eq!(marked("要<b>推动新事", "推动").into_string(), "要&lt;b&gt;<mark>推动</mark>新事");
        assert_eq!(marked("没有", "推动").into_string(), "没有");
        assert_eq!((head("一二三四", 2), tail("一二三四", 2)), ("一二…".into(), "…三四".into()));
    }
}
