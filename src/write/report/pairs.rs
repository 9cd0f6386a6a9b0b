//! Themes that stand together.

use maud::{Markup, html};

use super::data::MOST_PAIRS;
use super::{Page, number, section};

/// logDice of two themes that are never apart.
const MOST_LOG_DICE: f64 = 14.0;
/// Where the bars begin: of eight levels below, each is half as strong as the next.
const LEAST_LOG_DICE: f64 = 6.0;

/// The section.
pub(super) fn pairs(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    if data.pairs.is_empty() {
        return section(w, "pairs", html! { p.empty { (w.t("pairs-empty")) } });
    }
    let label = |id: &str| data.theme(id).map_or_else(|| id.to_owned(), |t| w.label(&t.theme_zh, &t.theme_en).to_owned());
    let width = |strength: f64| format!("{:.1}%", ((strength - LEAST_LOG_DICE) / (MOST_LOG_DICE - LEAST_LOG_DICE)).clamp(0.01, 1.0) * 100.0);
    section(
        w,
        "pairs",
        html! {
            p { (w.fill("pairs-intro", &[&data.pairs.len().min(MOST_PAIRS).to_string(), &number::count(data.all_pairs)])) }
            div.scroll tabindex="0" role="region" aria-label=(w.t("section-pairs")) {
                table #pairs-table {
                    thead { tr {
                        th scope="col" { (w.t("pair")) } th.n scope="col" { "logDice" } th.wide scope="col" { (w.t("pairs-axis")) }
                        th.n scope="col" { "NPMI" } th.n scope="col" { (w.t("documents-both")) } th.n scope="col" { (w.t("documents-each")) } th.n scope="col" { (w.t("sentences-both")) }
                        th scope="col" { (w.t("first-together")) }
                    } }
                    tbody {
                        @for pair in &data.pairs {
                            @let strength = pair.log_dice_document.unwrap_or_default();
                            tr {
                                th scope="row" { (label(&pair.theme_a)) " + " (label(&pair.theme_b)) }
                                td.n { (format!("{strength:.1}")) }
                                td.wide { svg.strip width="100%" height="14" aria-hidden="true" { rect.bar x="0" y="2" height="10" width=(width(strength)) {} } }
                                td.n { (pair.npmi_document.map(|v| number::signed(v, 2)).unwrap_or_default()) }
                                td.n data-v=(pair.documents) { (number::count(pair.documents)) }
                                td.n { (number::count(pair.documents_a)) " / " (number::count(pair.documents_b)) }
                                td.n { (number::count(pair.sentences)) }
                                td { (pair.first_start.map(|d| number::period(&d.format("%Y").to_string(), w.language)).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
            p.note { (w.t("pairs-note")) }
        },
    )
}
