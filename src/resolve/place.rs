//! Place mentions by gazetteer: divisions of China as of the date of the text,
//! countries, foreign cities, venues.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};

use super::VocabularyError;
use super::vocabulary::rows;
use crate::diagnostic::{DataFile, Span};

/// Level of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A country or territory of ISO 3166-1.
    Country,
    /// A province, municipality, autonomous or special region.
    Province,
    /// A prefecture-level division.
    Prefecture,
    /// A county-level division.
    County,
    /// A foreign city.
    City,
    /// A building or square.
    Venue,
}

impl Level {
    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Province => "province",
            Self::Prefecture => "prefecture",
            Self::County => "county",
            Self::City => "city",
            Self::Venue => "venue",
        }
    }
}

/// A place of the gazetteer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// GB/T 2260 (six digits), or ISO 3166-1 alpha-2 abroad.
    pub code: String,
    /// Its full name.
    pub name: String,
    /// Its level.
    pub level: Level,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Place {
    /// Code of the province, for places in China.
    #[must_use]
    pub fn province(&self) -> Option<String> {
        let digits = self.code.get(..2).filter(|_| self.is_home())?;
        Some(format!("{digits}0000"))
    }

    /// ISO 3166-1 code of the country.
    #[must_use]
    pub fn country(&self) -> &str {
        if self.is_home() { "CN" } else { &self.code }
    }

    fn is_home(&self) -> bool {
        self.code.starts_with(|c: char| c.is_ascii_digit())
    }

    fn holds_at(&self, day: Option<NaiveDate>) -> bool {
        let Some(day) = day else { return self.to.is_none() };
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    fn contains(&self, other: &Self) -> bool {
        let prefix = match self.level {
            Level::Province => self.code.get(..2),
            Level::Prefecture => self.code.get(..4),
            _ => None,
        };
        self.code != other.code && prefix.is_some_and(|prefix| other.code.starts_with(prefix))
    }
}

/// A place mention in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceMention {
    /// Bytes of the text.
    pub span: Span,
    /// Number of the place in the [`Gazetteer`]; `None` while it is ambiguous.
    pub place: Option<usize>,
    /// The rule that decided.
    pub rule: &'static str,
    /// Codes that it may have, where it is ambiguous.
    pub candidates: Vec<String>,
}

/// The rules, with their meaning.
pub const PLACE_RULES: [(&str, &str); 5] = [
    ("full_name", "the full name of one place as of the date of the text"),
    ("short_name", "a short name or another name of one place"),
    ("within", "a name that is ambiguous alone, right after the place that it lies in"),
    ("venue", "a known building or square"),
    ("ambiguous", "a name of several places, which nothing decides"),
];

/// All known places, ready to be found in text.
pub struct Gazetteer {
    places: Vec<Place>,
    /// Names → places that bear them; an empty list for what only looks like one.
    names: Vec<Vec<usize>>,
    full: BTreeSet<usize>,
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    /// Short names that are read only after the place above them, by province.
    within: BTreeMap<String, Vec<(String, usize)>>,
}

/// Words that begin with a place name and name no place.
const TRAPS: [&str; 8] = ["北京时间", "中国式", "中国共产党", "中国人民银行", "南京路", "中山路", "海南岛", "中山装"];

impl Gazetteer {
    /// Reads the files `divisions.csv`, `countries.csv`, `cities.csv`,
    /// `venues.csv` and `ambiguous.csv`; a missing one is empty.
    ///
    /// # Errors
    /// [`VocabularyError`] for a table that is not as its header says.
    pub fn new(files: &[DataFile]) -> Result<Self, VocabularyError> {
        let mut build = Builder::default();
        for file in files {
            match file.stem() {
                "divisions" => build.divisions(file)?,
                "countries" => build.countries(file)?,
                "cities" => build.cities(file)?,
                "venues" => build.venues(file)?,
                "ambiguous" => build.ambiguous(file)?,
                _ => {}
            }
        }
        build.finish()
    }

    /// The place with this number.
    #[must_use]
    pub fn place(&self, number: usize) -> Option<&Place> {
        self.places.get(number)
    }

    /// The number of Beijing, which 在京 names.
    #[must_use]
    pub fn capital(&self) -> Option<usize> {
        self.places.iter().position(|p| p.code == "110000" && p.level == Level::Province)
    }

