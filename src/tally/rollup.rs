//! What one document adds to every series, while it is whole.
//!
//! Documents, sentences and occasions are distinct counts: they do not add up
//! over days, voices or parent themes. So each document gives its counts for
//! every period length, member and theme that it touches, and everything after
//! this only sums over documents.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::grid::{Grid, PlaceNumber, RowNumber};
use super::packed::{days, days_if_any};
use super::pairs::{PairCountRow, PairCounting};
use super::period::Period;
use super::sources::{SourceSeenRow, SourcesSeen};
use super::word::Word;
use crate::parse::{DateRange, Document};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakdown {
    /// Not at all: the totals.
    #[default]
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
    /// Length of the period.
    pub period: Period,
    /// First day of the period; `None`: dated too coarsely for it, or not at all.
    pub period_start: Option<NaiveDate>,
    /// Breakdown.
    pub breakdown: Breakdown,
    /// Member of the breakdown; `all` for the totals.
    pub member: Word,
    /// Theme id; `None`: all text, the denominators.
    pub theme: Option<Word>,
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
    pub theme: Word,
    /// Occasion id.
    pub occasion_id: Word,
    /// First day of the date that places the hit, if it has one.
    pub date_start: Option<NaiveDate>,
    /// Its last day.
    pub date_end: Option<NaiveDate>,
    /// Source.
    pub source: Word,
    /// Register.
    pub register: Word,
    /// Type of the occasion.
    pub occasion_type: Word,
    /// Province member.
    pub province: Word,
    /// Voice.
    pub voice: Word,
}

/// The first and last time that a theme is met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRow {
    /// Theme id.
    pub theme: String,
    /// Date of the earliest dated document or occasion with it.
    #[serde(with = "days")]
    pub first_date: NaiveDate,
    /// That document.
    pub first_doc_id: String,
    /// The date of the occasion that the first hit tells of.
    #[serde(with = "days_if_any")]
    pub first_event_date: Option<NaiveDate>,
    /// Date of the latest.
    #[serde(with = "days")]
    pub last_date: NaiveDate,
    /// That document.
    pub last_doc_id: String,
}

/// Text of one source on one date.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PresenceRow {
    /// Source.
    pub source: Word,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OccasionRow {
    /// Id: the same for every mention of the occasion.
    pub occasion_id: String,
    /// First day.
    #[serde(with = "days")]
    pub date_start: NaiveDate,
    /// Last day.
    #[serde(with = "days")]
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
    #[serde(with = "days_if_any")]
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
    /// Sorted by period, start and themes.
    pub pairs: Vec<PairCountRow>,
    /// By theme.
    pub seen: Vec<SeenRow>,
    /// By theme and source.
    pub source_seen: Vec<SourceSeenRow>,
    /// Sorted.
    pub presence: Vec<PresenceRow>,
    /// By occasion id.
    pub occasions: Vec<OccasionRow>,
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

/// Puts documents together into a [`Rollup`].
pub struct Rolling<'r> {
    settings: &'r Settings,
    lexicon: &'r Lexicon,
    gazetteer: &'r Gazetteer,
    /// Ids of the themes, by their number.
    themes: Vec<Word>,
    members: Members,
    grid: Grid,
    /// The places of the last group: most of a shard have one date for many sentences.
    last_places: Option<(Option<DateRange>, Places)>,
    theme_occasions: Vec<ThemeOccasionRow>,
    /// Up to which `theme_occasions` holds different rows.
    distinct: usize,
    pairs: PairCounting<'r>,
    seen: BTreeMap<usize, SeenRow>,
    source_seen: SourcesSeen<usize>,
    /// Lengths of which sources have counts though the pipeline does not ask.
    source_periods: Vec<Period>,
    presence: Vec<PresenceRow>,
    occasions: BTreeMap<Word, OccasionRow>,
}

/// Rows of themes on occasions kept before equal ones are given up: bounds
/// memory, not results.
const DISTINCT_AT: usize = 1 << 14;

/// Hits of themes in the sentences of a document, by sentence and theme; a
/// parent has those of the themes below it.
pub(super) type ThemeHits = Vec<((usize, u32), u32)>;

