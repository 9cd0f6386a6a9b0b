//! Place mentions: a text and its day in, mentions in order out.
//!
//! One scan finds every name. Names that speak for themselves go before those
//! that may be words; among them the leftmost and longest. What is ambiguous is
//! decided by the places named before it, by a rule that the mention names, or
//! keeps its candidates. A place name at the beginning of the proper name of a
//! street, school, firm or ship is no mention of the place.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::beginnings::PLACES;
use super::gazetteer::{Gazetteer, Name, Standing, TailKind};
use super::place::{Level, Place, PlaceMention};
use crate::diagnostic::Span;
use crate::parse::is_numeral;

/// An occurrence of a name.
#[derive(Clone, Copy)]
struct Hit {
    start: usize,
    end: usize,
    name: u32,
    standing: Standing,
}

/// What may stand between a region and the place in it: 越南首都河内.
const TIES: [&str; 4] = ["首都", "省会", "首府", "·"];

/// What joins the places of a list.
const JOINTS: [&str; 5] = ["、", "和", "及", "与", "以及"];

/// After these, a school or hospital is where something happens.
const LOCATIVES: [&str; 8] = ["在", "来到", "走进", "走访", "抵达", "到访", "赴", "位于"];

impl Gazetteer {
    /// The place mentions of a text, in order. `day` is the date of the text, by
    /// which divisions are chosen.
    ///
    /// # Cost
    /// One scan of the text; no allocation for a mention that is decided.
    #[must_use]
    pub fn mentions(&self, text: &str, day: Option<NaiveDate>) -> Vec<PlaceMention> {
        self.mentions_from(text, self.beginnings.each(text, PLACES), day)
    }

    /// The same, of a text in which names can begin only at `starts`.
    pub(super) fn mentions_from(&self, text: &str, starts: impl Iterator<Item = usize>, day: Option<NaiveDate>) -> Vec<PlaceMention> {
        let mut hits = Vec::with_capacity(16);
        for start in starts {
            let rest = text.get(start..).unwrap_or_default();
            self.words.find::<()>(rest, |(name, standing), bytes| {
                hits.push(Hit { start, end: start + bytes, name, standing });
                None
            });
        }
        if hits.is_empty() {
            return Vec::new();
        }
        let mut reading = Reading {
            gazetteer: self,
            text,
            day,
            out: Vec::with_capacity(hits.len()),
            list: None,
            noted: 0,
            regions: Vec::new(),
            in_full: BTreeSet::new(),
            scanned: 0,
            sentence: 0,
            paragraph: 0,
        };
        let mut cursor = 0;
        for (number, &hit) in hits.iter().enumerate() {
            if hit.start < cursor {
                continue;
            }
            if hit.standing == Standing::Word {
                cursor = hit.end;
                continue;
            }
            let Some(name) = self.names.get(hit.name as usize) else { continue };
            let weak = !hit.standing.speaks_for_itself() || reading.is_outlived(name) || reading.is_one_county(name);
            let crossed = || {
                let later = hits.get(number + 1..).unwrap_or_default();
                later.iter().take_while(|next| next.start < hit.end).any(|next| next.standing.speaks_for_itself())
            };
            if let Some(end) = reading.read(hit, name, weak, crossed) {
                cursor = end;
            }
        }
        reading.read_again();
        reading.out
    }
}

