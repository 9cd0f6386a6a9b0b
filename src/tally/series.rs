//! The series: sums of counts over documents, filled with zeros where a source
//! spoke, and set over their denominators.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use polars::prelude::{Column, DataFrame, DataType, NamedFrom, Series};

use super::coverage::Days;
use super::period::{Calendar, Period};
use super::rate::{per_10k, share, wilson};
use super::rollup::{Breakdown, CountRow, ThemeOccasionRow, count_key};
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
    pub period: String,
    /// First day; `None` in the `unplaced` row.
    pub period_start: Option<NaiveDate>,
    /// Last day; `None` in the `unplaced` row, and where it is not known yet.
    pub period_end: Option<NaiveDate>,
    /// `2024-03`, or `unplaced`.
    pub period_label: String,
    /// Theme id.
    pub theme: String,
    /// Chinese label.
    pub theme_zh: String,
    /// English label.
    pub theme_en: String,
    /// Id of the theme above.
    pub parent: Option<String>,
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
    pub period: String,
    /// First day; `None` in the `unplaced` rows.
    pub period_start: Option<NaiveDate>,
    /// Last day; `None` in the `unplaced` row, and where it is not known yet.
    pub period_end: Option<NaiveDate>,
    /// `2024-03`, or `unplaced`.
    pub period_label: String,
    /// Breakdown.
    pub breakdown: String,
    /// Member.
    pub member: String,
    /// Theme id.
    pub theme: String,
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

/// Sums equal keys over shards.
pub(super) fn sum(rows: &[CountRow]) -> Result<Vec<CountRow>, TallyError> {
    const KEYS: [&str; 5] = ["period", "start", "breakdown", "member", "theme"];
    const COUNTS: [&str; 4] = ["hits", "sentences", "documents", "han_chars"];
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let text = |name: &str, get: &dyn Fn(&CountRow) -> Option<String>| -> Column {
        Series::new(name.into(), rows.iter().map(get).collect::<Vec<Option<String>>>()).into()
    };
    let number = |name: &str, get: fn(&CountRow) -> u64| -> Column { Series::new(name.into(), rows.iter().map(get).collect::<Vec<u64>>()).into() };
    let start = |row: &CountRow| row.period_start.map(|day| day.to_string());
    let frame = DataFrame::new(
        rows.len(),
        vec![
            text("period", &|r| Some(r.period.clone())),
            text("start", &start),
            text("breakdown", &|r| Some(r.breakdown.clone())),
            text("member", &|r| Some(r.member.clone())),
            text("theme", &|r| r.theme.clone()),
            number("hits", |r| r.hits),
            number("sentences", |r| r.sentences),
            number("documents", |r| r.documents),
            number("han_chars", |r| r.han_chars),
        ],
    )?;
    #[expect(deprecated, reason = "the eager sum; the lazy engine adds minutes of build for one operation")]
    let summed = frame.group_by(KEYS)?.select(COUNTS).sum()?;
    let texts =
        |name: &str| -> Result<Vec<Option<String>>, TallyError> { Ok(summed.column(name)?.str()?.iter().map(|cell| cell.map(str::to_owned)).collect()) };
    let numbers = |name: &str| -> Result<Vec<u64>, TallyError> {
        let column = summed.column(&format!("{name}_sum"))?.cast(&DataType::UInt64)?;
        Ok(column.u64()?.iter().map(Option::unwrap_or_default).collect())
    };
    let [periods, starts, breakdowns, members, themes] = [texts("period")?, texts("start")?, texts("breakdown")?, texts("member")?, texts("theme")?];
    let [hits, sentences, documents, han_chars] = [numbers("hits")?, numbers("sentences")?, numbers("documents")?, numbers("han_chars")?];
    let mut out = Vec::with_capacity(summed.height());
    for (((((period, start), breakdown), member), theme), (((hits, sentences), documents), han_chars)) in
        periods.into_iter().zip(starts).zip(breakdowns).zip(members).zip(themes).zip(hits.into_iter().zip(sentences).zip(documents).zip(han_chars))
    {
        out.push(CountRow {
            period: period.unwrap_or_default(),
            period_start: start.and_then(|day| day.parse().ok()),
            breakdown: breakdown.unwrap_or_default(),
            member: member.unwrap_or_default(),
            theme,
            hits,
            sentences,
            documents,
            han_chars,
        });
    }
    // Groups come out in the order of a hash.
    out.sort_by(|a, b| count_key(a).cmp(&count_key(b)));
    Ok(out)
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
        .filter(|row| row.theme.is_none() && row.period != Period::Whole.name())
        .map(|row| TotalRow {
            period: row.period.clone(),
            period_start: row.period_start,
            breakdown: row.breakdown.clone(),
            member: row.member.clone(),
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
    for row in &mut out {
        (row.period_end, row.period_label) = bounds(&row.period, row.period_start, calendar);
        if let (Some(period), Some(start)) = (Period::from_name(&row.period), row.period_start) {
            row.days_covered = Some(days.covered(start, row.period_end));
            row.partial = days.partial(period, start, row.period_end);
        }
    }
    out.sort_by(|a, b| {
        let key = |r: &TotalRow| (Period::from_name(&r.period), r.period_start.is_none(), r.period_start, Breakdown::from_name(&r.breakdown), r.member.clone());
        key(a).cmp(&key(b))
    });
    out
}

/// Hits of all themes of a level, for each period and member.
fn hits_of_levels<'r>(counts: &'r [CountRow], lexicon: &Lexicon) -> BTreeMap<(&'r str, Option<NaiveDate>, &'r str, &'r str, u32), u64> {
    let levels: BTreeMap<&str, u32> = lexicon.themes().iter().map(|t| (t.id.as_str(), u32::from(t.parent.is_some()))).collect();
    let mut out = BTreeMap::new();
    for row in counts {
        if let Some(level) = row.theme.as_deref().and_then(|theme| levels.get(theme)) {
            *out.entry((row.period.as_str(), row.period_start, row.breakdown.as_str(), row.member.as_str(), *level)).or_default() += row.hits;
        }
    }
    out
}

type MemberKey<'r> = (&'r str, Option<NaiveDate>, &'r str, &'r str);

