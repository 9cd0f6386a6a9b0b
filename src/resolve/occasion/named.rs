//! Occasions with a name that ends in a head word: 主持召开…座谈会, …论坛3日在某地举行.

use super::clause::{Clause, Found, State, WHOLE_NAME, When};
use super::name::{canonical, is_generic};
use super::{Kind, OccasionType, Role};
use crate::diagnostic::Span;
use crate::parse::{DateRange, Precision};
use crate::resolve::actor::people;
use crate::resolve::place::Level;
use crate::resolve::short::{parted_last, without_first, without_last};

/// Most characters of a name.
const MAX_NAME_CHARS: usize = 60;

/// Names that point back to one before, or to any.
const POINTING: [&str; 22] = [
    "会议",
    "大会",
    "论坛",
    "峰会",
    "年会",
    "仪式",
    "活动",
    "对话",
    "系列活动",
    "相关活动",
    "双边活动",
    "多场活动",
    "本次会议",
    "这次会议",
    "此次会议",
    "有关会议",
    "相关会议",
    "系列会议",
    "重要会议",
    "理事会",
    "博览会",
    "演习",
];

/// Verbs that stand in names of occasions too.
const NAMED_DEEDS: [&str; 12] = ["推动", "支持", "保障", "服务", "贯彻", "落实", "宣传", "宣讲", "领会", "备战", "关注", "迎接"];

/// Verbs with which the long name of a meeting opens.
const OPENING_DEEDS: [&str; 6] = ["学习贯彻", "深入学习贯彻", "纪念", "庆祝", "贯彻落实", "传达学习"];

/// How many clauses after a name can tell when it was held.
const MAX_LATER: usize = 4;

/// What bounds a name on its left.
#[derive(Clone, Copy, Debug)]
struct Left {
    /// First byte of the name.
    start: usize,
    /// The token before it, if it is not the clause's beginning.
    bound: Option<usize>,
    /// First token of a relative clause that tells of the name: 在某地举行的.
    relative: bool,
}

