//! A clause: its subject, its date, its place; and what a sentence hands on
//! from one clause to the next.

use std::cell::OnceCell;

use chrono::NaiveDate;

use super::{Event, Kind, OccasionType, Role, Sentence, Token, add_actor};
use crate::diagnostic::Span;
use crate::parse::DateRange;
use crate::resolve::actor::{Actor, people};
use crate::resolve::date::{Bound, DateKind, DateMention};
use crate::resolve::place::Level;
use crate::resolve::short::{parted_last, without_first, without_last};
use crate::resolve::vocabulary::Vocabulary;

/// How many tokens around a head or verb are looked at.
pub(super) const WINDOW: usize = 48;

/// The rule of names that end in a head.
pub(super) const WHOLE_NAME: &str = "named";

/// When an occasion was, as far as the text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct When {
    /// `None`: the text has a date, but a vague one.
    pub range: Option<DateRange>,
}

/// An occasion found in a sentence.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub span: Span,
    pub name: String,
    pub kind: OccasionType,
    pub rule: &'static str,
    pub when: Option<When>,
    pub place: Option<usize>,
    pub actors: Vec<Actor>,
}

impl Found {
    /// 在会见甲时，乙表示: only the guest is known yet.
    fn lacks_host(&self) -> bool {
        matches!(self.kind, OccasionType::Meeting | OccasionType::Call) && self.actors.iter().all(|a| self.name.contains(a.name.as_str()))
    }

    /// Whether this one is read instead of `other`.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        let arrival = self.rule == "visit" && other.rule == "arrival" && self.when == other.when;
        arrival || (self.span.contains(other.span) && (self.span != other.span || self.name == other.name))
    }
}

/// Who or what a clause is about.
#[derive(Debug, Default)]
struct About {
    /// Persons who are its subject.
    subject: Vec<Actor>,
    /// Under whom it happens: 在甲主持下.
    host: Vec<Actor>,
    /// An organ that is its subject.
    organ: Option<String>,
}

/// What holds from clause to clause in a sentence.
pub(super) struct State<'t> {
    /// First byte after a preamble (央视网消息：).
    pub body: usize,
    /// The date at the head of the paragraph.
    pub head: Option<When>,
    /// The last date of the sentence.
    pub when: Option<When>,
    pub place: Option<usize>,
    /// Places gone to, by name: 来到安庆、合肥等地.
    pub went: Option<(String, Option<usize>)>,
    /// The clauses before, whose subjects hold for those without one.
    before: Vec<Clause<'t>>,
    /// A session that was named in passing, of which a group meets.
    pub session: Option<String>,
    /// What follows is what somebody said: it needs dates of its own.
    pub reported: bool,
    /// Somebody has arrived; what he then attends is another day's.
    pub arrived: bool,
    /// He whom a welcome is for: his visit is no event of its own.
    pub welcome: bool,
}

impl<'t> State<'t> {
    pub(super) const fn new(head: Option<When>, body: usize) -> Self {
        Self { body, head, when: None, place: None, went: None, before: Vec::new(), session: None, reported: false, arrived: false, welcome: false }
    }

    /// Who or what the clauses before are about: the last one that tells it.
    fn about(&self) -> Option<&About> {
        self.before.iter().rev().map(Clause::about).find(|about| !about.subject.is_empty() || about.organ.is_some())
    }

    /// The persons who are the subject of the clauses before.
    pub(super) fn subject(&self) -> &[Actor] {
        self.about().map_or(&[], |about| &about.subject)
    }

    /// The organ that is the subject of the clauses before.
    pub(super) fn organ(&self) -> Option<&str> {
        self.about().filter(|about| about.subject.is_empty()).and_then(|about| about.organ.as_deref())
    }

    /// Under whom the next clause's meeting is held: 在甲主持下，….
    pub(super) fn host(&self) -> &[Actor] {
        self.before.last().map_or(&[], Clause::host)
    }

    /// Takes over what `clause` adds.
    pub(super) fn go_on(&mut self, clause: Clause<'t>, out: &[Found]) {
        if let Some(when) = clause.last_when() {
            self.when = Some(when);
        }
        if let Some(place) = clause.located {
            self.place = Some(place);
        } else if self.place.is_none() {
            self.place = out.last().filter(|f| f.kind.is_attended()).and_then(|f| f.place);
        }
        if let Some(went) = clause.went() {
            self.went = Some(went);
        }
        if let Some(session) = clause.passing_session() {
            self.session = Some(session);
        }
        self.arrived |= clause.arrives();
        if clause.says {
            *self = Self { session: self.session.take(), ..Self::new(None, self.body) };
            self.reported = true;
        } else {
            self.before.push(clause);
        }
    }
}

