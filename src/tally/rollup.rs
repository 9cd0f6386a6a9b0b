//! What one document adds to every series, while it is whole.
//!
//! Documents, sentences and occasions are distinct counts: they do not add up
//! over days, voices or parent themes. So each document gives its counts for
//! every period length, member and theme that it touches, and everything after
//! this only sums over documents.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::period::Period;
use crate::load::short_hex;
use crate::parse::{DateRange, Document, han_chars};
use crate::resolve::{Event, Gazetteer, Resolution};
use crate::tag::{Hit, Lexicon};

/// Which date puts a sentence into a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateBasis {
    /// The document's; without one, that of the occasion in scope.
    #[default]
    Auto,
    /// The document's.
    Document,
    /// That of the occasion in scope.
    Event,
}

/// By what the counts are broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakdown {
    /// Not at all: the totals.
    All,
    /// The source.
    Source,
    /// The register of the source.
    Register,
    /// The type of the occasion in scope, or `none`.
    OccasionType,
    /// The province of the occasion's place, else of its region; `abroad`, `none`.
    Province,
    /// `reported` or `narrated`.
    Voice,
}

impl Breakdown {
    /// All values.
    pub const EVERY: [Self; 6] = [Self::All, Self::Source, Self::Register, Self::OccasionType, Self::Province, Self::Voice];

    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Source => "source",
            Self::Register => "register",
            Self::OccasionType => "occasion_type",
            Self::Province => "province",
            Self::Voice => "voice",
        }
    }

    /// The value with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|b| b.name() == name)
    }
}

/// Member of a breakdown for sentences that have none.
pub const NO_MEMBER: &str = "none";

/// Counts of one period, member and theme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountRow {
    /// [`Period::name`].
    pub period: String,
    /// First day of the period; `None`: dated too coarsely for it, or not at all.
    pub period_start: Option<NaiveDate>,
    /// [`Breakdown::name`].
    pub breakdown: String,
    /// Member of the breakdown; `all` for the totals.
    pub member: String,
    /// Theme id; `None`: all text, the denominators.
    pub theme: Option<String>,
    /// Hits.
    pub hits: u64,
    /// Sentences with a hit; without a theme, all sentences.
    pub sentences: u64,
    /// Documents with a hit; without a theme, all documents.
    pub documents: u64,
    /// Han characters; 0 with a theme.
    pub han_chars: u64,
}

/// A theme on an occasion, for counting occasions without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThemeOccasionRow {
    /// Theme id.
    pub theme: String,
    /// Occasion id.
    pub occasion_id: String,
    /// First day of the date that places the hit, if it has one.
    pub date_start: Option<NaiveDate>,
    /// Its last day.
    pub date_end: Option<NaiveDate>,
    /// Source.
    pub source: String,
    /// Register.
    pub register: String,
    /// Type of the occasion.
    pub occasion_type: String,
    /// Province member.
    pub province: String,
    /// Voice.
    pub voice: String,
}

/// The first and last time that a theme is met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenRow {
    /// Theme id.
    pub theme: String,
    /// Date of the earliest dated document or occasion with it.
    pub first_date: NaiveDate,
    /// That document.
    pub first_doc_id: String,
    /// The date of the occasion that the first hit tells of.
    pub first_event_date: Option<NaiveDate>,
    /// Date of the latest.
    pub last_date: NaiveDate,
    /// That document.
    pub last_doc_id: String,
}

/// Text of one source on one date.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PresenceRow {
    /// Source.
    pub source: String,
    /// First day of the documents' date.
    pub date_start: NaiveDate,
    /// Last day.
    pub date_end: NaiveDate,
    /// Documents.
    pub documents: u64,
    /// Han characters.
    pub han_chars: u64,
}

