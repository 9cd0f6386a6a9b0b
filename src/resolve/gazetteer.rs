//! The gazetteer: the tables of `pipelines/places/`, read and checked into one
//! list of names. How a name is read in a text is in `place_reading`.

use std::collections::{BTreeMap, BTreeSet};

use super::VocabularyError;
use super::beginnings::{Beginnings, PLACES};
use super::char_set::CharSet;
use super::place::{Level, Place};
use super::vocabulary::rows;
use super::words::Words;
use crate::diagnostic::DataFile;
use crate::parse::read_date;

/// All known places, ready to be found in text.
pub struct Gazetteer {
    pub(super) places: Vec<Place>,
    pub(super) names: Vec<Name>,
    /// Each name's number, with its standing: most that are found need no more.
    pub(super) words: Words<(u32, Standing)>,
    /// Where names may begin in a text of which nothing is known.
    pub(super) beginnings: Beginnings,
    pub(super) tails: Tails,
    capital: Option<usize>,
}

/// What may be said of a name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A word or proper name that holds a place name and names no place.
    Word,
    /// Names its place.
    Alone,
    /// Names one of several; nothing else is meant by it.
    Shared,
    /// The short name of a county, or a river, a sea: its region must be named.
    Weak,
    /// A person too: right below its region, in a list, or named in full before.
    Person,
    /// A word, or made where other words meet: only right below its region, or in a list.
    Chained,
}

impl Standing {
    /// Whether a name goes before those that cross it and may be words.
    pub(super) const fn speaks_for_itself(self) -> bool {
        matches!(self, Self::Word | Self::Alone | Self::Shared)
    }
}

/// A name with those that bear it.
#[derive(Debug)]
pub(super) struct Name {
    pub standing: Standing,
    /// The full name of a place.
    pub full: bool,
    /// Those whom it may mean alone.
    pub bearers: Vec<usize>,
    /// Counties whose short name it is, where another bearer goes before them.
    pub counties: Vec<usize>,
    /// All whom it may mean alone have given it up.
    pub given_up: bool,
    /// Codes of the divisions that took the land, for a division abolished
    /// before the tables begin that has no one successor.
    pub successors: Vec<String>,
}

/// What a proper name that begins with a place name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TailKind {
    /// A word between the place and the end: 师范 in 北京师范大学.
    Field,
    Street,
    School,
    Hospital,
    Firm,
    Press,
    Ship,
    People,
    Sea,
    Document,
    /// A hill or water: 贺兰山 is not the county 贺兰.
    Land,
    /// A town or village: 东辽县朝阳村.
    Town,
}

/// Endings of proper names, by their first character.
#[derive(Debug, Default)]
pub(super) struct Tails {
    by_first: BTreeMap<char, Vec<Tail>>,
    /// Characters that may follow a place name in a proper name.
    firsts: CharSet,
}

#[derive(Debug)]
struct Tail {
    text: String,
    kind: TailKind,
    /// What must not follow: 路况 is no street.
    unless: Vec<String>,
}

/// Most words between a place and the end of a proper name.
const MAX_FIELDS: usize = 4;

impl Tails {
    /// The proper name that goes on in `rest`: its kind, and how many bytes.
    pub(super) fn ending(&self, rest: &str) -> Option<(TailKind, usize)> {
        // Most names are followed by none of them.
        if !rest.starts_with(|c| self.firsts.contains(c)) {
            return None;
        }
        let mut at = 0;
        for _ in 0..=MAX_FIELDS {
            let here = rest.get(at..)?;
            let first = here.chars().next()?;
            if first == '第' && at < rest.len() {
                // 第一医院
                let number: usize = here.chars().skip(1).take_while(|c| crate::parse::is_numeral(*c)).map(char::len_utf8).sum();
                at += first.len_utf8() + number;
                continue;
            }
            let fitting = self.by_first.get(&first)?.iter().find(|tail| tail.fits(here))?;
            at += fitting.text.len();
            if fitting.kind != TailKind::Field {
                return Some((fitting.kind, at));
            }
        }
        None
    }
}