impl Clause<'_> {
    /// The occasion whose name ends in the head at token `at`.
    pub(super) fn named(&self, at: usize, kind: OccasionType, alone: bool, state: &State<'_>) -> Option<Found> {
        let head = self.span_of(at);
        let left = self.left(at);
        // 14日召开的外长会议谴责…: its own clause has told that it was held.
        let dated = left.relative && left.bound.is_some_and(|b| self.back(b).take(4).any(|i| self.when_at(i).is_some()));
        let follow = self.follow(at).or(dated.then_some(Follow::End))?;
        let bound = left.bound.and_then(|b| self.kind(b));
        let role = match bound {
            Some(Kind::Role(role)) => Some(role),
            // 在17日记者会上
            Some(Kind::Date(_)) => left.bound.and_then(|b| b.checked_sub(1)).filter(|b| self.is(*b, Role::At)).map(|_| Role::At),
            _ => None,
        };
        let governed = left.relative || matches!(role, Some(Role::Hold | Role::Attend | Role::Chair)) || self.held(left.bound)
            // 出席甲论坛和乙会议
            || left.bound.is_some_and(|b| self.ends_a_name(b) && self.is(b, Role::And) && self.is_governed(b));
        // 出席…的嘉宾, 来华出席…: an occasion in passing.
        if (follow == Follow::Of && !left.relative) || self.in_passing(at, left.bound) {
            return None;
        }
        let located = matches!(role, Some(Role::At | Role::From)) && matches!(follow, Follow::On);
        let predicate = self.predicate(at);
        if let Some((verb, held)) = predicate {
            let next = self.rest(self.span_of(verb).end);
            // …召开10周年之际 is of another day; 会议4日举行发布会 is of the other name.
            let anniversary = next.find("周年").is_some_and(|p| p <= 18) || next.starts_with("以来");
            let other = held && self.is(verb, Role::Hold) && self.ahead(verb).take(10).any(|i| matches!(self.kind(i), Some(Kind::Head { .. })));
            if anniversary || other {
                return None;
            }
        }
        let later = self.held_later(at, left.start, predicate, state);
        let strong = governed || located || matches!(predicate, Some((_, true))) || later.is_some();
        // The date: after the name, in its relative clause, or before it.
        let after = predicate.and_then(|(end, _)| (at + 1..end).find_map(|i| self.when_at(i)));
        let beside =
            left.bound.and_then(|b| self.when_at(b)).filter(|_| left.bound.is_some_and(|b| self.slice(self.span_of(b).end, left.start).chars().count() <= 2));
        let before = self.back(self.token_at(left.start)).find_map(|i| self.listed_when_at(i));
        let own = after.or(beside).or(before).or(later.as_ref().and_then(Clause::last_when));
        let weak = strong || beside.is_some() || after.is_some() || predicate.is_some() || matches!(follow, Follow::On | Follow::During);
        let when = own.or_else(|| self.when(self.token_at(left.start), state));
        let vague = when.is_some_and(|w| w.range.is_none());
        let fits = match own {
            Some(_) => weak,
            None if when.is_some() => {
                // 4日，…会议审议通过: the day is the sentence's.
                let acts = state.when.is_some_and(|w| w.range.is_some()) && (predicate.is_some() || self.opens_with(at, left.start));
                strong || acts || (matches!(follow, Follow::On | Follow::During) && !vague)
            }
            None => strong && !state.reported && follow != Follow::During && !state.arrived,
        };
        if !fits || (state.arrived && role == Some(Role::Attend) && own.is_none()) || (vague && follow == Follow::During && own.is_none()) {
            return None;
        }
        // A meeting's deeds need its own name: 会议审议通过.
        let raw = self.slice(left.start, head.end);
        let mut name = canonical(raw, self.vocabulary);
        if name.chars().count() > MAX_NAME_CHARS || counts_several(&name) || is_of_any(&name) {
            return None;
        }
        if matches!(name.as_str(), "仪式" | "欢迎仪式") {
            return self.welcome(at, when, state);
        }
        let own_words = name.strip_suffix(head.of(self.sentence.text)).unwrap_or(&name);
        // …大会在某地开幕，大会以…为主题: it goes on with the one before.
        if POINTING.contains(&name.as_str()) && head.start == self.span.start {
            return None;
        }
        let generic = is_generic(own_words, self.vocabulary) || ["建校", "成立", "创刊", "建院", "建馆", "创建"].iter().any(|w| own_words.starts_with(w));
        if generic || kind == OccasionType::Press {
            match self.organiser(at, &left, state) {
                Some(organ) if !name.starts_with(&organ) => name = canonical(&format!("{organ}{name}"), self.vocabulary),
                // 座谈会, of no organ and no day, points back.
                None if generic && (alone || when.is_none() || POINTING.contains(&name.as_str())) => return None,
                _ => {}
            }
        }
        if POINTING.contains(&name.as_str()) {
            return None;
        }
        let place = later.and_then(|l| l.located).or_else(|| self.place_of(at, &left, state));
        let mut actors = if governed || located { self.persons(state) } else { Vec::new() };
        if actors.is_empty() {
            actors.extend(self.host().iter().chain(state.host()).cloned());
        }
        if left.bound.is_none() && actors.is_empty() && matches!(follow, Follow::On) {
            actors.extend_from_slice(self.subject());
        }
        Some(Found { span: Span::new(left.start, head.end), name, kind, rule: WHOLE_NAME, when, place, actors })
    }

    /// The subject of the clause, else of the clause before.
    pub(super) fn persons(&self, state: &State<'_>) -> Vec<crate::resolve::Actor> {
        if self.subject().is_empty() && self.organ().is_none() { state.subject().to_vec() } else { self.subject().to_vec() }
    }

    /// The date at a token, with the one that is listed before it: 10月、11月先后召开.
    fn listed_when_at(&self, at: usize) -> Option<When> {
        let last = self.when_at(at)?;
        let listed = at >= self.from + 2 && matches!(self.kind(at - 1), Some(Kind::Mark('、'))) && self.span_of(at - 1).end == self.span_of(at).start;
        let first = listed.then(|| self.when_at(at - 2)).flatten().and_then(|w| w.range);
        match (first, last.range) {
            (Some(first), Some(range)) if first.start <= range.start => Some(When { range: Some(DateRange { start: first.start, ..range }) }),
            _ => Some(last),
        }
    }

    /// Number of the first token that begins at `byte` or after.
    fn token_at(&self, byte: usize) -> usize {
        self.from + self.tokens.get(self.from..self.to).map_or(0, |tokens| tokens.partition_point(|t| t.span.start < byte))
    }

    /// 召开了: the verb stands before an aspect word.
    fn held(&self, bound: Option<usize>) -> bool {
        bound.is_some_and(|b| {
            self.is(b, Role::Done) && b > self.from && (self.is(b - 1, Role::Hold) || self.is(b - 1, Role::Attend) || self.is(b - 1, Role::Chair))
        })
    }

    /// 世界科技与发展论坛: two subjects of one occasion, not its guest.
    fn joins_subjects(&self, with: usize, head: usize) -> bool {
        let from = with.checked_sub(1).filter(|i| *i >= self.from).map_or(self.span.start, |i| self.span_of(i).end);
        let (before, after) = (self.slice(from, self.span_of(with).start), self.slice(self.span_of(with).end, self.span_of(head).start));
        let subject = |text: &str| (2..=8).contains(&text.chars().count()) && crate::resolve::person(text, self.vocabulary).is_none();
        with + 1 == head && subject(before) && subject(after) && !before.contains(['方', '国'])
    }

    /// Where the name that ends in the head at token `at` begins.
    fn left(&self, at: usize) -> Left {
        let mut start = self.span.start;
        let mut bound = None;
        let mut relative = false;
        let is_subject = self.is_subject(at);
        for i in self.back(at) {
            let span = self.span_of(i);
            let adjacent = span.end == self.span_of(i + 1).start;
            let part = match self.kind(i) {
                Some(Kind::Date(_)) => self.is_in_name(i),
                Some(Kind::Place(_) | Kind::Title | Kind::Work | Kind::Mark('“' | '”') | Kind::Head { .. }) => true,
                Some(Kind::Mark('、')) => i > self.from + 1 || self.subject().is_empty(),
                Some(Kind::Verb(_)) => adjacent && matches!(self.kind(i + 1), Some(Kind::Head { .. })),
                Some(Kind::Role(role)) => match role {
                    Role::Joint | Role::Deed | Role::Spoken => true,
                    // 新时代推动农业振兴座谈会
                    Role::Journey => NAMED_DEEDS.contains(&span.of(self.sentence.text)) && (is_subject || self.is_governed(i)),
                    // 召开以旧换新工作会议
                    Role::By => self.is_governed(i),
                    Role::And => !self.ends_a_name(i) || self.is_of_both(at),
                    // 中国与…论坛
                    Role::With => {
                        (i > self.from && self.place_at(i - 1).is_some() && self.span_of(i - 1).end == span.start && self.place_at(i + 1).is_some())
                            || self.is_governed(i)
                            || self.joins_subjects(i, at)
                    }
                    // 隆重的: the verb stands before it.
                    Role::Of if i > self.from && self.is(i - 1, Role::Manner) && self.span_of(i - 1).end == span.start => {
                        let outer = i.checked_sub(2).filter(|o| *o >= self.from);
                        return Left { start: span.end, bound: outer, relative: false };
                    }
                    // 召开关于…的会议
                    Role::Of if self.about_before(i).is_some() => true,
                    Role::Of => {
                        let holds = i > self.from && (self.is(i - 1, Role::Hold) || self.is(i - 1, Role::Open)) && self.span_of(i - 1).end == span.start;
                        relative = holds;
                        let after_name = i > self.from && matches!(self.kind(i - 1), Some(Kind::Head { .. })) && self.span_of(i - 1).end == span.start;
                        !holds && (after_name || self.rest(span.end).starts_with('第'))
                    }
                    _ => false,
                },
                _ => false,
            };
            if !part {
                start = span.end;
                bound = Some(i);
                // 学习贯彻…的重要思想座谈会
                let whole = self.slice(self.span.start, span.start);
                if self.is(i, Role::Of) && !relative && OPENING_DEEDS.iter().any(|w| whole.starts_with(w)) {
                    return Left { start: self.span.start, bound: None, relative: false };
                }
                break;
            }
        }
        // A mark whose partner lies outside is not of the name.
        let raw = self.slice(start, self.span_of(at).start);
        if let Some(open) =
            raw.rfind('“').filter(|open| !raw.get(*open..).unwrap_or_default().contains('”') && !self.rest(self.span_of(at).end).starts_with('”'))
        {
            start += open + '“'.len_utf8();
        }
        let raw = self.slice(start, self.span_of(at).start);
        start += leading(raw);
        Left { start, bound, relative }
    }

    /// 召开关于…的: the token of 召开.
    fn about_before(&self, of: usize) -> Option<usize> {
        self.back(of).take(8).find(|i| self.is(*i, Role::Hold)).filter(|i| ["关于", "有关"].iter().any(|w| self.rest(self.span_of(*i).end).starts_with(w)))
    }

    /// …座谈会6日在京召开: the head is the subject of a verb that says it was held,
    /// with a day or a place between, so that all before it is its name.
    fn is_subject(&self, at: usize) -> bool {
        let Some((verb, true)) = self.predicate(at) else { return false };
        let between = |i: usize| matches!(self.kind(i), Some(Kind::Date(_) | Kind::Place(_) | Kind::Role(Role::Capital)));
        let governs = |i: usize| matches!(self.kind(i), Some(Kind::Role(Role::Hold | Role::Attend | Role::Chair)));
        (at + 1..verb).any(between) && !self.back(at).any(governs)
    }

    /// …论坛由甲主办，25日在北京开幕; …全体会议，于7日在北京举行: a later clause of
    /// the sentence, without a subject of its own, tells when the name at the
    /// head of this one was held.
    fn held_later(&self, at: usize, start: usize, predicate: Option<(usize, bool)>, state: &State<'_>) -> Option<Self> {
        let organised = predicate.is_some_and(|(verb, held)| !held && self.is(verb, Role::By)) || self.rest(self.span_of(at).end).starts_with("主题");
        let alone = predicate.is_none() && at + 1 == self.to && self.slice(start, self.span_of(at).end).contains('第');
        if start != self.span.start || !(organised || alone) {
            return None;
        }
        let mut from = self.to + 1;
        for _ in 0..MAX_LATER {
            let to = super::clause::end(self.tokens, from);
            let clause = Self::new(self.sentence, self.tokens, from, to, self.vocabulary, self.day, state);
            let opens =
                matches!(clause.kind(from), Some(Kind::Date(_) | Kind::Role(Role::At | Role::Manner))) && clause.span_of(from).start == clause.span.start;
            let held = (from..clause.to).find(|i| matches!(clause.kind(*i), Some(Kind::Role(Role::Hold | Role::Open))));
            if (from..clause.to).any(|i| matches!(clause.kind(i), Some(Kind::Head { .. } | Kind::Verb(_)))) {
                return None;
            }
            if opens && held.is_some() && clause.last_when().is_some() {
                return Some(clause);
            }
            from = to;
        }
        None
    }

    /// A year that opens a name: 召开2024年上半年形势分析座谈会.
    fn is_in_name(&self, at: usize) -> bool {
        let Some(date) = self.date(at) else { return false };
        // 2022—2023年度
        if self.rest(date.span.end).starts_with('度') {
            return true;
        }
        // 春节联欢晚会, 夏季论坛
        if matches!(date.rule, "feast" | "public_holiday" | "season" | "lunar_date") && !matches!(self.kind(at + 1), Some(Kind::Role(_) | Kind::Date(_))) {
            return !self.rest(date.span.end).starts_with(['，', '（', '期']);
        }
        let wide = date.range.is_some_and(|r| r.precision >= Precision::Quarter) && date.rule != "year_word";
        let next = self.span_of(at + 1);
        let touches = !self.slice(date.span.end, next.start).is_empty() || next.start == date.span.end;
        let before = self.slice(self.span.start, date.span.start);
        let opens = at > self.from
            && self.span_of(at - 1).end == date.span.start
            && matches!(
                self.kind(at - 1),
                Some(
                    Kind::Role(Role::Hold | Role::Attend | Role::Chair | Role::Joint | Role::Done | Role::At | Role::From | Role::Of)
                        | Kind::Mark('“' | '《')
                        | Kind::Head { .. }
                )
            );
        wide && touches && !self.rest(date.span.end).starts_with('，') && (opens || (before.is_empty() && date.rule == "year" && self.dates_after(at)))
    }

    /// 2024年全国…会议3月4日召开: the year is of the name, another date follows.
    fn dates_after(&self, at: usize) -> bool {
        self.ahead(at).any(|i| matches!(self.kind(i), Some(Kind::Date(_))))
    }

    /// Between token `at` and a verb before it there are only words of a name:
    /// 举行环境与气候对话.
    fn is_governed(&self, at: usize) -> bool {
        for i in self.back(at).take(8) {
            match self.kind(i) {
                Some(Kind::Role(Role::Hold | Role::Attend | Role::Chair | Role::At)) => return true,
                Some(Kind::Role(Role::Of)) if i > self.from && self.is(i - 1, Role::Hold) => return true,
                Some(Kind::Place(_) | Kind::Head { .. } | Kind::Mark('“' | '”') | Kind::Role(Role::And | Role::Deed | Role::Journey)) => {}
                _ => return false,
            }
        }
        false
    }

    /// 四月，…第七次全体会议，…: the session is the clause, what it did follows.
    fn opens_with(&self, at: usize, start: usize) -> bool {
        start == self.span.start && at + 1 == self.to && self.slice(start, self.span.end).ends_with("会议") && self.slice(start, self.span.end).contains('第')
    }

    /// 举行仪式，欢迎X对…进行访问; 为X举行欢迎仪式.
    fn welcome(&self, at: usize, when: Option<When>, state: &State<'_>) -> Option<Found> {
        let head = self.span_of(at);
        let rest = self.slice(head.end, self.sentence.text.len().min(head.end + 240)).trim_start_matches(['，', ' ']);
        let rest = ["热烈", "隆重"].iter().fold(rest, |r, w| without_first(r, w));
        let guest = if let Some(after) = rest.strip_prefix("欢迎") {
            let end = ["对我国", "对中国", "来华", "访华", "来访", "对", "，", "。"].iter().filter_map(|w| after.find(w)).min()?;
            after.get(..end)?
        } else {
            let toward = self.back(at).find(|i| self.is(*i, Role::For))?;
            let stop = self.ahead(toward).find(|i| matches!(self.kind(*i), Some(Kind::Role(Role::Hold | Role::At) | Kind::Date(_))))?;
            self.slice(self.span_of(toward).end, self.span_of(stop).start)
        };
        let guest = without_first(parted_last(guest, "访问的").map_or(guest, |(_, g)| g), "来访的");
        if !(2..=40).contains(&guest.chars().count()) {
            return None;
        }
        let mut actors = self.persons(state);
        actors.extend(people(guest, self.vocabulary, self.day));
        let place = self.located.or(state.place);
        Some(Found {
            span: head, name: format!("欢迎{}仪式", super::name::bare(guest)), kind: OccasionType::Ceremony, rule: "ceremony", when, place, actors
        })
    }

    /// The token before `and` ends a name of its own: 全体会议和….
    fn ends_a_name(&self, and: usize) -> bool {
        and > self.from && matches!(self.kind(and - 1), Some(Kind::Head { .. })) && self.span_of(and - 1).end == self.span_of(and).start
    }

    /// 甲博览会和乙峰会开幕式: the last head is of both.
    fn is_of_both(&self, at: usize) -> bool {
        at > self.from
            && matches!(self.kind(at), Some(Kind::Head { kind: OccasionType::Ceremony | OccasionType::Press, .. }))
            && matches!(self.kind(at - 1), Some(Kind::Head { .. }))
            && self.span_of(at - 1).end == self.span_of(at).start
    }

    /// What follows the head at token `at`; `None` if it shows that the name is
    /// of something else (会议精神, 峰会宣言).
    fn follow(&self, at: usize) -> Option<Follow> {
        let end = self.span_of(at).end;
        let next = (at + 1 < self.to).then(|| self.span_of(at + 1));
        let rest = self.rest(end).trim_start_matches('”');
        let end = self.sentence.text.len() - rest.len();
        if next.is_none_or(|n| n.start > end) && end < self.span.end {
            // Plain text right after the name.
            let mut chars = rest.chars();
            let (first, second) = (chars.next()?, chars.next());
            return match (first, second) {
                ('上', next) if !matches!(next, Some('海' | '午' | '述' | '合')) => {
                    // 在…会议上的讲话 is of the speech, unless it has its own day.
                    if next == Some('的') { self.has_day_of_its_own(at).then_some(Follow::On) } else { Some(Follow::On) }
                }
                ('时', next) if next != Some('代') => Some(Follow::On),
                ('中' | '间', _) => Some(Follow::During),
                ('后' | '前', _) => Some(Follow::After),
                (' ' | '\u{3000}' | '—', _) => Some(Follow::End),
                _ => None,
            };
        }
        if next.is_none_or(|n| n.start > end) {
            return Some(Follow::End);
        }
        let mut i = at + 1;
        while matches!(self.kind(i), Some(Kind::Mark('”'))) {
            i += 1;
        }
        match self.kind(i) {
            Some(Kind::Role(Role::Spoken | Role::Occasion) | Kind::Title | Kind::Head { .. }) => None,
            Some(Kind::Role(Role::Of)) => Some(Follow::Of),
            Some(Kind::Role(Role::During)) => Some(if self.rest(self.span_of(i).start).starts_with("期间") { Follow::During } else { Follow::After }),
            _ => Some(Follow::End),
        }
    }

    /// A day before it in the clause, with no other verb between.
    fn has_day_of_its_own(&self, at: usize) -> bool {
        let near = self.back(at).find(|i| self.when_at(*i).is_some() || matches!(self.kind(*i), Some(Kind::Verb(_))));
        near.and_then(|i| self.when_at(i)).and_then(|w| w.range).is_some_and(|r| r.precision == Precision::Day)
    }

    /// 来华出席…, 结束出席…: what governs the name is itself in passing.
    fn in_passing(&self, at: usize, bound: Option<usize>) -> bool {
        let Some(bound) = bound else { return false };
        let before = self.back(bound).take(4).any(|i| self.is(i, Role::Journey));
        before && (self.is(bound, Role::Attend) || self.is(bound, Role::Journey) || self.is(bound, Role::Hold))
            || self.is(bound, Role::Journey)
            || self.of_guests(at)
    }

    /// 出席论坛和…大会的嘉宾: a name in a list that ends in 的.
    fn of_guests(&self, at: usize) -> bool {
        let mut next = at + 1;
        if !matches!(self.kind(next), Some(Kind::Role(Role::And | Role::Also) | Kind::Mark('、'))) {
            return false;
        }
        while next < self.to.min(at + 12) {
            match self.kind(next) {
                Some(Kind::Role(Role::Of)) => {
                    return matches!(self.kind(next - 1), Some(Kind::Head { .. } | Kind::Role(Role::Journey) | Kind::Verb(OccasionType::Visit)));
                }
                Some(Kind::Role(Role::Hold | Role::Attend | Role::Chair | Role::Say)) => return false,
                _ => next += 1,
            }
        }
        false
    }

    /// The verb of which the name is the subject: …会议3日在京召开. The token of
    /// the verb, and whether it says that the occasion is held.
    fn predicate(&self, at: usize) -> Option<(usize, bool)> {
        let mut gap = 0;
        for i in self.ahead(at).take(14) {
            gap += self.slice(self.span_of(i - 1).end, self.span_of(i).start).chars().count();
            match self.kind(i) {
                Some(Kind::Role(Role::Hold | Role::Open)) => return (gap <= 16).then_some((i, true)),
                Some(Kind::Role(Role::Deed | Role::About | Role::By) | Kind::Verb(_)) => return (gap <= 4).then_some((i, false)),
                Some(
                    Kind::Date(_)
                    | Kind::Place(_)
                    | Kind::Head { .. }
                    | Kind::Title
                    | Kind::Mark('、' | '”' | '“')
                    | Kind::Role(Role::Manner | Role::At | Role::Capital | Role::Also | Role::Each | Role::And | Role::From | Role::Spoken),
                ) => {}
                _ => return None,
            }
        }
        // …会议3日: nothing but a date.
        let dated = (at + 1 < self.to && self.when_at(at + 1).is_some() && self.span_of(at + 1).start == self.span_of(at).end).then_some(at + 2);
        dated.map(|end| (end, false))
    }

    /// Who holds what only a head word names.
    fn organiser(&self, at: usize, left: &Left, state: &State<'_>) -> Option<String> {
        let fits = |text: &str| {
            let text = without_last(text.trim_matches(['，', '“', '”', ' ']), "分别");
            let count = text.chars().count();
            let organ = (2..=24).contains(&count)
                && people(text, self.vocabulary, self.day).is_empty()
                && !text.contains(['、', '，', '。', '：', '（'])
                && !text.replace("党的建设", "").contains('的')
                && !text.ends_with(['等', '员', '者'])
                && !matches!(text, "记者" | "会议" | "大会" | "我们" | "双方" | "两国" | "中国" | "我国")
                && !self.is_place(text)
                && !["广场", "大会堂", "体育馆", "体育场", "会堂", "国宾馆"].iter().any(|w| text.ends_with(w));
            organ.then(|| without_first(text, "中共").to_owned()).map(|t| if text.starts_with("中共中央") { text.to_owned() } else { t })
        };
        // 在国务院新闻办今天举行的新闻发布会上
        if left.relative
            && let Some(bound) = left.bound
        {
            let open = self.back(bound).find(|i| self.is(*i, Role::At) || self.is(*i, Role::From) || self.is(*i, Role::Attend));
            let from = open.map_or(self.span.start, |i| self.span_of(i).end);
            let first = (self.token_at(from)..bound).find(|i| matches!(self.kind(*i), Some(Kind::Date(_) | Kind::Role(_))));
            if let Some(first) = first
                && let Some(organ) = fits(self.slice(from, self.span_of(first).start))
            {
                return Some(organ);
            }
            // 在3日国务院新闻办举行的
            if let Some(date) = self.back(bound).find(|i| matches!(self.kind(*i), Some(Kind::Date(_))))
                && let Some(organ) = fits(
                    ["举行", "召开"]
                        .iter()
                        .fold(self.slice(self.span_of(date).end, self.span_of(bound).start), |text, word| without_last(text, word))
                        .trim_start_matches(['上', '下', '午']),
                )
            {
                return Some(organ);
            }
        }
        if matches!(self.kind(at), Some(Kind::Head { kind: OccasionType::Deliberation, .. }))
            && let Some(session) = &state.session
        {
            return Some(session.clone());
        }
        if let Some(organ) = self.organ().and_then(fits) {
            return Some(organ);
        }
        // 外交部发言人甲在17日记者会上: the title names the organ.
        if matches!(self.kind(at), Some(Kind::Head { kind: OccasionType::Press, .. }))
            && let Some(organ) = self.persons(state).first().and_then(|a| a.title.strip_suffix("发言人")).map(|t| without_last(t, "新闻"))
            && organ.chars().count() >= 2
        {
            return Some(organ.to_owned());
        }
        self.subject().is_empty().then(|| state.organ().and_then(fits)).flatten()
    }

    fn is_place(&self, text: &str) -> bool {
        // A school or a university holds what is told of it.
        !text.ends_with(['校', '学', '院'])
            && self.back(self.to).filter(|i| self.place_at(*i).is_some()).any(|i| self.span_of(i).of(self.sentence.text) == text)
    }

    /// Where it was held: in the clause of its verb, by the city in its own
    /// name, else where the sentence is.
    fn place_of(&self, at: usize, left: &Left, state: &State<'_>) -> Option<usize> {
        let start = self.token_at(left.start);
        // 在某地举行的…, or 在某地出席….
        let before = self.locative(self.from, start);
        let after = self.locative(at + 1, self.to);
        if let Some(place) = after.or(before) {
            return Some(place);
        }
        // 浙江举行现场会, 首都北京天安门广场举行升旗仪式
        if let Some(bound) = left.bound
            && self.is(bound, Role::Hold)
            && let Some(first) = (self.from..bound).find(|i| self.place_at(*i).is_some())
            && self.only_places(first, bound)
        {
            return self.last_place(first, bound);
        }
        if let Some(own) = self.own_city(start, at) {
            return Some(own);
        }
        if let Some(went) = state.went.as_ref().and_then(|(_, place)| *place) {
            return Some(went);
        }
        state.place
    }

    /// Between the clause's beginning (or a date) and `bound` there are only places.
    fn only_places(&self, first: usize, bound: usize) -> bool {
        let opens = first == self.from || matches!(self.kind(first - 1), Some(Kind::Date(_) | Kind::Role(Role::Manner)));
        let lead = if first == self.from {
            self.slice(self.span.start, self.span_of(first).start)
        } else {
            self.slice(self.span_of(first - 1).end, self.span_of(first).start)
        };
        let mut end = self.span_of(first).end;
        for i in first + 1..bound {
            match self.kind(i) {
                Some(Kind::Place(_)) if self.span_of(i).start == end => end = self.span_of(i).end,
                Some(Kind::Date(_) | Kind::Role(Role::Manner | Role::Also)) => end = self.span_of(i).end,
                _ => return false,
            }
        }
        opens && matches!(lead, "" | "首都" | "，") && end == self.span_of(bound).start
    }

    fn last_place(&self, first: usize, bound: usize) -> Option<usize> {
        (first..bound).rev().find_map(|i| self.place_at(i))
    }

    /// 成都第31届世界大学生夏季运动会, 上海电视节, 中非合作论坛北京峰会: the city in the name.
    fn own_city(&self, start: usize, at: usize) -> Option<usize> {
        for i in start..at {
            let Some(place) = self.place_at(i) else { continue };
            let city = match self.level(place)? {
                Level::Prefecture | Level::City => true,
                Level::Province => {
                    self.vocabulary.gazetteer.place(place).is_some_and(|p| matches!(p.code.get(..2), Some("11" | "12" | "31" | "50" | "81" | "82")))
                }
                _ => false,
            };
            if !city {
                continue;
            }
            let span = self.span_of(i);
            let opens = span.start <= self.span_of(start).start && i == start;
            let between = self.slice(span.end, self.span_of(at).start);
            let numbered = opens && between.starts_with('第');
            let head = self.slice(self.span_of(at).start, self.span_of(at).end);
            let festival = ["峰会", "电视节", "电影节", "艺术节", "文化节", "车展", "马拉松", "亚运会", "冬奥会", "奥运会", "世园会", "世博会", "青奥会"]
                .iter()
                .any(|w| head.ends_with(w));
            if numbered
                || (between.is_empty() && festival)
                || (between == "国际" && festival)
                || (opens && ["亚运会", "冬奥会", "奥运会", "大运会"].iter().any(|w| between.starts_with(w)))
            {
                return Some(place);
            }
        }
        None
    }

    /// A plenary session in passing, of which a group meets later in the
    /// sentence: 参加全国政协十四届二次会议的…委员.
    pub(super) fn passing_session(&self) -> Option<String> {
        if !self.holds_head() {
            return None;
        }
        let at = (self.from..self.to.min(self.from + WINDOW_OF_SESSION))
            .find(|i| matches!(self.kind(*i), Some(Kind::Head { kind: OccasionType::Conference | OccasionType::Plenary, .. })) && self.is(i + 1, Role::Of))?;
        let left = self.left(at);
        let name = canonical(self.slice(left.start, self.span_of(at).end), self.vocabulary);
        (name.ends_with("次会议") && (name.contains("全国政协") || name.contains("全国人大"))).then_some(name)
    }
}

