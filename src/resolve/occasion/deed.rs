//! Occasions that are told by a verb: inspections, briefings, meetings, calls,
//! visits, deliberations of delegations, signings.

use super::clause::{Clause, Found, State};
use super::name::{bare, canonical};
use super::{Kind, OccasionType, Role};
use crate::diagnostic::Span;
use crate::resolve::actor::{Actor, people, without_courtesy};
use crate::resolve::place::Level;
use crate::resolve::short::{parted, parted_last, without_first, without_last};

/// Words of haste and manner between a place and its verb.
const MANNER: [&str; 12] = ["实地", "专题", "进行", "开展", "作", "等地", "等", "专程", "深入", "就", "主持召开", "了"];

/// Most characters of a phrase that stands in a name as it is.
const MAX_PHRASE_CHARS: usize = 40;

impl Clause<'_> {
    /// 在黑龙江考察, 先后来到安庆、合肥等地…考察调研, 参观某厂.
    pub(super) fn inspection(&self, at: usize, state: &State<'_>) -> Option<Found> {
        let verb = self.span_of(at);
        let word = verb.of(self.sentence.text);
        let rest = self.rest(verb.end);
        if ["团", "组", "队", "报告", "发现", "显示", "活动", "站", "结果", "数据", "的", "机构", "座谈"].iter().any(|w| rest.starts_with(w))
            || state.reported && state.when.is_none() && self.back(at).all(|i| self.when_at(i).is_none())
        {
            return None;
        }
        // 乙陪同考察: who goes along inspects nothing.
        let before = self.slice(self.span.start, verb.start);
        if ["陪同", "参加", "一同", "跟随", "在这里", "科学", "实地"].iter().any(|w| before.ends_with(w) && *w != "实地") {
            return None;
        }
        let when = self.when(at, state);
        let persons = self.persons(state);
        let passing = rest.starts_with("期间") || rest.starts_with("之际") || rest.starts_with('后') || rest.starts_with("以来");
        if persons.is_empty() && when.is_none_or(|w| w.range.is_none()) || passing && when.is_none() {
            return None;
        }
        let go = self.back(at).find(|i| self.is(*i, Role::At) || self.is(*i, Role::Go));
        let own = go.and_then(|go| {
            let from = self.span_of(go).end;
            let phrase = trim_manner(self.slice(from, verb.start));
            match self.places_from(go + 1) {
                // 在河北雄安新区考察: the phrase as it stands, if it is no more than a place.
                Some((list, place)) => {
                    let clean =
                        (go + 1..at).all(|i| matches!(self.kind(i), Some(Kind::Place(_) | Kind::Mark('、') | Kind::Role(Role::And) | Kind::Head { .. })));
                    let short = phrase.chars().count() <= 16 && clean && phrase.chars().count() >= list.chars().count();
                    Some((if short { bare(phrase) } else { list }, Some(place)))
                }
                None if self.is(go, Role::Go) || state.went.is_none() => {
                    let fits = (3..=20).contains(&phrase.chars().count()) && !phrase.contains(['，', '、', '的']) && when.is_some_and(|w| w.range.is_some());
                    fits.then(|| (bare(phrase), self.located.or(state.place)))
                }
                None => None,
            }
        });
        let of_object = matches!(word, "参观" | "视察" | "考察" | "察看");
        let (name, place) = match (own, &state.went) {
            (Some((where_, place)), _) if word != "参观" => (format!("{where_}{word}"), place),
            (_, Some((where_, place))) if word != "参观" && go.is_some() => (format!("{where_}{word}"), *place),
            _ if of_object => {
                let object = self.object_after(at);
                let text = bare(object.strip_suffix('时').unwrap_or(object));
                if !(2..=30).contains(&text.chars().count()) || when.is_none_or(|w| w.range.is_none()) || persons.is_empty() {
                    return None;
                }
                let inside: Vec<usize> = self.ahead(at).filter(|i| self.place_at(*i).is_some()).collect();
                let place = inside.first().and_then(|i| self.place_at(*i)).or(state.place);
                (format!("{word}{text}"), place)
            }
            // 在山东出席…并调研: where the sentence is.
            (_, _) if self.located.is_some() || state.place.is_some() => {
                let at_place = self.back(at).find(|i| self.is(*i, Role::At) && self.place_at(*i + 1).is_some())?;
                let (list, place) = self.places_from(at_place + 1)?;
                (format!("{list}{word}"), Some(place))
            }
            _ => return None,
        };
        Some(Found { span: verb, name, kind: OccasionType::Inspection, rule: "inspection", when, place, actors: persons })
    }

    /// 听取…汇报, unless a meeting hears it.
    pub(super) fn briefing(&self, at: usize, state: &State<'_>, out: &[Found]) -> Option<Found> {
        let verb = self.span_of(at);
        let rest = self.slice(verb.end, self.sentence.text.len().min(verb.end + 360));
        let rest = if rest.is_empty() { self.slice(verb.end, self.span.end) } else { rest };
        let body = rest.strip_prefix('了').unwrap_or(rest);
        let end = body.find("汇报")?;
        let what = body.get(..end)?;
        let count = what.chars().count();
        let when = self.when(at, state);
        let meeting = self.organ().is_some_and(|o| o.contains('会'))
            || out
                .iter()
                .rev()
                .take(super::clause::WINDOW)
                .any(|f| matches!(f.kind, OccasionType::Conference | OccasionType::Plenary | OccasionType::StudySession));
        if !(4..=MAX_PHRASE_CHARS).contains(&count) || what.contains(['，', '。', '；']) || when.is_none() || state.reported || meeting {
            return None;
        }
        let stop = verb.end + (rest.len() - body.len()) + end + "汇报".len();
        let place = self.located.or(state.place);
        let name = format!("听取{}汇报", bare(what).trim_end_matches('的'));
        Some(Found { span: Span::new(verb.start, stop), name, kind: OccasionType::Briefing, rule: "briefing", when, place, actors: self.persons(state) })
    }

    /// 会见 X, 同 X 会谈.
    pub(super) fn meeting(&self, at: usize, state: &State<'_>) -> Vec<Found> {
        let verb = self.span_of(at);
        let word = verb.of(self.sentence.text);
        let rest = self.rest(verb.end);
        let own = self.back(at).any(|i| self.when_at(i).is_some());
        if (state.reported && !own) || ["结束", "后", "前", "纪要", "室", "期间"].iter().any(|w| rest.starts_with(w)) {
            return Vec::new();
        }
        // 领导人第十五次会晤: one of a series, with a name.
        if self.slice(self.span.start, verb.start).ends_with(['次', '轮']) {
            return self.named(at, OccasionType::Conference, true, state).into_iter().collect();
        }
        let after = word.ends_with("会见") || word.ends_with("见了");
        let partner = if after { self.partner_after(at) } else { self.partner_before(at) };
        let Some((start, partner)) = partner else { return if after { Vec::new() } else { self.two_bodies(at, state).into_iter().collect() } };
        let video = !after && self.slice(self.span.start, verb.start).contains("视频");
        let template = if video { "视频会谈" } else { "" };
        let span = Span::new(start.min(verb.start), verb.end.max(start));
        self.with_partners(at, span, &partner, template, state)
    }

    /// 同 X 通电话.
    pub(super) fn call(&self, at: usize, state: &State<'_>) -> Vec<Found> {
        let verb = self.span_of(at);
        let word = match verb.of(self.sentence.text) {
            "通话" | "通了电话" | "电话交谈" => "通电话",
            other => other,
        };
        let own = self.back(at).any(|i| self.when_at(i).is_some());
        if (state.reported && !own) || ["后", "结束", "记录", "中，", "时，"].iter().any(|w| self.rest(verb.end).starts_with(w)) {
            return Vec::new();
        }
        let Some((start, partner)) = self.partner_before(at) else { return self.two_callers(at, word, state).into_iter().collect() };
        self.with_partners(at, Span::new(start, verb.end), &partner, word, state)
    }

    /// One event for a partner, or one for each where 分别 says so. An empty
    /// `call` is a meeting in person.
    fn with_partners(&self, at: usize, span: Span, partner: &Partner, call: &str, state: &State<'_>) -> Vec<Found> {
        let persons = people(&partner.text, self.vocabulary, self.day);
        let name_of = |who: &str| if call.is_empty() { format!("会见{who}") } else { format!("同{who}{call}") };
        let (kind, rule) = if call.is_empty() { (OccasionType::Meeting, "meeting") } else { (OccasionType::Call, "call") };
        let place = self.located.or(state.place);
        let when = self.when(at, state);
        let mut hosts = self.persons(state);
        hosts.retain(|h| !persons.iter().any(|p| p.name == h.name));
        let each = |name: String, others: Vec<Actor>, when| {
            let actors = hosts.iter().cloned().chain(others).collect();
            Found { span, name: bare(&name), kind, rule, when, place, actors }
        };
        let split = self.slice(self.span.start, span.end).contains("分别") || self.slice(self.span.start, span.end).contains("先后");
        if split && persons.len() > 1 {
            // 3日、4日先后会见甲、乙: a date for each.
            let dates: Vec<_> = self.back(at).filter_map(|i| self.when_at(i)).collect();
            return persons
                .into_iter()
                .enumerate()
                .map(|(i, p)| {
                    let own = if dates.len() > 1 { dates.iter().rev().nth(i).copied().or(when) } else { when };
                    each(name_of(&format!("{}{}", p.title, p.name)), vec![p], own)
                })
                .collect();
        }
        let who = without_courtesy(&partner.text, self.vocabulary);
        let who = without_last(without_first(who.trim_start_matches('由'), "来访的"), "及夫人");
        // 甲总统 is named as 总统甲.
        let swapped = persons
            .first()
            .filter(|p| persons.len() == 1 && who.strip_prefix(p.name.as_str()) == Some(p.title.as_str()))
            .map(|p| format!("{}{}", p.title, p.name));
        let who = swapped.as_deref().unwrap_or(who);
        if who.chars().count() < 2 || who.chars().count() > MAX_PHRASE_CHARS + 20 || matches!(who, "双方" | "他们" | "我们" | "记者" | "两国") {
            return Vec::new();
        }
        let mut others = persons;
        if others.is_empty()
            && let Some((leader, _)) = parted(who, "率领").or_else(|| parted(who, "为团长"))
        {
            others = people(leader, self.vocabulary, self.day);
        }
        vec![each(name_of(who), others, when)]
    }

    /// 会见X: X, to the end of the clause.
    fn partner_after(&self, at: usize) -> Option<(usize, Partner)> {
        let verb = self.span_of(at);
        let last_of = self.ahead(at).filter(|i| self.is(*i, Role::Of)).last();
        let from = last_of.unwrap_or(at);
        let stop = self.ahead(from).find(|i| {
            self.is(*i, Role::Also)
                || self.is(*i, Role::During)
                || self.is(*i, Role::Hold)
                || matches!(self.kind(*i), Some(Kind::Date(_) | Kind::Speech | Kind::Verb(_)))
        });
        let end = stop.map_or(self.span.end, |i| self.span_of(i).start);
        let text = self.slice(verb.end, end);
        let text = text.split_once(' ').map_or(text, |(first, _)| first).trim_start_matches('了').trim_end_matches(['时', '并', '后', '）']);
        let text = without_last(text, "期间");
        (text.chars().count() >= 2).then(|| (verb.end, Partner { text: without_journey(text).to_owned() }))
    }

    /// 同X举行会谈: X.
    fn partner_before(&self, at: usize) -> Option<(usize, Partner)> {
        // The first 同 that is not inside what another one governs.
        let with = self.back(at).filter(|i| self.is(*i, Role::With) || self.is_each_with(*i)).last().or_else(|| {
            // 甲和乙通电话, after a subject: 和 is 同.
            self.back(at)
                .find(|i| self.is(*i, Role::And))
                .filter(|and| !self.subject().is_empty() && people(self.slice(self.span.start, self.span_of(*and).start), self.vocabulary, self.day).len() == 1)
        })?;
        let from = self.span_of(with).end;
        let last_of = self.back(at).take_while(|i| *i > with).find(|i| self.is(*i, Role::Of));
        let end = self
            .ahead(last_of.unwrap_or(with))
            .find(|i| {
                *i >= at
                    || match self.kind(*i) {
                        Some(Kind::Date(_) | Kind::Verb(_)) => true,
                        Some(Kind::Role(role)) => {
                            matches!(role, Role::Hold | Role::Each | Role::By | Role::At | Role::Capital | Role::Manner | Role::Also | Role::About)
                        }
                        _ => false,
                    }
            })
            .map_or(self.span_of(at).start, |i| self.span_of(i).start);
        let text = self.slice(from, end);
        let text = ["以视频方式", "非正式", "正式", "小范围", "大范围", "进行", "举行", "视频"].iter().fold(text, |t, w| without_last(t, w));
        let text = without_journey(text.trim_matches(['，', '、', ' ']));
        (text.chars().count() >= 2).then(|| (self.span_of(with).start, Partner { text: text.to_owned() }))
    }

    /// 分别同, 先后与.
    fn is_each_with(&self, at: usize) -> bool {
        self.is(at, Role::Each) && self.span_of(at).of(self.sentence.text).chars().count() > 2
    }

    /// 甲方和乙方举行会谈: a meeting of two bodies.
    fn two_bodies(&self, at: usize, state: &State<'_>) -> Option<Found> {
        let organ = self.organ()?;
        let (one, other) = organ.split_once('和').or_else(|| organ.split_once('与')).or_else(|| organ.split_once('、'))?;
        let when = self.when(at, state)?;
        let fits = |t: &str| (2..=16).contains(&t.chars().count()) && !t.contains(['、', '两', '双']);
        if !fits(one) || !fits(other) {
            return None;
        }
        let span = Span::new(self.span.start, self.span_of(at).end);
        let name = format!("{}{}会谈", bare(one), bare(other));
        Some(Found { span, name, kind: OccasionType::Meeting, rule: "meeting", when: Some(when), place: self.located.or(state.place), actors: Vec::new() })
    }

    /// 甲国和乙国两国总统通电话: a call of two who are not named.
    fn two_callers(&self, at: usize, word: &str, state: &State<'_>) -> Option<Found> {
        let organ = self.organ()?;
        let (one, other) = organ.split_once('和').or_else(|| organ.split_once('与'))?;
        let (other, office) = parted(other, "两国")?;
        let name = format!("{one}{office}同{other}{office}{word}");
        let span = Span::new(self.span.start, self.span_of(at).end);
        Some(Found { span, name, kind: OccasionType::Call, rule: "call", when: self.when(at, state), place: None, actors: Vec::new() })
    }

    /// 对X进行国事访问, 访问X, 抵达X, 返回X.
    pub(super) fn visit(&self, at: usize, state: &State<'_>) -> Option<Found> {
        let verb = self.span_of(at);
        let word = verb.of(self.sentence.text);
        let rest = self.rest(verb.end);
        let passing = ["之际", "的", "团", "者", "量", "回", "结束", "后", "邀请", "成果", "行程"].iter().any(|w| rest.starts_with(w));
        let journey = self.back(at).any(|i| self.is(i, Role::Journey));
        let own = self.back(at).find_map(|i| self.when_at(i));
        let when = self.when(at, state);
        if passing || journey || state.welcome || (state.reported && own.is_none()) || self.slice(self.span.start, verb.start).contains("欢迎") {
            return None;
        }
        let persons = self.persons(state);
        if word.ends_with('抵') || word.contains("抵达") || word == "到达" || word == "返回" {
            return self.arrival(at, word, state);
        }
        let when = when?;
        let about = self.back(at).find(|i| self.is(*i, Role::About) && self.slice(self.span_of(*i).start, self.span_of(*i).end).starts_with('对'));
        if let Some(about) = about {
            let from = self.span_of(about).end;
            // 对甲国外长访问乙国表示欢迎: 甲国 is not where he goes.
            let listed = self.places_from(about + 1).map_or(from, |(list, _)| from + list.len());
            let manner = self.slice(listed, verb.start);
            let to_it = listed > from && (manner.is_empty() || ["进行", "开展", "作", "展开"].iter().any(|w| manner.starts_with(w)));
            if listed > from && !to_it {
                return self.visit_to_object(at, when, own.is_some(), persons);
            }
            let target = self.slice(from, verb.start);
            let (country, manner) = parted(target, "进行").or_else(|| parted(target, "开展")).unwrap_or((target, ""));
            let country = if country == "我国" || country == "华" { "中国" } else { country };
            if !(2..=24).contains(&country.chars().count()) {
                return None;
            }
            let place = self.ahead(about).take_while(|i| *i < at).find_map(|i| self.place_at(i)).or_else(|| self.country(country));
            place?;
            let place = if state.arrived { state.place.or(place) } else { place };
            let name = format!("对{}{}{word}", bare(country), without_first(manner, "为期").trim_end_matches('的'));
            return Some(Found { span: Span::new(from, verb.end), name, kind: OccasionType::Visit, rule: "visit", when: Some(when), place, actors: persons });
        }
        self.visit_to_object(at, when, own.is_some(), persons)
    }

    /// 访问X.
    fn visit_to_object(&self, at: usize, when: super::clause::When, own: bool, persons: Vec<Actor>) -> Option<Found> {
        let verb = self.span_of(at);
        let (list, place) = self.places_from(at + 1)?;
        let end = verb.end + list.len();
        if ["的", "之际", "后"].iter().any(|w| self.rest(end).starts_with(w)) || when.range.is_none() && !own {
            return None;
        }
        Some(Found {
            span: Span::new(verb.start, end),
            name: format!("对{}访问", bare(&list)),
            kind: OccasionType::Visit,
            rule: "visit",
            when: Some(when),
            place: Some(place),
            actors: persons,
        })
    }

    fn country(&self, name: &str) -> Option<usize> {
        self.vocabulary.gazetteer.mentions(name, self.day).first().and_then(|m| m.place)
    }

    fn country_name(&self, code: &str) -> Option<&str> {
        let gazetteer = &self.vocabulary.gazetteer;
        (0..).map_while(|n| gazetteer.place(n)).find(|p| p.level == Level::Country && p.code == code).map(|p| p.name.as_str())
    }

    /// 抵达X, 从A返回X, by persons or a delegation.
    fn arrival(&self, at: usize, word: &str, state: &State<'_>) -> Option<Found> {
        let verb = self.span_of(at);
        let persons = self.persons(state);
        let group = self.organ().is_some_and(|o| ["团", "组", "一行", "代表"].iter().any(|w| o.ends_with(w)));
        let when = self.when(at, state).filter(|w| w.range.is_some())?;
        if persons.is_empty() && !group {
            return None;
        }
        let visits = self.ahead(at).find(|i| matches!(self.kind(*i), Some(Kind::Verb(OccasionType::Visit))));
        let object = self.object_after(at);
        let object = without_last(without_last(object.strip_suffix('时').unwrap_or(object), "机场"), "国际");
        let place = (at + 1..self.to).find_map(|i| self.place_at(i));
        let last = self.chain(at + 1).map(|(place, _)| place).or(place)?;
        let name = if visits.is_some() {
            let country = self.vocabulary.gazetteer.place(last).map(|p| p.country().to_owned())?;
            format!("对{}访问", self.country_name(&country)?)
        } else if word == "返回" {
            let from = self.back(at).find(|i| self.is(*i, Role::From));
            let left = from.and_then(|i| self.places_from(i + 1)).map_or_else(String::new, |(list, _)| format!("从{list}"));
            format!("{left}返回{}", self.places_from(at + 1)?.0)
        } else {
            // 抵达俄罗斯远东地区主要工业城市某市: what the city is called.
            let city = self.places_from(at + 1).map(|(list, _)| list);
            let object = parted_last(object, "城市").map_or(object, |(_, city)| city);
            let short = object.chars().count() <= 12;
            format!("抵达{}", if short { bare(object) } else { city? })
        };
        let end = visits.map_or(verb.end, |i| self.span_of(i).end);
        Some(Found { span: Span::new(verb.start, end), name, kind: OccasionType::Visit, rule: "arrival", when: Some(when), place: Some(last), actors: persons })
    }

    /// 参加某省代表团审议, 各代表团审议….
    pub(super) fn deliberation(&self, at: usize, state: &State<'_>) -> Option<Found> {
        let verb = self.span_of(at);
        let before = self.slice(self.span.start, verb.start);
        let group = before.rfind("代表团").map(|p| self.span.start + p)?;
        let group_end = group + "代表团".len();
        let between = self.slice(group_end, verb.start);
        let when = self.when(at, state);
        if state.reported && when.is_none() || between.chars().count() > 8 || ["意见", "结果", "情况"].iter().any(|w| self.rest(verb.end).starts_with(w))
        {
            return None;
        }
        let attends = self.back(at).find(|i| self.is(*i, Role::Attend));
        let start = self
            .back(at)
            .find(|i| self.span_of(*i).end <= group && matches!(self.kind(*i), Some(Kind::Role(Role::Attend | Role::Of | Role::Go | Role::At) | Kind::Date(_))))
            .map_or(self.span.start, |i| self.span_of(i).end);
        let group_name = canonical(self.slice(start, group_end), self.vocabulary).trim_start_matches(['上', '下', '午']).trim_start_matches('，').to_owned();
        let name = match attends {
            // 各代表团审议了某法草案: what they deliberate tells it apart.
            None if group_name.starts_with('各') => {
                when?;
                format!("{group_name}审议{}", bare(self.object_after(at)))
            }
            None => {
                when?;
                format!("{group_name}审议")
            }
            Some(_) => format!("{group_name}审议"),
        };
        if group_name.chars().count() > 30 {
            return None;
        }
        Some(Found {
            span: Span::new(start, verb.end),
            name,
            kind: OccasionType::Deliberation,
            rule: "deliberation",
            when,
            place: None,
            actors: self.persons(state),
        })
    }

    /// 签订…协定, …揭牌, 举行仪式，欢迎…: dated ones.
    pub(super) fn ceremony(&self, at: usize, state: &State<'_>) -> Option<Found> {
        let verb = self.span_of(at);
        let word = verb.of(self.sentence.text);
        let when = self.when(at, state).filter(|w| w.range.is_some())?;
        let own = self.back(at).any(|i| self.when_at(i).is_some());
        if state.reported && !own || ["仪式", "的", "国", "方", "以来", "后"].iter().any(|w| self.rest(verb.end).starts_with(w)) {
            return None;
        }
        let place = self.located.or(state.place);
        let found = |name: String, actors| Found {
            span: Span::new(verb.start, verb.end),
            name,
            kind: OccasionType::Ceremony,
            rule: "ceremony",
            when: Some(when),
            place,
            actors,
        };
        if matches!(word, "揭牌" | "奠基" | "挂牌成立" | "揭幕") {
            let what = without_last(self.organ()?, "正式");
            let inside = self.sentence.places.iter().find(|p| what.contains(p.span.of(self.sentence.text))).and_then(|p| p.place);
            return (what.chars().count() >= 3).then(|| Found { place: place.or(inside), ..found(format!("{}{word}", bare(what)), Vec::new()) });
        }
        // 签订, 签署 of an agreement.
        let object = bare(self.slice(verb.end, self.span.end).trim_start_matches('了'));
        let fits = ["协定", "条约", "协议", "备忘录", "公约", "议定书", "合同", "声明", "联合声明", "协议书", "文件"].iter().any(|w| object.ends_with(w));
        (fits && (4..=60).contains(&object.chars().count())).then(|| found(format!("{object}{}", word.trim_end_matches('了')), self.persons(state)))
    }

    /// What stands after a verb, to the next verb, mark or 并.
    pub(super) fn object_after(&self, at: usize) -> &str {
        let from = self.span_of(at).end;
        let stop = self.ahead(at).find(|i| {
            self.is(*i, Role::Also)
                || self.is(*i, Role::Manner)
                || self.is(*i, Role::During)
                || matches!(self.kind(*i), Some(Kind::Date(_) | Kind::Speech))
                || (matches!(self.kind(*i), Some(Kind::Verb(OccasionType::Visit | OccasionType::Inspection))))
        });
        self.slice(from, stop.map_or(self.span.end, |i| self.span_of(i).start)).trim_start_matches('了').trim_matches([' ', '，'])
    }
}

/// Whom somebody meets.
struct Partner {
    text: String,
}

/// 来华出席…的外国总统 → 外国总统; a delegation keeps its leader.
fn without_journey(partner: &str) -> &str {
    let Some((before, rest)) = partner.rsplit_once('的') else { return partner };
    let led = before.ends_with("率领") || before.ends_with("率") || before.ends_with("组成");
    let journey =
        ["来华", "来访", "访华", "应邀", "出席", "前来", "正在", "到访", "随访", "参加", "在", "专程", "来京", "来"].iter().any(|w| before.starts_with(w));
    if journey && !led && rest.chars().count() >= 2 { rest } else { partner }
}

fn trim_manner(phrase: &str) -> &str {
    let mut phrase = phrase.trim();
    while let Some(rest) = MANNER.iter().find_map(|word| phrase.strip_suffix(word)) {
        phrase = rest;
    }
    phrase
}
