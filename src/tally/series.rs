//! The series: sums of counts over documents, filled with zeros where a source
//! spoke, and set over their denominators.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use polars::prelude::{Column, DataFrame, DataType, NamedFrom, Series};

use super::coverage::Days;
use super::period::{Calendar, Period};
use super::rate::{per_10k, share, wilson};
use super::rollup::{Breakdown, CountRow, ThemeOccasionRow};
use super::word::Word;
use super::{Settings, TallyError};
use crate::parse::{DateRange, Precision};
use crate::tag::Lexicon;

/// The denominators of a period and member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotalRow {
    /// Length of the period.
    pub period: String,
    /// First day; `None` in the `unplaced` row.
    pub period_start: Option<NaiveDate>,
    /// Last day; `None` in the `unplaced` row, and where it is not known yet.
    pub period_end: Option<NaiveDate>,
    /// `2024-03`, `2024-Q1`, or `unplaced`.
    pub period_label: String,
    /// Breakdown.
    pub breakdown: String,
    /// Member.
    pub member: String,
    /// Documents.
    pub documents: u64,
    /// Sentences.
    pub sentences: u64,
    /// Han characters.
    pub han_chars: u64,
    /// Days of the period on which any source speaks.
    pub days_covered: Option<u64>,
    /// A source with a cadence misses a unit of the period.
    pub partial: Option<bool>,
}

/// A theme in a period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrequencyRow {
    /// Length of the period.
    pub period: Word,
    /// First day; `None` in the `unplaced` row.
    pub period_start: Option<NaiveDate>,
    /// Last day; `None` in the `unplaced` row, and where it is not known yet.
    pub period_end: Option<NaiveDate>,
    /// `2024-03`, or `unplaced`.
    pub period_label: Word,
    /// Theme id.
    pub theme: Word,
    /// Chinese label.
    pub theme_zh: Word,
    /// English label.
    pub theme_en: Word,
    /// Id of the theme above.
    pub parent: Option<Word>,
    /// 0: a theme without one above it; 1: one below.
    pub level: u32,
    /// Hits; `None` where no source spoke.
    pub hits: Option<u64>,
    /// Sentences with a hit.
    pub sentences: Option<u64>,
    /// Documents with a hit.
    pub documents: Option<u64>,
    /// Occasions on which the theme was spoken of.
    pub occasions: Option<u64>,
    /// All documents of the period.
    pub period_documents: u64,
    /// All sentences.
    pub period_sentences: u64,
    /// All Han characters.
    pub period_han_chars: u64,
    /// Hits in 10,000 Han characters.
    pub per_10k: Option<f64>,
    /// Documents with the theme ÷ all documents.
    pub density: Option<f64>,
    /// Lower end of its 95 % Wilson interval.
    pub density_low: Option<f64>,
    /// Upper end.
    pub density_high: Option<f64>,
    /// Fewer than 20 documents: too few to read a share from.
    pub small_n: bool,
    /// A source with a cadence misses a unit of the period.
    pub partial: Option<bool>,
    /// Hits ÷ hits of all themes of the level.
    pub share_of_hits: Option<f64>,
    /// Rate over the period and its neighbours.
    pub per_10k_smooth: Option<f64>,
    /// Level of heat by the number of documents in a calendar year.
    pub heat_by_count: Option<String>,
    /// Level of heat by the share of documents.
    pub heat_by_share: Option<String>,
    /// Levels risen, by share, since the period before.
    pub heat_change: Option<i32>,
}

