//! Sources beside a base source: density, amplification, and who speaks first.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::Settings;
use super::correlation::{NoLag, best_lag};
use super::counts::{Counts, Place, small};
use super::packed::days;
use super::period::Period;
use super::rate::share;
use super::rollup::Breakdown;
use super::series::PlaceColumns;
use super::word::Word;
use crate::tag::Lexicon;

/// The first time that a source speaks of a theme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSeenRow {
    /// Theme id.
    pub theme: Word,
    /// Source.
    pub source: Word,
    /// First day of the earliest date with the theme.
    #[serde(with = "days")]
    pub first_start: NaiveDate,
    /// Its last day: a date that is only a year lasts one.
    #[serde(with = "days")]
    pub first_end: NaiveDate,
    /// The document of that date, the first by id.
    pub first_doc_id: Word,
}

/// Keeps the first time of each theme, by its number or id, and source.
#[derive(Debug)]
pub(super) struct SourcesSeen<T> {
    first: BTreeMap<(T, Word), (NaiveDate, NaiveDate, Word)>,
}

impl<T> Default for SourcesSeen<T> {
    fn default() -> Self {
        Self { first: BTreeMap::new() }
    }
}

impl<T: Ord> SourcesSeen<T> {
    /// Adds a time: first and last day of its date, and the document.
    pub(super) fn add(&mut self, theme: T, source: &Word, (start, end): (NaiveDate, NaiveDate), doc_id: &str) {
        match self.first.entry((theme, source.clone())) {
            Entry::Occupied(known) if (known.get().0, known.get().1, known.get().2.as_str()) <= (start, end, doc_id) => {}
            Entry::Occupied(mut known) => *known.get_mut() = (start, end, doc_id.into()),
            Entry::Vacant(place) => {
                place.insert((start, end, doc_id.into()));
            }
        }
    }

    /// By theme and source; `id` says which theme is meant.
    pub(super) fn finish(self, id: impl Fn(T) -> Option<Word>) -> Vec<SourceSeenRow> {
        let row = |((theme, source), (first_start, first_end, first_doc_id)): ((T, Word), (NaiveDate, NaiveDate, Word))| {
            Some(SourceSeenRow { theme: id(theme)?, source, first_start, first_end, first_doc_id })
        };
        self.first.into_iter().filter_map(row).collect()
    }
}

/// A theme in a source, beside the base source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceRow {
    /// Length of the period, or `whole`.
    pub period: Word,
    /// First day; `None` where unplaced and for the whole.
    pub period_start: Option<NaiveDate>,
    /// Last day.
    pub period_end: Option<NaiveDate>,
    /// `2024`, `unplaced` or `whole`.
    pub period_label: Word,
    /// Theme id.
    pub theme: Word,
    /// 0 or 1.
    pub level: u32,
    /// Source.
    pub source: Word,
    /// The source that it is compared with.
    pub base: Option<Word>,
    /// Hits of the source.
    pub hits: u64,
    /// Its documents with a hit.
    pub documents: u64,
    /// All its documents.
    pub period_documents: u64,
    /// `documents ÷ period_documents`.
    pub density: Option<f64>,
    /// The base's documents with a hit.
    pub base_documents: Option<u64>,
    /// All the base's documents.
    pub base_period_documents: Option<u64>,
    /// Their share.
    pub base_density: Option<f64>,
    /// `density ÷ base_density`.
    pub amplification: Option<f64>,
    /// [`smoothed_ratio`].
    pub amplification_smoothed: Option<f64>,
    /// Why there is no amplification.
    pub amplification_reason: Option<Word>,
    /// First day of the source's earliest date with the theme.
    pub first_date: Option<NaiveDate>,
    /// The same of the base.
    pub base_first_date: Option<NaiveDate>,
    /// Days from the base's first time to that of the source.
    pub lag_days: Option<i64>,
    /// Why there are none.
    pub lag_reason: Option<Word>,
    /// Months by which the source's density follows the base's best.
    pub lag_months: Option<i64>,
    /// The correlation at that lag.
    pub lag_correlation: Option<f64>,
    /// Pairs of months that it rests on.
    pub lag_pairs: Option<u64>,
    /// Why there is none.
    pub lag_months_reason: Option<Word>,
}