/// Sentences of a document that fall into the same periods and members.
struct Group {
    basis: Option<DateRange>,
    members: [(Breakdown, u32); 6],
    sentences: u64,
    han_chars: u64,
    rows: Vec<RowNumber>,
}

/// The sentences of a document by group.
struct Groups {
    groups: Vec<Group>,
    /// The group of each sentence.
    of_sentence: Vec<usize>,
}

impl Groups {
    fn of(&self, sentence: usize) -> Option<&Group> {
        self.groups.get(*self.of_sentence.get(sentence)?)
    }

    fn basis(&self, sentence: usize) -> Option<DateRange> {
        self.of(sentence)?.basis
    }
}

impl<'r> Rolling<'r> {
    /// An empty rollup.
    #[must_use]
    pub fn new(settings: &'r Settings, lexicon: &'r Lexicon, gazetteer: &'r Gazetteer) -> Self {
        Self {
            settings,
            lexicon,
            gazetteer,
            themes: lexicon.themes().iter().map(|t| t.id.as_str().into()).collect(),
            members: Members::default(),
            grid: Grid::default(),
            last_places: None,
            theme_occasions: Vec::new(),
            distinct: 0,
            pairs: PairCounting::new(lexicon, settings),
            seen: BTreeMap::new(),
            source_seen: SourcesSeen::default(),
            source_periods: settings.source_periods(),
            presence: Vec::new(),
            occasions: BTreeMap::new(),
        }
    }

    /// Adds a document. `register` is that of its source.
    ///
    /// # Cost
    /// Groups of sentences times their themes times period lengths times
    /// breakdowns; for the pairs the square of the themes in the document.
    pub fn add(&mut self, document: &Document, register: &str, resolution: &Resolution, hits: &[Hit]) {
        let mut groups = self.groups(document, register, resolution);
        self.grid.next_document();
        for group in &mut groups.groups {
            let rows = self.rows(group, |_| true);
            for row in &rows {
                self.grid.add_text(*row, group.sentences, group.han_chars);
            }
            group.rows = rows;
        }
        let theme_hits = self.theme_hits(hits);
        let mut by_group: Vec<((usize, u32), u32)> =
            theme_hits.iter().filter_map(|((sentence, theme), hits)| Some(((*groups.of_sentence.get(*sentence)?, *theme), *hits))).collect();
        by_group.sort_unstable();
        for equal in by_group.chunk_by(|a, b| a.0 == b.0) {
            let Some(((group, theme), _)) = equal.first() else { continue };
            let (hits, sentences) = (equal.iter().map(|(_, hits)| *hits).sum(), u32::try_from(equal.len()).unwrap_or(u32::MAX));
            for row in groups.groups.get(*group).map(|g| g.rows.as_slice()).unwrap_or_default() {
                self.grid.add_hits(*row, *theme, hits, sentences);
            }
        }
        self.pairs.add(&theme_hits, |sentence| groups.basis(sentence));
        self.add_presence(document, groups.groups.iter().map(|g| g.han_chars).sum());
        let ids = self.add_occasions(document, resolution);
        self.add_hits(document, resolution, hits, &groups, &ids);
    }

    /// Adds a document that is left out of the series because it repeats
    /// another: its source has spoken all the same, and it tells of its occasions.
    /// Its periods get no counts, but a row.
    pub fn add_copy(&mut self, document: &Document, register: &str, resolution: &Resolution) {
        let groups = self.groups(document, register, resolution);
        for group in &groups.groups {
            self.rows(group, |breakdown| breakdown == Breakdown::All);
        }
        self.add_presence(document, groups.groups.iter().map(|g| g.han_chars).sum());
        self.add_occasions(document, resolution);
    }

    fn add_presence(&mut self, document: &Document, han_chars: u64) {
        let Some(date) = document.date else { return };
        // Those of a day come one after the other.
        let same = |row: &&mut PresenceRow| row.source == *document.source && (row.date_start, row.date_end) == (date.start, date.end);
        if let Some(row) = self.presence.last_mut().filter(same) {
            (row.documents, row.han_chars) = (row.documents + 1, row.han_chars + han_chars);
        } else {
            self.presence.push(PresenceRow { source: (*document.source).into(), date_start: date.start, date_end: date.end, documents: 1, han_chars });
        }
    }

