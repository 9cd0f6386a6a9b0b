//! The timeline of occasions, with the sentences that tell of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use maud::{Markup, html};

use super::super::WriteError;
use super::super::rows::{DocumentRow, EventRow};
use super::chart::{Axis, percent_of, time_grid, time_head};
use super::phrases::head;
use super::read::{Only, kept_of_rows, numbered_rows, parts};
use super::words::Words;
use super::{Page, number, section};
use crate::tally::OccasionRow;

/// Occasions on the page: the newest up to the last day of text, those told of
/// most, and those that lie after the last day of text.
const NEWEST: usize = 120;
const MOST_TOLD: usize = 150;
const LATER: usize = 30;
/// Sentences of an occasion, and characters of a sentence.
const SENTENCES: usize = 2;
const SENTENCE_CHARS: usize = 160;

/// A sentence that tells of an occasion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) doc_id: String,
    pub(super) title: String,
    pub(super) url: Option<String>,
    pub(super) date: Option<NaiveDate>,
    pub(super) char_start: u32,
    pub(super) char_end: u32,
    pub(super) text: String,
}

/// The occasions that the page shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Occasions {
    /// All in the release, and those that lie after its newest document.
    pub(super) total: u64,
    pub(super) later: u64,
    /// Newest first; those after the newest document last.
    pub(super) rows: Vec<OccasionRow>,
    /// How many of the rows lie after the newest document.
    pub(super) rows_after: usize,
    pub(super) told: BTreeMap<String, Vec<Told>>,
}

/// Chooses occasions and reads the sentences that tell of them.
///
/// # Errors
/// [`WriteError`] with the path.
///
/// # Cost
/// Three numbers an occasion in memory; of the documents, the pages of text
/// that hold the chosen ones.
pub(super) fn read(tables: &Path, newest: Option<NaiveDate>) -> Result<Occasions, WriteError> {
    let path = tables.join("occasions.parquet");
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let numbers = |row: OccasionRow| Some((row.date_start, small(row.documents), small(row.mentions)));
    let numbers = kept_of_rows(std::slice::from_ref(&path), &["date_start", "mentions", "documents"], &[], numbers)?;
    let mut all: Vec<(NaiveDate, u32, u32, u32)> = (0..).zip(numbers).map(|(at, (date, documents, mentions))| (date, documents, mentions, at)).collect();
    let total = all.len() as u64;
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    let mut choose = |some: &mut dyn Iterator<Item = &(NaiveDate, u32, u32, u32)>| chosen.extend(some.map(|o| o.3 as usize));
    choose(&mut first_by(&mut all, MOST_TOLD, |(date, documents, mentions, at)| (Reverse((*documents, *mentions, *date)), *at)));
    let after = |date: NaiveDate| newest.is_some_and(|newest| date > newest);
    let (mut later, mut until): (Vec<_>, Vec<_>) = all.into_iter().partition(|o| after(o.0));
    choose(&mut first_by(&mut until, NEWEST, |(date, _, _, at)| (Reverse(*date), *at)));
    choose(&mut first_by(&mut later, LATER, |(date, _, _, at)| (*date, Reverse(*at))));
    let columns = ["occasion_id", "date_start", "date_end", "precision", "name", "occasion_type", "place_name", "mentions", "documents"];
    let mut out = Occasions { total, later: later.len() as u64, rows: numbered_rows(&path, &columns, &chosen)?, ..Occasions::default() };
    out.rows.sort_by(|a, b| (after(a.date_start), b.date_start, &a.occasion_id).cmp(&(after(b.date_start), a.date_start, &b.occasion_id)));
    out.rows_after = out.rows.iter().filter(|row| after(row.date_start)).count();
    out.told = sentences(tables, &out.rows)?;
    Ok(out)
}

/// The items with the lowest keys, so many of them, in any order.
fn first_by<T, K: Ord>(items: &mut [T], number: usize, key: impl Fn(&T) -> K) -> impl Iterator<Item = &T> {
    if number < items.len() {
        items.select_nth_unstable_by_key(number, key);
    }
    items.iter().take(number)
}