    /// The place mentions of a text, leftmost and longest first. `day` is the
    /// date of the text, by which divisions are chosen.
    ///
    /// # Cost
    /// One scan of the text.
    #[must_use]
    pub fn mentions(&self, text: &str, day: Option<NaiveDate>) -> Vec<PlaceMention> {
        let mut out: Vec<PlaceMention> = Vec::new();
        for found in self.automaton.leftmost_find_iter(text) {
            let span = Span::new(found.start(), found.end());
            let number = found.value() as usize;
            // 涿州市 after 河北 was read as 涿州 already; the longer name is right.
            if let Some(last) = out.last().filter(|last| last.span.overlaps(span)) {
                if last.span.end >= span.end {
                    continue;
                }
                out.pop();
            }
            let Some(all) = self.names.get(number).filter(|all| !all.is_empty()) else { continue };
            let holding: Vec<usize> = all.iter().copied().filter(|i| self.places.get(*i).is_some_and(|p| p.holds_at(day))).collect();
            let among = if holding.is_empty() { all.clone() } else { holding };
            let above = out.last().filter(|before| before.span.end == span.start).and_then(|before| self.places.get(before.place?));
            out.push(self.decide(span, number, &among, above));
            self.read_within(text, &mut out, day);
        }
        out
    }

    fn decide(&self, span: Span, name: usize, among: &[usize], above: Option<&Place>) -> PlaceMention {
        let get = |i: usize| self.places.get(i);
        let inside = above.and_then(|above| {
            let mut inside = among.iter().copied().filter(|i| get(*i).is_some_and(|p| above.contains(p)));
            inside.next().filter(|_| inside.next().is_none())
        });
        // A prefecture and its county of the same name: the name alone is the prefecture.
        let top = among.iter().copied().min_by_key(|i| get(*i).map(|p| p.level));
        let nested = top.filter(|t| among.iter().all(|i| i == t || get(*t).zip(get(*i)).is_some_and(|(a, b)| a.contains(b))));
        let venue = |i: usize| get(i).is_some_and(|p| p.level == Level::Venue);
        let (place, rule) = match (among, inside, nested) {
            ([only], _, _) if venue(*only) => (Some(*only), "venue"),
            ([only], _, _) => (Some(*only), if self.full.contains(&name) { "full_name" } else { "short_name" }),
            (_, Some(inside), _) => (Some(inside), "within"),
            (_, None, Some(top)) => (Some(top), "short_name"),
            _ => (None, "ambiguous"),
        };
        let candidates = if place.is_some() { Vec::new() } else { among.iter().filter_map(|i| get(*i)).map(|p| p.code.clone()).collect() };
        PlaceMention { span, place, rule, candidates }
    }

    /// Reads county names such as 涿州 in 河北涿州, which alone would be taken
    /// for ordinary words too often.
    fn read_within(&self, text: &str, out: &mut Vec<PlaceMention>, day: Option<NaiveDate>) {
        let Some(above) = out.last().and_then(|m| Some((m.span.end, self.places.get(m.place?)?))) else { return };
        let (end, above) = above;
        let Some(list) = above.province().and_then(|province| self.within.get(&province)) else { return };
        let rest = text.get(end..).unwrap_or_default();
        let mut fits =
            list.iter().filter(|(short, i)| rest.starts_with(short.as_str()) && self.places.get(*i).is_some_and(|p| above.contains(p) && p.holds_at(day)));
        if let (Some((short, place)), None) = (fits.next(), fits.next()) {
            out.push(PlaceMention { span: Span::new(end, end + short.len()), place: Some(*place), rule: "within", candidates: Vec::new() });
        }
    }
}

#[derive(Default)]
struct Builder {
    places: Vec<Place>,
    names: BTreeMap<String, BTreeSet<usize>>,
    full: BTreeSet<String>,
    within: BTreeMap<String, Vec<(String, usize)>>,
    ambiguous: BTreeSet<String>,
}

impl Builder {
    fn add(&mut self, place: Place) -> usize {
        self.places.push(place);
        self.places.len() - 1
    }