    /// The finished rollup.
    #[must_use]
    pub fn finish(mut self) -> Rollup {
        self.theme_occasions.sort();
        self.theme_occasions.dedup();
        Rollup {
            counts: count_rows(self.grid, &self.members.names, &self.themes),
            theme_occasions: self.theme_occasions,
            pairs: self.pairs.finish(),
            source_seen: self.source_seen.finish(|theme| self.themes.get(theme).cloned()),
            seen: self.seen.into_values().collect(),
            presence: merge_presence(self.presence),
            occasions: self.occasions.into_values().collect(),
        }
    }

    /// Sentences of one occasion and voice belong to the same periods and members.
    fn groups(&mut self, document: &Document, register: &str, resolution: &Resolution) -> Groups {
        let mut numbers: BTreeMap<(Option<usize>, &str), usize> = BTreeMap::new();
        let mut out = Groups { groups: Vec::new(), of_sentence: Vec::with_capacity(document.sentences.len()) };
        for (number, sentence) in document.sentences.iter().enumerate() {
            let scope = resolution.scope.get(number).copied().flatten();
            let voice = voice_name(resolution, number);
            let group = *numbers.entry((scope, voice)).or_insert_with(|| {
                out.groups.push(self.group(document, register, event_of(resolution, number), voice));
                out.groups.len() - 1
            });
            if let Some(group) = out.groups.get_mut(group) {
                group.sentences += 1;
                group.han_chars += u64::from(sentence.han_chars);
            }
            out.of_sentence.push(group);
        }
        out
    }

    fn group(&mut self, document: &Document, register: &str, event: Option<&Event>, voice: &str) -> Group {
        let event_date = event.and_then(|e| e.date);
        let basis = match self.settings.date_basis {
            DateBasis::Auto => document.date.or(event_date),
            DateBasis::Document => document.date,
            DateBasis::Event => event_date,
        };
        let members = [
            (Breakdown::All, "all"),
            (Breakdown::Source, &document.source),
            (Breakdown::Register, register),
            (Breakdown::OccasionType, event.map_or(NO_MEMBER, |e| e.kind.name())),
            (Breakdown::Province, &province_member(event, self.gazetteer)),
            (Breakdown::Voice, voice),
        ]
        .map(|(breakdown, name)| (breakdown, self.members.number(breakdown, name)));
        Group { basis, members, sentences: 0, han_chars: 0, rows: Vec::new() }
    }

    /// The rows of the grid into which a group falls, of the wanted breakdowns.
    fn rows(&mut self, group: &Group, wanted: impl Fn(Breakdown) -> bool) -> Vec<RowNumber> {
        let places = match self.last_places.take() {
            Some((basis, places)) if basis == group.basis => places,
            _ => Places::of(group.basis, self.settings, &self.source_periods, &mut self.grid),
        };
        let [all, source, ..] = group.members;
        let mut out = Vec::with_capacity(2 + places.of_sources.len() + places.of_periods.len() * group.members.len());
        let mut give = |place: PlaceNumber, (breakdown, member): (Breakdown, u32)| {
            if wanted(breakdown) {
                out.push(self.grid.row(place, member));
            }
        };
        // A document whose sentences fall into several periods is one document.
        give(places.whole, all);
        give(places.whole, source);
        for place in &places.of_sources {
            give(*place, source);
        }
        for place in &places.of_periods {
            for (breakdown, member) in group.members {
                if breakdown == Breakdown::All || self.settings.breakdowns.contains(&breakdown) {
                    give(*place, (breakdown, member));
                }
            }
        }
        self.last_places = Some((group.basis, places));
        out
    }