/// The token after the clause that begins with token `from`.
pub(super) fn end(tokens: &[Token], from: usize) -> usize {
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.kind {
            Kind::Mark('，' | '。' | '；' | '：' | '！' | '？' | '\n') | Kind::Role(Role::Say) => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// What may stand before a date at the head of a sentence.
pub(super) fn is_lead(lead: &str) -> bool {
    let rest = without_first(lead, "当地时间").trim_start_matches(['在', '于']);
    rest.is_empty() || rest.starts_with('（') && rest.ends_with('）') || rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '、' | ' '))
}

/// The value of a date, if it can be one of an occasion.
pub(super) fn when(date: &DateMention, text: &str) -> Option<When> {
    let after = text.get(date.span.end..).unwrap_or_default();
    let before = text.get(..date.span.start).unwrap_or_default();
    // 今年 alone is too wide to date an occasion; 去年年底 is vague.
    if date.rule == "year_word" || after.starts_with('度') {
        return ["年底", "年末", "年初", "底", "末", "初"].iter().any(|w| after.starts_with(w)).then_some(When { range: None });
    }
    // 自1日起, 2023年以来, 截至3月底: dates of figures and states.
    let background = ["起", "以来", "年底前", "前，", "前完成", "底，", "止", "为止", "以前", "之前"].iter().any(|w| after.starts_with(w))
        || ["自", "截至", "截止", "从", "到", "距", "比"].iter().any(|w| before.ends_with(w));
    // 从10日到15日 is a span; 从3月起 is not.
    let background = background || !matches!(date.bound, Bound::Closed | Bound::About);
    if background && !(before.ends_with('从') && matches!(date.kind, DateKind::Range)) {
        return None;
    }
    let range = date.range.filter(|_| date.kind != DateKind::Vague);
    Some(When { range })
}

/// Kinds of tokens, a bit for each; places, dates, heads and verbs of all sorts
/// are one kind each.
#[derive(Clone, Copy)]
struct Kinds(u64);

impl Kinds {
    fn of(tokens: &[Token]) -> Self {
        Self(tokens.iter().fold(0, |all, token| all | Self::bit(token.kind)))
    }

    const fn bit(kind: Kind) -> u64 {
        match kind {
            Kind::Role(role) => 1 << role as u8,
            Kind::Date(_) => 1 << 63,
            Kind::Place(_) => 1 << 62,
            Kind::Head { .. } => 1 << 61,
            Kind::Verb(_) => 1 << 60,
            Kind::Title | Kind::Work | Kind::Speech | Kind::Mark(_) => 0,
        }
    }

    const fn hold(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }
}

/// A clause of a sentence.
pub(super) struct Clause<'t> {
    pub sentence: Sentence<'t>,
    pub tokens: &'t [Token],
    /// First token.
    pub from: usize,
    /// One past the last, the closing mark or verb of saying included.
    pub to: usize,
    pub vocabulary: &'t Vocabulary,
    pub day: Option<NaiveDate>,
    /// Bytes, without the closing mark.
    pub span: Span,
    /// Found when it is first asked for: most clauses tell of no occasion.
    about: OnceCell<About>,
    /// What its tokens are: most questions about a clause ask for one it has none of.
    kinds: Kinds,
    /// A place that the clause says things are in.
    pub located: Option<usize>,
    /// It ends in a verb of saying.
    pub says: bool,
}

impl<'t> Clause<'t> {
    pub(super) fn new(
        sentence: Sentence<'t>,
        tokens: &'t [Token],
        from: usize,
        to: usize,
        vocabulary: &'t Vocabulary,
        day: Option<NaiveDate>,
        state: &State<'_>,
    ) -> Self {
        let start = if from == 0 { 0 } else { tokens.get(from - 1).map_or(0, |t| t.span.end) }.max(state.body);
        let last = to.checked_sub(1).and_then(|at| tokens.get(at));
        let speaks = last.is_some_and(|t| t.kind == Kind::Role(Role::Say));
        // 应总理要求: a reason, not speech.
        let says = speaks && !Span::new(start, sentence.text.len()).of(sentence.text).starts_with('应');
        let closing = last.filter(|t| speaks || matches!(t.kind, Kind::Mark('，' | '。' | '；' | '：' | '！' | '？' | '\n')));
        let end = closing.map_or(sentence.text.len(), |t| t.span.start);
        let to = if closing.is_some() { to - 1 } else { to };
        let mut clause = Self {
            sentence,
            tokens,
            from,
            to,
            kinds: Kinds::of(tokens.get(from..to).unwrap_or_default()),
            vocabulary,
            day,
            span: Span::new(start, end.max(start)),
            about: OnceCell::new(),
            located: None,
            says,
        };
        clause.located = clause.locative(clause.from, clause.to);
        clause
    }