/// A text as far as it is read.
struct Reading<'g, 't> {
    gazetteer: &'g Gazetteer,
    text: &'t str,
    day: Option<NaiveDate>,
    out: Vec<PlaceMention>,
    /// The region to which the places of the list that is being read belong.
    list: Option<usize>,
    /// Mentions that are in `regions` and `in_full`.
    noted: usize,
    /// Regions named, as the beginning of the codes in them, and where last.
    regions: Vec<(&'g str, usize)>,
    /// Counties and prefectures named in full.
    in_full: BTreeSet<usize>,
    /// Bytes searched for the ends of sentences and paragraphs.
    scanned: usize,
    /// Where the sentence and the paragraph at `scanned` begin.
    sentence: usize,
    paragraph: usize,
}

/// What the places before a name say of it.
enum Verdict {
    One(usize, &'static str),
    Several,
    Silent,
}

impl<'g> Reading<'g, '_> {
    fn place(&self, number: usize) -> Option<&'g Place> {
        self.gazetteer.places.get(number)
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Whether only counties bear a short name by now, or nobody does: 徽州 was a
    /// prefecture once. A full name of one character and 县 is no better: 林县.
    fn is_outlived(&self, name: &Name) -> bool {
        if !name.given_up {
            return false;
        }
        let place = |number: &usize| self.place(*number);
        let old = |p: &Place| p.is_former_at(self.day);
        let county = |p: &Place| p.level == Level::County && p.name.chars().count() == 2;
        let only_old = name.bearers.iter().all(|p| place(p).is_some_and(old));
        only_old
            && if name.full {
                name.bearers.iter().all(|p| place(p).is_some_and(county))
            } else {
                !name.counties.is_empty() || name.bearers.iter().all(|p| place(p).is_some_and(|p| p.level == Level::County))
            }
    }

    /// Whether a short name that several counties bear at one time or another is that
    /// of one alone on the day of the text: no better than the short name of any county.
    fn is_one_county(&self, name: &Name) -> bool {
        let counties = || name.bearers.iter().filter_map(|p| self.place(*p));
        name.standing == Standing::Shared
            && !name.full
            && counties().all(|p| p.level == Level::County)
            && counties().filter(|p| p.holds_at(self.day)).take(2).count() == 1
    }

    /// Reads a name; where the reading goes on, if something was read.
    fn read(&mut self, hit: Hit, name: &'g Name, weak: bool, crossed: impl Fn() -> bool) -> Option<usize> {
        let span = Span::new(hit.start, hit.end);
        // 5月10日本轮, 九成都是: the end of a date or share.
        if self.slice(hit.start, hit.end).starts_with(['日', '月', '年', '成']) && self.slice(0, hit.start).ends_with(is_numeral) {
            return None;
        }
        // 江南区域: no district, but a region of that kind.
        if name.full && self.slice(hit.start, hit.end).ends_with('区') && self.slice(hit.end, self.text.len()).starts_with('域') {
            return None;
        }
        let mention = if weak {
            let chained = self.chained(span, name);
            if chained.is_none() && crossed() {
                return None;
            }
            match chained {
                Some(mention) => mention,
                None => self.supported(span, name)?,
            }
        } else {
            self.decided(span, name)
        };
        if let Some((kind, bytes)) = self.gazetteer.tails.ending(self.slice(hit.end, self.text.len()))
            && self.is_proper_name(kind, hit, name, &mention)
        {
            let seat =
                matches!(kind, TailKind::School | TailKind::Hospital) && mention.place.and_then(|p| self.place(p)).is_some_and(|p| p.level != Level::Country);
            let at = self.slice(0, hit.start);
            if seat && LOCATIVES.iter().any(|w| at.ends_with(w)) {
                self.out.push(PlaceMention { rule: "seat", ..mention });
            }
            self.list = None;
            return Some(hit.end + bytes);
        }
        self.push(mention);
        Some(hit.end)
    }

    /// Whether the ending after a name makes it the proper name of something else.
    fn is_proper_name(&self, kind: TailKind, hit: Hit, name: &Name, mention: &PlaceMention) -> bool {
        let level = mention.place.and_then(|p| self.place(p)).map(|p| p.level);
        // 北京市, 江苏省: the type is in the name, and only a body goes on.
        let typed =
            name.full && matches!(level, Some(Level::Province | Level::Prefecture | Level::County)) && self.slice(hit.start, hit.end).chars().count() > 2;
        match kind {
            TailKind::Field => false,
            TailKind::School | TailKind::Hospital | TailKind::Firm | TailKind::Press | TailKind::People => level != Some(Level::Venue),
            TailKind::Street | TailKind::Ship => !typed && !matches!(level, Some(Level::Country | Level::Venue)),
            TailKind::Sea => level == Some(Level::Country) || level == Some(Level::City),
            TailKind::Land | TailKind::Town => !typed && matches!(level, Some(Level::County) | None),
            TailKind::Document => !typed && !matches!(level, Some(Level::Country | Level::Venue)),
        }
    }

