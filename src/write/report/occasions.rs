//! The timeline of occasions, with the sentences that tell of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::RecordBatch;
use chrono::NaiveDate;
use maud::{Markup, html};

use super::super::WriteError;
use super::super::rows::DocumentRow;
use super::super::schema::cells;
use super::chart::{Axis, percent_of, time_grid, time_head};
use super::phrases::head;
use super::read::{Asked, Place, each_kept, parts, rows_at, texts};
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
    pub(super) rows_later: usize,
    pub(super) told: BTreeMap<String, Vec<Told>>,
}

/// An occasion as it is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    date: NaiveDate,
    documents: u32,
    mentions: u32,
    /// In the table.
    row: u32,
}

/// Keeps those that the page would show if these were all, so that a choice can be made
/// from what is kept of each of several lots.
fn choose(all: &mut Vec<Counted>, newest: Option<NaiveDate>) {
    let mut chosen: BTreeSet<u32> = first_by(all, MOST_TOLD, |o| (Reverse((o.documents, o.mentions, o.date)), o.row)).map(|o| o.row).collect();
    let (mut later, mut until): (Vec<_>, Vec<_>) = std::mem::take(all).into_iter().partition(|o| is_later(o.date, newest));
    chosen.extend(first_by(&mut until, NEWEST, |o| (Reverse(o.date), o.row)).map(|o| o.row));
    chosen.extend(first_by(&mut later, LATER, |o| (o.date, Reverse(o.row))).map(|o| o.row));
    all.extend(later.into_iter().chain(until).filter(|o| chosen.contains(&o.row)));
}

fn is_later(date: NaiveDate, newest: Option<NaiveDate>) -> bool {
    newest.is_some_and(|newest| date > newest)
}

