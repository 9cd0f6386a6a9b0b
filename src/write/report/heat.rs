//! Themes by heat, with what changed.

use maud::{Markup, html};

use super::data::{Block, Data};
use super::words::Words;
use super::{Page, chart, number, section};
use crate::tally::ProfileRow;

/// Rows that are shown at once; the others are a click away.
const SHOWN: usize = 30;
/// Points of a small line.
const MOST_POINTS: usize = 80;

/// The documents with the theme in the period of its heat, of all in it.
pub(super) fn in_heat_period(data: &Data, theme: usize) -> Option<(u64, u64)> {
    let row = data.themes.get(theme)?;
    let block = data.block(row.heat_period.as_deref()?)?;
    let slot = block.slots.iter().position(|s| Some(s.start) == row.heat_start)?;
    block.share(theme, slot)
}

/// The section.
pub(super) fn heat(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    if data.themes.is_empty() {
        return section(w, "heat", html! { p.empty { (w.t("heat-empty")) } });
    }
    let mut order: Vec<usize> = (0..data.themes.len()).collect();
    let now = |theme: usize| in_heat_period(data, theme).map_or(0, |(part, _)| part);
    let all = |theme: usize| data.themes.get(theme).map_or(0, |t| t.documents);
    order.sort_by_key(|theme| (std::cmp::Reverse(now(*theme)), std::cmp::Reverse(all(*theme)), *theme));
    let hit: Vec<usize> = order.iter().copied().filter(|theme| all(*theme) > 0).collect();
    let never = order.len() - hit.len();
    let row = data.themes.first();
    let period = row.and_then(|t| {
        let block = data.block(t.heat_period.as_deref()?)?;
        block.slots.iter().find(|s| Some(s.start) == t.heat_start).map(|s| (number::period(&s.label, w.language), number::count(s.documents)))
    });
    let most = hit.iter().filter_map(|t| in_heat_period(data, *t)).map(|(part, whole)| part as f64 / whole as f64).fold(0.0, f64::max);
    let line = data.blocks.iter().filter(|b| b.source.is_none() && b.slots.len() <= MOST_POINTS && b.slots.len() > 1).max_by_key(|b| b.slots.len());
    let unlevelled = data.themes.iter().all(|t| t.heat_by_share.is_none());
    let body = |themes: &[usize]| html! { @for theme in themes { (theme_row(data, w, *theme, most, line)) } };
    section(
        w,
        "heat",
        html! {
            p { @match &period { Some((period, documents)) => (w.fill("heat-intro", &[period, documents])), None => (w.t("heat-intro-none")) } }
            @if unlevelled { p.note { (w.t("heat-few")) } }
            @if hit.is_empty() { p.empty { (w.t("heat-no-hits")) } }
            @else {
                p.note { (w.t("sort-note")) }
                div.scroll tabindex="0" role="region" aria-label=(w.t("section-heat")) {
                    table #heat-table.sortable {
                        thead { tr {
                            th scope="col" { (w.t("theme")) } th scope="col" { (w.t("heat-level")) } th.n scope="col" { (w.t("heat-change")) }
                            th.n scope="col" { (w.t("density")) } th.n scope="col" { (w.t("documents")) } th.n scope="col" { (w.t("rate-all")) }
                            th.n scope="col" { (w.t("hits-all")) } th scope="col" { (w.t("trend")) }
                            th scope="col" { (w.t("course")) } th scope="col" { (w.t("first-seen")) } th scope="col" { (w.t("peak")) }
                        } }
                        tbody { (body(hit.get(..SHOWN).unwrap_or(&hit))) }
                        @if let Some(rest) = hit.get(SHOWN..).filter(|rest| !rest.is_empty()) {
                            tbody.more #heat-more { (body(rest)) }
                        }
                    }
                }
                @if hit.len() > SHOWN {
                    p { button.toggle type="button" data-of="heat-more" hidden { (w.fill("heat-all", &[&number::count(hit.len() as u64)])) } }
                }
            }
            @if never > 0 && !hit.is_empty() {
                details {
                    summary { (w.fill("heat-never", &[&number::count(never as u64)])) }
                    p { (order.iter().filter(|t| all(**t) == 0).filter_map(|t| data.themes.get(*t)).map(|t| w.label(&t.theme_zh, &t.theme_en)).collect::<Vec<_>>().join(&w.t("list-mark"))) }
                }
            }
        },
    )
}

