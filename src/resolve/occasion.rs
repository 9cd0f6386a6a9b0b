//! Occasions: which dated meeting, visit, call or message a sentence tells of.
//!
//! A sentence that has a date is searched for words that head an occasion's
//! name (座谈会) or are its verb (会见); each gives a name by what stands before
//! or after it. The vocabulary is data; what counts as a name is here.

use chrono::NaiveDate;
use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use serde::Deserialize;

use super::actor::{Actor, person};
use super::date::{DateKind, DateMention};
use super::place::{Level, PlaceMention};
use super::vocabulary::Vocabulary;
use crate::diagnostic::Span;
use crate::parse::{DateRange, Precision, numeral};

/// The type of an occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccasionType {
    /// Full sessions of congresses and plenums.
    Plenary,
    /// Conferences, forums, expositions.
    Conference,
    /// 座谈会.
    Symposium,
    /// 集体学习.
    StudySession,
    /// Delegations' and groups' deliberations.
    Deliberation,
    /// 听取…汇报.
    Briefing,
    /// 考察, 调研.
    Inspection,
    /// 会见, 会谈.
    Meeting,
    /// 通电话, 视频会晤.
    Call,
    /// 访问.
    Visit,
    /// Letters, telegrams, instructions.
    Message,
    /// Openings, awards, celebrations.
    Ceremony,
    /// Press conferences.
    Press,
    /// Documents published.
    Publication,
    /// Anything else.
    Other,
}

impl OccasionType {
    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plenary => "plenary",
            Self::Conference => "conference",
            Self::Symposium => "symposium",
            Self::StudySession => "study_session",
            Self::Deliberation => "deliberation",
            Self::Briefing => "briefing",
            Self::Inspection => "inspection",
            Self::Meeting => "meeting",
            Self::Call => "call",
            Self::Visit => "visit",
            Self::Message => "message",
            Self::Ceremony => "ceremony",
            Self::Press => "press",
            Self::Publication => "publication",
            Self::Other => "other",
        }
    }
}

/// A mention of a dated occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Number of the sentence that introduces it.
    pub sentence: usize,
    /// Bytes of that sentence.
    pub span: Span,
    /// When it was; `None` where the text's date is vague or has no value.
    pub date: Option<DateRange>,
    /// Precision of the writing.
    pub precision: Precision,
    /// Canonical name.
    pub name: String,
    /// Type.
    pub kind: OccasionType,
    /// Id of its series.
    pub series: Option<String>,
    /// Term of office.
    pub term: Option<u32>,
    /// Number of the session.
    pub session: Option<u32>,
    /// Number of the place in the gazetteer, if the text says where it was held.
    pub place: Option<usize>,
    /// Division of the organ or delegation that it concerns.
    pub region: Option<String>,
    /// Persons, in the order of the text.
    pub actors: Vec<Actor>,
    /// The rule that read it.
    pub rule: &'static str,
}

/// The rules, with their meaning.
pub const OCCASION_RULES: [(&str, &str); 7] = [
    ("named", "a name that ends in a head word (在…座谈会上, 主持召开…会议, …会议3日在京举行)"),
    ("inspection", "a place and a verb of inspection (在黑龙江考察)"),
    ("briefing", "听取 … 汇报"),
    ("meeting", "会见, or 同 … 会谈"),
    ("call", "同 … 通电话, 视频会晤"),
    ("visit", "对 … 进行访问"),
    ("message", "向 … 致贺信, 就 … 作出重要指示"),
];

#[derive(Clone, Copy, Debug)]
struct Word {
    kind: OccasionType,
    /// A noun that heads a name, not a verb.
    head: bool,
    alone: bool,
}

/// The words that make an occasion.
pub(super) struct Words {
    words: Vec<Word>,
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
}