/// Density over density, with half a document and one more added, so that it
/// exists where the base has none: ((k + ½) ÷ (n + 1)) over the same of the base.
///
/// ```
/// assert!((tifa::tally::smoothed_ratio((1, 9), (0, 9)) - 3.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn smoothed_ratio(source: (u64, u64), base: (u64, u64)) -> f64 {
    let smooth = |(part, whole): (u64, u64)| (part as f64 + 0.5) / (whole as f64 + 1.0);
    smooth(source) / smooth(base)
}

/// Hits and documents of a theme in a source, by place.
type Found = BTreeMap<Place, (u32, u32)>;

/// The first times by theme and source.
type Firsts<'s> = BTreeMap<(&'s str, &'s str), &'s SourceSeenRow>;

/// What the counts say of sources.
struct Spoken<'c> {
    /// All documents of each source in each place.
    documents: BTreeMap<(&'c str, Place), u64>,
    found: BTreeMap<(&'c str, &'c str), Found>,
    /// First day of the first month that each source speaks in.
    begins: BTreeMap<&'c str, NaiveDate>,
    /// Number of the first month in which any source speaks.
    first_month: i32,
    /// Documents of each source in each month from then on.
    months: BTreeMap<&'c str, Vec<u64>>,
    /// The long places of each source, the unplaced last, and the whole.
    places: BTreeMap<&'c str, Vec<Place>>,
}

fn month_number(day: NaiveDate) -> i32 {
    day.year() * 12 + i32::try_from(day.month0()).unwrap_or(0)
}

impl<'c> Spoken<'c> {
    /// Months are read where there is a base to compare them with.
    fn new(counts: &'c Counts, long: Option<Period>, has_base: bool) -> Self {
        let mut out = Self {
            documents: BTreeMap::new(),
            found: BTreeMap::new(),
            begins: BTreeMap::new(),
            first_month: 0,
            months: BTreeMap::new(),
            places: BTreeMap::new(),
        };
        let wanted = move |period| Some(period) == long || period == Period::Whole || (has_base && period == Period::Month);
        for row in counts.rows(Breakdown::Source, wanted) {
            let (source, place) = (row.member.as_str(), (row.period, row.period_start));
            let is_long = Some(row.period) == long || row.period == Period::Whole;
            if let Some(theme) = row.theme.map(Word::as_str) {
                out.found.entry((theme, source)).or_default().insert(place, (small(row.hits), small(row.documents)));
                continue;
            }
            out.documents.insert((source, place), row.documents);
            if is_long {
                out.places.entry(source).or_default().push(place);
            }
            if let (Period::Month, Some(start)) = place {
                let first = out.begins.entry(source).or_insert(start);
                *first = (*first).min(start);
            }
        }
        for places in out.places.values_mut() {
            places.sort_by_key(|(period, start)| (*period, start.is_none(), *start));
        }
        out.first_month = out.begins.values().copied().min().map_or(0, month_number);
        for ((source, (period, start)), documents) in &out.documents {
            let Some(start) = start.filter(|_| *period == Period::Month) else { continue };
            let Ok(at) = usize::try_from(month_number(start) - out.first_month) else { continue };
            let months = out.months.entry(source).or_default();
            if months.len() <= at {
                months.resize(at + 1, 0);
            }
            if let Some(cell) = months.get_mut(at) {
                *cell = *documents;
            }
        }
        out
    }

