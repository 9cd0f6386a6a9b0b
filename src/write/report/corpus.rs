//! What was read: the figures of the corpus and of each source.

use maud::{Markup, html};

use super::{Page, number, section, warnings};

/// The section.
pub(super) fn corpus(page: &Page<'_>) -> Markup {
    let (data, w, facts) = (page.data, page.words, page.facts);
    let sum = |of: fn(&super::data::SourceSum) -> u64| data.sources.values().map(of).sum::<u64>();
    let hits: u64 = data.themes.iter().filter(|t| t.level == 0).map(|t| t.hits).sum();
    let figure = |id: &str, value: u64, text: String| {
        html! { div.figure data-figure=(id) data-v=(value) title=(number::count(value)) { b { (number::large(value, w.language)) } span { (text) } } }
    };
    let period = data.range().map_or_else(|| w.t("undated"), |(from, to)| number::days(from, to, w.language));
    section(
        w,
        "corpus",
        html! {
            p.lead { (w.fill("corpus-lead", &[&period])) }
            div.figures {
                (figure("documents", data.documents_in_all(), w.t("documents")))
                (figure("han_chars", sum(|s| s.han_chars), w.t("han-chars")))
                (figure("sentences", sum(|s| s.sentences), w.t("sentences")))
                (figure("hits", hits, w.t("hits")))
                (figure("themes", data.themes.len() as u64, w.t("themes")))
                (figure("occasions", data.occasions.total, w.t("occasions")))
            }
            (warnings::list(page))
            h3 { (w.t("sources")) }
            div.scroll tabindex="0" role="region" aria-label=(w.t("sources")) {
                table #sources {
                    thead { tr {
                        th scope="col" { (w.t("source")) } th scope="col" { (w.t("register")) } th scope="col" { (w.t("cadence")) }
                        th.n scope="col" { (w.t("documents")) } th.n scope="col" { (w.t("undated-documents")) } th.n scope="col" { (w.t("sentences")) }
                        th.n scope="col" { (w.t("han-chars")) } th scope="col" { (w.t("first-day")) } th scope="col" { (w.t("newest-day")) }
                        th scope="col" { (w.t("freshness")) }
                    } }
                    tbody {
                        @for (name, source) in &data.sources {
                            @let fact = facts.sources.iter().find(|f| f.name == *name);
                            tr {
                                th scope="row" { (name) }
                                td { (fact.map(|f| f.register.as_str()).unwrap_or_default()) }
                                td { (fact.map(|f| w.name("cadence", &f.cadence)).unwrap_or_default()) }
                                td.n data-v=(source.documents) { (number::count(source.documents)) }
                                td.n data-v=(source.undated) { (number::count(source.undated)) }
                                td.n data-v=(source.sentences) { (number::count(source.sentences)) }
                                td.n data-v=(source.han_chars) { (number::count(source.han_chars)) }
                                td { (source.first.map(|d| number::day(d, w.language)).unwrap_or_default()) }
                                td { (source.last.map(|d| number::day(d, w.language)).unwrap_or_default()) }
                                td {
                                    @match source.last {
                                        Some(last) => { span.age data-day=(last) data-cadence=(fact.map(|f| f.cadence.as_str()).unwrap_or_default()) { (w.t("age-needs-script")) } },
                                        None => (w.t("undated")),
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.note { (w.t("age-note")) }
            dl.release {
                dt { (w.t("release-key")) } dd { code { (facts.release_key) } }
                dt { (w.t("program")) } dd { (w.fill("program-is", &[&facts.tifa, &facts.schema_version])) }
                dt { (w.t("lexicon")) } dd { code { (facts.lexicon_hash.get(..16).unwrap_or(&facts.lexicon_hash)) } }
                @if let Some(day) = &facts.as_of { dt { (w.t("as-of")) } dd { (day) } }
            }
        },
    )
}