/// A theme in a period and member; only where there is a hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BreakdownRow {
    /// Length of the period.
    pub period: Word,
    /// First day; `None` in the `unplaced` rows.
    pub period_start: Option<NaiveDate>,
    /// Last day; `None` in the `unplaced` row, and where it is not known yet.
    pub period_end: Option<NaiveDate>,
    /// `2024-03`, or `unplaced`.
    pub period_label: Word,
    /// Breakdown.
    pub breakdown: Word,
    /// Member.
    pub member: Word,
    /// Theme id.
    pub theme: Word,
    /// 0 or 1.
    pub level: u32,
    /// Hits.
    pub hits: u64,
    /// Sentences with a hit.
    pub sentences: u64,
    /// Documents with a hit.
    pub documents: u64,
    /// Occasions on which the theme was spoken of.
    pub occasions: u64,
    /// All documents of the period and member.
    pub period_documents: u64,
    /// All sentences.
    pub period_sentences: u64,
    /// All Han characters.
    pub period_han_chars: u64,
    /// Hits in 10,000 Han characters.
    pub per_10k: Option<f64>,
    /// Documents with the theme ÷ all documents.
    pub density: Option<f64>,
    /// Lower end of its 95 % Wilson interval.
    pub density_low: Option<f64>,
    /// Upper end.
    pub density_high: Option<f64>,
    /// Fewer than 20 documents.
    pub small_n: bool,
    /// Hits ÷ hits of all themes of the level in the period and member.
    pub share_of_hits: Option<f64>,
}

/// Below this many documents a share says little.
///
/// # Source
/// The noise limit of comparable phrase-trend services.
const SMALL_N: u64 = 20;

/// Label of rows whose date is too coarse for the period, or missing.
pub(super) const UNPLACED: &str = "unplaced";

/// Label of rows of the whole corpus.
pub(super) const WHOLE: &str = "whole";