    fn theme_hits(&self, hits: &[Hit]) -> ThemeHits {
        let themes = hits.iter().flat_map(|hit| self.with_parent(hit.theme).map(|theme| (hit.sentence, u32::try_from(theme).unwrap_or(u32::MAX))));
        let mut out: ThemeHits = themes.map(|key| (key, 1)).collect();
        out.sort_unstable();
        out.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += u32::from(same);
            same
        });
        out
    }

    fn with_parent(&self, theme: usize) -> impl Iterator<Item = usize> + use<> {
        let parent = self.lexicon.themes().get(theme).and_then(|t| t.parent);
        std::iter::once(theme).chain(parent)
    }

    /// Adds the occasions of which a document tells, and gives the id of each event.
    fn add_occasions(&mut self, document: &Document, resolution: &Resolution) -> Vec<Option<Word>> {
        let ids: Vec<Option<Word>> = resolution.events.iter().map(|event| event.id.as_deref().map(Word::from)).collect();
        let doc_date = document.date.map(|d| d.start);
        let mut told: BTreeSet<&Word> = BTreeSet::new();
        for (event, id) in resolution.events.iter().zip(&ids) {
            let Some(id) = id else { continue };
            let new = told.insert(id);
            let Some(row) = occasion_row(event, id, document, doc_date, self.gazetteer) else { continue };
            let row = OccasionRow { documents: u64::from(new), ..row };
            match self.occasions.get_mut(id) {
                Some(known) => add_occasion(known, row),
                None => {
                    self.occasions.insert(id.clone(), row);
                }
            }
        }
        ids
    }

    /// Adds when each theme is seen, and on which occasions.
    fn add_hits(&mut self, document: &Document, resolution: &Resolution, hits: &[Hit], groups: &Groups, ids: &[Option<Word>]) {
        let source: Word = document.source.as_ref().into();
        for hit in hits {
            let event = event_of(resolution, hit.sentence);
            let basis = groups.basis(hit.sentence);
            let occasion = resolution.scope.get(hit.sentence).copied().flatten().and_then(|scope| ids.get(scope)?.clone());
            // Of a hit and the themes that it counts for: all but the theme is the same.
            let on_occasion = occasion.zip(groups.of(hit.sentence)).map(|(occasion_id, group)| {
                let [_, source, register, occasion_type, province, voice] = group.members.map(|(_, member)| self.members.name(member));
                let (date_start, date_end) = (basis.map(|b| b.start), basis.map(|b| b.end));
                ThemeOccasionRow { theme: Word::default(), occasion_id, date_start, date_end, source, register, occasion_type, province, voice }
            });
            for theme in self.with_parent(hit.theme) {
                let Some(id) = self.themes.get(theme) else { continue };
                if let Some(basis) = basis {
                    self.source_seen.add(theme, &source, (basis.start, basis.end), &document.doc_id);
                    let found = Seen { date: basis.start, doc_id: &document.doc_id, event_date: event.and_then(|e| e.date).map(|d| d.start) };
                    match self.seen.get_mut(&theme) {
                        Some(known) => found.widen(known),
                        None => {
                            self.seen.insert(theme, found.row(id));
                        }
                    }
                }
                self.theme_occasions.extend(on_occasion.as_ref().map(|row| ThemeOccasionRow { theme: id.clone(), ..row.clone() }));
            }
        }
        if self.theme_occasions.len() > DISTINCT_AT.max(self.distinct * 2) {
            self.theme_occasions.sort_unstable();
            self.theme_occasions.dedup();
            self.distinct = self.theme_occasions.len();
        }
    }
}

/// Numbers of the periods into which the text of a date falls.
struct Places {
    whole: PlaceNumber,
    /// For counts by source alone.
    of_sources: Vec<PlaceNumber>,
    of_periods: Vec<PlaceNumber>,
}

impl Places {
    fn of(basis: Option<DateRange>, settings: &Settings, source_periods: &[Period], grid: &mut Grid) -> Self {
        let mut place = |period: &Period| grid.place((*period, basis.and_then(|basis| settings.calendar.place(*period, basis.start, basis.end))));
        Self {
            of_sources: source_periods.iter().map(&mut place).collect(),
            of_periods: settings.periods.iter().map(&mut place).collect(),
            whole: grid.place((Period::Whole, None)),
        }
    }
}

/// Members of breakdowns, numbered in order of appearance.
#[derive(Default)]
struct Members {
    names: Vec<(Breakdown, Word)>,
    numbers: [BTreeMap<Word, u32>; Breakdown::EVERY.len()],
}

impl Members {
    fn name(&self, number: u32) -> Word {
        self.names.get(number as usize).map(|(_, name)| name.clone()).unwrap_or_default()
    }

