//! Themes by occasion type and by province: how often against the whole.

use maud::{Markup, html};

use super::data::{Data, Members};
use super::words::Words;
use super::{Page, number, section};
use crate::tally::per_10k;

/// Themes and members in a grid.
const MOST_THEMES: usize = 25;
const MOST_MEMBERS: usize = 40;
/// Hits of which at least so many must be there, or be expected by the rate of
/// all text, for a ratio to be coloured; as `small_n` of `keyness`.
const FEW_HITS: f64 = 5.0;

/// Theme × occasion type.
pub(super) fn occasion_types(page: &Page<'_>) -> Markup {
    grid(page, "types", "occasion_type", "type")
}

/// Theme × province.
pub(super) fn provinces(page: &Page<'_>) -> Markup {
    grid(page, "provinces", "province", "place")
}

fn grid(page: &Page<'_>, id: &'static str, breakdown: &str, names: &str) -> Markup {
    let (data, w) = (page.data, page.words);
    let none = Members::default();
    let members = data.members.get(breakdown).unwrap_or(&none);
    let mut columns: Vec<(&str, u64)> = members.han_chars.iter().filter(|(m, n)| m.as_str() != "none" && **n > 0).map(|(m, n)| (m.as_str(), *n)).collect();
    if names == "type" {
        columns.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    }
    columns.truncate(MOST_MEMBERS);
    if columns.is_empty() || members.hits.is_empty() {
        let asked = page.facts.breakdowns.iter().any(|b| b == breakdown);
        return section(w, id, html! { p.empty { (if asked { w.t("members-empty") } else { w.t("members-not-asked") }) } });
    }
    let whole_chars: u64 = members.han_chars.values().sum();
    let whole_hits = |theme: usize| members.hits.keys().map(|member| members.hits(member, theme)).sum::<u64>();
    let inside = |theme: usize| columns.iter().map(|(member, _)| members.hits(member, theme)).sum::<u64>();
    let mut themes: Vec<(usize, u64)> = (0..data.themes.len()).filter(|t| is_leaf(data, *t)).map(|t| (t, inside(t))).filter(|(_, n)| *n > 0).collect();
    themes.sort_by_key(|(theme, n)| (std::cmp::Reverse(*n), *theme));
    themes.truncate(MOST_THEMES);
    let share: u64 = columns.iter().map(|(_, n)| n).sum();
    section(
        w,
        id,
        html! {
            p { (w.fill("members-intro", &[&number::percent(share as f64 / whole_chars.max(1) as f64)])) }
            ul.legend.ratio {
                @for (class, text) in [("r-3", "≤ ¼×"), ("r-2", "½×"), ("r-1", "¾×"), ("r0", "1×"), ("r1", "1⅓×"), ("r2", "2×"), ("r3", "≥ 4×")] { li { span class=(format!("swatch {class}")) {} (text) } }
            }
            div.scroll tabindex="0" role="region" aria-label=(w.t(&format!("section-{id}"))) {
                table.grid id=(format!("{id}-table")) {
                    caption.hidden { (w.t("members-caption")) }
                    thead {
                        tr { th scope="col" { (w.t("theme")) } th.n scope="col" { (w.t("all-text")) } @for (member, _) in &columns { th.member scope="col" { span { (w.name(names, member)) } } } }
                        tr.chars { th scope="row" { (w.t("han-chars")) } td.n { (number::large(whole_chars, w.language)) } @for (_, chars) in &columns { td.n { (number::large(*chars, w.language)) } } }
                    }
                    tbody {
                        @for (theme, _) in &themes {
                            @let whole = per_10k(whole_hits(*theme), whole_chars).unwrap_or_default();
                            tr {
                                th scope="row" { (data.themes.get(*theme).map(|t| w.label(&t.theme_zh, &t.theme_en)).unwrap_or_default()) }
                                td.n { (number::rate(whole)) }
                                @for (member, chars) in &columns {
                                    (cell(w, members.hits(member, *theme), *chars, whole))
                                }
                            }
                        }
                    }
                }
            }
            p.note { (w.fill("members-note", &[&format!("{FEW_HITS:.0}")])) }
        },
    )
}

/// Themes of level 1, or of level 0 where there are no others.
fn is_leaf(data: &Data, theme: usize) -> bool {
    data.themes.get(theme).is_some_and(|t| t.level == 1 || !data.themes.iter().any(|t| t.level == 1))
}

fn cell(w: &Words, hits: u64, chars: u64, whole: f64) -> Markup {
    let rate = per_10k(hits, chars).unwrap_or_default();
    let text = w.fill("members-cell", &[&number::count(hits), &number::count(chars)]);
    let expected = whole * chars as f64 / 10_000.0;
    let class = if expected.max(hits as f64) < FEW_HITS { "few".to_owned() } else { format!("r{}", shade(rate, whole)) };
    html! { td class=(format!("n {class}")) data-v=(hits) title=(text) { @if hits > 0 { (number::rate(rate)) } @else { "·" } } }
}

/// Steps of a rate from the whole, cut between ¼, ½, ¾, 1, 1⅓, 2 and 4 times.
fn shade(rate: f64, whole: f64) -> i8 {
    const CUTS: [(f64, i8); 6] = [(0.354, -3), (0.612, -2), (0.866, -1), (1.155, 0), (1.633, 1), (2.828, 2)];
    CUTS.into_iter().find(|(cut, _)| rate < cut * whole).map_or(3, |(_, step)| step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_are_symmetric_in_the_ratio() {
        for (ratio, step) in [(0.0, -3), (0.25, -3), (0.5, -2), (0.75, -1), (1.0, 0), (1.34, 1), (2.0, 2), (4.0, 3), (40.0, 3)] {
            assert_eq!(shade(ratio * 7.0, 7.0), step, "{ratio}");
        }
    }
}
