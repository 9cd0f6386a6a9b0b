//! Turning points on a time line.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use maud::{Markup, html};

use super::chart::{Axis, percent_of, time_grid, time_head};
use super::words::Words;
use super::{Page, number, section};
use crate::tally::TurnRow;

/// Themes on the time line, and turning points in the table.
const MOST_THEMES: usize = 30;
const MOST_ROWS: usize = 200;

/// The section.
pub(super) fn turns(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    let all: Vec<&TurnRow> = data.turns.iter().collect();
    // A burst inside a burst says how strong, not when.
    let drawn: Vec<&TurnRow> = all.iter().copied().filter(|t| t.burst_level <= 1).collect();
    let Some(axis) = axis(page, &drawn) else {
        return section(w, "turns", html! { p.empty { (w.t("turns-empty")) } });
    };
    let mut weight: BTreeMap<&str, f64> = BTreeMap::new();
    for turn in drawn.iter().filter(|t| t.level == 1) {
        let most = weight.entry(turn.theme.as_str()).or_default();
        *most = most.max(turn.weight);
    }
    if weight.is_empty() {
        for turn in &drawn {
            let most = weight.entry(turn.theme.as_str()).or_default();
            *most = most.max(turn.weight);
        }
    }
    let mut themes: Vec<(&str, f64)> = weight.into_iter().collect();
    themes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let left = themes.len().saturating_sub(MOST_THEMES);
    themes.truncate(MOST_THEMES);
    // Read from the top by when they first turn.
    let rows: Vec<(&str, Vec<&TurnRow>)> = {
        let mut rows: Vec<(&str, Vec<&TurnRow>)> =
            themes.iter().map(|(theme, _)| (*theme, drawn.iter().copied().filter(|t| t.theme == *theme).collect())).collect();
        rows.sort_by_key(|(theme, turns)| (turns.iter().map(|t| t.period_start).min(), *theme));
        rows
    };
    let mut table = all.clone();
    table.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| (&a.theme, a.period_start, &a.kind).cmp(&(&b.theme, b.period_start, &b.kind))));
    let kinds = ["debut", "spike", "burst", "silence", "return"];
    section(
        w,
        "turns",
        html! {
            p { (w.fill("turns-intro", &[&number::count(all.len() as u64)])) }
            ul.legend { @for kind in kinds { li { (key(kind)) (w.name("kind", kind)) } } }
            div.timeline role="group" aria-label=(w.t("section-turns")) {
                div.row.head { span.name {} (time_head(axis)) }
                @for (theme, turns) in &rows {
                    @let label = data.theme(theme).map(|t| w.label(&t.theme_zh, &t.theme_en)).unwrap_or_default();
                    div.row { span.name { (label) } (strip(w, label, turns, axis)) }
                }
            }
            @if left > 0 { p.note { (w.fill("turns-left", &[&MOST_THEMES.to_string(), &number::count(left as u64)])) } }
            details {
                summary { (w.t("numbers")) }
                @if table.len() > MOST_ROWS { p.note { (w.fill("turns-shown", &[&MOST_ROWS.to_string(), &number::count(table.len() as u64)])) } }
                div.scroll tabindex="0" role="region" aria-label=(w.t("numbers")) { (numbers(w, table.get(..MOST_ROWS).unwrap_or(&table))) }
            }
        },
    )
}

fn end(turn: &TurnRow, axis: Axis) -> NaiveDate {
    turn.period_end.unwrap_or(axis.to).min(axis.to)
}

fn axis(page: &Page<'_>, turns: &[&TurnRow]) -> Option<Axis> {
    let from = turns.iter().map(|t| t.period_start).min()?;
    let to = turns.iter().map(|t| t.period_end.unwrap_or(t.period_start)).max()?;
    let range = page.data.range().unwrap_or((from, to));
    Some(Axis { from: from.min(range.0), to: to.max(range.1) })
}

/// A mark of a kind: its shape tells it, its colour only helps.
fn mark(kind: &str, x: &str, width: &str) -> Markup {
    html! {
        @match kind {
            "burst" => { rect.burst x=(x) y="5" width=(width) height="10" rx="2" {} },
            "silence" => { rect.silence x=(x) y="7" width=(width) height="6" {} },
            "spike" => { svg.point x=(x) y="10" { path.spike d="M0 -8L6 5H-6z" {} } },
            "return" => { svg.point x=(x) y="10" { path.return d="M-5 -5V5L5 0z" {} } },
            _ => { svg.point x=(x) y="10" { path.debut d="M0 -7L7 0L0 7L-7 0z" {} } },
        }
    }
}

fn key(kind: &str) -> Markup {
    let (x, width) = if matches!(kind, "burst" | "silence") { ("1", "18") } else { ("10", "") };
    html! { svg.key width="20" height="20" aria-hidden="true" { (mark(kind, x, width)) } }
}

fn strip(w: &Words, label: &str, turns: &[&TurnRow], axis: Axis) -> Markup {
    let said = |turn: &TurnRow| {
        let last = turn.period_end.unwrap_or(axis.to);
        format!("{}: {}", w.name("kind", &turn.kind), number::days(turn.period_start, last, w.language))
    };
    let text = format!("{label}: {}", turns.iter().map(|t| said(t)).collect::<Vec<_>>().join("; "));
    // Wide marks first, so that the points lie over them.
    let mut order: Vec<&&TurnRow> = turns.iter().collect();
    order.sort_by_key(|t| (!matches!(t.kind.as_str(), "burst" | "silence"), t.period_start));
    html! {
        svg.strip width="100%" height="20" role="img" aria-label=(text) {
            (time_grid(axis))
            @for turn in order {
                @let x = axis.at(turn.period_start);
                g { title { (said(turn)) } (mark(&turn.kind, &percent_of(x), &percent_of((axis.at(end(turn, axis)) - x).max(0.004)))) }
            }
        }
    }
}

fn numbers(w: &Words, rows: &[&TurnRow]) -> Markup {
    let share = |part: u64, whole: u64| {
        if whole == 0 {
            "–".to_owned()
        } else {
            format!("{} ({}/{})", number::percent(part as f64 / whole as f64), number::count(part), number::count(whole))
        }
    };
    html! {
        table #turns-table {
            thead { tr {
                th scope="col" { (w.t("theme")) } th scope="col" { (w.t("kind")) } th scope="col" { (w.t("days-of")) }
                th.n scope="col" { (w.t("density-there")) } th.n scope="col" { (w.t("density-before")) } th.n scope="col" { (w.t("weight")) } th scope="col" { (w.t("censored")) }
            } }
            tbody {
                @for turn in rows {
                    tr {
                        th scope="row" { (w.label(&turn.theme_zh, &turn.theme_en)) }
                        td { (w.name("kind", &turn.kind)) @if turn.burst_level > 1 { " " (turn.burst_level) } }
                        td { (turn.period_end.map_or_else(|| number::day(turn.period_start, w.language) + "–", |last| number::days(turn.period_start, last, w.language))) }
                        td.n { (share(turn.documents, turn.period_documents)) } td.n { (share(turn.baseline_documents, turn.baseline_period_documents)) }
                        td.n { (format!("{:.1}", turn.weight)) } td { (if turn.censored { w.t("yes") } else { w.t("no") }) }
                    }
                }
            }
        }
    }
}