const WINDOW_OF_SESSION: usize = 24;

/// 4次座谈会, 750多场活动: no one of them.
fn counts_several(name: &str) -> bool {
    let rest = name.trim_start_matches(|c: char| c.is_ascii_digit() || "两三四五六七八九十百".contains(c));
    rest.len() < name.len() && rest.starts_with(['次', '场', '个', '多', '余', '项'])
}

/// 本次会议, 各类活动: no name.
fn is_of_any(name: &str) -> bool {
    name.starts_with(['本', '这', '该', '此', '各', '每', '多', '某', '其']) && !name.starts_with("各民主党派")
}

/// What follows a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    /// A verb, a mark, the end.
    End,
    /// 上, 时.
    On,
    /// 期间.
    During,
    /// 后, 前.
    After,
    /// 的.
    Of,
}

/// Bytes of a raw name that do not belong to it.
fn leading(raw: &str) -> usize {
    let mut rest = raw;
    loop {
        let next = ["上午", "下午", "晚上", "晚间", "全天", "，", "了", "）", "、", "”", " ", "并", "的", "当地时间", "（", "主题为", "一场", "一个", "首次"]
            .iter()
            .find_map(|w| rest.strip_prefix(w));
        match next {
            Some(next) => rest = next,
            None => return raw.len() - rest.len(),
        }
    }
}