    fn found<'s>(&'s self, theme: &'s str, source: &'s str) -> Option<&'s Found> {
        self.found.get(&(theme, source))
    }

    /// A source's density of a theme in each month since the first; `None` where
    /// the source is silent.
    fn densities(&self, theme: &str, source: &str) -> Vec<Option<f64>> {
        let Some(months) = self.months.get(source) else { return Vec::new() };
        let mut out: Vec<Option<f64>> = months.iter().map(|documents| share(0, *documents)).collect();
        let found = self.found(theme, source).into_iter().flatten();
        for ((period, start), (_, documents)) in found {
            let Some(start) = start.filter(|_| *period == Period::Month) else { continue };
            let at = usize::try_from(month_number(start) - self.first_month).ok();
            if let Some((cell, all)) = at.and_then(|at| out.get_mut(at).zip(months.get(at))) {
                *cell = share(u64::from(*documents), *all);
            }
        }
        out
    }

    /// Whether a source and the base both speak in a period that is not the whole.
    fn share_a_period(&self, base: Option<&str>, source: &str) -> bool {
        let places = |source: &str| self.places.get(source).map(Vec::as_slice).unwrap_or_default();
        base.is_some_and(|base| places(base).iter().any(|place| place.1.is_some() && places(source).contains(place)))
    }

    /// Says in a row of the whole when the theme is first spoken of, and by how much the
    /// source follows the base, whose densities of the theme these are.
    fn add_lags(&self, row: &mut SourceRow, firsts: &Firsts<'_>, base_densities: &[Option<f64>]) {
        let first = |source: &str| firsts.get(&(row.theme.as_str(), source)).copied();
        let own = first(&row.source);
        row.first_date = own.map(|first| first.first_start);
        let none = match &row.base {
            None => Some("no_base"),
            Some(base) if *base == row.source => Some("is_base"),
            Some(_) => None,
        };
        if let Some(reason) = none {
            (row.lag_reason, row.lag_months_reason) = (Some(reason.into()), Some(reason.into()));
            return;
        }
        let base = row.base.as_deref().unwrap_or_default();
        let of_base = first(base);
        row.base_first_date = of_base.map(|first| first.first_start);
        match best_lag(base_densities, &self.densities(&row.theme, &row.source)) {
            Ok(best) => {
                (row.lag_months, row.lag_correlation, row.lag_pairs) = (Some(i64::from(best.months)), Some(best.correlation), Some(best.pairs as u64));
            }
            Err(NoLag::Constant) => row.lag_months_reason = Some("constant".into()),
            Err(NoLag::TooShort) => row.lag_months_reason = Some("too_short".into()),
        }
        match lag_days(of_base, own, [base, &row.source].map(|source| self.begins.get(source).copied())) {
            Ok(days) => row.lag_days = Some(days),
            Err(reason) => row.lag_reason = Some(reason.into()),
        }
    }
}

/// A theme in a source and a period, by number; 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SourceCell {
    theme: u32,
    source: u32,
    place: u32,
    hits: u32,
    documents: u32,
    base_documents: u32,
}

/// The table `theme_sources`, by period length, theme in the order of the lexicon,
/// source and start: the whole for every theme and source that speaks, a period only
/// where the source or the base has a hit. Periods are kept as numbers, of which rows
/// are made when they are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// Ids and levels.
    themes: Vec<(Word, u32)>,
    /// The sources that speak.
    names: Vec<Word>,
    base: Option<Word>,
    /// Its number, if it speaks.
    base_number: Option<usize>,
    places: Vec<PlaceColumns>,
    /// All documents of each source, in each place.
    documents: Vec<u64>,
    periods: Vec<SourceCell>,
    wholes: Vec<SourceRow>,
}

impl Sources {
    pub(super) fn new(counts: &Counts, seen: &[SourceSeenRow], lexicon: &Lexicon, settings: &Settings) -> Self {
        let base = settings.base.as_deref();
        let spoken = Spoken::new(counts, settings.long_period(), base.is_some());
        let firsts: Firsts<'_> = seen.iter().map(|row| ((row.theme.as_str(), row.source.as_str()), row)).collect();
        let places: BTreeSet<Place> = spoken.places.values().flatten().copied().collect();
        let numbers: BTreeMap<Place, u32> = places.iter().copied().zip(0..).collect();
        let documents = |source: &&'_ str| places.iter().map(|place| spoken.documents.get(&(*source, *place)).copied().unwrap_or(0)).collect::<Vec<_>>();
        let mut out = Self {
            themes: lexicon.themes().iter().map(|theme| (theme.id.as_str().into(), theme.level())).collect(),
            names: spoken.places.keys().map(|source| (*source).into()).collect(),
            base: base.map(Word::from),
            base_number: spoken.places.keys().position(|source| Some(*source) == base),
            places: places.iter().map(|place| PlaceColumns::new(*place, &settings.calendar)).collect(),
            documents: spoken.places.keys().flat_map(documents).collect(),
            ..Self::default()
        };
        // Room for what each source says and for the whole; a base adds to it.
        out.periods.reserve(spoken.found.values().map(BTreeMap::len).sum());
        let shared: Vec<bool> = spoken.places.keys().map(|source| spoken.share_a_period(base, source)).collect();
        for (theme, theme_number) in lexicon.themes().iter().zip(0..) {
            let of_base = base.map(|base| (spoken.found(&theme.id, base), spoken.densities(&theme.id, base)));
            for (((source, places), shared), source_number) in spoken.places.iter().zip(&shared).zip(0..) {
                let found = spoken.found(&theme.id, source);
                for (place, number) in places.iter().filter_map(|place| Some((place, *numbers.get(place)?))) {
                    let (hits, documents) = found.and_then(|found| found.get(place)).copied().unwrap_or_default();
                    let base_documents = of_base.as_ref().and_then(|(found, _)| found.as_ref()?.get(place)).map_or(0, |found| found.1);
                    let cell = SourceCell { theme: theme_number, source: source_number, place: number, hits, documents, base_documents };
                    if place.0 != Period::Whole {
                        out.periods.extend((documents > 0 || base_documents > 0).then_some(cell));
                    } else if let Some(mut row) = out.row(&cell, *shared) {
                        spoken.add_lags(&mut row, &firsts, of_base.as_ref().map_or(&[], |(_, densities)| densities));
                        out.wholes.push(row);
                    }
                }
            }
        }
        out
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.periods.len() + self.wholes.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = SourceRow> + '_ {
        // A source shares the period of a row with the base, if both speak in it.
        self.periods.iter().filter_map(|cell| self.row(cell, true)).chain(self.wholes.iter().cloned())
    }