impl Words {
    pub(super) fn new<'w>(
        heads: impl Iterator<Item = (&'w str, OccasionType, bool)>,
        verbs: impl Iterator<Item = (&'w str, OccasionType)>,
    ) -> Result<Self, String> {
        let all: std::collections::BTreeMap<&str, Word> = heads
            .map(|(word, kind, alone)| (word, Word { kind, head: true, alone }))
            .chain(verbs.map(|(word, kind)| (word, Word { kind, head: false, alone: false })))
            .collect();
        let words = all.values().copied().collect();
        let patterns: Vec<(&str, u32)> = if all.is_empty() { vec![("\u{0}", 0)] } else { all.into_keys().zip(0..).collect() };
        let automaton =
            CharwiseDoubleArrayAhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build_with_values(patterns).map_err(|e| e.to_string())?;
        Ok(Self { words, automaton })
    }
}

/// A sentence with what was read in it.
#[derive(Clone, Copy)]
pub(super) struct Context<'t> {
    pub text: &'t str,
    pub dates: &'t [DateMention],
    pub places: &'t [PlaceMention],
    pub vocabulary: &'t Vocabulary,
}

/// A name found in a sentence.
struct Found {
    span: Span,
    name: String,
    kind: OccasionType,
    rule: &'static str,
    place: Option<usize>,
    others: Vec<Actor>,
}

/// Words after which a name begins.
const BEFORE_NAME: [&str; 19] =
    ["主持召开", "召开", "举行", "举办", "出席", "参加", "主持", "列席", "召集", "组织", "在", "了", "决定", "看望", "于", "进行", "来到", "启动", "设立"];

/// What follows a name that is only spoken of: …会议精神, …会议以来.
const ONLY_SPOKEN_OF: [&str; 12] = ["精神", "以来", "部署", "决策", "文件", "提出的", "确定的", "作出的", "议程", "筹备", "期间", "关于"];

/// Names that point back to one before.
const POINTING: [&str; 14] =
    ["会议", "大会", "论坛", "峰会", "全体会议", "年会", "本次会议", "这次会议", "此次会议", "有关会议", "相关会议", "系列会议", "该会议", "对话"];

/// The occasions that a sentence tells of. Events of sentences without a date
/// are none: an undated occasion in passing is no event.
pub(super) fn events(context: Context<'_>) -> Vec<Event> {
    if context.dates.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Found> = Vec::new();
    for hit in context.vocabulary.words.automaton.leftmost_find_iter(context.text) {
        let Some(word) = context.vocabulary.words.words.get(hit.value() as usize) else { continue };
        let span = Span::new(hit.start(), hit.end());
        let each = if word.head {
            context.named(span, *word)
        } else {
            match word.kind {
                OccasionType::Inspection => context.inspection(span),
                OccasionType::Briefing => context.briefing(span),
                OccasionType::Meeting => context.meeting(span),
                OccasionType::Call => context.call(span),
                OccasionType::Visit => context.visit(span),
                OccasionType::Message => context.message(span),
                _ => None,
            }
        };
        if let Some(each) = each {
            // A name inside a longer one is part of it.
            found.retain(|other| !each.span.contains(other.span));
            if !found.iter().any(|other| other.span.contains(each.span)) {
                found.push(each);
            }
        }
    }
    found.into_iter().filter_map(|found| context.event(found)).collect()
}