impl Tail {
    fn fits(&self, here: &str) -> bool {
        here.strip_prefix(self.text.as_str()).is_some_and(|after| !self.unless.iter().any(|u| after.starts_with(u.as_str())))
    }
}

impl Gazetteer {
    /// Reads the files `divisions.csv`, `countries.csv`, `cities.csv`,
    /// `venues.csv`, `former.csv`, `ambiguous.csv`, `not_places.csv` and
    /// `tails.csv`; a missing one is empty.
    ///
    /// # Errors
    /// [`VocabularyError`] for a table that is not as its header says.
    pub fn new(files: &[DataFile]) -> Result<Self, VocabularyError> {
        let mut build = Builder::default();
        // Cities come after countries, whichever way the files are sorted.
        let stems = ["divisions", "countries", "cities", "venues", "former", "ambiguous", "not_places", "tails"];
        for stem in stems {
            for file in files.iter().filter(|f| f.stem() == stem) {
                match stem {
                    "divisions" => build.divisions(file)?,
                    "countries" => build.countries(file)?,
                    "cities" => build.cities(file)?,
                    "venues" => build.venues(file)?,
                    "former" => build.former(file)?,
                    "ambiguous" => build.ambiguous(file)?,
                    "not_places" => build.not_places(file)?,
                    _ => build.tails(file)?,
                }
            }
        }
        Ok(build.finish())
    }

    /// The place with this number.
    #[must_use]
    pub fn place(&self, number: usize) -> Option<&Place> {
        self.places.get(number)
    }

    /// All places with their numbers.
    pub fn places(&self) -> impl Iterator<Item = (usize, &Place)> {
        self.places.iter().enumerate()
    }

    /// The number of Beijing, which 在京 names.
    #[must_use]
    pub fn capital(&self) -> Option<usize> {
        self.capital
    }
}

/// Why a name does not speak for itself, from `ambiguous.csv`.
#[derive(Clone, Copy, Debug, Default)]
struct Reasons {
    shared: bool,
    person: bool,
    /// A river, a hill, a sea, a period.
    other: bool,
    /// A word, or where words meet.
    word: bool,
}

#[derive(Default)]
struct Builder {
    places: Vec<Place>,
    names: BTreeMap<String, Bearers>,
    ambiguous: BTreeMap<String, Reasons>,
    not_places: BTreeSet<String>,
    tails: Tails,
}

#[derive(Default)]
struct Bearers {
    full: bool,
    /// The full name of a country.
    country: bool,
    units: BTreeSet<usize>,
    counties: BTreeSet<usize>,
    successors: Vec<String>,
}

fn listed(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('|').filter(|each| !each.is_empty())
}

impl Builder {
    fn add(&mut self, code: &str, name: &str, level: Level, from: &str, to: &str) -> usize {
        let (from, to) = (read_date(from), read_date(to));
        self.places.push(Place { code: code.into(), name: name.into(), level, from: from.map(|d| d.start), to: to.map(|d| d.start), faded: to.map(|d| d.end) });
        self.places.len() - 1
    }

    fn name(&mut self, name: &str, place: usize) {
        if name.chars().count() > 1 {
            self.names.entry(name.to_owned()).or_default().units.insert(place);
        }
    }

    fn full(&mut self, name: &str, place: usize) {
        self.name(name, place);
        self.names.entry(name.to_owned()).or_default().full = true;
    }

