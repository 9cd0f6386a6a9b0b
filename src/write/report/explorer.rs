//! Any chosen themes over time: the first choice drawn here, the others by the
//! script from numbers that the page carries.

use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};
use rayon::prelude::*;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::chart::{self, Axis, Line};
use super::data::{Block, Data};
use super::words::Words;
use super::{Page, number, section};
use crate::tally::{Period, per_10k};

/// Bytes of the numbers that the page carries for its script.
const MOST_BYTES: usize = 3_000_000;
/// Themes of the first choice.
const FIRST_THEMES: usize = 5;
/// Points above which the first choice is by year.
const MOST_POINTS: usize = 150;

/// Which blocks the page carries: the wanted ones first, as long as they fit.
///
/// Years and months of all sources come first, then those of each source, then
/// the other lengths; weeks, which are the largest, last.
pub(super) fn carried(data: &Data) -> (Vec<(&Block, String)>, Vec<&Block>) {
    let order = |block: &Block| {
        let wanted = ["year", "month", "quarter", "plan", "congress", "week", "day"];
        (block.period == "week", block.source.is_some(), wanted.iter().position(|w| *w == block.period))
    };
    let mut blocks: Vec<&Block> = data.blocks.iter().collect();
    blocks.sort_by_key(|block| order(block));
    let texts: Vec<Option<String>> = blocks.par_iter().map(|block| encoded(block, MOST_BYTES)).collect();
    let (mut taken, mut left, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (block, text) in blocks.into_iter().zip(texts) {
        match text.filter(|text| bytes + text.len() <= MOST_BYTES) {
            Some(text) => {
                bytes += text.len();
                taken.push((block, text));
            }
            None => left.push(block),
        }
    }
    (taken, left)
}

/// Hits of a theme with runs of zeros as one negative number; the documents of
/// those that are not zero.
fn packed(counts: impl IntoIterator<Item = (u32, u32)>) -> (Vec<i64>, Vec<u32>) {
    let (mut out, mut with) = (Vec::new(), Vec::new());
    let mut zeros = 0_i64;
    for (hits, documents) in counts {
        if hits == 0 && documents == 0 {
            zeros += 1;
            continue;
        }
        if zeros > 0 {
            out.push(-zeros);
            zeros = 0;
        }
        out.push(i64::from(hits));
        with.push(documents);
    }
    (out, with)
}

/// A part of what is packed of each theme, made as it is written.
struct OfThemes<'b, F>(&'b Block, F);

impl<T: Serialize, F: Fn((Vec<i64>, Vec<u32>)) -> T> Serialize for OfThemes<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(block, part) = self;
        serializer.collect_seq(block.counts().map(|counts| part(packed(counts))))
    }
}

/// A block as the script reads it.
#[derive(Serialize)]
struct Encoded<'b, H, D> {
    period: &'b str,
    source: Option<&'b str>,
    label: Vec<&'b str>,
    day: Vec<i64>,
    documents: Vec<u64>,
    chars: Vec<u64>,
    partial: Vec<usize>,
    breaks: Vec<usize>,
    /// Hits of each theme, packed.
    h: H,
    /// Documents of each theme, packed.
    d: D,
}

/// The JSON of a block; `None`, if it has more than so many bytes, of which no more
/// are made.
fn encoded(block: &Block, most_bytes: usize) -> Option<String> {
    let slots = || block.slots.iter();
    let encoded = Encoded {
        period: &block.period,
        source: block.source.as_deref(),
        label: slots().map(|s| s.label.as_str()).collect(),
        day: slots().map(|s| (s.start - chrono::NaiveDate::default()).num_days()).collect(),
        documents: slots().map(|s| s.documents).collect(),
        chars: slots().map(|s| s.han_chars).collect(),
        partial: slots().enumerate().filter(|(_, s)| s.partial).map(|(at, _)| at).collect(),
        breaks: (1..block.slots.len()).filter(|at| !block.joins(*at)).collect(),
        h: OfThemes(block, |(hits, _)| hits),
        d: OfThemes(block, |(_, documents)| documents),
    };
    let mut text = AtMost { bytes: Vec::new(), most: most_bytes };
    // Numbers and texts: there is nothing that JSON could not say.
    serde_json::to_writer(&mut text, &encoded).ok()?;
    String::from_utf8(text.bytes).ok()
}