/// An occasion in one or several documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OccasionRow {
    /// Id: the same for every mention of the occasion.
    pub occasion_id: String,
    /// First day.
    pub date_start: NaiveDate,
    /// Last day.
    pub date_end: NaiveDate,
    /// Precision.
    pub precision: String,
    /// Canonical name.
    pub name: String,
    /// Type.
    pub occasion_type: String,
    /// Id of its series.
    pub series: Option<String>,
    /// Term of office.
    pub term: Option<u32>,
    /// Number of the session.
    pub session: Option<u32>,
    /// Code of the place where it was held.
    pub place_code: Option<String>,
    /// Name of that place.
    pub place_name: Option<String>,
    /// Division of the organ or delegation that it concerns.
    pub region_code: Option<String>,
    /// The document that tells of it first: by date, then by id.
    pub first_doc_id: String,
    /// That document's date.
    pub first_doc_date: Option<NaiveDate>,
    /// Mentions.
    pub mentions: u64,
    /// Documents that mention it.
    pub documents: u64,
}

/// The counts of some documents. Adding two gives the counts of both together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollup {
    /// Sorted by period, start, breakdown, member, theme.
    pub counts: Vec<CountRow>,
    /// Sorted.
    pub theme_occasions: Vec<ThemeOccasionRow>,
    /// By theme.
    pub seen: Vec<SeenRow>,
    /// Sorted.
    pub presence: Vec<PresenceRow>,
    /// By occasion id.
    pub occasions: Vec<OccasionRow>,
}

/// The id under which mentions of one occasion meet, a hash of its key; `None`
/// without a date.
#[must_use]
pub fn occasion_id(event: &Event) -> Option<String> {
    event.key.as_ref().map(|key| short_hex(&blake3::hash(key.as_bytes()), 16))
}

/// The member of the province breakdown to which an event belongs.
#[must_use]
pub fn province_member(event: Option<&Event>, gazetteer: &Gazetteer) -> String {
    let Some(event) = event else { return NO_MEMBER.to_owned() };
    if let Some(place) = event.place.and_then(|p| gazetteer.place(p)) {
        return place.province().unwrap_or_else(|| if place.code == "CN" { NO_MEMBER.to_owned() } else { "abroad".to_owned() });
    }
    event.region.as_ref().and_then(|code| code.get(..2)).map_or_else(|| NO_MEMBER.to_owned(), |digits| format!("{digits}0000"))
}

type Key = (Period, Option<NaiveDate>, Breakdown, u32, u32);

/// Puts documents together into a [`Rollup`].
pub struct Rolling<'r> {
    settings: &'r Settings,
    lexicon: &'r Lexicon,
    gazetteer: &'r Gazetteer,
    members: BTreeMap<String, u32>,
    counts: Vec<(Key, [u64; 4])>,
    theme_occasions: Vec<ThemeOccasionRow>,
    seen: BTreeMap<usize, SeenRow>,
    presence: Vec<PresenceRow>,
    occasions: BTreeMap<String, OccasionRow>,
}

/// Count rows kept before equal keys are summed: bounds memory, not results.
const MERGE_AT: usize = 1 << 18;

/// Theme number of the denominators.
const TOTAL: u32 = u32::MAX;

/// A sentence as the series see it.
struct Placed {
    basis: Option<DateRange>,
    members: [(Breakdown, u32); 6],
}

impl<'r> Rolling<'r> {
    /// An empty rollup.
    #[must_use]
    pub fn new(settings: &'r Settings, lexicon: &'r Lexicon, gazetteer: &'r Gazetteer) -> Self {
        Self {
            settings,
            lexicon,
            gazetteer,
            members: BTreeMap::new(),
            counts: Vec::new(),
            theme_occasions: Vec::new(),
            seen: BTreeMap::new(),
            presence: Vec::new(),
            occasions: BTreeMap::new(),
        }
    }

