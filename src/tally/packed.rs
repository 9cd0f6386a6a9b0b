//! Rollups as bytes: words written once and numbered, counts as short integers.
//! A shard leaves one for each part of the series.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::counts::Place;
use super::numbers::Numbers;
use super::pairs::PairCountRow;
use super::period::Period;
use super::rollup::{Breakdown, CountRow, OccasionRow, PresenceRow, Rollup, SeenRow, ThemeOccasionRow};
use super::sources::SourceSeenRow;
use super::word::Word;

/// Days since the first of January of the year 1.
type Day = Option<i32>;

/// Number of a length of period, and its first day.
pub(super) type PackedPlace = (u8, Day);

pub(super) fn pack_place((period, start): Place) -> PackedPlace {
    (period as u8, day(start))
}

pub(super) fn unpack_place((period, start): PackedPlace) -> Place {
    (Period::from_number(period), date(start))
}

/// Days of rows that are packed as they are: by themselves they would be texts.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
pub(super) mod days {
    use serde::de::Error;

    use super::{Datelike, Deserialize, Deserializer, NaiveDate, Serialize, Serializer};

    pub(in crate::tally) fn serialize<S: Serializer>(day: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
        day.num_days_from_ce().serialize(to)
    }

    pub(in crate::tally) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<NaiveDate, D::Error> {
        NaiveDate::from_num_days_from_ce_opt(i32::deserialize(from)?).ok_or_else(|| D::Error::custom("no such day"))
    }
}

/// The same of days that may be missing.
#[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde calls it")]
pub(super) mod days_if_any {
    use super::{Day, Deserialize, Deserializer, NaiveDate, Serialize, Serializer, date, day};

    pub(in crate::tally) fn serialize<S: Serializer>(of: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
        day(*of).serialize(to)
    }

    pub(in crate::tally) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
        Day::deserialize(from).map(date)
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Packed<'r> {
    words: Vec<Word>,
    /// Periods; rows have the number of theirs.
    places: Vec<PackedPlace>,
    /// Place, breakdown, member, theme (0: all text), and the four counts.
    counts: Vec<(u32, Breakdown, u32, u32, [u64; 4])>,
    /// Theme, occasion, days, and the five members.
    told: Vec<(u32, u32, Day, Day, [u32; 5])>,
    /// Place, themes, sentences, documents.
    pairs: Vec<(u32, u32, u32, u64, u64)>,
    seen: Cow<'r, [SeenRow]>,
    source_seen: Cow<'r, [SourceSeenRow]>,
    presence: Vec<PackedPresence>,
    occasions: Cow<'r, [OccasionRow]>,
}

/// A [`PresenceRow`] with its source by number.
#[derive(Serialize, Deserialize)]
struct PackedPresence {
    source: u32,
    #[serde(with = "days")]
    date_start: NaiveDate,
    #[serde(with = "days")]
    date_end: NaiveDate,
    documents: u64,
    han_chars: u64,
}

fn day(date: Option<NaiveDate>) -> Day {
    date.map(|date| date.num_days_from_ce())
}

fn date(day: Day) -> Option<NaiveDate> {
    day.and_then(NaiveDate::from_num_days_from_ce_opt)
}

impl<'r> From<&'r Rollup> for Packed<'r> {
    fn from(rollup: &'r Rollup) -> Self {
        let (mut words, mut places) = (Numbers::default(), Numbers::default());
        // Rows of a member follow each other, each with another theme.
        let mut last: Option<(&Word, u32)> = None;
        let counts = rollup.counts.iter().map(|row| {
            let place = places.of(&pack_place((row.period, row.period_start)));
            let member = match last {
                Some((word, number)) if *word == row.member => number,
                _ => words.of(&row.member),
            };
            last = Some((&row.member, member));
            let theme = row.theme.as_ref().map_or(0, |theme| words.of(theme) + 1);
            (place, row.breakdown, member, theme, [row.hits, row.sentences, row.documents, row.han_chars])
        });
        let counts = counts.collect();
        let told = rollup.theme_occasions.iter().map(|row| {
            let members = [&row.source, &row.register, &row.occasion_type, &row.province, &row.voice].map(|word| words.of(word));
            (words.of(&row.theme), words.of(&row.occasion_id), day(row.date_start), day(row.date_end), members)
        });
        let told = told.collect();
        let pairs =
            rollup.pairs.iter().map(|row| (places.of(&pack_place((row.period, row.period_start))), row.theme_a, row.theme_b, row.sentences, row.documents));
        let pairs = pairs.collect();
        let presence = rollup.presence.iter().map(|row| {
            let PresenceRow { source, date_start, date_end, documents, han_chars } = row;
            PackedPresence { source: words.of(source), date_start: *date_start, date_end: *date_end, documents: *documents, han_chars: *han_chars }
        });
        let presence = presence.collect();
        Self {
            counts,
            told,
            pairs,
            presence,
            words: words.things,
            places: places.things,
            seen: rollup.seen.as_slice().into(),
            source_seen: rollup.source_seen.as_slice().into(),
            occasions: rollup.occasions.as_slice().into(),
        }
    }
}

impl From<Packed<'_>> for Rollup {
    fn from(packed: Packed<'_>) -> Self {
        let Packed { words, places, counts, told, pairs, seen, source_seen, presence, occasions } = packed;
        let word = |number: u32| words.get(number as usize).cloned().unwrap_or_default();
        let place = |number: u32| places.get(number as usize).map(|place| unpack_place(*place)).unwrap_or_default();
        let counts = counts.into_iter().map(|(at, breakdown, member, theme, [hits, sentences, documents, han_chars])| {
            let (period, period_start) = place(at);
            let theme = theme.checked_sub(1).map(word);
            CountRow { period, period_start, breakdown, member: word(member), theme, hits, sentences, documents, han_chars }
        });
        let told = told.into_iter().map(|(theme, occasion, start, end, members)| {
            let [source, register, occasion_type, province, voice] = members.map(word);
            let (date_start, date_end) = (date(start), date(end));
            ThemeOccasionRow { theme: word(theme), occasion_id: word(occasion), date_start, date_end, source, register, occasion_type, province, voice }
        });
        let pairs = pairs.into_iter().map(|(at, theme_a, theme_b, sentences, documents)| {
            let (period, period_start) = place(at);
            PairCountRow { period, period_start, theme_a, theme_b, sentences, documents }
        });
        let presence = presence.into_iter().map(|PackedPresence { source, date_start, date_end, documents, han_chars }| PresenceRow {
            source: word(source),
            date_start,
            date_end,
            documents,
            han_chars,
        });
        Self {
            counts: counts.collect(),
            theme_occasions: told.collect(),
            pairs: pairs.collect(),
            seen: seen.into_owned(),
            source_seen: source_seen.into_owned(),
            presence: presence.collect(),
            occasions: occasions.into_owned(),
        }
    }
}

impl Rollup {
    /// The rollup as bytes, the same for equal rollups.
    ///
    /// # Errors
    /// None that a rollup can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_allocvec(&Packed::from(self))
    }

    /// The rollup that these bytes are.
    ///
    /// # Errors
    /// Bytes that are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        Ok(postcard::from_bytes::<Packed<'_>>(bytes)?.into())
    }
}