    fn divisions(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["code", "name", "short", "aliases", "level", "from", "to"])? {
            let [code, name, short, aliases, level, from, to] = row.cells.each_ref().map(String::as_str);
            let level = match level {
                "province" => Level::Province,
                "prefecture" => Level::Prefecture,
                "county" => Level::County,
                other => return Err(row.fault(&format!("level `{other}` is not province, prefecture or county"))),
            };
            let place = self.add(code, name, level, from, to);
            self.full(name, place);
            for alias in listed(aliases) {
                self.name(alias, place);
            }
            if short.chars().count() > 1 {
                if level == Level::County {
                    self.names.entry(short.to_owned()).or_default().counties.insert(place);
                } else {
                    self.name(short, place);
                    if level == Level::Prefecture {
                        // 武威地区 is the city where the prefecture of that name is gone.
                        self.name(&format!("{short}地区"), place);
                    }
                }
            }
        }
        Ok(())
    }

    fn countries(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["code", "name", "aliases", "capital"])? {
            let [code, name, aliases, capital] = row.cells.each_ref().map(String::as_str);
            let country = self.add(code, name, Level::Country, "", "");
            self.full(name, country);
            self.names.entry(name.to_owned()).or_default().country = true;
            // 我国 points, it does not name.
            for alias in listed(aliases).filter(|a| *a != "我国") {
                self.name(alias, country);
            }
            if code != "CN" {
                for city in listed(capital) {
                    self.city(city, city, code);
                }
            }
        }
        Ok(())
    }

    fn cities(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["name", "aliases", "country"])? {
            let [name, aliases, country] = row.cells.each_ref().map(String::as_str);
            for each in std::iter::once(name).chain(listed(aliases)) {
                self.city(each, name, country);
            }
        }
        Ok(())
    }

    fn city(&mut self, name: &str, full: &str, country: &str) {
        // 新加坡 is a country and its capital; the country is enough.
        if self.names.get(name).is_some_and(|n| n.units.iter().any(|p| self.places.get(*p).is_some_and(|p| p.code == country))) {
            return;
        }
        let place = self.add(country, full, Level::City, "", "");
        self.name(name, place);
    }

    fn venues(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["name", "aliases", "code"])? {
            let [name, aliases, code] = row.cells.each_ref().map(String::as_str);
            let place = self.add(code, name, Level::Venue, "", "");
            for each in std::iter::once(name).chain(listed(aliases)) {
                self.name(each, place);
            }
        }
        Ok(())
    }

    fn former(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["name", "aliases", "level", "to", "successors"])? {
            let [name, aliases, level, to, successors] = row.cells.each_ref().map(String::as_str);
            let level = match level {
                "province" => Level::Province,
                "prefecture" => Level::Prefecture,
                other => return Err(row.fault(&format!("level `{other}` is not province or prefecture"))),
            };
            let codes: Vec<&str> = listed(successors).collect();
            if let [code] = codes.as_slice() {
                let place = self.add(code, name, level, "", to);
                self.full(name, place);
                for alias in listed(aliases) {
                    self.name(alias, place);
                }
                continue;
            }
            for each in std::iter::once(name).chain(listed(aliases)) {
                self.names.entry(each.to_owned()).or_default().successors = codes.iter().map(|&code| code.to_owned()).collect();
            }
        }
        Ok(())
    }

    fn ambiguous(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["name", "why"])? {
            let [name, why] = row.cells.each_ref().map(String::as_str);
            let mut reasons = Reasons::default();
            for reason in listed(why) {
                match reason {
                    "shared" => reasons.shared = true,
                    "word" | "overlap" => reasons.word = true,
                    "person" => reasons.person = true,
                    "other" => reasons.other = true,
                    // These mean the prefecture even when alone.
                    "same-name-child" | "prefecture-first" => {}
                    unknown => return Err(row.fault(&format!("`{unknown}` is no reason"))),
                }
            }
            self.ambiguous.insert(name.to_owned(), reasons);
        }
        Ok(())
    }

    fn not_places(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["text", "why"])? {
            let [text, _] = row.cells.each_ref().map(String::as_str);
            if text.is_empty() {
                return Err(row.fault("a text is missing"));
            }
            self.not_places.insert(text.to_owned());
        }
        Ok(())
    }

    fn tails(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["text", "kind", "unless"])? {
            let [text, kind, unless] = row.cells.each_ref().map(String::as_str);
            let kind = match kind {
                "field" => TailKind::Field,
                "street" => TailKind::Street,
                "school" => TailKind::School,
                "hospital" => TailKind::Hospital,
                "firm" => TailKind::Firm,
                "press" => TailKind::Press,
                "ship" => TailKind::Ship,
                "people" => TailKind::People,
                "sea" => TailKind::Sea,
                "document" => TailKind::Document,
                "land" => TailKind::Land,
                "town" => TailKind::Town,
                other => return Err(row.fault(&format!("`{other}` is no kind of proper name"))),
            };
            let Some(first) = text.chars().next() else { return Err(row.fault("a text is missing")) };
            let bucket = self.tails.by_first.entry(first).or_default();
            bucket.push(Tail { text: text.to_owned(), kind, unless: listed(unless).map(str::to_owned).collect() });
            bucket.sort_by_key(|tail| std::cmp::Reverse(tail.text.len()));
        }
        Ok(())
    }

    fn standing(&self, name: &str, of: &Bearers) -> Standing {
        match self.ambiguous.get(name) {
            // The full name of a country is meant nearly always; words that only
            // look like one are in `not_places.csv`.
            _ if of.country => Standing::Alone,
            // A foreign city is meant where its country is spoken of.
            Some(reasons) if reasons.word && !self.abroad(of) => Standing::Chained,
            Some(reasons) if reasons.word => Standing::Weak,
            Some(reasons) if reasons.person => Standing::Person,
            Some(reasons) if reasons.other => Standing::Weak,
            Some(reasons) if reasons.shared => Standing::Shared,
            _ if !of.units.is_empty() || !of.successors.is_empty() || name.chars().count() > 2 => Standing::Alone,
            _ => Standing::Weak,
        }
    }

    fn abroad(&self, of: &Bearers) -> bool {
        of.counties.is_empty() && of.units.iter().all(|p| self.places.get(*p).is_some_and(|p| p.level == Level::City))
    }

    fn finish(mut self) -> Gazetteer {
        let mut names: BTreeMap<String, Name> = BTreeMap::new();
        for (name, of) in std::mem::take(&mut self.names) {
            let standing = self.standing(&name, &of);
            let (mut bearers, mut counties): (Vec<usize>, Vec<usize>) = (of.units.into_iter().collect(), of.counties.into_iter().collect());
            // Where nothing goes before the counties, the name means one of them.
            if standing != Standing::Alone || bearers.is_empty() {
                bearers.append(&mut counties);
                bearers.sort_unstable();
                bearers.dedup();
            }
            let given_up = !bearers.is_empty() && bearers.iter().all(|p| self.places.get(*p).is_some_and(|p| p.to.is_some()));
            names.insert(name, Name { standing, full: of.full, bearers, counties, given_up, successors: of.successors });
        }
        for text in self.not_places {
            names.insert(
                text,
                Name { standing: Standing::Word, full: false, bearers: Vec::new(), counties: Vec::new(), given_up: false, successors: Vec::new() },
            );
        }
        let words = Words::new(names.iter().zip(0..).map(|((word, name), number)| (word, (number, name.standing))));
        let mut beginnings = Beginnings::default();
        beginnings.add(PLACES, names.keys());
        self.tails.firsts = self.tails.by_first.keys().copied().chain(['第']).collect();
        let capital = self.places.iter().position(|p| p.code == "110000" && p.level == Level::Province);
        Gazetteer { places: self.places, names: names.into_values().collect(), words, beginnings, tails: self.tails, capital }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_a_wrong_cell_is_refused() {
        let file = |name: &str, text: &str| DataFile { path: name.into(), text: text.into() };
        assert!(Gazetteer::new(&[file("ambiguous.csv", "name,why\n朝阳,maybe\n")]).is_err());
        assert!(Gazetteer::new(&[file("tails.csv", "text,kind,unless\n路,river,\n")]).is_err());
        assert!(Gazetteer::new(&[file("not_places.csv", "text\n出海口\n")]).is_err());
        assert!(Gazetteer::new(&[]).is_ok());
    }

    #[test]
    fn the_end_of_a_proper_name_is_found_over_the_words_between() {
        let vocabulary = super::super::Vocabulary::builtin();
        let end = |rest: &str| vocabulary.gazetteer.tails.ending(rest).map(|(_, bytes)| rest.get(..bytes).unwrap_or_default().to_owned());
        assert_eq!(end("师范大学附属中学举行").as_deref(), Some("师范大学"));
        assert_eq!(end("第一人民医院").as_deref(), Some("第一人民医院"));
        assert_eq!(end("路况良好"), None);
        assert_eq!(end("举行大学"), None);
    }
}