    /// Adds a document. `register` is that of its source.
    ///
    /// # Cost
    /// Sentences and hits times period lengths times breakdowns, and a sort.
    pub fn add(&mut self, document: &Document, register: &str, resolution: &Resolution, hits: &[Hit]) {
        let placed: Vec<Placed> = (0..document.sentences.len()).map(|i| self.place(document, register, resolution, i)).collect();
        let mut counts: Vec<(Key, [u64; 4])> = Vec::new();
        let mut han_total = 0;
        for (sentence, placed) in document.sentences.iter().zip(&placed) {
            let han = han_chars(sentence.span.of(&document.text));
            han_total += han;
            self.each_key(placed, TOTAL, |key| counts.push((key, [0, 1, 0, han])));
        }
        self.count_hits(hits, &placed, &mut counts);
        merge(&mut counts);
        for (_, count) in &mut counts {
            count[2] = 1;
        }
        self.counts.append(&mut counts);
        if self.counts.len() > MERGE_AT {
            merge(&mut self.counts);
        }
        self.add_presence(document, han_total);
        self.add_occasions(document, register, resolution, hits, &placed);
    }

    /// Adds a document that is left out of the series because it repeats
    /// another: its source has spoken all the same, and it tells of its occasions.
    /// Its periods get no counts, but a row.
    pub fn add_copy(&mut self, document: &Document, register: &str, resolution: &Resolution) {
        let mut counts: Vec<(Key, [u64; 4])> = Vec::new();
        for sentence in 0..document.sentences.len() {
            let placed = self.place(document, register, resolution, sentence);
            self.each_key(&placed, TOTAL, |key| counts.extend((key.2 == Breakdown::All).then_some((key, [0; 4]))));
        }
        merge(&mut counts);
        self.counts.append(&mut counts);
        let han = document.sentences.iter().map(|sentence| han_chars(sentence.span.of(&document.text))).sum();
        self.add_presence(document, han);
        self.add_occasions(document, register, resolution, &[], &[]);
    }

    fn add_presence(&mut self, document: &Document, han_chars: u64) {
        if let Some(date) = document.date {
            self.presence.push(PresenceRow { source: document.source.to_string(), date_start: date.start, date_end: date.end, documents: 1, han_chars });
        }
    }

    /// The finished rollup.
    #[must_use]
    pub fn finish(mut self) -> Rollup {
        merge(&mut self.counts);
        let names: BTreeMap<u32, String> = self.members.into_iter().map(|(name, number)| (number, name)).collect();
        let themes = self.lexicon.themes();
        let mut counts: Vec<CountRow> = self
            .counts
            .into_iter()
            .map(|((period, period_start, breakdown, member, theme), [hits, sentences, documents, han_chars])| CountRow {
                period: period.name().to_owned(),
                period_start,
                breakdown: breakdown.name().to_owned(),
                member: names.get(&member).cloned().unwrap_or_default(),
                theme: themes.get(theme as usize).map(|t| t.id.clone()),
                hits,
                sentences,
                documents,
                han_chars,
            })
            .collect();
        // Members are numbered in order of appearance, which is not theirs.
        counts.sort_by(|a, b| count_key(a).cmp(&count_key(b)));
        self.theme_occasions.sort();
        self.theme_occasions.dedup();
        Rollup {
            counts,
            theme_occasions: self.theme_occasions,
            seen: self.seen.into_values().collect(),
            presence: merge_presence(self.presence),
            occasions: self.occasions.into_values().collect(),
        }
    }

    fn member(&mut self, name: &str) -> u32 {
        if let Some(number) = self.members.get(name) {
            return *number;
        }
        let number = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.members.insert(name.to_owned(), number);
        number
    }

    fn place(&mut self, document: &Document, register: &str, resolution: &Resolution, sentence: usize) -> Placed {
        let event = event_of(resolution, sentence);
        let event_date = event.and_then(|e| e.date);
        let basis = match self.settings.date_basis {
            DateBasis::Auto => document.date.or(event_date),
            DateBasis::Document => document.date,
            DateBasis::Event => event_date,
        };
        let voice = resolution.voices.get(sentence).map_or("narrated", |v| v.name());
        let province = province_member(event, self.gazetteer);
        let members = [
            (Breakdown::All, self.member("all")),
            (Breakdown::Source, self.member(&document.source)),
            (Breakdown::Register, self.member(register)),
            (Breakdown::OccasionType, self.member(event.map_or(NO_MEMBER, |e| e.kind.name()))),
            (Breakdown::Province, self.member(&province)),
            (Breakdown::Voice, self.member(voice)),
        ];
        Placed { basis, members }
    }