    /// The mention of a name that speaks for itself.
    fn decided(&mut self, span: Span, name: &'g Name) -> PlaceMention {
        let plain = |reading: &Self, place: usize| {
            let rule = match reading.place(place) {
                Some(p) if p.level == Level::Venue => "venue",
                Some(p) if p.is_former_at(reading.day) => "old_name",
                Some(p) if p.name == span.of(reading.text) => "full_name",
                _ => "short_name",
            };
            PlaceMention { span, place: Some(place), rule, candidates: Vec::new() }
        };
        // 辽源西安: a county below its region, where the name alone is a prefecture.
        if !name.counties.is_empty()
            && let Some(above) = self.above(span)
            && !name.bearers.iter().any(|p| self.place(*p).is_some_and(|p| above.contains(p)))
            && let Some(place) = self.only(&name.counties, |p| above.contains(p))
        {
            return PlaceMention { span, place: Some(place), rule: "within", candidates: Vec::new() };
        }
        // 中卫 was a county before it was a prefecture.
        let holding_at = |numbers: &[usize]| numbers.iter().any(|p| self.place(*p).is_some_and(|p| p.holds_at(self.day)));
        if !name.full
            && !holding_at(&name.bearers)
            && holding_at(&name.counties)
            && let Some(county) = self.only(&name.counties, |_| true)
        {
            return plain(self, county);
        }
        if let [only] = name.bearers.as_slice() {
            return plain(self, *only);
        }
        if name.bearers.is_empty() {
            return PlaceMention { span, place: None, rule: "former", candidates: name.successors.clone() };
        }
        let holds = |p: &&usize| self.place(**p).is_some_and(|p| p.holds_at(self.day));
        let mut holding = name.bearers.iter().filter(holds);
        if let (Some(only), None) = (holding.next(), holding.next()) {
            return plain(self, *only);
        }
        let among = self.among(&name.bearers);
        match among.as_slice() {
            [only] => return plain(self, *only),
            [] => {}
            _ => {
                if let Some(mention) = self.chained(span, name) {
                    return mention;
                }
                if let Verdict::One(place, rule) = self.named_before(span, &among) {
                    return PlaceMention { span, place: Some(place), rule, candidates: Vec::new() };
                }
            }
        }
        let mut candidates: Vec<String> = among.iter().filter_map(|p| self.place(*p)).map(|p| p.code.clone()).collect();
        candidates.dedup();
        PlaceMention { span, place: None, rule: "ambiguous", candidates }
    }

    /// The bearers of a name on the day of the text, else those nearest in time,
    /// without those that lie in another of them: 新乡 is the city, not its county.
    fn among(&self, bearers: &[usize]) -> Vec<usize> {
        let get = |number: &usize| self.place(*number);
        let mut among: Vec<usize> = bearers.iter().copied().filter(|p| get(p).is_some_and(|p| p.holds_at(self.day))).collect();
        if among.is_empty() {
            let days = |p: &usize| get(p).map_or(i64::MAX, |p| p.days_from(self.day));
            let nearest = bearers.iter().map(days).min();
            among = bearers.iter().copied().filter(|p| Some(days(p)) == nearest).collect();
        }
        let inner: Vec<usize> = among.iter().copied().filter(|p| among.iter().any(|q| get(q).zip(get(p)).is_some_and(|(q, p)| q.contains(p)))).collect();
        among.retain(|p| !inner.contains(p));
        // 洛阳市 stood beside 洛阳地区; the short name is the city's.
        let cities: Vec<usize> = among.iter().copied().filter(|p| get(p).is_some_and(|p| p.name.ends_with('市'))).collect();
        if let [city] = cities.as_slice()
            && among.iter().all(|p| p == city || get(p).is_some_and(|p| p.name.ends_with("地区")))
        {
            return cities;
        }
        among
    }