/// Bytes, up to so many.
struct AtMost {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for AtMost {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > self.most {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const NOT_INSIDE: [char; 3] = ['<', '\u{2028}', '\u{2029}'];

/// Text that may stand inside `<script>`: no `<` can end it or begin a comment.
pub(super) fn inside_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for piece in json.split_inclusive(NOT_INSIDE) {
        match piece.strip_suffix(NOT_INSIDE).zip(piece.chars().next_back()) {
            Some((text, mark)) => out.extend([text, &format!("\\u{:04x}", u32::from(mark))]),
            None => out += piece,
        }
    }
    out
}

/// The length of period of the first choice.
fn first_period(data: &Data) -> Option<&Block> {
    let trend = data.themes.iter().find_map(|row| row.trend_period.as_deref()).and_then(|period| data.block(period));
    // Lines need neighbours: not too many points, and most beside another.
    let fits = |block: &&Block| {
        let joined = (1..block.slots.len()).filter(|slot| block.joins(*slot)).count();
        block.slots.len() <= MOST_POINTS && joined * 2 >= block.slots.len() - 1
    };
    let named = |period: Period| data.block(period.name());
    trend.filter(fits).or_else(|| named(Period::Quarter).filter(fits)).or_else(|| named(Period::Year)).or(trend).or_else(|| data.blocks.first())
}

/// Themes that are drawn first: of level 1 those with the most documents.
fn first_themes(data: &Data) -> Vec<usize> {
    let mut all: Vec<usize> = (0..data.themes.len()).collect();
    let level = |at: usize| data.themes.get(at).map_or(0, |t| t.level);
    let documents = |at: usize| data.themes.get(at).map_or(0, |t| t.documents);
    all.retain(|at| documents(*at) > 0);
    all.sort_by_key(|at| (std::cmp::Reverse(level(*at)), std::cmp::Reverse(documents(*at)), *at));
    all.truncate(FIRST_THEMES);
    all
}

/// The section, and what its script needs.
pub(super) fn explorer(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    let Some(block) = first_period(data).filter(|b| !b.slots.is_empty()) else {
        return section(w, "explorer", html! { p.empty { (w.t("explorer-empty")) } });
    };
    let chosen = first_themes(data);
    if chosen.is_empty() {
        return section(w, "explorer", html! { p.empty { (w.t("explorer-no-themes")) } });
    }
    let (taken, left) = carried(data);
    let label = |at: usize| data.themes.get(at).map(|t| w.label(&t.theme_zh, &t.theme_en).to_owned()).unwrap_or_default();
    let axis = Axis { from: block.slots.first().map(|s| s.start).unwrap_or_default(), to: block.slots.last().map(|s| s.start).unwrap_or_default() };
    let value = |theme: usize, slot: usize| block.share(theme, slot).map(|(part, whole)| part as f64 / whole as f64 * 100.0);
    let most = chosen.iter().flat_map(|theme| (0..block.slots.len()).filter_map(|slot| value(*theme, slot))).fold(0.0, f64::max);
    let lines: Vec<Line> = chosen
        .iter()
        .map(|theme| {
            let mut points = Vec::new();
            for (slot, each) in block.slots.iter().enumerate() {
                if slot > 0 && !block.joins(slot) {
                    points.push(None);
                }
                points.push(value(*theme, slot).map(|y| (axis.at(each.start), y)));
            }
            Line { points }
        })
        .collect();
    let themes: Vec<Value> = data.themes.iter().map(|t| json!([label_of(w, t), t.theme, t.level, t.parent])).collect();
    let head = json!({"themes": themes, "chosen": chosen}).to_string();
    let head = head.strip_suffix('}').unwrap_or(&head);
    let mut numbers = inside_script(head) + ",\"series\":[";
    for (number, (_, text)) in taken.iter().enumerate() {
        numbers += if number > 0 { "," } else { "" };
        numbers += &inside_script(text);
    }
    numbers += "]}";
    let periods: Vec<&str> = unique(taken.iter().map(|(b, _)| b.period.as_str()));
    let sources: Vec<&str> = unique(taken.iter().filter_map(|(b, _)| b.source.as_deref()));
    section(
        w,
        "explorer",
        html! {
            p { (w.t("explorer-intro")) }
            form #explorer-form {
                fieldset.controls {
                    label { (w.t("explorer-measure")) " " select name="measure" {
                        option value="density" selected { (w.t("density")) }
                        option value="rate" { (w.t("rate")) }
                    } }
                    label { (w.t("explorer-period")) " " select name="period" {
                        @for period in &periods { option value=(period) selected[*period == block.period] { (w.name("period", period)) } }
                    } }
                    label { (w.t("explorer-source")) " " select name="source" {
                        option value="" selected { (w.t("explorer-all-sources")) }
                        @for source in &sources { option value=(source) { (source) } }
                    } }
                    button type="button" name="clear" { (w.t("explorer-clear")) }
                }
                details.picker open {
                    summary { (w.t("explorer-pick")) }
                    label.find { span.hidden { (w.t("explorer-find")) } input type="search" name="find" placeholder=(w.t("explorer-find")) autocomplete="off"; }
                    div #explorer-themes.choices role="group" aria-label=(w.t("explorer-pick")) {}
                }
            }
            noscript { p.note { (w.t("explorer-noscript")) } }
            p #explorer-note.note aria-live="polite" {}
            figure {
                ul #explorer-legend.legend {
                    @for (number, theme) in chosen.iter().enumerate() {
                        li { svg.key aria-hidden="true" viewBox="0 0 24 8" { path class=(format!("line s{number}")) d="M0 4H24" {} } (label(*theme)) }
                    }
                }
                svg #explorer-chart.chart role="img" tabindex="0" width="100%" height=(chart::height()) aria-labelledby="explorer-title explorer-desc" {
                    title #explorer-title { (w.fill("explorer-title", &[&w.t("density"), &w.name("period", &block.period)])) }
                    desc #explorer-desc { (described(data, w, block, &chosen)) }
                    g #explorer-lines { (chart::lines(&lines, axis, most, "%")) }
                }
                figcaption #explorer-caption { (w.fill("explorer-caption", &[&w.t("density-long")])) }
            }
            p #explorer-at.note aria-live="polite" {}
            details {
                summary { (w.t("numbers")) }
                div.scroll tabindex="0" role="region" aria-label=(w.t("numbers")) { (numbers_table(data, w, block, &chosen)) }
            }
            @if !left.is_empty() {
                p.note { (w.fill("explorer-left-out", &[&left.iter().map(|b| named(w, b)).collect::<Vec<_>>().join(&w.t("list-mark"))])) }
            }
            script #numbers type="application/json" { (PreEscaped(numbers)) }
        },
    )
}

