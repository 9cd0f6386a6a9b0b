//! The series in parts: the periods that begin in one year are counted, kept and
//! published together, whatever comes to other years.
//!
//! Documents of a shard say what they add to each part; a part is summed from the
//! shards that have something for it, and depends on nothing else. What needs all
//! of time (trends, coverage, first times) is made from the [`PartSummary`] of
//! each part, which has totals and themes but neither members nor pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::counts::{Counts, Place, small};
use super::packed::{Packed, PackedPlace, pack_place, unpack_place};
use super::pairs::{PairCountRow, PairSums, PartPairs, first_together};
use super::period::Period;
use super::rollup::{OccasionRow, PresenceRow, Rollup, SeenRow, ThemeOccasionRow, add_occasion, add_seen, merge_presence};
use super::series::Breakdowns;
use super::sources::SourcesSeen;
use super::told::ToldRows;
use super::word::Word;
use super::{Settings, TallyError};
use crate::tag::Lexicon;

/// A part of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Part {
    /// Periods whose first day lies in this year.
    Year(i32),
    /// What is dated too coarsely for a period, or not at all.
    Unplaced,
    /// The whole corpus.
    Whole,
}

impl Part {
    pub(crate) fn of((period, start): Place) -> Self {
        match start {
            _ if period == Period::Whole => Self::Whole,
            Some(start) => Self::Year(start.year()),
            None => Self::Unplaced,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Unplaced => f.write_str("unplaced"),
            Self::Whole => f.write_str("whole"),
        }
    }
}

/// What is said of a part. Its occasions are a table of their own, so that to
/// mention an old one leaves the series of its year as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// For [`PartSums`].
    Series,
    /// For [`OccasionSums`].
    Occasions,
}

impl Rollup {
    /// What of the rollup goes into each part. Of the series: counts and pairs to
    /// that of their period, themes on occasions to those of all periods that they
    /// count for, all else to the whole. Of the occasions: each, with its themes, to
    /// the year in which it begins, those of a series to the whole.
    #[must_use]
    pub fn into_parts(self, settings: &Settings) -> BTreeMap<(Kind, Part), Self> {
        let mut out: BTreeMap<(Kind, Part), Self> = BTreeMap::new();
        for of_place in self.counts.chunk_by(|a, b| (a.period, a.period_start) == (b.period, b.period_start)) {
            let Some(first) = of_place.first() else { continue };
            out.entry((Kind::Series, Part::of((first.period, first.period_start)))).or_default().counts.extend_from_slice(of_place);
        }
        for of_place in self.pairs.chunk_by(|a, b| (a.period, a.period_start) == (b.period, b.period_start)) {
            let Some(first) = of_place.first() else { continue };
            out.entry((Kind::Series, Part::of((first.period, first.period_start)))).or_default().pairs.extend_from_slice(of_place);
        }
        let whole = out.entry((Kind::Series, Part::Whole)).or_default();
        (whole.seen, whole.source_seen, whole.presence) = (self.seen, self.source_seen, self.presence);
        // A session of a series is one occasion, whatever day a text gives it.
        let begins = |row: &OccasionRow| if row.series.is_some() { Part::Whole } else { Part::Year(row.date_start.year()) };
        let parts: BTreeMap<&str, Part> = self.occasions.iter().map(|row| (row.occasion_id.as_str(), begins(row))).collect();
        for same in self.theme_occasions.chunk_by(|a, b| (&a.theme, &a.occasion_id) == (&b.theme, &b.occasion_id)) {
            let Some(ThemeOccasionRow { theme, occasion_id, .. }) = same.first().cloned() else { continue };
            let part = parts.get(occasion_id.as_str()).copied().unwrap_or(Part::Whole);
            let on_occasion = ThemeOccasionRow { theme, occasion_id, ..ThemeOccasionRow::default() };
            out.entry((Kind::Occasions, part)).or_default().theme_occasions.push(on_occasion);
        }
        for row in self.theme_occasions {
            let days = row.date_start.zip(row.date_end);
            let places = settings.periods.iter().map(|period| (*period, days.and_then(|(start, end)| settings.calendar.place(*period, start, end))));
            for part in places.map(Part::of).collect::<BTreeSet<Part>>() {
                out.entry((Kind::Series, part)).or_default().theme_occasions.push(row.clone());
            }
        }
        for row in self.occasions {
            out.entry((Kind::Occasions, begins(&row))).or_default().occasions.push(row);
        }
        out
    }
}

/// What the rollups of shards add to one part, while they are added up.
pub struct PartSums<'l> {
    part: Part,
    lexicon: &'l Lexicon,
    counts: Counts,
    told: ToldRows,
    pairs: PairSums,
    seen: BTreeMap<String, SeenRow>,
    source_seen: SourcesSeen<Word>,
    presence: Vec<PresenceRow>,
}

impl<'l> PartSums<'l> {
    /// Nothing added yet.
    #[must_use]
    pub fn new(part: Part, lexicon: &'l Lexicon) -> Self {
        Self {
            part,
            lexicon,
            counts: Counts::new(lexicon),
            told: ToldRows::default(),
            pairs: PairSums::default(),
            seen: BTreeMap::new(),
            source_seen: SourcesSeen::default(),
            presence: Vec::new(),
        }
    }