/// Sums equal keys over shards.
///
/// # Cost
/// The rows are given up before the sums are made: a key of theirs is a number
/// here, whose order is that of the rows.
pub(super) fn sum(rollups: Vec<Vec<CountRow>>) -> Result<Vec<CountRow>, TallyError> {
    const COUNTS: [&str; 4] = ["hits", "sentences", "documents", "han_chars"];
    if rollups.iter().all(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let places = Codes::new(rollups.iter().flatten().map(|r| (r.period, r.period_start)));
    let members = Codes::new(rollups.iter().flatten().map(|r| (r.breakdown, r.member.clone())));
    let themes = Codes::new(rollups.iter().flatten().map(|r| r.theme.clone()));
    let [many_members, many_themes] = [members.keys.len() as u64, themes.keys.len() as u64];
    let mut keys: Vec<u64> = Vec::new();
    let mut numbers: [Vec<u64>; 4] = std::array::from_fn(|_| Vec::new());
    for rows in rollups {
        let (mut place, mut member) = (Last::default(), Last::default());
        for row in rows {
            let place = place.code((row.period, row.period_start), &places);
            let member = member.code((row.breakdown, row.member), &members);
            keys.push((place * many_members + member) * many_themes + themes.code(&row.theme));
            for (column, number) in numbers.iter_mut().zip([row.hits, row.sentences, row.documents, row.han_chars]) {
                column.push(number);
            }
        }
    }
    let mut columns: Vec<Column> = vec![Series::new("key".into(), keys).into()];
    columns.extend(COUNTS.into_iter().zip(numbers).map(|(name, column)| Column::from(Series::new(name.into(), column))));
    let frame = DataFrame::new(columns.first().map_or(0, Column::len), columns)?;
    #[expect(deprecated, reason = "the eager sum; the lazy engine adds minutes of build for one operation")]
    let summed = frame.group_by(["key"])?.select(COUNTS).sum()?;
    drop(frame);
    let numbers = |name: &str| -> Result<Vec<u64>, TallyError> {
        let column = summed.column(name)?.cast(&DataType::UInt64)?;
        Ok(column.u64()?.iter().map(Option::unwrap_or_default).collect())
    };
    let [hits, sentences, documents, han_chars] = [numbers("hits_sum")?, numbers("sentences_sum")?, numbers("documents_sum")?, numbers("han_chars_sum")?];
    let mut sums: Vec<(u64, [u64; 4])> = Vec::with_capacity(hits.len());
    for ((key, (hits, sentences)), (documents, han_chars)) in
        numbers("key")?.into_iter().zip(hits.into_iter().zip(sentences)).zip(documents.into_iter().zip(han_chars))
    {
        sums.push((key, [hits, sentences, documents, han_chars]));
    }
    drop(summed);
    // Groups come out in the order of a hash.
    sums.sort_unstable_by_key(|(key, _)| *key);
    let row = |(key, [hits, sentences, documents, han_chars]): (u64, [u64; 4])| {
        let (period, period_start) = places.key(key / many_themes / many_members);
        let (breakdown, member) = members.key(key / many_themes % many_members);
        CountRow { period, period_start, breakdown, member, theme: themes.key(key % many_themes), hits, sentences, documents, han_chars }
    };
    Ok(sums.into_iter().map(row).collect())
}

/// Keys and their numbers, in the same order.
struct Codes<K> {
    keys: Vec<K>,
    numbers: BTreeMap<K, u64>,
}

impl<K: Ord + Clone + Default> Codes<K> {
    fn new(all: impl Iterator<Item = K>) -> Self {
        let mut numbers: BTreeMap<K, u64> = BTreeMap::new();
        let mut last: Option<K> = None;
        for key in all {
            if last.as_ref() != Some(&key) {
                numbers.entry(key.clone()).or_default();
                last = Some(key);
            }
        }
        for (number, (_, code)) in (0..).zip(&mut numbers) {
            *code = number;
        }
        Self { keys: numbers.keys().cloned().collect(), numbers }
    }

    fn code(&self, key: &K) -> u64 {
        self.numbers.get(key).copied().unwrap_or(0)
    }

    fn key(&self, number: u64) -> K {
        usize::try_from(number).ok().and_then(|n| self.keys.get(n)).cloned().unwrap_or_default()
    }
}

/// The key of the row before: rows come sorted, so it is often the next one's.
#[derive(Default)]
struct Last<K>(Option<(K, u64)>);

impl<K: Ord + Clone + Default> Last<K> {
    fn code(&mut self, key: K, codes: &Codes<K>) -> u64 {
        match &self.0 {
            Some((last, code)) if *last == key => *code,
            _ => {
                let code = codes.code(&key);
                self.0 = Some((key, code));
                code
            }
        }
    }
}

fn bounds(period: &str, start: Option<NaiveDate>, calendar: &Calendar) -> (Option<NaiveDate>, String) {
    match (Period::from_name(period), start) {
        (Some(period), Some(start)) => (calendar.end_of(period, start), calendar.label(period, start)),
        _ => (None, UNPLACED.to_owned()),
    }
}

/// The denominators: rows of all text. A period in which a source was expected
/// and nothing at all was said gets a row of zeros under `all`.
pub(super) fn totals(counts: &[CountRow], days: &Days, calendar: &Calendar) -> Vec<TotalRow> {
    let mut out: Vec<TotalRow> = counts
        .iter()
        .filter(|row| row.theme.is_none() && row.period != Period::Whole)
        .map(|row| TotalRow {
            period: row.period.name().to_owned(),
            period_start: row.period_start,
            breakdown: row.breakdown.name().to_owned(),
            member: row.member.to_string(),
            documents: row.documents,
            sentences: row.sentences,
            han_chars: row.han_chars,
            ..TotalRow::default()
        })
        .collect();
    for period in Period::ALL {
        let spoken: BTreeSet<NaiveDate> = out.iter().filter(|r| r.period == period.name()).filter_map(|r| r.period_start).collect();
        if spoken.is_empty() {
            continue;
        }
        for start in days.missed(period).difference(&spoken) {
            let name = Breakdown::All.name().to_owned();
            out.push(TotalRow { period: period.name().to_owned(), period_start: Some(*start), breakdown: name.clone(), member: name, ..TotalRow::default() });
        }
    }
    // The days of a period are gone through once, not for each of its members.
    let mut known: BTreeMap<(Period, NaiveDate), (u64, Option<bool>)> = BTreeMap::new();
    for row in &mut out {
        (row.period_end, row.period_label) = bounds(&row.period, row.period_start, calendar);
        if let (Some(period), Some(start)) = (Period::from_name(&row.period), row.period_start) {
            let end = row.period_end;
            let (covered, partial) = *known.entry((period, start)).or_insert_with(|| (days.covered(start, end), days.partial(period, start, end)));
            row.days_covered = Some(covered);
            row.partial = partial;
        }
    }
    out.sort_by(|a, b| {
        fn key(r: &TotalRow) -> (Option<Period>, bool, Option<NaiveDate>, Option<Breakdown>, &str) {
            (Period::from_name(&r.period), r.period_start.is_none(), r.period_start, Breakdown::from_name(&r.breakdown), &r.member)
        }
        key(a).cmp(&key(b))
    });
    out
}

/// Every theme in every period from the first to the last, and unplaced.
pub(super) fn frequency(counts: &[CountRow], totals: &[TotalRow], occasions: &[ThemeOccasionRow], lexicon: &Lexicon, settings: &Settings) -> Vec<FrequencyRow> {
    let all = Breakdown::All;
    let numbers = numbers(lexicon);
    let told = Told::new(occasions, &[all], &settings.periods, &numbers, &settings.calendar);
    let of_levels = hits_of_levels(counts, lexicon);
    let mut out = Vec::new();
    for period in &settings.periods {
        let of_period: Vec<&TotalRow> = totals.iter().filter(|t| t.period == period.name() && t.breakdown == all.name()).collect();
        let columns: BTreeMap<Option<NaiveDate>, usize> = of_period.iter().enumerate().map(|(column, t)| (t.period_start, column)).collect();
        let labels: Vec<(Word, Word)> = of_period.iter().map(|t| (t.period.as_str().into(), t.period_label.as_str().into())).collect();
        let level_hits: Vec<[u64; 2]> =
            of_period.iter().map(|t| of_levels.get(&(*period, t.period_start, all, all.name())).copied().unwrap_or_default()).collect();
        let mut found: BTreeMap<(u32, usize), &CountRow> = BTreeMap::new();
        for row in counts.iter().filter(|row| row.period == *period && row.breakdown == all) {
            if let Some((number, column)) = row.theme.as_ref().and_then(|theme| numbers.get(theme.as_str())).zip(columns.get(&row.period_start)) {
                found.insert((*number, *column), row);
            }
        }
        for (number, theme) in (0..).zip(lexicon.themes()) {
            let [id, zh, en] = [&theme.id, &theme.zh, &theme.en].map(|text| Word::from(text.as_str()));
            let parent: Option<Word> = theme.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.as_str().into());
            let level = u32::from(theme.parent.is_some());
            for (((column, total), (name, label)), level_hits) in of_period.iter().enumerate().zip(&labels).zip(&level_hits) {
                let row = found.get(&(number, column));
                let spoken = total.documents > 0;
                let count = |get: fn(&CountRow) -> u64| spoken.then(|| row.map_or(0, |r| get(r)));
                let documents = count(|r| r.documents);
                let interval = documents.and_then(|d| wilson(d, total.documents));
                let told = told.count((*period, total.period_start, all, number), all.name());
                out.push(FrequencyRow {
                    period: name.clone(),
                    period_start: total.period_start,
                    period_end: total.period_end,
                    period_label: label.clone(),
                    theme: id.clone(),
                    theme_zh: zh.clone(),
                    theme_en: en.clone(),
                    parent: parent.clone(),
                    level,
                    hits: count(|r| r.hits),
                    sentences: count(|r| r.sentences),
                    documents,
                    occasions: spoken.then_some(told),
                    period_documents: total.documents,
                    period_sentences: total.sentences,
                    period_han_chars: total.han_chars,
                    per_10k: per_10k(row.map_or(0, |r| r.hits), total.han_chars),
                    density: documents.and_then(|d| share(d, total.documents)),
                    density_low: interval.map(|i| i.0),
                    density_high: interval.map(|i| i.1),
                    small_n: total.documents < SMALL_N,
                    partial: total.partial,
                    share_of_hits: count(|r| r.hits).and_then(|hits| share(hits, of_level(*level_hits, level))),
                    ..FrequencyRow::default()
                });
            }
        }
    }
    out
}