/// Every theme in every period from the first to the last, and unplaced.
pub(super) fn frequency(counts: &[CountRow], totals: &[TotalRow], occasions: &[ThemeOccasionRow], lexicon: &Lexicon, settings: &Settings) -> Vec<FrequencyRow> {
    let all = Breakdown::All.name();
    let found: BTreeMap<(&str, Option<NaiveDate>, &str), &CountRow> = counts
        .iter()
        .filter(|row| row.breakdown == all)
        .filter_map(|row| Some(((row.period.as_str(), row.period_start, row.theme.as_deref()?), row)))
        .collect();
    let occasions = occasions_by(occasions, &[Breakdown::All], settings.periods.as_slice(), &settings.calendar);
    let of_level = hits_of_levels(counts, lexicon);
    let mut out = Vec::new();
    for period in &settings.periods {
        for theme in lexicon.themes() {
            for total in totals.iter().filter(|t| t.period == period.name() && t.breakdown == all) {
                let row = found.get(&(period.name(), total.period_start, theme.id.as_str()));
                let spoken = total.documents > 0;
                let count = |get: fn(&CountRow) -> u64| spoken.then(|| row.map_or(0, |r| get(r)));
                let documents = count(|r| r.documents);
                let interval = documents.and_then(|d| wilson(d, total.documents));
                let level = u32::from(theme.parent.is_some());
                let level_hits = of_level.get(&(period.name(), total.period_start, all, all, level)).copied().unwrap_or(0);
                let told = occasions.get(&(period.name(), total.period_start, all, all, theme.id.as_str())).copied().unwrap_or(0);
                out.push(FrequencyRow {
                    period: total.period.clone(),
                    period_start: total.period_start,
                    period_end: total.period_end,
                    period_label: total.period_label.clone(),
                    theme: theme.id.clone(),
                    theme_zh: theme.zh.clone(),
                    theme_en: theme.en.clone(),
                    parent: theme.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.clone()),
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
                    share_of_hits: count(|r| r.hits).and_then(|hits| share(hits, level_hits)),
                    ..FrequencyRow::default()
                });
            }
        }
    }
    out
}