fn label_of<'t>(w: &Words, theme: &'t crate::tally::ProfileRow) -> &'t str {
    w.label(&theme.theme_zh, &theme.theme_en)
}

fn named(w: &Words, block: &Block) -> String {
    let period = w.name("period", &block.period);
    block.source.as_ref().map_or_else(|| period.clone(), |source| format!("{period} ({source})"))
}

fn unique<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut out: Vec<&str> = Vec::new();
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// The chart in words: where each line begins, peaks and ends.
fn described(data: &Data, w: &Words, block: &Block, chosen: &[usize]) -> String {
    let mut out = Vec::new();
    for theme in chosen {
        let Some(row) = data.themes.get(*theme) else { continue };
        let share = |slot: usize| block.share(*theme, slot).map(|(part, whole)| part as f64 / whole as f64);
        let spoken: Vec<(usize, f64)> = (0..block.slots.len()).filter_map(|slot| Some((slot, share(slot)?))).collect();
        let (Some(first), Some(last)) = (spoken.first(), spoken.last()) else { continue };
        let peak = spoken.iter().fold(*first, |best, each| if each.1 > best.1 { *each } else { best });
        let at = |slot: usize| block.slots.get(slot).map(|s| number::period(&s.label, w.language)).unwrap_or_default();
        let parts =
            [label_of(w, row).to_owned(), at(first.0), number::percent(first.1), at(peak.0), number::percent(peak.1), at(last.0), number::percent(last.1)];
        out.push(w.fill("explorer-line", &parts.each_ref().map(String::as_str)));
    }
    out.join(" ")
}

