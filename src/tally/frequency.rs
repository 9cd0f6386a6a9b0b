//! Every theme in every period from the first to the last, and unplaced.
//!
//! The table has periods × themes rows, most of them zeros, so that what is kept
//! is numbers; rows are made when they are read, part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use rayon::prelude::*;

use super::counts::{Counts, Place, small};
use super::heat::{Heat, HeatScale, Spoken};
use super::part::Part;
use super::period::Period;
use super::rate::{per_10k, share, wilson};
use super::rollup::Breakdown;
use super::series::{PlaceColumns, SMALL_N, below, of_level};
use super::timeline::Timeline;
use super::totals::TotalRow;
use super::word::Word;
use super::{Settings, smooth};
use crate::tag::Lexicon;

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
    pub heat_by_count: Option<Word>,
    /// Level of heat by the share of documents.
    pub heat_by_share: Option<Word>,
    /// Levels risen, by share, since the period before.
    pub heat_change: Option<i32>,
}

/// What a row of `theme_frequency` was counted to be, without what is computed from
/// it: light enough to be made for every row of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of its name in FrequencyRow")]
pub struct FrequencyCounts<'f> {
    pub period: &'f str,
    pub period_start: Option<NaiveDate>,
    pub period_end: Option<NaiveDate>,
    pub period_label: &'f str,
    pub theme: &'f str,
    pub hits: Option<u64>,
    pub sentences: Option<u64>,
    pub documents: Option<u64>,
    pub period_documents: u64,
    pub period_sentences: u64,
    pub period_han_chars: u64,
}

/// The table `theme_frequency`.
#[derive(Debug, Default)]
pub struct Frequencies {
    themes: Vec<ThemeTexts>,
    scale: HeatScale,
    /// Words of heat, by steps.
    heat: Vec<Word>,
    periods: Vec<OfPeriod>,
}

/// What the rows of a theme have of it.
#[derive(Debug)]
struct ThemeTexts {
    id: Word,
    zh: Word,
    en: Word,
    parent: Option<Word>,
    level: u32,
}

/// The periods of one length.
#[derive(Debug)]
struct OfPeriod {
    period: Period,
    /// By start, the unplaced last.
    places: Vec<FrequencyPlace>,
    /// Of each place, of each theme.
    cells: Vec<Cells>,
    /// The smoothed rate of each theme, of each place; not a number: none. Empty where
    /// nothing is smoothed.
    smooth: Vec<f64>,
}

/// What the rows of a period have of it.
#[derive(Debug)]
struct FrequencyPlace {
    columns: PlaceColumns,
    documents: u64,
    sentences: u64,
    han_chars: u64,
    partial: Option<bool>,
    level_hits: [u64; 2],
    /// The unplaced is nowhere.
    in_timeline: Option<InTimeline>,
}

/// Where a place is on the timeline of its length.
#[derive(Clone, Copy, Debug)]
struct InTimeline {
    slot: usize,
    cut: bool,
}

/// A theme in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FrequencyCell {
    hits: u32,
    sentences: u32,
    documents: u32,
    occasions: u32,
}

impl FrequencyCell {
    const fn counts(self) -> [u32; 4] {
        [self.hits, self.sentences, self.documents, self.occasions]
    }
}

/// The cells of all themes in a place, in two bytes a count where all counts of the
/// place fit.
#[derive(Debug)]
enum Cells {
    Short(Box<[[u16; 4]]>),
    Long(Box<[FrequencyCell]>),
}

impl Cells {
    fn of(cells: Vec<FrequencyCell>) -> Self {
        let short = |cell: &FrequencyCell| -> Option<[u16; 4]> {
            let [hits, sentences, documents, occasions] = cell.counts().map(|count| u16::try_from(count).ok());
            Some([hits?, sentences?, documents?, occasions?])
        };
        cells.iter().map(short).collect::<Option<_>>().map_or_else(|| Self::Long(cells.into()), Self::Short)
    }

    fn get(&self, theme: usize) -> Option<FrequencyCell> {
        match self {
            Self::Short(cells) => {
                let [hits, sentences, documents, occasions] = cells.get(theme)?.map(u32::from);
                Some(FrequencyCell { hits, sentences, documents, occasions })
            }
            Self::Long(cells) => cells.get(theme).copied(),
        }
    }
}

