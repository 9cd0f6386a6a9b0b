//! Places: what the tables know of one, and what is read of one in a text.

use chrono::NaiveDate;

use crate::diagnostic::Span;

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
    /// First day on which the code had this name.
    pub(super) from: Option<NaiveDate>,
    /// First day on which it no longer had.
    pub(super) to: Option<NaiveDate>,
    /// Last day of the month or year of that change, where the day is not known.
    pub(super) faded: Option<NaiveDate>,
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

    pub(super) fn is_home(&self) -> bool {
        self.code.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether the code had this name on `day`; without a day, whether it has it still.
    pub(super) fn holds_at(&self, day: Option<NaiveDate>) -> bool {
        let Some(day) = day else { return self.to.is_none() };
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    /// Days between `day` and the time when the code had this name.
    pub(super) fn days_from(&self, day: Option<NaiveDate>) -> i64 {
        let Some(day) = day else { return self.to.map_or(0, |to| NaiveDate::MAX.signed_duration_since(to).num_days()) };
        let before = self.from.map_or(0, |from| from.signed_duration_since(day).num_days());
        let after = self.to.map_or(0, |to| day.signed_duration_since(to).num_days() + 1);
        before.max(after).max(0)
    }

    /// Whether `day` lies so far from that time that the name is an old one, or one to come.
    pub(super) fn is_former_at(&self, day: Option<NaiveDate>) -> bool {
        !self.holds_at(day) && day.zip(self.faded).is_none_or(|(day, faded)| day > faded) && self.to.is_some()
    }

    /// Whether `other` is a division of this division, or a city of this country.
    pub(super) fn contains(&self, other: &Self) -> bool {
        match self.level {
            Level::Province => self.code != other.code && self.code.get(..2).is_some_and(|prefix| other.code.starts_with(prefix)),
            Level::Prefecture => self.code != other.code && self.code.get(..4).is_some_and(|prefix| other.code.starts_with(prefix)),
            Level::Country => other.level == Level::City && other.code == self.code,
            Level::County | Level::City | Level::Venue => false,
        }
    }

    /// The region that this place is, as the beginning of the codes of what lies in it.
    pub(super) fn region(&self) -> Option<&str> {
        match self.level {
            Level::Province => self.code.get(..2),
            Level::Prefecture => self.code.get(..4),
            Level::Country => Some(&self.code),
            Level::County | Level::City | Level::Venue => None,
        }
    }
}

/// A place mention in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceMention {
    /// Bytes of the text.
    pub span: Span,
    /// Number of the place in the [`Gazetteer`](super::Gazetteer); `None` while it is ambiguous.
    pub place: Option<usize>,
    /// The rule that decided.
    pub rule: &'static str,
    /// Codes that it may have, where it is ambiguous.
    pub candidates: Vec<String>,
}

/// The rules, with their meaning.
pub const PLACE_RULES: [(&str, &str); 14] = [
    ("full_name", "the full name of one place as of the date of the text"),
    ("short_name", "a short name or another name of one place"),
    ("old_name", "a name that its place no longer or not yet bore at the date of the text: the bearer nearest in time"),
    ("within", "a name that is ambiguous or a word alone, right after the place that it lies in (辽宁朝阳, 河北涿州)"),
    ("listed", "such a name in a list of places of the same region (承德市平泉、宽城)"),
    ("named_in_full", "a short name whose place the text named in full before (正定县 … 正定)"),
    ("sentence", "a name of several places, one of which lies in a region named before in the sentence"),
    ("paragraph", "the same, the region being named before in the paragraph"),
    ("document", "the same, the region being named before in the document"),
    ("one_province", "a name of several places, one of which lies in the only province of the document"),
    ("venue", "a known building or square"),
    ("seat", "a school or hospital named for its place, where something happens (在南京大学调研)"),
    ("former", "a province or city abolished before the tables begin; candidates are the divisions that took its land"),
    ("ambiguous", "a name of several places, which nothing decides"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_division_holds_from_its_first_day_to_the_day_before_its_end() {
        let day = |text| crate::parse::read_date(text).map(|d| d.start);
        let place = Place {
            code: "330104".into(),
            name: "江干区".into(),
            level: Level::County,
            from: day("1990-01-01"),
            to: day("2021-04"),
            faded: crate::parse::read_date("2021-04").map(|d| d.end),
        };
        assert!(place.holds_at(day("2021-03-31")) && !place.holds_at(day("2021-04-01")) && !place.holds_at(day("1989-12-31")));
        assert!(!place.is_former_at(day("2021-04-20")) && place.is_former_at(day("2021-05-01")));
        assert_eq!((place.days_from(day("2021-03-31")), place.days_from(day("2021-04-01"))), (0, 1));
    }
}