/// Hits of all themes of each level, by period, start, breakdown and member.
type LevelHits<'r> = BTreeMap<(Period, Option<NaiveDate>, Breakdown, &'r str), [u64; 2]>;

fn hits_of_levels<'r>(counts: &'r [CountRow], lexicon: &Lexicon) -> LevelHits<'r> {
    let below: BTreeSet<&str> = lexicon.themes().iter().filter(|t| t.parent.is_some()).map(|t| t.id.as_str()).collect();
    let mut out = LevelHits::new();
    let same = |a: &CountRow, b: &CountRow| (a.period, a.period_start, a.breakdown, &a.member) == (b.period, b.period_start, b.breakdown, &b.member);
    for rows in counts.chunk_by(same) {
        let Some(first) = rows.first() else { continue };
        let sum = out.entry((first.period, first.period_start, first.breakdown, &first.member)).or_default();
        for row in rows {
            match row.theme.as_deref() {
                Some(theme) if below.contains(theme) => sum[1] += row.hits,
                Some(_) => sum[0] += row.hits,
                None => {}
            }
        }
    }
    out
}

fn of_level(hits: [u64; 2], level: u32) -> u64 {
    if level == 0 { hits[0] } else { hits[1] }
}

/// Numbers of the themes by id.
fn numbers(lexicon: &Lexicon) -> BTreeMap<&str, u32> {
    (0..).zip(lexicon.themes()).map(|(number, theme)| (theme.id.as_str(), number)).collect()
}