/// What each theme has in all text of each period, while parts come in. Cells are packed
/// as they are added: they are most of what a corpus of centuries needs of memory.
#[derive(Debug, Default)]
pub(super) struct FrequencyCells(BTreeMap<Place, Cells>);

impl FrequencyCells {
    /// Takes the themes in all text of a place from its counts; `told` are the distinct
    /// occasions of themes, by number.
    pub(super) fn add(&mut self, place: Place, counts: &Counts, told: &[(u32, u32)]) {
        let (mut cells, all) = (vec![FrequencyCell::default(); counts.themes.len()], counts.all());
        let of_all = counts.places.get(&place).into_iter().flat_map(|of| &of.cells).filter(|found| Some(found.member) == all);
        for found in of_all {
            if let Some(cell) = cells.get_mut(found.theme as usize) {
                *cell = FrequencyCell { hits: found.hits, sentences: found.sentences, documents: found.documents, occasions: 0 };
            }
        }
        for (theme, occasions) in told {
            if let Some(cell) = cells.get_mut(*theme as usize) {
                cell.occasions = *occasions;
            }
        }
        self.0.insert(place, Cells::of(cells));
    }
}

impl Frequencies {
    /// The table of these cells and the totals of all text.
    pub(super) fn new(
        cells: FrequencyCells,
        totals: &[TotalRow],
        timeline: &(dyn Fn(Period) -> Timeline + Sync),
        lexicon: &Lexicon,
        settings: &Settings,
    ) -> Self {
        let themes = lexicon.themes().iter().map(|theme| {
            let [id, zh, en] = [&theme.id, &theme.zh, &theme.en].map(|text| Word::from(text.as_str()));
            let parent = theme.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.as_str().into());
            ThemeTexts { id, zh, en, parent, level: theme.level() }
        });
        let scale = settings.measures.heat.clone();
        let heat = scale.words().map(Word::from).collect();
        let mut out = Self { themes: themes.collect(), scale, heat, periods: Vec::new() };
        let (below, FrequencyCells(mut cells)) = (below(lexicon), cells);
        for period in &settings.periods {
            let timeline = timeline(*period);
            let mut of_period = OfPeriod::new(*period, &mut cells, totals, &timeline, &below);
            if let Some(reach) = settings.measures.smoothing {
                of_period.smooth = out.smoothed(&of_period, &timeline, reach);
            }
            out.periods.push(of_period);
        }
        out
    }

    /// What a theme counts in the periods of one length, by start, the unplaced last.
    pub(super) fn of_theme(&self, period: Period, number: usize) -> impl Iterator<Item = FrequencyCounts<'_>> + Clone {
        let of_period = self.periods.iter().filter(move |of| of.period == period);
        of_period.flat_map(move |of| self.themes.get(number).into_iter().flat_map(move |theme| of.counts_of(number, theme, 0..of.places.len())))
    }

    /// The row of a theme in the period that begins on a day.
    pub(super) fn row_at(&self, period: Period, start: NaiveDate, theme: usize) -> Option<FrequencyRow> {
        let of = self.periods.iter().find(|of| of.period == period)?;
        let place = of.places.iter().position(|place| place.columns.start == Some(start))?;
        self.row(of, theme, place)
    }

    /// All rows: by part, and as in each.
    pub fn rows(&self) -> impl Iterator<Item = FrequencyRow> + '_ {
        self.parts().into_iter().flat_map(|part| self.part(part))
    }

    /// The parts that have rows, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let parts = self.periods.iter().flat_map(|of| of.places.iter().map(|place| Part::of((of.period, place.columns.start))));
        parts.collect::<BTreeSet<Part>>().into_iter().collect()
    }

    /// The rows of a part: by period length, theme in the order of the lexicon, start.
    pub fn part(&self, part: Part) -> impl Iterator<Item = FrequencyRow> + '_ {
        self.periods.iter().flat_map(move |of| {
            let places = of.of_part(part);
            (0..self.themes.len()).flat_map(move |theme| places.clone().filter_map(move |place| self.row(of, theme, place)))
        })
    }

    /// What the rows of a part count, in their order.
    pub fn part_counts(&self, part: Part) -> impl Iterator<Item = FrequencyCounts<'_>> + '_ {
        self.counts_in(move |of| of.of_part(part))
    }

    /// What all rows count: by period length, theme in the order of the lexicon, start.
    pub fn counts(&self) -> impl Iterator<Item = FrequencyCounts<'_>> + '_ {
        self.counts_in(|of| 0..of.places.len())
    }

    fn counts_in(&self, places: impl Fn(&OfPeriod) -> Range<usize>) -> impl Iterator<Item = FrequencyCounts<'_>> {
        self.periods.iter().flat_map(move |of| {
            let places = places(of);
            self.themes.iter().enumerate().flat_map(move |(number, theme)| of.counts_of(number, theme, places.clone()))
        })
    }

    /// Hash of all that the rows of a part have besides the lexicon's and the
    /// calendar's words.
    #[must_use]
    pub fn part_key(&self, part: Part) -> String {
        let mut bytes: Vec<u8> = Vec::new();
        for of in &self.periods {
            let places = of.of_part(part);
            bytes.push(of.period as u8);
            for place in of.places.get(places.clone()).unwrap_or_default() {
                let day = |day: Option<NaiveDate>| day.map_or(i32::MIN, |day| day.num_days_from_ce());
                bytes.extend([day(place.columns.start), day(place.columns.end)].iter().flat_map(|day| day.to_le_bytes()));
                let [low, high] = place.level_hits;
                bytes.extend([place.documents, place.sentences, place.han_chars, low, high].iter().flat_map(|count| count.to_le_bytes()));
                bytes.push(place.partial.map_or(2, u8::from));
            }
            for theme in 0..self.themes.len() {
                for place in places.clone() {
                    let counts = of.cell(theme, place).unwrap_or_default().counts();
                    bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
                    let Heat { by_count, by_share, change } = of.heat(theme, place, &self.scale);
                    let steps = |steps: Option<usize>| steps.map_or(u32::MAX, |steps| small(steps as u64));
                    bytes.extend([steps(by_count), steps(by_share)].iter().flat_map(|steps| steps.to_le_bytes()));
                    bytes.extend(change.unwrap_or(i32::MIN).to_le_bytes());
                }
                let from = theme * of.places.len();
                let rates = of.smooth.get(from + places.start..from + places.end);
                bytes.extend(rates.into_iter().flatten().flat_map(|rate| rate.to_le_bytes()));
            }
        }
        blake3::hash(&bytes).to_hex().to_string()
    }

    /// The smoothed rate of each theme, of each place.
    fn smoothed(&self, of: &OfPeriod, timeline: &Timeline, reach: usize) -> Vec<f64> {
        let mut out = vec![f64::NAN; self.themes.len() * of.places.len()];
        out.par_chunks_mut(of.places.len().max(1)).zip(&self.themes).enumerate().for_each(|(number, (rates, theme))| {
            let counts = timeline.counts(of.counts_of(number, theme, 0..of.places.len()));
            let of_slots = smooth::of_slots(&counts, timeline, reach);
            for (rate, place) in rates.iter_mut().zip(&of.places) {
                *rate = place.in_timeline.and_then(|at| of_slots.get(at.slot).copied().flatten()).unwrap_or(f64::NAN);
            }
        });
        out
    }

    fn row(&self, of: &OfPeriod, theme: usize, place: usize) -> Option<FrequencyRow> {
        let texts = self.themes.get(theme)?;
        let total = of.places.get(place)?;
        let counts = of.counts_of(theme, texts, place..place + 1).next()?;
        let cell = of.cell(theme, place)?;
        let smooth = of.smooth.get(theme * of.places.len() + place).copied();
        let heat = of.heat(theme, place, &self.scale);
        let word = |steps: usize| self.heat.get(steps).cloned();
        let interval = counts.documents.and_then(|d| wilson(d, total.documents));
        Some(FrequencyRow {
            period: total.columns.period.clone(),
            period_start: counts.period_start,
            period_end: counts.period_end,
            period_label: total.columns.label.clone(),
            theme: texts.id.clone(),
            theme_zh: texts.zh.clone(),
            theme_en: texts.en.clone(),
            parent: texts.parent.clone(),
            level: texts.level,
            hits: counts.hits,
            sentences: counts.sentences,
            documents: counts.documents,
            occasions: counts.hits.map(|_| u64::from(cell.occasions)),
            period_documents: counts.period_documents,
            period_sentences: counts.period_sentences,
            period_han_chars: counts.period_han_chars,
            per_10k: per_10k(u64::from(cell.hits), total.han_chars),
            density: counts.documents.and_then(|d| share(d, total.documents)),
            density_low: interval.map(|i| i.0),
            density_high: interval.map(|i| i.1),
            small_n: total.documents < SMALL_N,
            partial: total.partial,
            share_of_hits: counts.hits.and_then(|hits| share(hits, of_level(total.level_hits, texts.level))),
            per_10k_smooth: smooth.filter(|rate| !rate.is_nan()),
            heat_by_count: heat.by_count.and_then(word),
            heat_by_share: heat.by_share.and_then(word),
            heat_change: heat.change,
        })
    }
}