    fn number(&mut self, breakdown: Breakdown, name: &str) -> u32 {
        let Some(numbers) = self.numbers.get_mut(breakdown as usize) else { return u32::MAX };
        if let Some(number) = numbers.get(name) {
            return *number;
        }
        let (number, name) = (u32::try_from(self.names.len()).unwrap_or(u32::MAX), Word::from(name));
        self.names.push((breakdown, name.clone()));
        numbers.insert(name, number);
        number
    }
}

/// The rows of the grid in their order: by period, start, breakdown, member and theme.
fn count_rows(grid: Grid, members: &[(Breakdown, Word)], themes: &[Word]) -> Vec<CountRow> {
    let mut in_order: Vec<(u32, &Word)> = (0..).zip(themes).collect();
    in_order.sort_unstable_by_key(|(_, id)| *id);
    let mut rows = grid.into_rows();
    rows.sort_unstable_by(|a, b| (a.place, members.get(a.member as usize)).cmp(&(b.place, members.get(b.member as usize))));
    let mut out = Vec::new();
    for row in &rows {
        let (period, period_start) = row.place;
        let (breakdown, member) = members.get(row.member as usize).cloned().unwrap_or_default();
        let whole = CountRow {
            period,
            period_start,
            breakdown,
            member,
            theme: None,
            hits: 0,
            sentences: row.sentences,
            documents: row.documents,
            han_chars: row.han_chars,
        };
        let of_theme = |(number, theme): &(u32, &Word)| {
            let cell = row.themes.get(*number).filter(|cell| cell.hits > 0)?;
            let [hits, sentences, documents] = [cell.hits, cell.sentences, cell.documents].map(u64::from);
            Some(CountRow { theme: Some((*theme).clone()), hits, sentences, documents, han_chars: 0, ..whole.clone() })
        };
        out.push(whole.clone());
        out.extend(in_order.iter().filter_map(of_theme));
    }
    out
}

fn voice_name(resolution: &Resolution, sentence: usize) -> &'static str {
    resolution.voices.get(sentence).map_or("narrated", |v| v.name())
}

/// A theme met in a document.
struct Seen<'d> {
    date: NaiveDate,
    doc_id: &'d str,
    event_date: Option<NaiveDate>,
}

impl Seen<'_> {
    fn row(&self, theme: &Word) -> SeenRow {
        SeenRow {
            theme: theme.to_string(),
            first_date: self.date,
            first_doc_id: self.doc_id.to_owned(),
            first_event_date: self.event_date,
            last_date: self.date,
            last_doc_id: self.doc_id.to_owned(),
        }
    }

    /// Widens what is known of a theme's first and last time.
    fn widen(&self, known: &mut SeenRow) {
        // Of the hits of the first document, one that tells of an occasion speaks first.
        let known_first = (known.first_date, known.first_doc_id.as_str(), known.first_event_date.is_none(), known.first_event_date);
        if (self.date, self.doc_id, self.event_date.is_none(), self.event_date) < known_first {
            known.first_date = self.date;
            self.doc_id.clone_into(&mut known.first_doc_id);
            known.first_event_date = self.event_date;
        }
        if (self.date, self.doc_id) > (known.last_date, known.last_doc_id.as_str()) {
            known.last_date = self.date;
            self.doc_id.clone_into(&mut known.last_doc_id);
        }
    }
}

/// The event of which a sentence speaks.
#[must_use]
pub fn event_of(resolution: &Resolution, sentence: usize) -> Option<&Event> {
    resolution.events.get(resolution.scope.get(sentence).copied().flatten()?)
}

/// The order of count rows.
#[must_use]
pub fn count_key(row: &CountRow) -> (Period, Option<NaiveDate>, Breakdown, &str, Option<&str>) {
    (row.period, row.period_start, row.breakdown, &row.member, row.theme.as_deref())
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
pub fn add_seen(known: &mut SeenRow, other: &SeenRow) {
    Seen { date: other.first_date, doc_id: &other.first_doc_id, event_date: other.first_event_date }.widen(known);
    Seen { date: other.last_date, doc_id: &other.last_doc_id, event_date: None }.widen(known);
}
