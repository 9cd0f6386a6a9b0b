//! Occasions in writing: letters, telegrams and instructions; statements and
//! titled documents that are published.

use super::clause::{Clause, Found, State};
use super::name::bare;
use super::{Event, Kind, OccasionType, Role};
use crate::diagnostic::Span;
use crate::resolve::actor::people;
use crate::resolve::short::{without_first, without_last};

impl Clause<'_> {
    /// 向…致贺信, 致电祝贺…, 就…作出重要指示, 同…互致贺电.
    pub(super) fn message(&self, at: usize, state: &State<'_>, out: &[Found], earlier: &[Event]) -> Vec<Found> {
        let verb = self.span_of(at);
        let word = verb.of(self.sentence.text);
        let before = self.slice(self.span.start, verb.start);
        let actors = self.persons(state);
        let when = self.when(at, state);
        let own = self.back(at).any(|i| self.when_at(i).is_some());
        let rest = self.rest(verb.end);
        if (!own && (actors.is_empty() || state.reported)) || ["精神", "的", "要求", "中", "和批示精神", "和重要"].iter().any(|w| rest.starts_with(w))
        {
            return Vec::new();
        }
        let found = |name: String| {
            let fits = (4..=70).contains(&name.chars().count());
            fits.then(|| Found {
                span: Span::new(self.span.start, verb.end),
                name,
                kind: OccasionType::Message,
                rule: "message",
                when,
                place: None,
                actors: actors.clone(),
            })
        };
        let pointed = || {
            let name = out.last().map(|f| f.name.as_str()).or_else(|| earlier.last().map(|e| e.name.as_str()));
            name.map(str::to_owned)
        };
        let one = match word {
            "重要指示" | "重要批示" | "指示" | "批示" => {
                if !["作出", "作了", "做出"].iter().any(|w| before.ends_with(w)) {
                    return Vec::new();
                }
                let about = self.back(at).find(|i| self.is(*i, Role::About) || self.is(*i, Role::At));
                let subject = about.map(|i| self.slice(self.span_of(i).end, verb.start));
                let subject = subject.map(|s| ["作出", "作了", "做出", "之际", "专门", "再次"].iter().fold(s, |s, w| without_last(s, w)));
                match subject.filter(|s| s.chars().count() >= 2) {
                    Some(subject) => found(format!("就{}作出{word}", bare(subject))),
                    None if when.is_some() || !earlier.is_empty() || !out.is_empty() => pointed()
                        .filter(|name| !name.starts_with('致'))
                        .and_then(|name| found(format!("就{}作出{word}", without_last(without_last(&name, "会议"), "座谈会")))),
                    None => None,
                }
            }
            "致信" | "致电" | "致函" | "复信" | "回信" if !before.ends_with('的') && self.letter_target(at).is_some() => {
                let Some(target) = self.letter_target(at) else { return Vec::new() };
                let kind = match word {
                    "致电" if target.1 => "慰问电",
                    "致电" => "贺电",
                    "致信" | "致函" => "信",
                    _ => "回信",
                };
                if word == "致信" && self.slice(verb.end, self.span.end).starts_with("祝贺") {
                    found(format!("致{}贺信", target.0))
                } else {
                    found(format!("致{}{kind}", target.0))
                }
            }
            _ => self.letter(at, word, &found, &pointed),
        };
        one.into_iter().collect()
    }

    /// 向X致贺信, 给X回信, 同X互致贺电, 发来贺信.
    fn letter(&self, at: usize, word: &str, found: &dyn Fn(String) -> Option<Found>, pointed: &dyn Fn() -> Option<String>) -> Option<Found> {
        let verb = self.span_of(at);
        let before = self.slice(self.span.start, verb.start);
        let sent = ["致", "发", "发来", "致以", "发出", "互致", "致了", "发去", "送来", "回", "发来了"].iter().any(|w| before.ends_with(w))
            || matches!(word, "回信" | "复信");
        if !sent {
            return None;
        }
        let toward = self.back(at).find(|i| self.is(*i, Role::Toward) || (self.is(*i, Role::Each) && self.span_of(*i).of(self.sentence.text).ends_with('向')));
        let with = self.back(at).filter(|i| self.is(*i, Role::With) || self.is(*i, Role::And)).last();
        if before.ends_with("互致") {
            let with = with?;
            let target = without_last(without_last(self.slice(self.span_of(with).end, verb.start), "互致"), "分别");
            return found(format!("同{}互致{word}", self.addressee(target)));
        }
        if let Some(toward) = toward {
            let target = self.slice(self.span_of(toward).end, verb.start);
            let target = ["致", "发", "来", "去", "出", "亲切", "回"].iter().fold(target, |t, w| without_last(t, w));
            // 分别向研讨会致贺信: the one told of before.
            let bare_head = matches!(self.kind(toward + 1), Some(Kind::Head { .. })) && self.span_of(toward + 1).of(self.sentence.text) == target;
            let name = if bare_head { pointed() } else { None };
            return found(format!("致{}{word}", name.unwrap_or_else(|| self.addressee(target))));
        }
        if matches!(word, "回信" | "复信") {
            return None;
        }
        pointed().and_then(|name| found(format!("致{name}{word}")))
    }

    /// 致电X, 致信祝贺X: X, and whether it is of condolence.
    fn letter_target(&self, at: usize) -> Option<(String, bool)> {
        let verb = self.span_of(at);
        let body = self.slice(verb.end, self.span.end);
        if body.is_empty() {
            return None;
        }
        let sorrow =
            self.slice(verb.end, self.sentence.text.len().min(verb.end + 240)).contains("慰问") || self.slice(verb.end, self.span.end).contains("哀悼");
        let body = without_first(without_first(body, "祝贺"), "视贺").trim_start_matches('，');
        let stop = ["并", "当选", "就任", "就职", "连任", "再次", "就", "表示", "对", "成立", "国庆", "，", "逝世", "当地", "在"]
            .iter()
            .filter_map(|w| body.find(w))
            .filter(|p| *p > 0)
            .min();
        let target = body.get(..stop.unwrap_or(body.len()))?;
        let name = self.addressee(target);
        (name.chars().count() >= 2).then_some((name, sorrow))
    }

    /// A person by name alone; a body as written.
    fn addressee(&self, text: &str) -> String {
        let text = text.trim_matches([' ', '，', '、']);
        let persons = people(text, self.vocabulary, self.day);
        match persons.as_slice() {
            [only] => only.name.clone(),
            [] => bare(text),
            several => several.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join("、"),
        }
    }

    /// 发表声明, 印发《…》, 《…》今晚播出: with a date of its own sentence.
    pub(super) fn publication(&self, at: usize, state: &State<'_>) -> Option<Found> {
        let verb = self.span_of(at);
        let word = verb.of(self.sentence.text);
        let own = self.back(at).find_map(|i| self.when_at(i)).or_else(|| self.ahead(at).find_map(|i| self.when_at(i)));
        let when = self.when(at, state).or(own).filter(|_| own.is_some() || !state.reported)?;
        let works = |range: &mut dyn Iterator<Item = usize>| range.filter(|i| self.kind(*i) == Some(Kind::Work)).collect::<Vec<_>>();
        let after = works(&mut self.ahead(at));
        let before: Vec<usize> = works(&mut self.back(at)).into_iter().rev().collect();
        // The last title after the verb; else what stands before it: 《…》今晚播出.
        let titled = if let Some(last) = after.last() {
            Some((*last, *last))
        } else {
            before.first().filter(|_| !matches!(word, "发表" | "签署" | "推出" | "发出")).map(|first| (*first, before.last().copied().unwrap_or(*first)))
        };
        if let Some((first, last)) = titled {
            when.range?;
            // Titles apart are not one: 《…》今晚开播由某台摄制的《…》.
            let first = if self.span_of(last).start.saturating_sub(self.span_of(first).end) > 12 { last } else { first };
            let span = Span::new(self.span_of(first).start, self.span_of(last).end);
            let next = self.rest(span.end);
            let text = span.of(self.sentence.text);
            // 《…》杂志, 《…》报: where it is published, not what.
            if ["杂志", "报", "日报", "期刊", "主题"].iter().any(|w| next.starts_with(w))
                || text.chars().count() < 6
                || ["日报》", "时报》", "晚报》", "求是》", "新闻联播》"].iter().any(|w| text.ends_with(w))
            {
                return None;
            }
            let author = self.slice(verb.end, span.start);
            let author = self.ahead(at).find(|i| self.date(*i).is_some()).map_or(author, |i| self.slice(verb.end, self.span_of(i).start.min(span.start)));
            let author =
                if verb.end < span.start { people(author.trim_start_matches('了').trim_end_matches('的'), self.vocabulary, self.day) } else { Vec::new() };
            let mut found = self.published(span, bare(text), when, state);
            if !author.is_empty() {
                found.actors = author;
            }
            return Some(found);
        }
        self.statement(at, word, state)
    }

    fn published(&self, span: Span, name: String, when: super::clause::When, state: &State<'_>) -> Found {
        Found { span, name, kind: OccasionType::Publication, rule: "publication", when: Some(when), place: None, actors: self.persons(state) }
    }

    /// 发表声明: the issuer and the kind.
    fn statement(&self, at: usize, word: &str, state: &State<'_>) -> Option<Found> {
        const KINDS: [&str; 16] = [
            "联合声明",
            "声明",
            "联合公报",
            "公报",
            "公告",
            "通告",
            "通知",
            "白皮书",
            "总统令",
            "主席令",
            "法令",
            "行政令",
            "命令",
            "决议",
            "宣言",
            "署名文章",
        ];
        if !matches!(word, "发表" | "发布" | "发出" | "签署" | "印发" | "颁布" | "公布") {
            return None;
        }
        let object = self.object_after(at);
        let kind = KINDS.iter().find(|kind| object.ends_with(**kind) || object.starts_with(**kind))?;
        let when = self.when(at, state).filter(|w| w.range.is_some())?;
        let persons = self.persons(state);
        let issuer = match (persons.first(), self.organ()) {
            (Some(person), _) if !person.title.is_empty() => person.title.clone(),
            (Some(person), _) => person.name.clone(),
            (None, Some(organ)) => bare(organ),
            (None, None) => bare(state.organ()?),
        };
        let what = if object.ends_with(kind) && object.chars().count() <= 24 { object } else { kind };
        if issuer.chars().count() > 40 {
            return None;
        }
        let span = Span::new(self.span_of(at).start, self.span_of(at).end);
        Some(Found {
            span,
            name: format!("{issuer}{}", bare(what)),
            kind: OccasionType::Publication,
            rule: "statement",
            when: Some(when),
            place: None,
            actors: persons,
        })
    }
}