impl OfPeriod {
    fn new(period: Period, cells: &mut BTreeMap<Place, Cells>, totals: &[TotalRow], timeline: &Timeline, below: &[bool]) -> Self {
        let totals = totals.iter().filter(|t| t.period == period.name() && t.breakdown == Breakdown::All.name());
        let mut out = Self { period, places: Vec::new(), cells: Vec::new(), smooth: Vec::new() };
        for total in totals {
            let cells = cells.remove(&(period, total.period_start)).unwrap_or_else(|| Cells::of(vec![FrequencyCell::default(); below.len()]));
            let hits = |theme: usize| cells.get(theme).map_or(0, |cell| u64::from(cell.hits));
            let hits_of = |level: bool| below.iter().enumerate().filter(|(_, below)| **below == level).map(|(theme, _)| hits(theme)).sum();
            let in_timeline = timeline.number(total.period_start).and_then(|slot| Some(InTimeline { slot, cut: timeline.slots.get(slot)?.cut }));
            out.places.push(FrequencyPlace {
                columns: PlaceColumns { period: total.period.clone(), start: total.period_start, end: total.period_end, label: total.period_label.clone() },
                documents: total.documents,
                sentences: total.sentences,
                han_chars: total.han_chars,
                partial: total.partial,
                level_hits: [hits_of(false), hits_of(true)],
                in_timeline,
            });
            out.cells.push(cells);
        }
        out
    }