    fn each_key(&self, placed: &Placed, theme: u32, mut give: impl FnMut(Key)) {
        // A document whose sentences fall into several periods is one document.
        let (all, member) = placed.members[0];
        give((Period::Whole, None, all, member, theme));
        for period in &self.settings.periods {
            let start = placed.basis.and_then(|basis| self.settings.calendar.place(*period, basis));
            for (breakdown, member) in placed.members {
                if breakdown == Breakdown::All || self.settings.breakdowns.contains(&breakdown) {
                    give((*period, start, breakdown, member, theme));
                }
            }
        }
    }

    /// Hits and the sentences that have them, for each theme and its parent.
    fn count_hits(&self, hits: &[Hit], placed: &[Placed], counts: &mut Vec<(Key, [u64; 4])>) {
        let mut of_sentence: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for hit in hits {
            for theme in self.with_parent(hit.theme) {
                *of_sentence.entry((hit.sentence, theme)).or_default() += 1;
            }
        }
        for ((sentence, theme), number) in of_sentence {
            if let (Some(placed), Ok(theme)) = (placed.get(sentence), u32::try_from(theme)) {
                self.each_key(placed, theme, |key| counts.push((key, [number, 1, 0, 0])));
            }
        }
    }

    fn with_parent(&self, theme: usize) -> impl Iterator<Item = usize> + use<> {
        let parent = self.lexicon.themes().get(theme).and_then(|t| t.parent);
        std::iter::once(theme).chain(parent)
    }

    fn add_occasions(&mut self, document: &Document, register: &str, resolution: &Resolution, hits: &[Hit], placed: &[Placed]) {
        let ids: Vec<Option<String>> = resolution.events.iter().map(occasion_id).collect();
        let doc_date = document.date.map(|d| d.start);
        let mut told: Vec<&String> = Vec::new();
        for (event, id) in resolution.events.iter().zip(&ids) {
            let Some(id) = id else { continue };
            let new = !told.contains(&id);
            told.push(id);
            let Some(row) = occasion_row(event, id, document, doc_date, self.gazetteer) else { continue };
            let row = OccasionRow { documents: u64::from(new), ..row };
            match self.occasions.get_mut(id) {
                Some(known) => add_occasion(known, row),
                None => {
                    self.occasions.insert(id.clone(), row);
                }
            }
        }
        for hit in hits {
            let scope = resolution.scope.get(hit.sentence).copied().flatten();
            let event = event_of(resolution, hit.sentence);
            let basis = placed.get(hit.sentence).and_then(|p| p.basis);
            for theme in self.with_parent(hit.theme) {
                let Some(id) = self.lexicon.themes().get(theme).map(|t| t.id.clone()) else { continue };
                if let Some(basis) = basis {
                    let seen = SeenRow {
                        theme: id.clone(),
                        first_date: basis.start,
                        first_doc_id: document.doc_id.clone(),
                        first_event_date: event.and_then(|e| e.date).map(|d| d.start),
                        last_date: basis.start,
                        last_doc_id: document.doc_id.clone(),
                    };
                    match self.seen.get_mut(&theme) {
                        Some(known) => add_seen(known, seen),
                        None => {
                            self.seen.insert(theme, seen);
                        }
                    }
                }
                if let Some(occasion_id) = scope.and_then(|s| ids.get(s)).cloned().flatten() {
                    self.theme_occasions.push(ThemeOccasionRow {
                        theme: id,
                        occasion_id,
                        date_start: basis.map(|b| b.start),
                        date_end: basis.map(|b| b.end),
                        source: document.source.to_string(),
                        register: register.to_owned(),
                        occasion_type: event.map_or(NO_MEMBER, |e| e.kind.name()).to_owned(),
                        province: province_member(event, self.gazetteer),
                        voice: resolution.voices.get(hit.sentence).map_or("narrated", |v| v.name()).to_owned(),
                    });
                }
            }
        }
    }
}