/// The table `theme_breakdown`, kept as counts: every theme in every period and
/// member where it has a hit. Its rows are made when they are read.
#[derive(Clone, Debug, Default)]
pub struct Breakdowns {
    counts: Vec<CountRow>,
    totals: Vec<TotalRow>,
    /// Hits of each level under each of the totals.
    level_hits: Vec<[u64; 2]>,
    below: BTreeSet<Word>,
    /// By period length, breakdown, member, theme and start, the unplaced last.
    entries: Vec<Entry>,
}

/// A row: the place of its counts and of its denominators.
#[derive(Clone, Copy, Debug)]
struct Entry {
    count: u32,
    total: u32,
    occasions: u32,
}

/// Period length, breakdown, member, theme, unplaced, start.
type EntryKey = (Period, Breakdown, u32, u32, bool, Option<NaiveDate>);

impl Breakdowns {
    pub(super) fn new(mut counts: Vec<CountRow>, totals: &[TotalRow], occasions: &[ThemeOccasionRow], lexicon: &Lexicon, calendar: &Calendar) -> Self {
        counts.retain(|row| row.breakdown != Breakdown::All && row.theme.is_some());
        let numbers = numbers(lexicon);
        let totals: Vec<TotalRow> = totals.iter().filter(|t| t.breakdown != Breakdown::All.name()).cloned().collect();
        let of_levels = hits_of_levels(&counts, lexicon);
        let level_hits = totals
            .iter()
            .map(|t| {
                let key = Period::from_name(&t.period).zip(Breakdown::from_name(&t.breakdown));
                key.and_then(|(period, breakdown)| of_levels.get(&(period, t.period_start, breakdown, t.member.as_str()))).copied().unwrap_or_default()
            })
            .collect();
        let places: BTreeMap<(Period, Option<NaiveDate>, Breakdown, &str), u32> = (0..)
            .zip(&totals)
            .filter_map(|(at, t)| Some(((Period::from_name(&t.period)?, t.period_start, Breakdown::from_name(&t.breakdown)?, t.member.as_str()), at)))
            .collect();
        let periods: BTreeSet<Period> = counts.iter().map(|row| row.period).collect();
        let periods: Vec<Period> = periods.into_iter().collect();
        let told = Told::new(occasions, &Breakdown::EVERY[1..], &periods, &numbers, calendar);
        let mut entries: Vec<(EntryKey, Entry)> = Vec::with_capacity(counts.len());
        // Counts come by place, breakdown and member: their members number in order.
        let members: BTreeMap<&str, u32> = counts.iter().map(|row| row.member.as_str()).collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        for (count, row) in (0..).zip(&counts) {
            let number = row.theme.as_deref().and_then(|theme| numbers.get(theme)).copied().unwrap_or(u32::MAX);
            let Some(total) = places.get(&(row.period, row.period_start, row.breakdown, row.member.as_str())) else { continue };
            let occasions = told.count((row.period, row.period_start, row.breakdown, number), &row.member);
            let member = members.get(row.member.as_str()).copied().unwrap_or(0);
            let key = (row.period, row.breakdown, member, number, row.period_start.is_none(), row.period_start);
            entries.push((key, Entry { count, total: *total, occasions: u32::try_from(occasions).unwrap_or(u32::MAX) }));
        }
        entries.sort_unstable_by_key(|(key, _)| *key);
        let entries = entries.into_iter().map(|(_, entry)| entry).collect();
        let below = lexicon.themes().iter().filter(|t| t.parent.is_some()).map(|t| t.id.as_str().into()).collect();
        Self { counts, totals, level_hits, below, entries }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The rows, by period length, breakdown, member, theme and start.
    pub fn rows(&self) -> impl Iterator<Item = BreakdownRow> + '_ {
        let mut words: BTreeMap<&str, Word> = BTreeMap::new();
        self.entries.iter().filter_map(move |entry| {
            let (row, total) = (self.counts.get(entry.count as usize)?, self.totals.get(entry.total as usize)?);
            let theme = row.theme.clone()?;
            let mut word = |text: &'static str| words.entry(text).or_insert_with(|| text.into()).clone();
            let interval = wilson(row.documents, total.documents);
            let level = u32::from(self.below.contains(&theme));
            let level_hits = of_level(*self.level_hits.get(entry.total as usize)?, level);
            Some(BreakdownRow {
                period: word(row.period.name()),
                period_start: row.period_start,
                period_end: total.period_end,
                period_label: total.period_label.as_str().into(),
                breakdown: word(row.breakdown.name()),
                member: row.member.clone(),
                level,
                theme,
                hits: row.hits,
                sentences: row.sentences,
                documents: row.documents,
                occasions: u64::from(entry.occasions),
                period_documents: total.documents,
                period_sentences: total.sentences,
                period_han_chars: total.han_chars,
                per_10k: per_10k(row.hits, total.han_chars),
                density: share(row.documents, total.documents),
                density_low: interval.map(|i| i.0),
                density_high: interval.map(|i| i.1),
                small_n: total.documents < SMALL_N,
                share_of_hits: share(row.hits, level_hits),
            })
        })
    }
}