    fn cell(&self, theme: usize, place: usize) -> Option<FrequencyCell> {
        self.cells.get(place)?.get(theme)
    }

    /// How hot a theme is in a place. Computed when it is asked for: there is one for
    /// each theme and period.
    fn heat(&self, theme: usize, place: usize, scale: &HeatScale) -> Heat {
        let spoken = |place: usize| {
            let of = self.places.get(place)?;
            Some((of.in_timeline?, Spoken { documents: self.cell(theme, place)?.documents.into(), of: of.documents }))
        };
        let Some((at, now)) = spoken(place) else { return Heat::default() };
        let before = place.checked_sub(1).and_then(spoken).filter(|(before, _)| before.slot + 1 == at.slot);
        scale.heat(now, before.map(|(_, spoken)| spoken), self.period == Period::Year && !at.cut)
    }

    /// What a theme counts in some of the places.
    fn counts_of<'f>(&'f self, number: usize, theme: &'f ThemeTexts, places: Range<usize>) -> impl Iterator<Item = FrequencyCounts<'f>> + Clone {
        let cells = self.cells.get(places.clone()).unwrap_or_default();
        let of_places = self.places.get(places).unwrap_or_default();
        of_places.iter().zip(cells).filter_map(move |(total, cells)| {
            let cell = cells.get(number)?;
            let count = |count: u32| (total.documents > 0).then(|| u64::from(count));
            Some(FrequencyCounts {
                period: &total.columns.period,
                period_start: total.columns.start,
                period_end: total.columns.end,
                period_label: &total.columns.label,
                theme: &theme.id,
                hits: count(cell.hits),
                sentences: count(cell.sentences),
                documents: count(cell.documents),
                period_documents: total.documents,
                period_sentences: total.sentences,
                period_han_chars: total.han_chars,
            })
        })
    }

    /// The places of a part, which follow each other.
    fn of_part(&self, part: Part) -> Range<usize> {
        let of = |place: &FrequencyPlace| Part::of((self.period, place.columns.start));
        let from = self.places.partition_point(|place| of(place) < part);
        from..self.places.partition_point(|place| of(place) <= part)
    }
}

#[cfg(test)]
mod tests {
    use super::super::counts::of_month as row;
    use super::super::coverage::Days;
    use super::super::heat::builtin_scale;
    use super::super::totals::Totals;
    use super::super::{Cadence, CountRow, Coverage, Measures, PresenceRow, SourceCadence};
    use super::*;