impl<'t> Context<'t> {
    fn slice(&self, from: usize, to: usize) -> &'t str {
        Span::new(from, to).of(self.text)
    }

    fn before(&self, at: usize) -> &'t str {
        self.slice(0, at)
    }

    fn after(&self, at: usize) -> &'t str {
        self.slice(at, self.text.len())
    }

    /// Beginning of the clause that holds `at`: after ，。；： or an opening mark.
    fn clause_start(&self, at: usize) -> usize {
        self.before(at)
            .rfind(['，', '。', '；', '：', '！', '？', '\n'])
            .map_or(0, |p| p + self.before(at).get(p..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8))
    }

    fn clause_end(&self, at: usize) -> usize {
        self.after(at).find(['，', '。', '；', '：', '！', '？']).map_or(self.text.len(), |p| at + p)
    }

    /// A name that ends in the head word at `head`.
    fn named(&self, head: Span, word: Word) -> Option<Found> {
        // 人民大会堂 holds 大会.
        if self.places.iter().any(|p| p.span.overlaps(head) && p.span.end > head.end) {
            return None;
        }
        let after = self.after(head.end);
        if ONLY_SPOKEN_OF.iter().any(|w| after.starts_with(w)) {
            return None;
        }
        let floor = self.name_floor(head);
        let raw = self.slice(floor, head.end);
        let start = floor + leading(raw);
        let raw = self.slice(start, head.end);
        // 参加…会议的委员: whom the occasion belongs to, not the occasion.
        if after.starts_with('的') && (self.before(start).ends_with("参加") || self.before(start).ends_with("出席")) {
            return None;
        }
        let mut name = self.canonical(raw);
        let governed = BEFORE_NAME.iter().any(|w| self.before(start).ends_with(w));
        let dated_after = self.dates.iter().any(|d| d.span.start == head.end);
        let followed = ["上", "时", "召开", "举行", "在", "开幕", "闭幕", "强调", "指出", "审议", "决定", "于"].iter().any(|w| after.starts_with(w));
        let dated_before =
            self.dates.iter().any(|d| d.span.end <= start && self.slice(d.span.end, start).chars().all(|c| "，上下午晚间早凌晨 （）".contains(c)));
        if !(governed || dated_after || followed || dated_before) {
            return None;
        }
        // 中央政治局31日下午就…进行第十一次集体学习: the organ is the subject.
        let own = name.strip_suffix(self.slice(head.start, head.end)).unwrap_or(&name);
        let only_number = own.starts_with('第') && own.ends_with(['次', '届']) && own.chars().count() <= 6;
        if only_number || own.is_empty() {
            match self.organ_before(start) {
                Some(organ) => name = self.canonical(&format!("{organ}{name}")),
                None if only_number || word.alone => return None,
                None => {}
            }
        }
        let only_head = POINTING.contains(&name.as_str());
        // A verb inside shows that the words before the head are no name.
        let clause = ["祝贺", "表示", "讨论", "会见", "强调", "指出"].iter().any(|w| name.contains(w));
        if only_head || clause || name.chars().count() > 60 || name.starts_with(['本', '这', '该', '此']) {
            return None;
        }
        Some(Found { span: Span::new(start, head.end), name, kind: word.kind, rule: "named", place: None, others: Vec::new() })
    }

    /// Where the name that ends at `head` can begin at the earliest.
    fn name_floor(&self, head: Span) -> usize {
        let clause = self.clause_start(head.start);
        let before = self.before(head.start);
        let word = BEFORE_NAME.iter().filter_map(|w| before.rfind(w).map(|p| p + w.len())).max().unwrap_or(0);
        // A year right after 召开 is of the name: 召开2024年上半年形势分析座谈会.
        let in_name = |d: &DateMention| BEFORE_NAME.iter().any(|w| *w != "于" && self.before(d.span.start).ends_with(w));
        let dates = self.dates.iter().filter(|d| d.span.end <= head.start && !in_name(d));
        let date = dates.map(|d| d.span.end).max().unwrap_or(0);
        // A venue or city right after 在 is where it was, not its name.
        let mut floor = clause.max(word).max(date);
        if self.before(floor).ends_with('在')
            && let Some(place) = self.places.iter().find(|p| p.span.start == floor && p.span.end < head.start)
            && self.slice(place.span.end, head.start).starts_with(['召', '举', '出', '主'])
        {
            floor = place.span.end;
        }
        floor
    }

    /// The organ that holds what only a head word names: what stands before the
    /// date (中央政治局31日…进行第十一次集体学习), or after it (7月25日，中央政治局
    /// 常委会召开会议), or the session named before in the sentence
    /// (参加全国政协十四届二次会议的…委员，并参加联组会).
    fn organ_before(&self, at: usize) -> Option<String> {
        let date = self.dates.iter().rfind(|d| d.span.end <= at)?;
        let between = self.slice(date.span.end, at);
        let is_organ = |text: &str| {
            let count = text.chars().count();
            (3..=24).contains(&count) && person(text, self.vocabulary).is_none() && !text.contains(['、', '，', '。', '：', '（']) && text != "当地时间"
        };
        // 省新闻办今天（3月4日）举行: the date begins with the word before its gloss.
        let glossed = self.dates.iter().find(|d| self.slice(d.span.end, date.span.start) == "（");
        let start = glossed.map_or(date.span.start, |d| d.span.start);
        let subject = after_bracket(self.slice(self.clause_start(start), start)).trim_end_matches(['于', '将', '在']).trim_end_matches("当地时间");
        if is_organ(subject) {
            return Some(subject.to_owned());
        }
        let holder =
            between.trim_start_matches(['，', '上', '下', '午', '晚']).trim_end_matches("召开").trim_end_matches("举行").trim_end_matches(['在', '京']);
        if is_organ(holder) && between.ends_with(['开', '行']) {
            return Some(holder.to_owned());
        }
        let end = between.rfind("次会议").map(|p| p + "次会议".len())?;
        let start = ["全国政协", "全国人大"].iter().filter_map(|o| between.find(o)).min()?;
        between.get(start..end).map(str::to_owned)
    }

    fn inspection(&self, verb: Span) -> Option<Found> {
        let clause = self.clause_start(verb.start);
        let before = self.slice(clause, verb.start);
        let start = ["在", "到", "赴"].iter().filter_map(|w| before.rfind(w).map(|p| clause + p + w.len())).max()?;
        let between: Vec<&PlaceMention> = self.places.iter().filter(|p| p.span.start >= start && p.span.end <= verb.start).collect();
        let place = Some(between.iter().find_map(|p| p.place)?);
        // Only places, and what joins them, make the name: else the first place does.
        let (first, last) = (between.first()?.span, between.last()?.span);
        let joined = self.slice(first.start, last.end);
        let only_places = between.windows(2).all(|pair| matches!(pair, [a, b] if matches!(self.slice(a.span.end, b.span.start), "" | "、" | "和" | "及")));
        let name = if only_places { joined } else { first.of(self.text) };
        let end = verb.end;
        Some(Found {
            span: Span::new(start, end),
            name: format!("{name}{}", self.slice(verb.start, end)),
            kind: OccasionType::Inspection,
            rule: "inspection",
            place,
            others: Vec::new(),
        })
    }

    fn briefing(&self, verb: Span) -> Option<Found> {
        let rest = self.slice(verb.end, self.clause_end(verb.end));
        let body = rest.strip_prefix('了').unwrap_or(rest);
        let end = body.find("汇报")?;
        let what = body.get(..end)?;
        if what.chars().count() < 4 {
            return None;
        }
        let stop = verb.end + (rest.len() - body.len()) + end + "汇报".len();
        Some(Found {
            span: Span::new(verb.start, stop),
            name: format!("听取{what}汇报"),
            kind: OccasionType::Briefing,
            rule: "briefing",
            place: None,
            others: Vec::new(),
        })
    }

    fn meeting(&self, verb: Span) -> Option<Found> {
        let is_talks = !self.slice(verb.start, verb.end).ends_with("会见");
        let (start, partner) = if is_talks { self.partner_before(verb.start)? } else { (verb.start, self.partner_after(verb.end)?) };
        if is_talks && self.slice(self.clause_start(verb.start), verb.start).contains("视频方式") {
            return Some(self.video(start, verb.end, partner));
        }
        let partner = without_journey(partner);
        let others: Vec<Actor> = person(partner, self.vocabulary).into_iter().collect();
        let name = without_courtesy(partner, self.vocabulary);
        (name.chars().count() >= 2).then(|| Found {
            span: Span::new(start, verb.end.max(start)),
            name: format!("会见{name}"),
            kind: OccasionType::Meeting,
            rule: "meeting",
            place: None,
            others,
        })
    }

    /// 以视频方式同X举行会谈.
    fn video(&self, start: usize, end: usize, partner: &str) -> Found {
        let partner = without_courtesy(without_journey(partner), self.vocabulary);
        let others = person(partner, self.vocabulary).into_iter().collect();
        let name = format!("同{partner}视频会谈");
        Found { span: Span::new(start, end), name, kind: OccasionType::Call, rule: "call", place: None, others }
    }

    fn call(&self, verb: Span) -> Option<Found> {
        let word = match self.slice(verb.start, verb.end) {
            "通话" => "通电话",
            other => other,
        };
        let (start, partner) = self.partner_before(verb.start)?;
        let partner = without_courtesy(without_journey(partner), self.vocabulary);
        let others = person(partner, self.vocabulary).into_iter().collect();
        Some(Found { span: Span::new(start, verb.end), name: format!("同{partner}{word}"), kind: OccasionType::Call, rule: "call", place: None, others })
    }

    fn visit(&self, verb: Span) -> Option<Found> {
        let clause = self.clause_start(verb.start);
        let before = self.slice(clause, verb.start);
        let at = before.rfind('对')?;
        let target = before.get(at + '对'.len_utf8()..)?;
        let (country, manner) = target.split_once("进行").unwrap_or((target, ""));
        if country.chars().count() > 20 || country.is_empty() {
            return None;
        }
        let from = clause + at;
        let place = self.places.iter().find(|p| p.span.start >= from && p.span.end <= verb.start)?.place;
        if self.after(verb.end).starts_with(['之', '期', '回']) || before.contains("应邀对我国") {
            return None;
        }
        Some(Found {
            span: Span::new(from, verb.end),
            name: format!("对{country}{manner}访问"),
            kind: OccasionType::Visit,
            rule: "visit",
            place,
            others: Vec::new(),
        })
    }

    fn message(&self, verb: Span) -> Option<Found> {
        let word = self.slice(verb.start, verb.end);
        let clause = self.clause_start(verb.start);
        let before = self.slice(clause, verb.start);
        let to = |mark: &str| before.rfind(mark).and_then(|p| before.get(p + mark.len()..)).map(|t| t.trim_end_matches(['致', '发', '来', '互']));
        let (start, name) = match word {
            "重要指示" | "重要批示" => {
                let verb_at = before.rfind("作出")?;
                let about = before.get(..verb_at)?;
                let rest = ["就", "对", "在"].iter().filter_map(|mark| about.rfind(mark).map(|at| at + mark.len())).max()?;
                let subject = about.get(rest..)?.trim_end_matches("之际").trim_end_matches("工作作出");
                (clause + rest, format!("就{}作出{word}", bare(subject)))
            }
            "致信" | "致电" => {
                let target = self.slice(verb.end, self.clause_end(verb.end));
                let target = target.trim_start_matches("祝贺");
                let target = target.split(['当', '就', '表']).next().unwrap_or(target);
                let kind = if word == "致信" { "信" } else { "贺电" };
                let name = person(target, self.vocabulary).map_or_else(|| bare(target), |a| a.name);
                (verb.start, format!("致{name}{kind}"))
            }
            _ => {
                let target = to("向").or_else(|| to("致")).or_else(|| to("同"))?;
                let name = person(target, self.vocabulary).map_or_else(|| bare(target), |a| a.name);
                let mutual = before.ends_with("互致");
                (clause, if mutual { format!("同{name}互致{word}") } else { format!("致{name}{word}") })
            }
        };
        (name.chars().count() >= 4).then(|| Found {
            span: Span::new(start, verb.end),
            name,
            kind: OccasionType::Message,
            rule: "message",
            place: None,
            others: Vec::new(),
        })
    }

    /// 同X举行会谈: X.
    fn partner_before(&self, verb: usize) -> Option<(usize, &'t str)> {
        let clause = self.clause_start(verb);
        let before = self.slice(clause, verb);
        let (at, mark) = ["同", "与", "和"].iter().find_map(|m| before.rfind(m).map(|p| (p, *m)))?;
        let partner = before.get(at + mark.len()..)?.trim_end_matches("分别");
        let partner = ["以视频方式", "举行", "进行", "非正式", "正式"].iter().fold(partner, |p, w| p.split(w).next().unwrap_or(p));
        (partner.chars().count() >= 2).then_some((clause + at, partner))
    }

    /// 会见X: X.
    fn partner_after(&self, verb: usize) -> Option<&'t str> {
        let rest = self.slice(verb, self.clause_end(verb));
        let rest = rest.strip_prefix('了').unwrap_or(rest);
        let modifier = rest.rfind('的').unwrap_or(0);
        let end = rest.get(modifier..)?.find('并').map_or(rest.len(), |at| modifier + at);
        Some(rest.get(..end)?.trim_end_matches('时')).filter(|p| p.chars().count() >= 2)
    }

    /// The canonical form of a name: without marks, organs in their short form.
    fn canonical(&self, raw: &str) -> String {
        let mut name = bare(raw).trim_start_matches("隆重的").trim_start_matches("盛大的").to_owned();
        for short in &self.vocabulary.shorts {
            name = name.replace(&short.from, &short.to);
        }
        // 第十四届全国人大第二次会议 → 十四届全国人大二次会议
        if let Some(rest) = name.strip_prefix('第')
            && numeral(rest).is_some_and(|n| rest.get(n.bytes..).is_some_and(|r| r.starts_with("届全国")))
        {
            name = rest.replace("人大第", "人大").replace("政协第", "政协");
        }
        // 中国共产党第八届中央委员会第六次全体会议 → 八届六中全会
        if let Some((head, rest)) = name.split_once("届中央委员会第")
            && let Some(session) = rest.strip_suffix("次全体会议")
            && let Some((_, term)) = head.rsplit_once('第')
        {
            name = format!("{term}届{session}中全会");
        }
        name
    }

    fn event(&self, found: Found) -> Option<Event> {
        let date = self.date_of(found.span)?;
        let precision = match (date.kind, date.range) {
            (DateKind::Vague, _) | (_, None) => Precision::Vague,
            (_, Some(range)) => range.precision,
        };
        let range = date.range;
        let day = range.map(|r| r.start);
        let (series, term, session) = self.series(&found.name, day);
        let kind = series.map_or(found.kind, |s| s.kind);
        let place = found.place.or_else(|| self.place_of(found.span, date));
        let mut actors = self.subject(date, found.span);
        actors.extend(found.others);
        let region = matches!(kind, OccasionType::Briefing | OccasionType::Deliberation)
            .then(|| self.places.iter().filter(|p| found.span.contains(p.span)).find_map(|p| self.vocabulary.gazetteer.place(p.place?)))
            .flatten()
            .filter(|p| p.country() == "CN" && p.level != Level::Country)
            .map(|p| p.code.clone());
        Some(Event {
            sentence: 0,
            span: Span::new(0, self.text.len()),
            date: range,
            precision,
            name: found.name,
            kind,
            series: series.map(|s| s.id.clone()),
            term,
            session,
            place: place.filter(|_| region.is_none() || kind == OccasionType::Briefing),
            region,
            actors,
            rule: found.rule,
        })
    }

    /// The date that governs a name: right after it, else the nearest before it.
    fn date_of(&self, name: Span) -> Option<&'t DateMention> {
        let usable = |d: &&DateMention| !name.contains(d.span) && !self.only_background(d);
        self.dates
            .iter()
            .find(|d| usable(d) && d.span.start >= name.end && self.slice(name.end, d.span.start).chars().count() <= 1)
            .or_else(|| self.dates.iter().rfind(|d| usable(d) && d.span.end <= name.start))
    }

    /// 自2024年1月1日起, 2023年以来, 截至3月底: dates of figures, not of occasions;
    /// and 今年, 去年 alone are too wide to date one.
    fn only_background(&self, date: &DateMention) -> bool {
        if date.rule == "year_word" {
            return true;
        }
        let after = self.after(date.span.end);
        let before = self.before(date.span.start);
        ["起", "以来", "年底前", "前", "底"].iter().any(|w| after.starts_with(w)) || ["自", "截至", "截止"].iter().any(|w| before.ends_with(w))
    }

    /// Where the text says that it was: 在 and a place between the date and the
    /// end of the clause of the name, outside the name.
    fn place_of(&self, name: Span, date: &DateMention) -> Option<usize> {
        let from = self.clause_start(date.span.start.min(name.start));
        let to = self.clause_end(name.end.max(date.span.end));
        let inside = |p: &&PlaceMention| p.span.start >= from && p.span.end <= to && !name.contains(p.span);
        let located = self.places.iter().filter(inside).find(|p| ["在", "抵达", "来到", "于"].iter().any(|w| self.before(p.span.start).ends_with(w)));
        if let Some(first) = located {
            // 黑龙江省哈尔滨市: the place farthest down the chain.
            let mut last = first;
            for next in self.places.iter().filter(inside) {
                let beside = next.span.start == last.span.end;
                if beside {
                    last = next;
                }
            }
            let level = |p: &PlaceMention| p.place.and_then(|i| self.vocabulary.gazetteer.place(i)).map(|p| p.level);
            return if level(last) == Some(Level::Venue) && last.place.is_some() { last.place } else { last.place.or(first.place) };
        }
        // 在京召开 is Beijing.
        let capital = self.slice(from, to).contains("在京");
        capital.then(|| self.vocabulary.gazetteer.capital()).flatten()
    }

    /// The persons that the sentence makes the subject of the occasion.
    fn subject(&self, date: &DateMention, name: Span) -> Vec<Actor> {
        const VERBS: [&str; 32] = [
            "在", "主持", "会见", "同", "与", "出席", "参加", "向", "就", "对", "将", "应邀", "先后", "分别", "作出", "致", "听取", "来到", "抵达", "以",
            "圆满", "结束", "到", "赴", "乘", "考察", "调研", "举行", "召开", "近日", "专门", "和",
        ];
        let before = after_bracket(self.slice(self.clause_start(date.span.start), date.span.start));
        let before = before.trim_end_matches(['于', '将', '在']);
        if let Some(actor) = person(before, self.vocabulary) {
            return vec![actor];
        }
        let after = self.after(date.span.end);
        let after = ["上午", "下午", "晚上", "晚间", "晚", "凌晨", "全天", "）", "，"].iter().fold(after, |t, w| t.strip_prefix(w).unwrap_or(t));
        let after = ["上午", "下午", "晚", "，"].iter().fold(after, |t, w| t.strip_prefix(w).unwrap_or(t));
        let from = self.text.len() - after.len();
        let end = VERBS.iter().filter_map(|v| after.find(v)).filter(|p| *p > 0).min().map_or(from, |p| from + p);
        if end > name.end.max(from) {
            return Vec::new();
        }
        // The first of several persons that stand together: 甲、乙.
        person(self.slice(from, end), self.vocabulary).into_iter().collect()
    }

    fn series(&self, name: &str, day: Option<NaiveDate>) -> (Option<&'t super::vocabulary::Series>, Option<u32>, Option<u32>) {
        let fits = |s: &&super::vocabulary::Series| {
            name.find(&s.organ)
                .is_some_and(|at| name.get(at + s.organ.len()..).is_some_and(|rest| rest.contains(&s.head) && name.ends_with(s.head.trim_start_matches('次'))))
        };
        let Some(series) = self.vocabulary.series.iter().find(fits) else { return (None, None, None) };
        let number_before = |unit: &str| {
            let head = name.get(..name.find(unit)?)?;
            let from = head.char_indices().rev().take_while(|(_, c)| crate::parse::is_numeral(*c)).last()?.0;
            numeral(head.get(from..)?).map(|n| n.value)
        };
        let term = number_before("届").or_else(|| self.vocabulary.term(series.term.as_deref()?, day?));
        let session = if series.head == "中全会" { number_before("中全会") } else { number_before("次") };
        (Some(series), term, session)
    }
}