fn numbers_table(data: &Data, w: &Words, block: &Block, chosen: &[usize]) -> Markup {
    html! {
        table #explorer-table {
            thead {
                tr {
                    th scope="col" { (w.t("period")) } th.n scope="col" { (w.t("documents")) } th.n scope="col" { (w.t("han-chars")) }
                    @for theme in chosen {
                        th.n scope="col" colspan="4" { (data.themes.get(*theme).map(|t| label_of(w, t)).unwrap_or_default()) }
                    }
                }
                tr {
                    td {} td {} td {}
                    @for _ in chosen {
                        th.n scope="col" { (w.t("hits")) } th.n scope="col" { (w.t("documents")) } th.n scope="col" { (w.t("density")) } th.n scope="col" { (w.t("rate")) }
                    }
                }
            }
            tbody {
                @for (slot, each) in block.slots.iter().enumerate() {
                    tr {
                        th scope="row" { (number::period(&each.label, w.language)) @if each.partial { " *" } }
                        td.n { (number::count(each.documents)) } td.n { (number::count(each.han_chars)) }
                        @for theme in chosen {
                            @match block.share(*theme, slot).zip(block.rate(*theme, slot)) {
                                Some(((part, whole), (hits, chars))) => {
                                    td.n { (number::count(hits)) } td.n { (number::count(part)) }
                                    td.n { (number::percent(part as f64 / whole as f64)) } td.n { (number::rate(per_10k(hits, chars).unwrap_or_default())) }
                                },
                                None => { td.n colspan="4" { (w.t("no-text")) } },
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::{Grid, Slot};
    use super::*;

    #[test]
    fn runs_of_zeros_are_one_number() {
        assert_eq!(packed([(0, 0), (0, 0), (3, 2), (0, 0), (1, 1), (0, 0)]), (vec![-2, 3, -1, 1], vec![2, 1]));
        assert_eq!(packed([]), (vec![], vec![]));
    }

    #[test]
    fn a_block_is_encoded_up_to_the_bytes_that_it_may_have() {
        let slot = |documents| Slot { label: "1990".into(), documents, ..Slot::default() };
        let mut grid = Grid::new(2, 2);
        grid.set(0, 1, 3);
        let block = Block { period: "year".into(), slots: vec![slot(1), slot(2)], hits: grid.clone(), documents: grid, source: None };
        let whole = encoded(&block, 1_000).unwrap();
        let read: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!((&read["h"], &read["d"], &read["documents"]), (&json!([[-1, 3], []]), &json!([[3], []]), &json!([1, 2])));
        assert_eq!(encoded(&block, whole.len()), Some(whole.clone()));
        assert_eq!(encoded(&block, whole.len() - 1), None);
    }

    #[test]
    fn no_text_can_end_the_script() {
        let hostile = json!({"a": "</script><img src=x onerror=alert(1)><!--"}).to_string();
        let text = inside_script(&hostile);
        assert!(!text.contains('<'), "{text}");
        assert_eq!(inside_script("<\u{2028}字\u{2029}"), "\\u003c\\u2028字\\u2029");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), serde_json::from_str::<Value>(&hostile).unwrap());
    }
}