    fn about(&self) -> &About {
        self.about.get_or_init(|| self.find_subject())
    }

    /// Persons who are its subject.
    pub(super) fn subject(&self) -> &[Actor] {
        &self.about().subject
    }

    /// Under whom it happens: 在甲主持下.
    pub(super) fn host(&self) -> &[Actor] {
        &self.about().host
    }

    /// An organ that is its subject.
    pub(super) fn organ(&self) -> Option<&str> {
        self.about().organ.as_deref()
    }

    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        (at >= self.from && at < self.to).then(|| self.tokens.get(at).map(|t| t.kind)).flatten()
    }

    pub(super) fn is(&self, at: usize, role: Role) -> bool {
        self.kind(at) == Some(Kind::Role(role))
    }

    pub(super) fn span_of(&self, at: usize) -> Span {
        self.tokens.get(at).map_or(Span::new(self.span.end, self.span.end), |t| t.span)
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> &'t str {
        Span::new(from, to).of(self.sentence.text)
    }

    pub(super) fn rest(&self, from: usize) -> &'t str {
        self.slice(from, self.sentence.text.len())
    }

    pub(super) fn has(&self, role: Role) -> bool {
        self.kinds.hold(Kind::Role(role)) && self.tokens.iter().take(self.to).skip(self.from).take(WINDOW).any(|t| t.kind == Kind::Role(role))
    }

    /// Tokens of the clause before `at`, nearest first, in the window.
    pub(super) fn back(&self, at: usize) -> impl Iterator<Item = usize> + use<> {
        (self.from.max(at.saturating_sub(WINDOW))..at).rev()
    }

    /// Tokens of the clause after `at`, nearest first, in the window.
    pub(super) fn ahead(&self, at: usize) -> impl Iterator<Item = usize> + use<> {
        at + 1..self.to.min(at + 1 + WINDOW)
    }

    pub(super) fn date(&self, at: usize) -> Option<&'t DateMention> {
        match self.kind(at)? {
            Kind::Date(number) => self.sentence.dates.get(number).copied(),
            _ => None,
        }
    }

    pub(super) fn when_at(&self, at: usize) -> Option<When> {
        when(self.date(at)?, self.sentence.text)
    }

    pub(super) fn place_at(&self, at: usize) -> Option<usize> {
        match self.kind(at)? {
            Kind::Place(number) => self.sentence.places.get(number)?.place,
            _ => None,
        }
    }

    /// The last date of the clause; of 全国两会期间 the day is not told.
    pub(super) fn last_when(&self) -> Option<When> {
        self.dated_back(self.to).or_else(|| self.has(Role::Congress).then_some(When { range: None }))
    }

    /// The nearest date before `at`.
    fn dated_back(&self, at: usize) -> Option<When> {
        if self.kinds.hold(Kind::Date(0)) { self.back(at).find_map(|at| self.when_at(at)) } else { None }
    }

    /// Somebody gets to a place.
    fn arrives(&self) -> bool {
        if !self.kinds.hold(Kind::Verb(OccasionType::Visit)) {
            return false;
        }
        let arrival =
            |at: usize| matches!(self.kind(at), Some(Kind::Verb(OccasionType::Visit))) && self.span_of(at).of(self.sentence.text).contains(['抵', '到']);
        self.back(self.to).any(arrival)
    }

    /// The date that governs a verb or name at token `at`: in the clause, the
    /// nearest before it, else before in the sentence, else at the head of the
    /// paragraph; what was said has only dates of its own.
    pub(super) fn when(&self, at: usize, state: &State<'_>) -> Option<When> {
        let own = self.dated_back(at);
        own.or_else(|| {
            self.back(at).filter(|_| self.kinds.hold(Kind::Role(Role::Congress))).find(|at| self.is(*at, Role::Congress)).map(|_| When { range: None })
        })
        .or(state.when)
        .or(state.head.filter(|_| !state.reported))
    }

    /// The subject: what stands before the first verb, date or preposition, or
    /// after a date at the clause's head.
    fn find_subject(&self) -> About {
        let mut about = About::default();
        let mut at = self.from;
        let mut start = self.span.start;
        while at < self.to.min(self.from + WINDOW) {
            let span = self.span_of(at);
            let stops = match self.kind(at) {
                Some(Kind::Date(_) | Kind::Verb(_) | Kind::Work | Kind::Speech) => true,
                Some(Kind::Role(role)) => !matches!(role, Role::And | Role::Of | Role::Led | Role::Deed | Role::Spoken | Role::Pronoun),
                _ => false,
            };
            // 研究 can be of an organ's name; after a person it is what he does.
            if self.is(at, Role::Deed) {
                let text = self.slice(start, span.start);
                let persons = people(trim_deed(text), self.vocabulary, self.day);
                if !persons.is_empty() {
                    about.subject = persons;
                    return about;
                }
            }
            // 以军: a country before a title is no preposition.
            let country = start == span.start && self.slice(span.start, span.end) == "以";
            if stops && !country {
                let text = self.slice(start, span.start);
                // 应甲邀请: who invites is not who goes.
                if text.starts_with('应') && self.slice(span.start, span.end) == "邀请" {
                    return about;
                }
                if self.take_subject(text, &mut about) {
                    return about;
                }
                // 在甲陪同下，乙…: whom he is with is no subject.
                if matches!(self.kind(at), Some(Kind::Role(Role::At | Role::By)))
                    && let Some(over) = self.ahead(at).find(|i| self.is(*i, Role::Company) || self.is(*i, Role::Under))
                {
                    if self.is(over, Role::Under) {
                        about.host = people(without_last(self.slice(span.end, self.span_of(over).start), "主持"), self.vocabulary, self.day);
                    }
                    at = over;
                } else if !matches!(self.kind(at), Some(Kind::Date(_) | Kind::Role(Role::Manner | Role::Also | Role::Congress))) {
                    return about;
                }
                start = self.span_of(at).end;
            }
            at += 1;
        }
        let text = self.slice(start, self.span.end);
        self.take_subject(text, &mut about);
        about
    }

    fn take_subject(&self, text: &str, about: &mut About) -> bool {
        let text = text.trim_matches(['，', '、', ' ', '”', '“']);
        if text.chars().count() < 2 {
            return false;
        }
        let text = parted_last(text, "邀请").map_or(text, |(_, rest)| rest);
        let persons = people(trim_deed(text), self.vocabulary, self.day);
        if persons.is_empty() {
            about.organ = Some(text.to_owned());
        } else {
            about.subject = persons;
        }
        true
    }

    /// A place right after 在, or 在京; of a chain (黑龙江省哈尔滨市) the last.
    pub(super) fn locative(&self, from: usize, to: usize) -> Option<usize> {
        let leads = [Kind::Role(Role::Capital), Kind::Role(Role::At), Kind::Role(Role::Go), Kind::Verb(OccasionType::Visit)];
        if !leads.into_iter().any(|lead| self.kinds.hold(lead)) {
            return None;
        }
        for at in from..to.min(from + 2 * WINDOW) {
            match self.kind(at) {
                Some(Kind::Role(Role::Capital)) => return self.vocabulary.gazetteer.capital(),
                Some(Kind::Role(Role::At | Role::Go) | Kind::Verb(OccasionType::Visit)) => {
                    if matches!(self.kind(at), Some(Kind::Verb(_))) && !self.slice(self.span_of(at).start, self.span_of(at).end).contains('抵') {
                        continue;
                    }
                    if let Some((place, _)) = self.chain(at + 1) {
                        return Some(place);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The place that begins with token `at`, next to the token before it, and
    /// the token after it.
    pub(super) fn chain(&self, at: usize) -> Option<(usize, usize)> {
        let mut place = self.place_at(at)?;
        let before = self.span_of(at.checked_sub(1)?).end;
        let between = self.slice(before, self.span_of(at).start);
        if !matches!(between, "" | "首都" | "位于" | "当地" | "省会" | "古城" | "了") {
            return None;
        }
        let mut next = at + 1;
        loop {
            let gap = self.slice(self.span_of(next - 1).end, self.span_of(next).start);
            if gap.is_empty() || matches!(gap, "首都" | "省" | "市") {
                let Some(inner) = self.place_at(next) else { break };
                // 中国北京: a country gives way to what lies in it.
                place = inner;
                next += 1;
            } else {
                break;
            }
        }
        Some((place, next))
    }

    /// Places that the clause goes to: 先后来到安庆、合肥等地.
    pub(super) fn went(&self) -> Option<(String, Option<usize>)> {
        if !self.kinds.hold(Kind::Role(Role::Go)) {
            return None;
        }
        let go = (self.from..self.to.min(self.from + WINDOW)).find(|at| self.is(*at, Role::Go) && self.place_at(*at + 1).is_some())?;
        let (name, place) = self.places_from(go + 1)?;
        Some((name, Some(place)))
    }

    /// A list of places that begins with token `at`: its text and first place.
    pub(super) fn places_from(&self, at: usize) -> Option<(String, usize)> {
        let (first, mut next) = self.chain(at)?;
        let start = self.span_of(at).start;
        let mut end = self.span_of(next - 1).end;
        while matches!(self.kind(next), Some(Kind::Mark('、') | Kind::Role(Role::And))) && self.place_at(next + 1).is_some() {
            let Some((_, after)) = self.chain(next + 1) else { break };
            end = self.span_of(after - 1).end;
            next = after;
        }
        Some((self.slice(start, end).to_owned(), first))
    }

    /// All occasions that token `at` is the head or verb of.
    pub(super) fn occasions(&self, at: usize, state: &State<'_>, out: &[Found], earlier: &[Event]) -> Vec<Found> {
        let found = match self.kind(at) {
            Some(Kind::Head { kind, alone }) => self.named(at, kind, alone, state),
            Some(Kind::Verb(kind)) => match kind {
                OccasionType::Inspection => self.inspection(at, state),
                OccasionType::Briefing => self.briefing(at, state, out),
                OccasionType::Meeting => return self.meeting(at, state),
                OccasionType::Call => return self.call(at, state),
                OccasionType::Visit => self.visit(at, state),
                OccasionType::Message => return self.message(at, state, out, earlier),
                OccasionType::Publication => self.publication(at, state),
                OccasionType::Deliberation => self.deliberation(at, state),
                OccasionType::Ceremony => self.ceremony(at, state),
                _ => None,
            },
            _ => None,
        };
        found.into_iter().collect()
    }

    /// Persons who attend what was named before: 甲主持会议, 乙出席并讲话.
    pub(super) fn add_actors(&self, before: usize, out: &mut [Found], earlier: &mut [Event], state: &State<'_>) {
        if out.len() > before {
            return;
        }
        // 在…座谈会上，甲强调: the subject follows the occasion.
        if let Some(found) = out.iter_mut().rev().take(WINDOW).find(|f| !matches!(f.kind, OccasionType::Publication | OccasionType::Message))
            && (found.actors.is_empty() || found.lacks_host() || (found.kind == OccasionType::Press && self.says))
            && !state.reported
        {
            for actor in self.subject() {
                add_actor(&mut found.actors, actor.clone());
            }
            return;
        }
        let attends = !state.reported && [Role::Attend, Role::Chair, Role::Speak].iter().any(|role| self.has(*role));
        if !attends {
            return;
        }
        // 甲出席乙论坛: of something else.
        let other = self.holds_head() && self.tokens.iter().take(self.to).skip(self.from).any(|t| matches!(t.kind, Kind::Head { .. }) && !self.points(t.span));
        if other {
            return;
        }
        if let Some(found) = out.iter_mut().rev().take(WINDOW).find(|f| f.kind.is_attended()) {
            for actor in self.subject() {
                add_actor(&mut found.actors, actor.clone());
            }
        } else if let Some(event) = earlier.iter_mut().rev().take(WINDOW).find(|e| e.kind.is_attended()) {
            for actor in self.subject() {
                add_actor(&mut event.actors, actor.clone());
            }
        }
    }

    /// Whether a noun in it heads a name.
    pub(super) const fn holds_head(&self) -> bool {
        self.kinds.hold(Kind::Head { kind: OccasionType::Other, alone: false })
    }

    /// Whether an occasion can be read from it.
    pub(super) const fn may_tell(&self) -> bool {
        self.holds_head() || self.kinds.hold(Kind::Verb(OccasionType::Other))
    }

    /// A head that stands bare points back.
    pub(super) fn points(&self, head: Span) -> bool {
        let before = self.slice(self.span.start, head.start);
        before.is_empty() || ["主持", "出席", "参加", "了", "在", "列席", "的", "该", "此次", "本次", "这次", "和", "、"].iter().any(|w| before.ends_with(w))
    }

    /// The level of a place.
    pub(super) fn level(&self, place: usize) -> Option<Level> {
        self.vocabulary.gazetteer.place(place).map(|p| p.level)
    }
}

/// 甲发来贺信 → 甲.
fn trim_deed(text: &str) -> &str {
    const DEEDS: [&str; 12] = ["发来", "发去", "发出", "发表", "互致", "致以", "致", "作出", "作了", "作", "发", "日前"];
    let text = text.trim_end();
    DEEDS.iter().find_map(|deed| text.strip_suffix(deed)).unwrap_or(text)
}