    /// The only one of `bearers` that passes, of those on the day of the text if there are any.
    fn only(&self, bearers: &[usize], passes: impl Fn(&Place) -> bool) -> Option<usize> {
        let fits = |p: &usize| self.place(*p).is_some_and(&passes);
        let holds = |p: &usize| self.place(*p).is_some_and(|p| p.holds_at(self.day));
        let mut holding = bearers.iter().copied().filter(|p| fits(p) && holds(p));
        match (holding.next(), holding.next()) {
            (Some(only), None) => return Some(only),
            (Some(_), Some(_)) => {}
            (None, _) => {
                let days = |p: &usize| self.place(*p).map_or(i64::MAX, |p| p.days_from(self.day));
                return bearers.iter().copied().filter(fits).min_by_key(days);
            }
        }
        match self.among(bearers).into_iter().filter(fits).collect::<Vec<_>>().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The place named right before.
    fn above(&self, span: Span) -> Option<&'g Place> {
        let last = self.out.last()?;
        let gap = self.text.get(last.span.end..span.start)?;
        if gap.is_empty() || TIES.contains(&gap) { self.place(last.place?) } else { None }
    }

    /// A name right below its region, or in a list of places of one region.
    fn chained(&self, span: Span, name: &Name) -> Option<PlaceMention> {
        let mention = |place, rule| PlaceMention { span, place: Some(place), rule, candidates: Vec::new() };
        let counties = name.bearers.is_empty() || self.is_outlived(name) && !name.counties.is_empty();
        let bearers = if counties { &name.counties } else { &name.bearers };
        if let Some(above) = self.above(span) {
            return self.only(bearers, |p| above.contains(p)).map(|place| mention(place, "within"));
        }
        let region = self.place(self.list?)?;
        let gap = self.text.get(self.out.last()?.span.end..span.start)?;
        let joined = JOINTS.contains(&gap);
        joined.then(|| self.only(bearers, |p| region.contains(p))).flatten().map(|place| mention(place, "listed"))
    }

    /// A name that may be something else, where its region or its full name went before.
    fn supported(&mut self, span: Span, name: &Name) -> Option<PlaceMention> {
        // 六安固镇: another place of that name lies in the region right before it.
        let elsewhere = self.above(span).is_some_and(|above| above.is_home() && above.level != Level::Venue);
        if name.standing == Standing::Chained || elsewhere {
            return None;
        }
        let bearers = if self.is_outlived(name) { &name.counties } else { &name.bearers };
        let among: Vec<usize> = self.among(bearers).into_iter().filter(|p| self.place(*p).is_some_and(|p| p.holds_at(self.day))).collect();
        match self.named_before(span, &among) {
            Verdict::One(place, rule) => {
                let prefecture = self.place(place).is_some_and(|p| p.level == Level::Prefecture);
                // 安顺 is a city and hardly ever a person; 岐山 may well be one.
                let enough = rule == "named_in_full" || rule != "document" && (name.standing != Standing::Person || prefecture);
                enough.then(|| PlaceMention { span, place: Some(place), rule, candidates: Vec::new() })
            }
            _ => None,
        }
    }

    /// Decides among places by the regions and full names before: those of the
    /// sentence go before those of the paragraph, and those before the rest.
    fn named_before(&mut self, span: Span, among: &[usize]) -> Verdict {
        self.note();
        self.advance(span.start);
        let mut full = among.iter().filter(|p| self.in_full.contains(p));
        match (full.next(), full.next()) {
            (Some(place), None) => return Verdict::One(*place, "named_in_full"),
            (Some(_), Some(_)) => return Verdict::Several,
            _ => {}
        }
        let last = |p: &usize| {
            let code = self.place(*p).map_or("", |p| p.code.as_str());
            let inside = |region: &&(&str, usize)| code.starts_with(region.0) && code.len() > region.0.len() || code == region.0 && code.len() == 2;
            self.regions.iter().filter(inside).map(|(_, at)| *at).max()
        };
        let seen: Vec<(usize, usize)> = among.iter().filter_map(|p| Some((*p, last(p)?))).collect();
        for (floor, rule) in [(self.sentence, "sentence"), (self.paragraph, "paragraph"), (0, "document")] {
            let mut fits = seen.iter().filter(|(_, at)| *at >= floor);
            match (fits.next(), fits.next()) {
                (Some((place, _)), None) => return Verdict::One(*place, rule),
                (Some(_), Some(_)) => return Verdict::Several,
                _ => {}
            }
        }
        Verdict::Silent
    }