/// Chooses occasions and reads the sentences that tell of them.
///
/// # Errors
/// [`WriteError`] with the path.
///
/// # Cost
/// All numbers of occasions are read, some hundred kept; of the documents, the pages
/// of text that hold the chosen ones.
pub(super) fn read(tables: &Path, newest: Option<NaiveDate>) -> Result<Occasions, WriteError> {
    let path = tables.join("occasions.parquet");
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let files = std::slice::from_ref(&path);
    let numbers = |place: Place, batch: &RecordBatch| {
        let counts = cells::<u64>(batch, "documents").into_iter().zip(cells::<u64>(batch, "mentions"));
        let first = u32::try_from(place.row).unwrap_or(u32::MAX);
        let rows = (first..).zip(cells::<NaiveDate>(batch, "date_start")).zip(counts);
        let mut all: Vec<Counted> =
            rows.map(|((row, date), (documents, mentions))| Counted { date, documents: small(documents), mentions: small(mentions), row }).collect();
        let later = all.iter().filter(|o| is_later(o.date, newest)).count() as u64;
        let total = all.len() as u64;
        choose(&mut all, newest);
        vec![(total, later, all)]
    };
    let (mut out, mut all) = (Occasions::default(), Vec::new());
    each_kept(files, &["date_start", "mentions", "documents"], &[], numbers, |(total, later, of_batch)| {
        (out.total, out.later) = (out.total + total, out.later + later);
        all.extend(of_batch);
        choose(&mut all, newest);
    })?;
    let chosen: BTreeSet<Place> = all.iter().map(|o| Place { file: 0, row: o.row as usize }).collect();
    let columns = ["occasion_id", "date_start", "date_end", "precision", "name", "occasion_type", "place_name", "mentions", "documents"];
    out.rows = rows_at(files, &columns, &chosen)?;
    let later = |row: &OccasionRow| is_later(row.date_start, newest);
    out.rows.sort_by(|a, b| (later(a), b.date_start, &a.occasion_id).cmp(&(later(b), a.date_start, &b.occasion_id)));
    out.rows_later = out.rows.iter().filter(|row| later(row)).count();
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
    let ids: Asked = rows.iter().map(|row| row.occasion_id.clone()).collect();
    let mut told: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(told);
    }
    // Ids stand in no order: to read them all is less work than to skip among them.
    let of_events = |_: Place, batch: &RecordBatch| -> Vec<(String, Told)> {
        let spans = cells::<u32>(batch, "char_start").into_iter().zip(cells::<u32>(batch, "char_end"));
        let rows = texts(batch, "occasion_id").zip(texts(batch, "doc_id")).zip(spans);
        let wanted = rows.filter_map(|((id, doc_id), span)| Some((id.filter(|id| ids.contains(*id))?, doc_id?, span)));
        let one = |doc_id: &str, (char_start, char_end)| Told { doc_id: doc_id.to_owned(), char_start, char_end, ..Told::default() };
        wanted.map(|(id, doc_id, span)| (id.to_owned(), one(doc_id, span))).collect()
    };
    let events = parts(tables, "events")?;
    each_kept(&events, &["occasion_id", "doc_id", "char_start", "char_end"], &[], of_events, |(id, one)| told.entry(id).or_default().push(one))?;
    let documents = parts(tables, "documents")?;
    let ids: Asked = told.values().flatten().map(|one| one.doc_id.clone()).collect();
    let of_documents = |first: Place, batch: &RecordBatch| -> Vec<(String, (Place, Option<NaiveDate>))> {
        let rows = (first.row..).zip(texts(batch, "doc_id")).zip(cells::<Option<NaiveDate>>(batch, "date_start"));
        let wanted = rows.filter_map(|((row, id), date)| Some((row, id.filter(|id| ids.contains(*id))?, date)));
        wanted.map(|(row, id, date)| (id.to_owned(), (Place { row, ..first }, date))).collect()
    };
    let mut found = BTreeMap::new();
    each_kept(&documents, &["doc_id", "date_start"], &[], of_documents, |document| found.extend([document]))?;
    let mut places: BTreeSet<Place> = BTreeSet::new();
    for all in told.values_mut() {
        for one in all.iter_mut() {
            one.date = found.get(&one.doc_id).and_then(|(_, date)| *date);
        }
        // Undated documents last.
        all.sort_by(|a, b| (a.date.is_none(), a.date, &a.doc_id, a.char_start).cmp(&(b.date.is_none(), b.date, &b.doc_id, b.char_start)));
        all.dedup_by(|a, b| a.doc_id == b.doc_id);
        all.truncate(SENTENCES);
        places.extend(all.iter().filter_map(|one| found.get(&one.doc_id)).map(|(place, _)| *place));
    }
    for row in rows_at::<DocumentRow<'_>>(&documents, &["doc_id", "title", "url", "text"], &places)? {
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
    let (before, after) = shown.rows.split_at_checked(shown.rows.len() - shown.rows_later).unwrap_or((&shown.rows, &[]));
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_choice_from_lots_is_that_from_all(counts in proptest::collection::vec((0_i32..40, 0_u32..4, 0_u32..6), 0..900), lot in 1_usize..400) {
            let day = |days: i32| NaiveDate::from_num_days_from_ce_opt(738_000 + days).unwrap();
            let one = |(row, (days, documents, mentions)): (u32, (i32, u32, u32))| Counted { date: day(days), documents, mentions, row };
            let all: Vec<Counted> = (0..).zip(counts).map(one).collect();
            let newest = Some(day(25));
            let mut at_once = all.clone();
            choose(&mut at_once, newest);
            let mut by_lots = Vec::new();
            for lot in all.chunks(lot) {
                let mut lot = lot.to_vec();
                choose(&mut lot, newest);
                by_lots.extend(lot);
                choose(&mut by_lots, newest);
            }
            let rows = |chosen: &[Counted]| chosen.iter().map(|o| o.row).collect::<BTreeSet<u32>>();
            prop_assert_eq!(rows(&by_lots), rows(&at_once));
            prop_assert!(at_once.len() <= MOST_TOLD + NEWEST + LATER);
        }
    }

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