    /// A row without its lags; `shared`: the source and the base speak in the same period.
    fn row(&self, cell: &SourceCell, shared: bool) -> Option<SourceRow> {
        let [theme, source, place] = [cell.theme, cell.source, cell.place].map(|number| number as usize);
        let ((theme, level), of_source, columns) = (self.themes.get(theme)?, self.names.get(source)?, self.places.get(place)?);
        let all_of = |source: usize| self.documents.get(source * self.places.len() + place).copied().unwrap_or(0);
        let [hits, documents, base_documents] = [cell.hits, cell.documents, cell.base_documents].map(u64::from);
        let all = all_of(source);
        let base_all = self.base.as_ref().map(|_| self.base_number.map_or(0, all_of));
        let mut row = SourceRow {
            period: columns.period.clone(),
            period_start: columns.start,
            period_end: columns.end,
            period_label: columns.label.clone(),
            theme: theme.clone(),
            level: *level,
            source: of_source.clone(),
            base: self.base.clone(),
            hits,
            documents,
            period_documents: all,
            density: share(documents, all),
            base_documents: base_all.map(|_| base_documents),
            base_period_documents: base_all,
            base_density: base_all.and_then(|base_all| share(base_documents, base_all)),
            ..SourceRow::default()
        };
        let reason = match base_all {
            None => Some("no_base"),
            Some(_) if self.base_number == Some(source) => Some("is_base"),
            Some(0) => Some("base_silent"),
            Some(_) if !shared => Some("no_common_period"),
            Some(base_all) => {
                row.amplification_smoothed = Some(smoothed_ratio((documents, all), (base_documents, base_all)));
                row.amplification = row.density.zip(row.base_density).filter(|(_, base)| *base > 0.0).map(|(own, base)| own / base);
                row.amplification.is_none().then_some("base_zero")
            }
        };
        row.amplification_reason = reason.map(Word::from);
        Some(row)
    }

    /// Changes rows as no run does.
    #[cfg(test)]
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Vec<SourceRow>)) {
        let mut wholes: Vec<SourceRow> = self.rows().collect();
        change(&mut wholes);
        *self = Self { wholes, ..Self::default() };
    }
}

/// Days from the first time of the base to that of the source, or why none can
/// be told. A first time in the first month of either source, or before it, says
/// when the corpus begins, not when the theme does.
fn lag_days(base: Option<&SourceSeenRow>, source: Option<&SourceSeenRow>, begins: [Option<NaiveDate>; 2]) -> Result<i64, &'static str> {
    let base = base.ok_or("base_never")?;
    let source = source.ok_or("source_never")?;
    if base.first_start != base.first_end || source.first_start != source.first_end {
        return Err("coarse_date");
    }
    let first = base.first_start.min(source.first_start);
    if begins.into_iter().any(|month| month.is_none_or(|month| first < month + Months::new(1))) {
        return Err("corpus_begins");
    }
    Ok((source.first_start - base.first_start).num_days())
}

#[cfg(test)]
mod tests {
    use super::super::CountRow;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn seen(start: &str, end: &str) -> SourceSeenRow {
        SourceSeenRow { first_start: day(start), first_end: day(end), ..SourceSeenRow::default() }
    }