    /// Takes in the mentions since the last time that something was ambiguous.
    fn note(&mut self) {
        for mention in self.out.get(self.noted..).unwrap_or_default() {
            let Some(number) = mention.place else { continue };
            let Some(place) = self.gazetteer.places.get(number) else { continue };
            if let Some(region) = place.region() {
                match self.regions.iter_mut().find(|(known, _)| *known == region) {
                    Some((_, at)) => *at = mention.span.start,
                    None => self.regions.push((region, mention.span.start)),
                }
            }
            if matches!(place.level, Level::Prefecture | Level::County) && mention.span.end - mention.span.start == place.name.len() {
                self.in_full.insert(number);
            }
        }
        self.noted = self.out.len();
    }

    /// Finds where the sentence and the paragraph that hold `to` begin.
    fn advance(&mut self, to: usize) {
        let fresh = self.text.get(self.scanned..to).unwrap_or_default();
        if let Some(at) = fresh.rfind('\n') {
            self.paragraph = self.scanned + at;
        }
        if let Some(at) = fresh.rfind(['\n', '。', '！', '？']) {
            self.sentence = self.scanned + at;
        }
        self.scanned = self.scanned.max(to);
    }

    fn push(&mut self, mention: PlaceMention) {
        let place = mention.place.and_then(|p| self.place(p));
        let above = self.out.last().filter(|last| last.span.end == mention.span.start && last.place.is_some()).and_then(|last| last.place);
        let goes_on = |region: usize| {
            let gap = self.out.last().and_then(|last| self.text.get(last.span.end..mention.span.start));
            gap.is_some_and(|gap| JOINTS.contains(&gap)) && self.place(region).zip(place).is_some_and(|(region, place)| region.contains(place))
        };
        let contains = |region: usize| self.place(region).zip(place).is_some_and(|(region, place)| region.contains(place));
        self.list = above.filter(|region| contains(*region)).or_else(|| self.list.filter(|region| goes_on(*region)));
        self.out.push(mention);
    }

    /// Decides what is left by the only province of the document.
    fn read_again(&mut self) {
        if !self.out.iter().any(|m| m.rule == "ambiguous") {
            return;
        }
        let mut provinces: BTreeSet<&str> = BTreeSet::new();
        let mut count = 0;
        for place in self.out.iter().filter_map(|m| self.gazetteer.places.get(m.place?)) {
            if matches!(place.level, Level::Province | Level::Prefecture | Level::County) {
                provinces.extend(place.code.get(..2));
                count += 1;
            }
        }
        let (Some(province), true) = (provinces.pop_first(), provinces.is_empty() && count > 1) else { return };
        for at in 0..self.out.len() {
            let Some(mention) = self.out.get(at).filter(|m| m.rule == "ambiguous") else { continue };
            let Some(name) = self.bearers_of(mention.span) else { continue };
            let place = self.only(&name.bearers, |p| p.code.starts_with(province) && p.is_home());
            if let (Some(place), Some(mention)) = (place, self.out.get_mut(at)) {
                *mention = PlaceMention { span: mention.span, place: Some(place), rule: "one_province", candidates: Vec::new() };
            }
        }
    }

    fn bearers_of(&self, span: Span) -> Option<&'g Name> {
        let ((name, _), bytes) = self.gazetteer.words.longest(self.slice(span.start, span.end))?;
        self.gazetteer.names.get(name as usize).filter(|_| bytes == span.end - span.start)
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

    #[test]
    fn a_long_text_of_ambiguous_names_is_read_in_linear_time() {
        let text = "在辽宁和北京，朝阳、".repeat(20_000);
        assert_eq!(read(&text, "2024-01-01").len(), 60_000);
    }
}