    fn name(&mut self, name: &str, place: usize) {
        if name.chars().count() > 1 {
            self.names.entry(name.to_owned()).or_default().insert(place);
        }
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
            let day = |cell: &str| crate::parse::read_date(cell).map(|range| range.start);
            let place = self.add(Place { code: code.into(), name: name.into(), level, from: day(from), to: day(to) });
            self.name(name, place);
            self.full.insert(name.to_owned());
            for alias in aliases.split('|').filter(|a| !a.is_empty()) {
                self.name(alias, place);
            }
            if short.chars().count() > 1 {
                if level == Level::County {
                    let province = format!("{}0000", code.get(..2).unwrap_or_default());
                    self.within.entry(province).or_default().push((short.to_owned(), place));
                } else {
                    self.name(short, place);
                }
            }
        }
        Ok(())
    }

    fn countries(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["code", "name", "aliases", "capital"])? {
            let [code, name, aliases, capital] = row.cells.each_ref().map(String::as_str);
            let country = self.add(Place { code: code.into(), name: name.into(), level: Level::Country, from: None, to: None });
            self.name(name, country);
            self.full.insert(name.to_owned());
            // 我国 points, it does not name.
            for alias in aliases.split('|').filter(|a| !a.is_empty() && *a != "我国") {
                self.name(alias, country);
            }
            if code != "CN" {
                for city in capital.split('|').filter(|c| !c.is_empty()) {
                    self.city(city, code);
                }
            }
        }
        Ok(())
    }

    fn cities(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["name", "aliases", "country"])? {
            let [name, aliases, country] = row.cells.each_ref().map(String::as_str);
            for each in std::iter::once(name).chain(aliases.split('|').filter(|a| !a.is_empty())) {
                self.city(each, country);
            }
        }
        Ok(())
    }

    fn city(&mut self, name: &str, country: &str) {
        // 新加坡 is a country and its capital; the country is enough.
        if !self.names.contains_key(name) {
            let place = self.add(Place { code: country.into(), name: name.into(), level: Level::City, from: None, to: None });
            self.name(name, place);
        }
    }

    fn venues(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["name", "aliases", "code"])? {
            let [name, aliases, code] = row.cells.each_ref().map(String::as_str);
            let place = self.add(Place { code: code.into(), name: name.into(), level: Level::Venue, from: None, to: None });
            for each in std::iter::once(name).chain(aliases.split('|').filter(|a| !a.is_empty())) {
                self.name(each, place);
            }
        }
        Ok(())
    }

    fn ambiguous(&mut self, file: &DataFile) -> Result<(), VocabularyError> {
        for row in rows(file, &["name", "why"])? {
            let [name, why] = row.cells.each_ref().map(String::as_str);
            // These resolve to the prefecture even when alone.
            let prefecture = |reason: &str| matches!(reason, "same-name-child" | "prefecture-first");
            if !why.split('|').all(prefecture) {
                self.ambiguous.insert(name.to_owned());
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Gazetteer, VocabularyError> {
        // A short name that is an ordinary word names a place only in full.
        let full = &self.full;
        let ambiguous = &self.ambiguous;
        self.names.retain(|name, _| full.contains(name) || !ambiguous.contains(name));
        for trap in TRAPS {
            self.names.insert(trap.to_owned(), BTreeSet::new());
        }
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .build_with_values(self.names.keys().zip(0_u32..))
            .map_err(|e| VocabularyError::Automaton(e.to_string()))?;
        let full = self.names.keys().enumerate().filter(|(_, name)| self.full.contains(*name)).map(|(i, _)| i).collect();
        let names = self.names.into_values().map(|places| places.into_iter().collect()).collect();
        Ok(Gazetteer { places: self.places, names, full, automaton, within: self.within })
    }
}

#[cfg(test)]
mod tests {
    fn read(text: &str, day: &str) -> Vec<String> {
        let vocabulary = super::super::Vocabulary::builtin();
        let gazetteer = &vocabulary.gazetteer;
        let day = crate::parse::read_date(day).map(|d| d.start);
        gazetteer
            .mentions(text, day)
            .into_iter()
            .map(|m| format!("{}={}", m.span.of(text), m.place.and_then(|p| gazetteer.place(p)).map_or("?", |p| p.code.as_str())))
            .collect()
    }

    #[test]
    fn divisions_are_found_by_full_and_short_name() {
        assert_eq!(read("在黑龙江省哈尔滨市和江苏、内蒙古", "2024-01-01"), ["黑龙江省=230000", "哈尔滨市=230100", "江苏=320000", "内蒙古=150000"]);
        assert_eq!(read("在河北涿州调研", "2024-01-01"), ["河北=130000", "涿州=130681"]);
        assert_eq!(read("在河北涿州市调研", "2024-01-01"), ["河北=130000", "涿州市=130681"]);
    }

    #[test]
    fn a_clock_is_no_place() {
        assert!(read("北京时间19时", "2024-01-01").is_empty());
    }

    #[test]
    fn divisions_are_those_of_the_day_of_the_text() {
        assert_eq!(read("浙江省杭州市江干区", "2020-01-01").last().map(String::as_str), Some("江干区=330104"));
    }
}