/// The first sentences that tell of each occasion, by the date of their document.
fn sentences(tables: &Path, rows: &[OccasionRow]) -> Result<BTreeMap<String, Vec<Told>>, WriteError> {
    let ids: BTreeSet<String> = rows.iter().map(|row| row.occasion_id.clone()).collect();
    let mut told: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(told);
    }
    let columns = ["occasion_id", "doc_id", "char_start", "char_end"];
    for row in kept_of_rows(&parts(tables, "events")?, &columns, &[Only::new("occasion_id", &ids)], Some::<EventRow<'_>>)? {
        let one = Told { doc_id: row.doc_id.to_string(), char_start: row.char_start, char_end: row.char_end, ..Told::default() };
        told.entry(row.occasion_id.unwrap_or_default().into_owned()).or_default().push(one);
    }
    let named = |told: &BTreeMap<String, Vec<Told>>| -> BTreeSet<String> { told.values().flatten().map(|t| t.doc_id.clone()).collect() };
    let documents = parts(tables, "documents")?;
    let ids = named(&told);
    let date = |row: DocumentRow<'_>| Some((row.doc_id.into_owned(), row.date_start));
    let dates: BTreeMap<_, _> = kept_of_rows(&documents, &["doc_id", "date_start"], &[Only::new("doc_id", &ids)], date)?.into_iter().collect();
    for all in told.values_mut() {
        for one in all.iter_mut() {
            one.date = dates.get(&one.doc_id).copied().flatten();
        }
        // Undated documents last.
        all.sort_by(|a, b| (a.date.is_none(), a.date, &a.doc_id, a.char_start).cmp(&(b.date.is_none(), b.date, &b.doc_id, b.char_start)));
        all.dedup_by(|a, b| a.doc_id == b.doc_id);
        all.truncate(SENTENCES);
    }
    let ids = named(&told);
    for row in kept_of_rows(&documents, &["doc_id", "title", "url", "text"], &[Only::new("doc_id", &ids)], Some::<DocumentRow<'_>>)? {
        for one in told.values_mut().flatten().filter(|one| one.doc_id == row.doc_id) {
            let (from, to) = (one.char_start as usize, one.char_end as usize);
            one.text = row.text.chars().skip(from).take(to.saturating_sub(from)).collect();
            row.title.as_deref().unwrap_or_default().clone_into(&mut one.title);
            one.url = row.url.as_deref().map(str::to_owned);
        }
    }
    Ok(told)
}

/// The section.
pub(super) fn occasions(page: &Page<'_>) -> Markup {
    let (data, w) = (page.data, page.words);
    let shown = &data.occasions;
    if shown.rows.is_empty() {
        return section(w, "occasions", html! { p.empty { (w.t("occasions-empty")) } });
    }
    let mut types: Vec<&str> = shown.rows.iter().map(|row| row.occasion_type.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    let first = shown.rows.iter().map(|row| row.date_start).min().unwrap_or_default();
    let last = shown.rows.iter().map(|row| row.date_start).max().unwrap_or_default();
    let axis = data.range().map_or(Axis { from: first, to: last }, |(from, to)| Axis { from, to });
    let (before, after) = shown.rows.split_at_checked(shown.rows.len() - shown.rows_after).unwrap_or((&shown.rows, &[]));
    let told = |row: &OccasionRow| shown.told.get(&row.occasion_id).map_or(&[][..], Vec::as_slice);
    section(
        w,
        "occasions",
        html! {
            p { (w.fill("occasions-intro", &[&number::count(shown.total), &number::count(shown.rows.len() as u64), &NEWEST.to_string(), &MOST_TOLD.to_string(), &LATER.to_string()])) }
            div.timeline role="group" aria-label=(w.t("section-occasions")) {
                div.row.head { span.name {} (time_head(axis)) }
                @for kind in &types {
                    @let some: Vec<&OccasionRow> = shown.rows.iter().filter(|row| row.occasion_type == *kind && axis.holds(row.date_start)).collect();
                    @if !some.is_empty() { div.row { span.name { (w.name("type", kind)) } (strip(w, kind, &some, axis)) } }
                }
            }
            form #occasions-form.controls hidden {
                label { (w.t("type")) " " select name="type" { option value="" { (w.t("all-types")) } @for kind in &types { option value=(kind) { (w.name("type", kind)) } } } }
                label { (w.t("find")) " " input type="search" name="find" autocomplete="off"; }
                span #occasions-count.note aria-live="polite" {}
            }
            ol.occasions { @for row in before { (occasion(w, row, told(row))) } }
            @if !after.is_empty() {
                h3 { (w.t("occasions-after")) }
                ol.occasions { @for row in after { (occasion(w, row, told(row))) } }
            }
        },
    )
}