/// Every theme in every period and member where it has a hit.
pub(super) fn breakdown(counts: &[CountRow], totals: &[TotalRow], occasions: &[ThemeOccasionRow], lexicon: &Lexicon, calendar: &Calendar) -> Vec<BreakdownRow> {
    let whole: BTreeMap<MemberKey<'_>, &TotalRow> =
        totals.iter().map(|t| ((t.period.as_str(), t.period_start, t.breakdown.as_str(), t.member.as_str()), t)).collect();
    let numbers: BTreeMap<&str, usize> = lexicon.themes().iter().enumerate().map(|(n, t)| (t.id.as_str(), n)).collect();
    let periods: BTreeSet<Period> = counts.iter().filter_map(|row| Period::from_name(&row.period)).collect();
    let periods: Vec<Period> = periods.into_iter().collect();
    let occasions = occasions_by(occasions, &Breakdown::EVERY[1..], &periods, calendar);
    let of_level = hits_of_levels(counts, lexicon);
    let mut out: Vec<(usize, BreakdownRow)> = Vec::new();
    for row in counts.iter().filter(|row| row.breakdown != Breakdown::All.name()) {
        let Some(theme) = row.theme.as_deref() else { continue };
        let (number, Some(total)) = (
            numbers.get(theme).copied().unwrap_or(usize::MAX),
            whole.get(&(row.period.as_str(), row.period_start, row.breakdown.as_str(), row.member.as_str())),
        ) else {
            continue;
        };
        let interval = wilson(row.documents, total.documents);
        let key = (row.period.as_str(), row.period_start, row.breakdown.as_str(), row.member.as_str(), theme);
        let level = u32::from(lexicon.themes().get(number).is_some_and(|t| t.parent.is_some()));
        let level_hits = of_level.get(&(key.0, key.1, key.2, key.3, level)).copied().unwrap_or(0);
        out.push((
            number,
            BreakdownRow {
                period: row.period.clone(),
                period_start: row.period_start,
                period_end: total.period_end,
                period_label: total.period_label.clone(),
                breakdown: row.breakdown.clone(),
                member: row.member.clone(),
                theme: theme.to_owned(),
                level,
                hits: row.hits,
                sentences: row.sentences,
                documents: row.documents,
                occasions: occasions.get(&key).copied().unwrap_or(0),
                period_documents: total.documents,
                period_sentences: total.sentences,
                period_han_chars: total.han_chars,
                per_10k: per_10k(row.hits, total.han_chars),
                density: share(row.documents, total.documents),
                density_low: interval.map(|i| i.0),
                density_high: interval.map(|i| i.1),
                small_n: total.documents < SMALL_N,
                share_of_hits: share(row.hits, level_hits),
            },
        ));
    }
    out.sort_by(|(n, a), (m, b)| {
        let key = |n: usize, r: &BreakdownRow| {
            (Period::from_name(&r.period), Breakdown::from_name(&r.breakdown), r.member.clone(), n, r.period_start.is_none(), r.period_start)
        };
        key(*n, a).cmp(&key(*m, b))
    });
    out.into_iter().map(|(_, row)| row).collect()
}

type OccasionKey<'r> = (&'static str, Option<NaiveDate>, &'static str, &'r str, &'r str);

/// Distinct occasions for each period, member and theme.
fn occasions_by<'r>(rows: &'r [ThemeOccasionRow], breakdowns: &[Breakdown], periods: &[Period], calendar: &Calendar) -> BTreeMap<OccasionKey<'r>, u64> {
    let mut sets: BTreeMap<OccasionKey<'r>, BTreeSet<&'r str>> = BTreeMap::new();
    for row in rows {
        let range = row.date_start.zip(row.date_end).map(|(start, end)| DateRange { start, end, precision: Precision::Day });
        for period in periods {
            let start = range.and_then(|range| calendar.place(*period, range));
            for breakdown in breakdowns {
                let member = match breakdown {
                    Breakdown::All => "all",
                    Breakdown::Source => &row.source,
                    Breakdown::Register => &row.register,
                    Breakdown::OccasionType => &row.occasion_type,
                    Breakdown::Province => &row.province,
                    Breakdown::Voice => &row.voice,
                };
                sets.entry((period.name(), start, breakdown.name(), member, &row.theme)).or_default().insert(&row.occasion_id);
            }
        }
    }
    sets.into_iter().map(|(key, set)| (key, set.len() as u64)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::CoverageRow;
    use super::*;

    fn row(start: Option<&str>, theme: Option<&str>, counts: [u64; 4]) -> CountRow {
        CountRow {
            period: "month".into(),
            period_start: start.map(|s| s.parse().unwrap()),
            breakdown: "all".into(),
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
        let got = sum(&rows).unwrap();
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
        let shown: Vec<_> = got.iter().map(|r| (r.period_label.as_str(), r.hits, r.per_10k, r.share_of_hits)).collect();
        // Without a hit of any theme there is nothing to have a share of.
        assert_eq!(shown, [("2024-01", Some(3), Some(300.0), Some(1.0)), ("2024-02", None, None, None), ("2024-03", Some(0), Some(0.0), None)]);
    }
}