/// Period, start, breakdown and number of the theme.
type ToldKey = (Period, Option<NaiveDate>, Breakdown, u32);

/// A theme on an occasion: date, theme, occasion, and its members.
type Met = (Option<DateRange>, u32, u32, Vec<(Breakdown, u32)>);

/// Distinct occasions for each period, member and theme.
struct Told<'r> {
    members: BTreeMap<&'r str, u32>,
    counts: Vec<((ToldKey, u32), u64)>,
}

impl<'r> Told<'r> {
    fn new(rows: &'r [ThemeOccasionRow], breakdowns: &[Breakdown], periods: &[Period], themes: &BTreeMap<&str, u32>, calendar: &Calendar) -> Self {
        let mut members: BTreeMap<&str, u32> = BTreeMap::new();
        let mut occasions: BTreeMap<&str, u32> = BTreeMap::new();
        let mut number = |text: &'r str| {
            let next = u32::try_from(members.len()).unwrap_or(u32::MAX);
            *members.entry(text).or_insert(next)
        };
        let mut places: Vec<Met> = Vec::with_capacity(rows.len());
        for row in rows {
            let range = row.date_start.zip(row.date_end).map(|(start, end)| DateRange { start, end, precision: Precision::Day });
            let next = u32::try_from(occasions.len()).unwrap_or(u32::MAX);
            let occasion = *occasions.entry(row.occasion_id.as_str()).or_insert(next);
            let Some(theme) = themes.get(row.theme.as_str()) else { continue };
            let of = |breakdown: &Breakdown| match breakdown {
                Breakdown::All => Breakdown::All.name(),
                Breakdown::Source => row.source.as_str(),
                Breakdown::Register => row.register.as_str(),
                Breakdown::OccasionType => row.occasion_type.as_str(),
                Breakdown::Province => row.province.as_str(),
                Breakdown::Voice => row.voice.as_str(),
            };
            places.push((range, *theme, occasion, breakdowns.iter().map(|b| (*b, number(of(b)))).collect()));
        }
        let mut counts: Vec<((ToldKey, u32), u64)> = Vec::new();
        // One length after the other: each alone is a third of the memory.
        for period in periods {
            let mut met: Vec<((ToldKey, u32), u32)> = Vec::with_capacity(places.len() * breakdowns.len());
            for (range, theme, occasion, members) in &places {
                let start = range.and_then(|range| calendar.place(*period, range));
                met.extend(members.iter().map(|(breakdown, member)| (((*period, start, *breakdown, *theme), *member), *occasion)));
            }
            met.sort_unstable();
            met.dedup();
            counts.extend(met.chunk_by(|a, b| a.0 == b.0).filter_map(|same| Some((same.first()?.0, same.len() as u64))));
        }
        counts.sort_unstable_by_key(|(key, _)| *key);
        Self { members, counts }
    }

    fn count(&self, key: ToldKey, member: &str) -> u64 {
        let Some(member) = self.members.get(member) else { return 0 };
        let at = self.counts.binary_search_by_key(&(key, *member), |(key, _)| *key);
        at.ok().and_then(|at| self.counts.get(at)).map_or(0, |(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::CoverageRow;
    use super::*;

    fn row(start: Option<&str>, theme: Option<&str>, counts: [u64; 4]) -> CountRow {
        CountRow {
            period: Period::Month,
            period_start: start.map(|s| s.parse().unwrap()),
            breakdown: Breakdown::All,
            member: "all".into(),
            theme: theme.map(Into::into),
            hits: counts[0],
            sentences: counts[1],
            documents: counts[2],
            han_chars: counts[3],
        }
    }

    #[test]
    fn equal_keys_are_summed_and_nulls_are_keys_of_their_own() {
        let rows = [
            row(Some("2024-03-01"), None, [0, 5, 2, 100]),
            row(None, None, [0, 1, 1, 9]),
            row(Some("2024-03-01"), None, [0, 7, 1, 50]),
            row(Some("2024-03-01"), Some("a"), [3, 2, 1, 0]),
            row(None, None, [0, 1, 1, 9]),
        ];
        let (one, two) = rows.split_at(2);
        let got = sum(vec![one.to_vec(), two.to_vec()]).unwrap();
        assert_eq!(got, [row(None, None, [0, 2, 2, 18]), row(Some("2024-03-01"), None, [0, 12, 3, 150]), row(Some("2024-03-01"), Some("a"), [3, 2, 1, 0])]);
    }

    #[test]
    fn a_month_without_text_is_a_row_without_counts_and_one_without_the_theme_a_zero() {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n";
        let lexicon = Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: text.into() }]).unwrap_or_else(|e| panic!("{e:?}"));
        let counts =
            [row(Some("2024-01-01"), None, [0, 5, 2, 100]), row(Some("2024-01-01"), Some("a"), [3, 2, 1, 0]), row(Some("2024-03-01"), None, [0, 7, 1, 50])];
        let settings = Settings { periods: vec![Period::Month], ..Settings::default() };
        let missing = CoverageRow {
            source: "s".into(),
            unit: "day".into(),
            date_start: "2024-02-05".parse().unwrap(),
            date_end: "2024-02-05".parse().unwrap(),
            missing: true,
            ..CoverageRow::default()
        };
        let totals = totals(&counts, &Days::new(&[missing], &[], &settings.calendar), &settings.calendar);
        let got = frequency(&counts, &totals, &[], &lexicon, &settings);
        let shown: Vec<_> = got.iter().map(|r| (r.period_label.as_str(), r.hits, r.per_10k)).collect();
        assert_eq!(shown, [("2024-01", Some(3), Some(300.0)), ("2024-02", None, None), ("2024-03", Some(0), Some(0.0))]);
    }
}