/// Bytes of a raw name that do not belong to it: 了, time of day, an opening
/// mark without its partner.
fn leading(raw: &str) -> usize {
    let mut rest = raw;
    loop {
        let next =
            ["上午", "下午", "晚上", "晚间", "晚", "全天", "，", "了", "）", "、", " ", "并", "的", "当地时间"].iter().find_map(|w| rest.strip_prefix(w));
        match next {
            Some(next) => rest = next,
            None => return raw.len() - rest.len(),
        }
    }
}

/// Without quotation and title marks.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '“' | '”' | '《' | '》' | '‘' | '’' | '「' | '」')).collect::<String>().trim().to_owned()
}

/// 央视网消息（新闻联播）：X → X, and what follows any closing bracket or colon.
fn after_bracket(text: &str) -> &str {
    let text = text.rsplit_once('：').map_or(text, |(_, rest)| rest);
    text.rsplit_once('）').map_or(text, |(_, rest)| rest)
}

/// 来华出席…的外国总统 → 外国总统
fn without_journey(partner: &str) -> &str {
    let journey = ["来华", "来访", "访华", "应邀", "出席", "前来", "正在", "到访", "随访"].iter().any(|w| partner.starts_with(w));
    if journey { partner.rsplit_once('的').map_or(partner, |(_, rest)| rest) } else { partner }
}

fn without_courtesy<'p>(partner: &'p str, vocabulary: &Vocabulary) -> &'p str {
    let mut partner = partner;
    for courtesy in &vocabulary.courtesies {
        partner = partner.strip_suffix(courtesy.as_str()).unwrap_or(partner);
    }
    partner
}