    /// The rows of one theme, `a`; the days of `presence` are those of a daily source
    /// where it is told of, else of text alone.
    fn rows(counts: &[CountRow], presence: &[PresenceRow], daily: bool, settings: &Settings) -> Vec<FrequencyRow> {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n";
        let lexicon = Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: text.into() }]).unwrap_or_else(|e| panic!("{e:?}"));
        let sources = [SourceCadence { source: "s".into(), cadence: Cadence::Daily }];
        let coverage = if daily { Coverage::new(presence, &sources, None) } else { Coverage::default() };
        let days = Days::new(&coverage, &[], &settings.calendar);
        let mut sums = Counts::new(&lexicon);
        sums.add(counts).unwrap();
        sums.finish().unwrap();
        let mut cells = FrequencyCells::default();
        sums.places.keys().for_each(|place| cells.add(*place, &sums, &[]));
        let totals: Vec<TotalRow> = Totals::new(&mut sums, &days, settings).of_all().collect();
        let timeline = |period| Timeline::new(period, &totals, presence, &days, &settings.calendar);
        Frequencies::new(cells, &totals, &timeline, &lexicon, settings).rows().collect()
    }

    fn present(day: &str) -> PresenceRow {
        let date: NaiveDate = day.parse().unwrap();
        PresenceRow { source: "s".into(), date_start: date, date_end: date, documents: 1, han_chars: 1 }
    }

    #[test]
    fn a_month_without_text_is_a_row_without_counts_and_one_without_the_theme_a_zero() {
        let counts =
            [row(Some("2024-01-01"), None, [0, 5, 2, 100]), row(Some("2024-01-01"), Some("a"), [3, 2, 1, 0]), row(Some("2024-03-01"), None, [0, 7, 1, 50])];
        let settings = Settings { periods: vec![Period::Month], ..Settings::default() };
        // The fifth of February is missing.
        let got = rows(&counts, &["2024-02-04", "2024-02-06"].map(present), true, &settings);
        let shown: Vec<_> = got.iter().map(|r| (r.period_label.to_string(), r.hits, r.per_10k, r.share_of_hits)).collect();
        // Without a hit of any theme there is nothing to have a share of.
        let expected = [("2024-01", Some(3), Some(300.0), Some(1.0)), ("2024-02", None, None, None), ("2024-03", Some(0), Some(0.0), None)];
        assert_eq!(shown, expected.map(|(label, hits, rate, share)| (label.to_owned(), hits, rate, share)));
    }

    #[test]
    fn heat_changes_from_one_year_to_the_next_and_has_no_level_by_count_where_a_year_is_cut() {
        let year =
            |start: &str, theme: Option<&str>, documents| CountRow { period: Period::Year, ..row(Some(start), theme, [documents, documents, documents, 9]) };
        // Of 2022 there is no text, of 2023 half a year; 2020 has counts of more than two bytes.
        let of_years = [("2020-01-01", 100_000, 200), ("2021-01-01", 1000, 60), ("2023-01-01", 1000, 5)];
        let mut counts: Vec<CountRow> = of_years.iter().flat_map(|(start, all, own)| [year(start, None, *all), year(start, Some("a"), *own)]).collect();
        counts.push(CountRow { period_start: None, ..year("2020-01-01", None, 1000) });
        let settings = Settings { periods: vec![Period::Year], measures: Measures { heat: builtin_scale(), ..Measures::default() }, ..Settings::default() };
        let got = rows(&counts, &["2020-01-01", "2023-06-30"].map(present), false, &settings);
        let word = |word: &Option<Word>| word.as_ref().map(ToString::to_string);
        let shown: Vec<_> = got.iter().map(|r| (r.documents, word(&r.heat_by_count), word(&r.heat_by_share), r.heat_change)).collect();
        let expected = [(200, Some("热"), Some("暖"), None), (60, Some("暖"), Some("沸"), Some(3)), (5, None, Some("热"), None), (0, None, None, None)];
        assert_eq!(
            shown,
            expected.map(|(documents, by_count, by_share, change)| (Some(documents), by_count.map(str::to_owned), by_share.map(str::to_owned), change))
        );
    }

    #[test]
    fn cells_come_back_whatever_their_size() {
        let cell = |hits| FrequencyCell { hits, sentences: 2, documents: 1, occasions: 0 };
        for hits in [0, 65_535, 65_536, u32::MAX] {
            let cells = Cells::of(vec![cell(7), cell(hits)]);
            assert_eq!([0, 1, 2].map(|theme| cells.get(theme)), [Some(cell(7)), Some(cell(hits)), None]);
        }
    }
}