    /// Adds what a shard has for the series of the part.
    ///
    /// # Errors
    /// [`TallyError::Frame`].
    pub fn add(&mut self, rollup: Rollup) -> Result<(), TallyError> {
        self.counts.add(&rollup.counts)?;
        self.told.add(&rollup.theme_occasions);
        self.pairs.add(&rollup.pairs);
        for row in rollup.source_seen {
            self.source_seen.add(row.theme, &row.source, (row.first_start, row.first_end), &row.first_doc_id);
        }
        self.presence.extend(rollup.presence);
        for row in rollup.seen {
            match self.seen.get_mut(&row.theme) {
                Some(known) => add_seen(known, &row),
                None => {
                    self.seen.insert(row.theme.clone(), row);
                }
            }
        }
        Ok(())
    }

    /// The part's tables and its summary.
    ///
    /// # Errors
    /// [`TallyError::Frame`].
    pub fn finish(self, settings: &Settings) -> Result<PartSeries, TallyError> {
        let Self { part, lexicon, mut counts, mut told, pairs, seen, source_seen, presence } = self;
        counts.finish()?;
        told.finish();
        let pairs = pairs.finish();
        let summary = PartSummary {
            rollup: Rollup {
                counts: counts.summary(),
                seen: seen.into_values().collect(),
                source_seen: source_seen.finish(Some),
                presence: merge_presence(presence),
                ..Rollup::default()
            },
            told: told.of_all(part, &counts, settings),
            together: first_together(&pairs),
            pair_sentences: pairs.iter().map(|row| row.sentences).sum(),
        };
        let theme_breakdown = Breakdowns::new(part, counts, &told, lexicon, settings);
        Ok(PartSeries { summary, theme_breakdown, pairs })
    }
}

/// A part of the series, summed.
pub struct PartSeries {
    /// For the tables that span all parts.
    pub summary: PartSummary,
    /// The part's rows of `theme_breakdown`.
    pub theme_breakdown: Breakdowns,
    /// For the part's rows of `theme_pairs`, which need the first times of all.
    pub pairs: Vec<PairCountRow>,
}

/// What the tables that span all parts need of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartSummary {
    /// Counts of all text by member, and of themes in all text and by source; when
    /// themes were seen; when sources spoke. It has no pairs and no occasions.
    pub rollup: Rollup,
    /// For each period (or the whole), in order, the themes by number with their distinct
    /// occasions.
    pub(super) told: Vec<(Place, Vec<(u32, u32)>)>,
    /// First period of the part in which two themes are together.
    pub(super) together: Vec<((u32, u32), NaiveDate)>,
    /// Sentences of all pairs.
    pub pair_sentences: u64,
}

#[derive(Serialize, Deserialize)]
struct PackedSummary<'s> {
    #[serde(borrow)]
    rollup: Packed<'s>,
    told: Vec<(PackedPlace, Vec<(u32, u32)>)>,
    together: Vec<((u32, u32), i32)>,
    pair_sentences: u64,
}

impl PartSummary {
    /// The summary as bytes, the same for equal ones.
    ///
    /// # Errors
    /// None that a summary can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        let told = self.told.iter().map(|(place, told)| (pack_place(*place), told.clone())).collect();
        let together = self.together.iter().map(|(pair, start)| (*pair, start.num_days_from_ce())).collect();
        postcard::to_allocvec(&PackedSummary { rollup: (&self.rollup).into(), told, together, pair_sentences: self.pair_sentences })
    }

    /// The summary that these bytes are.
    ///
    /// # Errors
    /// Bytes that are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        let PackedSummary { rollup, told, together, pair_sentences } = postcard::from_bytes(bytes)?;
        let told = told.into_iter().map(|(place, told)| (unpack_place(place), told)).collect();
        let together = together.into_iter().filter_map(|(pair, day)| Some((pair, NaiveDate::from_num_days_from_ce_opt(day)?))).collect();
        Ok(Self { rollup: rollup.into(), told, together, pair_sentences })
    }

    /// What of the part's pairs is kept until all parts are summed.
    #[must_use]
    pub fn pairs(&self, lexicon: &Lexicon) -> PartPairs {
        PartPairs::new(small(lexicon.themes().len() as u64), self.together.iter().map(|(pair, _)| *pair), self.pair_sentences)
    }
}

/// What the rollups of shards say of occasions, while it is added up.
#[derive(Default)]
pub struct OccasionSums {
    occasions: BTreeMap<Word, OccasionRow>,
    told: ToldRows,
}

/// Occasions, summed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Occasions {
    /// Each once, by date, type, name and id.
    pub rows: Vec<OccasionRow>,
    /// Themes with the number of these occasions on which they were spoken of.
    pub of_themes: Vec<(Word, u32)>,
}

impl OccasionSums {
    /// Adds what a shard has of occasions: another mention of one that is known joins it.
    pub fn add(&mut self, rollup: Rollup) {
        self.told.add(&rollup.theme_occasions);
        for row in rollup.occasions {
            match self.occasions.get_mut(row.occasion_id.as_str()) {
                Some(known) => add_occasion(known, row),
                None => {
                    self.occasions.insert(row.occasion_id.as_str().into(), row);
                }
            }
        }
    }

    /// The occasions and their themes.
    #[must_use]
    pub fn finish(self) -> Occasions {
        let mut rows: Vec<OccasionRow> = self.occasions.into_values().collect();
        rows.sort_by(|a, b| {
            fn key(row: &OccasionRow) -> impl Ord + '_ {
                (row.date_start, row.date_end, &row.occasion_type, &row.name, &row.occasion_id)
            }
            key(a).cmp(&key(b))
        });
        Occasions { rows, of_themes: self.told.of_themes() }
    }
}