    #[test]
    fn a_lag_is_told_only_where_both_first_times_are_seen() {
        let begins = [Some(day("2023-01-01")), Some(day("2023-03-01"))];
        let on = |text: &str| seen(text, text);
        assert_eq!(lag_days(Some(&on("2023-05-01")), Some(&on("2023-05-31")), begins), Ok(30));
        assert_eq!(lag_days(Some(&on("2023-05-31")), Some(&on("2023-05-01")), begins), Ok(-30));
        assert_eq!(lag_days(None, Some(&on("2023-05-01")), begins), Err("base_never"));
        assert_eq!(lag_days(Some(&on("2023-05-01")), None, begins), Err("source_never"));
        // The base spoke of it before the source began.
        assert_eq!(lag_days(Some(&on("2023-02-10")), Some(&on("2023-06-01")), begins), Err("corpus_begins"));
        assert_eq!(lag_days(Some(&on("2023-04-10")), Some(&on("2023-03-31")), begins), Err("corpus_begins"));
        assert_eq!(lag_days(Some(&seen("2023-01-01", "2023-12-31")), Some(&on("2023-05-01")), begins), Err("coarse_date"));
    }

    fn theme(id: &str) -> String {
        let term = if id == "water" { "水利" } else { "农业" };
        format!("[[theme]]\nid='{id}'\nzh='甲'\nen='a'\nsource='s'\nterms=['{term}']\n")
    }

    fn count(period: Period, start: Option<&str>, source: &str, theme: Option<&str>, documents: u64) -> CountRow {
        CountRow {
            period,
            period_start: start.map(day),
            breakdown: Breakdown::Source,
            member: source.into(),
            theme: theme.map(Into::into),
            hits: documents * 2,
            sentences: documents,
            documents,
            han_chars: 0,
        }
    }

    #[test]
    fn amplification_is_density_over_the_base_or_says_why_not() {
        let lexicon = Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: theme("water") + &theme("farming") }])
            .unwrap_or_else(|e| panic!("{e:?}"));
        let (year, whole) = (Period::Year, Period::Whole);
        let (y1, y2) = (Some("2023-01-01"), Some("2024-01-01"));
        let counts = [
            count(whole, None, "centre", None, 40),
            count(whole, None, "centre", Some("water"), 4),
            count(whole, None, "province", None, 20),
            count(whole, None, "province", Some("water"), 10),
            count(whole, None, "province", Some("farming"), 1),
            count(whole, None, "old", None, 3),
            count(year, y1, "centre", None, 40),
            count(year, y1, "centre", Some("water"), 4),
            count(year, y1, "province", None, 20),
            count(year, y1, "province", Some("water"), 10),
            count(year, y1, "province", Some("farming"), 1),
            count(year, y2, "old", None, 3),
        ];
        let settings = Settings { base: Some("centre".into()), ..Settings::default() };
        let mut sums = Counts::new(&lexicon);
        sums.add(&counts).unwrap();
        sums.finish().unwrap();
        let rows = Sources::new(&sums, &[], &lexicon, &settings).rows().collect::<Vec<_>>();
        let shown: Vec<_> =
            rows.iter().map(|r| (r.period_label.as_str(), r.theme.as_str(), r.source.as_str(), r.amplification, r.amplification_reason.as_deref())).collect();
        assert_eq!(
            shown,
            [
                ("2023", "water", "centre", None, Some("is_base")),
                ("2023", "water", "province", Some(5.0), None),
                ("2023", "farming", "province", None, Some("base_zero")),
                ("whole", "water", "centre", None, Some("is_base")),
                ("whole", "water", "old", None, Some("no_common_period")),
                ("whole", "water", "province", Some(5.0), None),
                ("whole", "farming", "centre", None, Some("is_base")),
                ("whole", "farming", "old", None, Some("no_common_period")),
                ("whole", "farming", "province", None, Some("base_zero")),
            ]
        );
        let zero = rows.iter().find(|r| r.amplification_reason.as_deref() == Some("base_zero")).unwrap();
        assert_eq!((zero.base_documents, zero.base_period_documents, zero.amplification_smoothed), (Some(0), Some(40), Some((1.5 / 21.0) / (0.5 / 41.0))));
        let without = Sources::new(&sums, &[], &lexicon, &Settings::default());
        assert!(!without.is_empty() && without.rows().all(|r| r.amplification_reason.as_deref() == Some("no_base") && r.base_documents.is_none()));
    }
}