/// The event of which a sentence speaks.
#[must_use]
pub fn event_of(resolution: &Resolution, sentence: usize) -> Option<&Event> {
    resolution.events.get(resolution.scope.get(sentence).copied().flatten()?)
}

fn merge(counts: &mut Vec<(Key, [u64; 4])>) {
    counts.sort_unstable_by_key(|(key, _)| *key);
    counts.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            for (sum, more) in kept.1.iter_mut().zip(next.1) {
                *sum += more;
            }
        }
        same
    });
}

/// The order of count rows.
#[must_use]
pub fn count_key(row: &CountRow) -> (Option<Period>, Option<NaiveDate>, Option<Breakdown>, &str, Option<&str>) {
    (Period::from_name(&row.period), row.period_start, Breakdown::from_name(&row.breakdown), &row.member, row.theme.as_deref())
}

/// Sums presence rows of one source and date.
#[must_use]
pub fn merge_presence(mut rows: Vec<PresenceRow>) -> Vec<PresenceRow> {
    rows.sort_unstable();
    rows.dedup_by(|next, kept| {
        let same = (&next.source, next.date_start, next.date_end) == (&kept.source, kept.date_start, kept.date_end);
        if same {
            kept.documents += next.documents;
            kept.han_chars += next.han_chars;
        }
        same
    });
    rows
}

fn occasion_row(event: &Event, id: &str, document: &Document, doc_date: Option<NaiveDate>, gazetteer: &Gazetteer) -> Option<OccasionRow> {
    let date = event.date?;
    let place = event.place.and_then(|p| gazetteer.place(p));
    Some(OccasionRow {
        occasion_id: id.to_owned(),
        date_start: date.start,
        date_end: date.end,
        precision: event.precision.name().to_owned(),
        name: event.name.clone(),
        occasion_type: event.kind.name().to_owned(),
        series: event.series.clone(),
        term: event.term,
        session: event.session,
        place_code: place.map(|p| p.code.clone()),
        place_name: place.map(|p| p.name.clone()),
        region_code: event.region.clone(),
        first_doc_id: document.doc_id.clone(),
        first_doc_date: doc_date,
        mentions: 1,
        documents: 1,
    })
}

/// Adds a mention to an occasion: the earliest document describes it, a later
/// one fills in what it left out.
pub fn add_occasion(known: &mut OccasionRow, other: OccasionRow) {
    let order = |row: &OccasionRow| (row.first_doc_date.is_none(), row.first_doc_date, row.first_doc_id.clone());
    let (mentions, documents) = (known.mentions + other.mentions, known.documents + other.documents);
    let (mut first, second) = if order(&other) < order(known) { (other, std::mem::take(known)) } else { (std::mem::take(known), other) };
    if first.place_code.is_none() {
        first.place_code = second.place_code;
        first.place_name = second.place_name;
    }
    first.region_code = first.region_code.or(second.region_code);
    *known = OccasionRow { mentions, documents, ..first };
}

/// Widens what is known of a theme's first and last time.
pub fn add_seen(known: &mut SeenRow, other: SeenRow) {
    // Of the hits of the first document, one that tells of an occasion speaks first.
    let first = |row: &SeenRow| (row.first_date, row.first_doc_id.clone(), row.first_event_date.is_none(), row.first_event_date);
    if first(&other) < first(known) {
        known.first_date = other.first_date;
        known.first_doc_id.clone_from(&other.first_doc_id);
        known.first_event_date = other.first_event_date;
    }
    if (other.last_date, &other.last_doc_id) > (known.last_date, &known.last_doc_id) {
        known.last_date = other.last_date;
        known.last_doc_id = other.last_doc_id;
    }
}
