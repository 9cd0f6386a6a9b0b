//! How it was counted, and the denominators.

use maud::{Markup, html};

use super::words::Words;
use super::{Page, number, section};

/// Rows of denominators in a table.
const MOST_ROWS: usize = 120;

/// The section.
pub(super) fn method(page: &Page<'_>) -> Markup {
    let (data, w, facts) = (page.data, page.words, page.facts);
    let yes = |b: bool| if b { w.t("yes") } else { w.t("no") };
    section(
        w,
        "method",
        html! {
            ul {
                @for text in [
                    w.t("method-hit"),
                    w.t("method-rate"),
                    w.t("method-density"),
                    w.t("method-null"),
                    w.t("method-sums"),
                    w.t("method-occasions"),
                    w.t("method-turns"),
                    w.t("method-pairs"),
                ] { li { (text) } }
            }
            h3 { (w.t("method-settings")) }
            dl.release {
                dt { (w.t("method-basis")) } dd { (w.name("basis", &facts.date_basis)) }
                dt { (w.t("method-duplicates")) } dd { (w.name("duplicates", &facts.duplicates)) }
                dt { (w.t("method-preamble")) } dd { (yes(facts.preamble)) }
                dt { (w.t("method-periods")) } dd { (facts.periods.iter().map(|p| w.name("period", p)).collect::<Vec<_>>().join(&w.t("list-mark"))) }
                dt { (w.t("method-breakdowns")) } dd { (facts.breakdowns.iter().map(|b| w.name("breakdown", b)).collect::<Vec<_>>().join(&w.t("list-mark"))) }
            }
            @if !facts.heat_levels.is_empty() {
                h3 { (w.t("method-heat")) }
                p { (w.fill("method-heat-intro", &[&facts.heat_scale])) }
                div.scroll tabindex="0" role="region" aria-label=(w.t("method-heat")) {
                    table {
                        thead { tr { th scope="col" { (w.t("heat-level")) } th.n scope="col" { (w.t("method-share-from")) } th.n scope="col" { (w.t("method-documents-from")) } } }
                        tbody { @for level in &facts.heat_levels { tr { th scope="row" { (w.name("heat", &level.name)) } td.n { (number::percent(level.share)) } td.n { (number::count(level.documents)) } } } }
                    }
                }
            }
            h3 { (w.t("method-denominators")) }
            p { (w.t("method-denominators-intro")) }
            @for block in data.blocks.iter().filter(|b| b.source.is_none()) { (denominators(page, w, block)) }
            @if !data.rejects.is_empty() {
                h3 { (w.t("method-rejects")) }
                table { thead { tr { th scope="col" { (w.t("reason")) } th.n scope="col" { (w.t("count")) } } }
                    tbody { @for (reason, n) in &data.rejects { tr { th scope="row" { (w.name("reason", reason)) } td.n { (number::count(*n)) } } } } }
            }
            p.note { (w.t("method-more")) }
        },
    )
}

fn denominators(page: &Page<'_>, w: &Words, block: &super::data::Block) -> Markup {
    let from = block.slots.len().saturating_sub(MOST_ROWS);
    let unplaced = page.data.unplaced.get(&block.period).copied().unwrap_or_default();
    html! {
        details {
            summary { (w.fill("method-denominators-of", &[&w.name("period", &block.period)])) }
            @if from > 0 { p.note { (w.fill("method-newest", &[&MOST_ROWS.to_string(), &number::count(block.slots.len() as u64)])) } }
            div.scroll tabindex="0" role="region" aria-label=(w.t("method-denominators")) {
                table data-period=(block.period) {
                    thead { tr { th scope="col" { (w.t("period")) } th.n scope="col" { (w.t("documents")) } th.n scope="col" { (w.t("han-chars")) } th scope="col" { (w.t("partial")) } } }
                    tbody {
                        @for slot in block.slots.get(from..).unwrap_or_default() {
                            tr { th scope="row" { (number::period(&slot.label, w.language)) } td.n data-v=(slot.documents) { (number::count(slot.documents)) }
                                td.n data-v=(slot.han_chars) { (number::count(slot.han_chars)) } td { @if slot.partial { (w.t("yes")) } } }
                        }
                        @if unplaced != (0, 0) { tr { th scope="row" { (w.t("unplaced")) } td.n { (number::count(unplaced.0)) } td.n { (number::count(unplaced.1)) } td {} } }
                    }
                }
            }
        }
    }
}