/// An anchor made of an id of ours or of a user: letters, digits, `-` and `_`.
fn anchor(prefix: &str, id: &str) -> String {
    let plain = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' });
    prefix.chars().chain(plain).collect()
}

fn strip(w: &Words, kind: &str, rows: &[&OccasionRow], axis: Axis) -> Markup {
    let text = w.fill("occasions-strip", &[&w.name("type", kind), &rows.len().to_string()]);
    html! {
        svg.strip width="100%" height="20" role="group" aria-label=(text) {
            (time_grid(axis))
            @for row in rows {
                a href=(format!("#{}", anchor("o-", &row.occasion_id))) tabindex="-1" {
                    circle.dot cx=(percent_of(axis.at(row.date_start))) cy="10" r=(if row.documents > 3 { "6" } else { "4" }) { title { (row.name) " · " (when(w, row)) } }
                }
            }
        }
    }
}

/// When it was, as precisely as the text says.
fn when(w: &Words, row: &OccasionRow) -> String {
    match row.precision.as_str() {
        "year" => number::period(&row.date_start.format("%Y").to_string(), w.language),
        "month" => number::period(&row.date_start.format("%Y-%m").to_string(), w.language),
        _ => number::days(row.date_start, row.date_end, w.language),
    }
}

fn occasion(w: &Words, row: &OccasionRow, told: &[Told]) -> Markup {
    let link = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    html! {
        li id=(anchor("o-", &row.occasion_id)) data-type=(row.occasion_type) {
            details {
                summary {
                    span.when { (when(w, row)) } " "
                    b lang="zh" { (row.name) } " "
                    span.tag { (w.name("type", &row.occasion_type)) }
                    @if let Some(place) = &row.place_name { " " span.place lang="zh" { (place) } }
                    " " span.note { (w.fill("occasions-told", &[&number::count(row.documents), &number::count(row.mentions)])) }
                }
                @for one in told {
                    blockquote id=(anchor("s-", &format!("{}-{}", one.doc_id, one.char_start))) {
                        p lang="zh" { (head(&one.text, SENTENCE_CHARS)) }
                        footer {
                            @if !one.title.is_empty() {
                                @match one.url.as_deref().filter(|url| link(url)) {
                                    Some(url) => a href=(url) rel="noreferrer noopener" lang="zh" { (one.title) },
                                    None => cite lang="zh" { (one.title) },
                                }
                                " "
                            }
                            @if let Some(date) = one.date { (number::day(date, w.language)) " " }
                            code { (one.doc_id) "[" (one.char_start) ":" (one.char_end) "]" }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::*;

    #[test]
    fn only_a_web_address_becomes_a_link_and_a_title_is_text() {
        let w = Words::new(Language::En);
        let row = OccasionRow { occasion_id: "a\"><b".into(), name: "<b>x</b>".into(), precision: "day".into(), ..OccasionRow::default() };
        let mut told = Told { doc_id: "d".into(), title: "<img src=x onerror=alert(1)>".into(), url: Some("javascript:alert(1)".into()), ..Told::default() };
        let text = occasion(&w, &row, &[told.clone()]).into_string();
        assert!(
            text.contains("&lt;img src=x onerror=alert(1)&gt;") && !text.contains("<img") && !text.contains("javascript:") && !text.contains("<b>x"),
            "{text}"
        );
        assert!(text.contains("id=\"o-a___b\""), "{text}");
        told.url = Some("https://example.org/\"onclick=\"x".into());
        let text = occasion(&w, &row, &[told]).into_string();
        assert!(text.contains("href=\"https://example.org/&quot;onclick=&quot;x\""), "{text}");
    }
}