fn theme_row(data: &Data, w: &Words, theme: usize, most: f64, line: Option<&Block>) -> Markup {
    let Some(row) = data.themes.get(theme) else { return html! {} };
    let now = in_heat_period(data, theme);
    let share = now.map(|(part, whole)| part as f64 / whole as f64);
    html! {
        tr data-theme=(row.theme) data-level=(row.level) {
            th scope="row" class=[(row.level == 0).then_some("top")] { (w.label(&row.theme_zh, &row.theme_en)) }
            td data-v=(level_order(row)) {
                @match &row.heat_by_share {
                    Some(level) => span class=(format!("level l{}", level_order(row))) { (w.name("heat", level)) },
                    None => span.none { "–" },
                }
            }
            td.n data-v=(row.heat_change.unwrap_or(0)) { (change(w, row)) }
            td.n data-v=(share.unwrap_or(-1.0)) {
                @if let Some(share) = share {
                    (number::percent(share))
                    svg.bar width="64" height="8" aria-hidden="true" { rect x="0" y="0" height="8" width=(format!("{:.1}", if most > 0.0 { share / most * 64.0 } else { 0.0 })) {} }
                } @else { "–" }
            }
            td.n data-v=(now.map_or(0, |n| n.0)) { @if let Some((part, _)) = now { (number::count(part)) } @else { "–" } }
            td.n data-v=(row.per_10k.unwrap_or_default()) { (row.per_10k.map(number::rate).unwrap_or_default()) }
            td.n data-v=(row.hits) { (number::count(row.hits)) }
            td { (trend(w, row)) }
            td { @if let Some(block) = line { (chart::spark(&course(block, theme))) } }
            td.day data-v=(row.first_date.map(|d| d.to_string()).unwrap_or_default()) { (row.first_date.map(|d| number::day(d, w.language)).unwrap_or_default()) }
            td.day data-v=(row.peak_start.map(|d| d.to_string()).unwrap_or_default()) { (peak(data, w, row)) }
        }
    }
}

/// Shares of a theme, with a hole wherever a period is not followed by the next.
fn course(block: &Block, theme: usize) -> Vec<Option<f64>> {
    let mut out = Vec::new();
    for slot in 0..block.slots.len() {
        if slot > 0 && !block.joins(slot) {
            out.push(None);
        }
        out.push(block.share(theme, slot).map(|(part, whole)| part as f64 / whole as f64));
    }
    out
}

/// 0: off the scale; a custom scale has levels by order of what is seen.
fn level_order(row: &ProfileRow) -> usize {
    const LEVELS: [&str; 6] = ["冷", "温", "暖", "热", "烫", "沸"];
    row.heat_by_share.as_deref().and_then(|level| LEVELS.iter().position(|l| *l == level)).map_or(0, |at| at + 1)
}

fn change(w: &Words, row: &ProfileRow) -> Markup {
    match row.heat_change {
        None => html! { span.none { "–" } },
        Some(0) => html! { span title=(w.t("heat-same")) { "＝" } },
        Some(n) if n > 0 => html! { span.up title=(w.fill("heat-risen", &[&n.to_string()])) { "▲ " (n) } },
        Some(n) => html! { span.down title=(w.fill("heat-fallen", &[&n.unsigned_abs().to_string()])) { "▼ " (n.unsigned_abs()) } },
    }
}

fn trend(w: &Words, row: &ProfileRow) -> Markup {
    let sign = match row.trend.as_deref() {
        Some("up") => "↗",
        Some("down") => "↘",
        Some(_) => "→",
        None => "–",
    };
    let text = row.trend.as_deref().map(|t| w.name("trend", t));
    html! { span.trend title=[text.as_deref()] { (sign) @if let Some(text) = &text { " " (text) } } }
}

fn peak(data: &Data, w: &Words, row: &ProfileRow) -> String {
    let found = row.peak_period.as_deref().and_then(|p| data.block(p)).and_then(|b| b.slots.iter().find(|s| Some(s.start) == row.peak_start));
    found.map(|s| number::period(&s.label, w.language)).or_else(|| row.peak_start.map(|d| number::day(d, w.language))).unwrap_or_default()
}
