//! Which parts of the corpus a pipeline compares: `base` and `[[tally.contrast]]`.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::{Reader, span};
use crate::diagnostic::suggestion;
use crate::parse;
use crate::tally::{Breakdown, Calendar, Contrast, ContrastFault, Period, Side};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenContrast {
    name: Spanned<String>,
    target: Spanned<WrittenSide>,
    reference: Option<Spanned<WrittenSide>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSide {
    from: Option<Spanned<String>>,
    to: Option<Spanned<String>>,
    source: Option<Spanned<String>>,
}

impl Reader<'_> {
    /// The name of a source, if there is one so named.
    pub(super) fn source_name(&mut self, written: &Spanned<String>, names: &BTreeSet<String>) -> Option<String> {
        let name = written.get_ref();
        if names.contains(name) {
            return Some(name.clone());
        }
        let near = suggestion(name, names.iter().map(String::as_str)).map(|n| format!("did you mean `{n}`?"));
        self.fault(span(written), format!("there is no source `{name}`"), near);
        None
    }

    pub(super) fn contrasts(
        &mut self,
        written: &[WrittenContrast],
        sources: &BTreeSet<String>,
        periods: &[Period],
        breakdowns: &[Breakdown],
        calendar: &Calendar,
    ) -> Vec<Contrast> {
        let mut names = BTreeSet::new();
        let mut out = Vec::new();
        for contrast in written {
            let before = self.faults.len();
            if !names.insert(contrast.name.get_ref().as_str()) {
                self.fault(span(&contrast.name), format!("two contrasts are named `{}`", contrast.name.get_ref()), None);
            }
            let target = self.side(contrast.target.get_ref(), sources, breakdowns);
            let reference = contrast.reference.as_ref().map(|side| self.side(side.get_ref(), sources, breakdowns));
            if self.faults.len() > before {
                continue;
            }
            match Contrast::new(contrast.name.get_ref().clone(), target, reference, periods, calendar) {
                Ok(contrast) => out.push(contrast),
                Err(fault) => {
                    let asked = periods.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ");
                    let (message, hint) = match fault {
                        ContrastFault::Cut => (
                            format!("no period length of the pipeline ({asked}) fills both sides of `{}`", contrast.name.get_ref()),
                            "let `from` begin and `to` end whole periods, or ask for \"month\" or \"day\" in `periods`",
                        ),
                        ContrastFault::Backwards => {
                            (format!("a side of `{}` ends before it begins", contrast.name.get_ref()), "`to` is the last day, inclusive")
                        }
                        ContrastFault::Overlap => (
                            format!("target and reference of `{}` share text", contrast.name.get_ref()),
                            "leave `reference` out to compare with all other text",
                        ),
                        ContrastFault::Everything => {
                            (format!("the target of `{}` is all text", contrast.name.get_ref()), "give the target `from`, `to` or `source`")
                        }
                    };
                    self.fault(span(&contrast.target), message, hint.to_owned());
                }
            }
        }
        out
    }

    fn side(&mut self, written: &WrittenSide, sources: &BTreeSet<String>, breakdowns: &[Breakdown]) -> Side {
        let mut day = |value: &Option<Spanned<String>>| {
            let value = value.as_ref()?;
            let range = parse::read_date(value.get_ref());
            if range.is_none() {
                self.fault(span(value), format!("`{}` is no date", value.get_ref()), "write 2024, 2024-03 or 2024-03-05".to_owned());
            }
            range
        };
        let (from, to) = (day(&written.from).map(|r| r.start), day(&written.to).map(|r| r.end));
        let source = written.source.as_ref().and_then(|name| self.source_name(name, sources));
        if let Some(name) = written.source.as_ref().filter(|_| !breakdowns.contains(&Breakdown::Source)) {
            self.fault(span(name), "a contrast of sources needs their counts", "add \"source\" to `breakdowns`".to_owned());
        }
        Side { from, to, source }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{GOOD, faults, read};
    use super::*;

    #[test]
    fn contrasts_are_read_and_their_mistakes_told() {
        let contrast = |rest: &str| GOOD.to_owned() + "[[tally.contrast]]\nname = \"c\"\n" + rest;
        let plan = read(&contrast("target = { from = \"2024-01\", to = \"2024-12\" }\nreference = { to = \"2023\", source = \"s\" }"))
            .unwrap_or_else(|e| panic!("{e}"));
        let [made] = plan.tally.contrasts.as_slice() else { panic!("{:?}", plan.tally.contrasts) };
        assert_eq!((made.period, made.target.to.map(|d| d.to_string()).as_deref()), (Period::Year, Some("2024-12-31")));
        let by_month = read(&contrast("target = { from = \"2024-02\", to = \"2024-12\" }")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(by_month.tally.contrasts[0].period, Period::Month);
        for (rest, message) in [
            ("target = { from = \"2024-03-05\" }", "14: no period length of the pipeline (month, quarter, year) fills both sides of `c` let `from`"),
            ("target = { from = \"2024-03\", to = \"2024-02\" }", "14: a side of `c` ends before it begins"),
            ("target = { from = \"2024\" }\nreference = { from = \"2023\" }", "14: target and reference of `c` share text leave `reference` out"),
            ("target = {}", "14: the target of `c` is all text"),
            ("target = { source = \"t\" }", "14: there is no source `t`"),
            ("target = { from = \"soon\" }", "14: `soon` is no date"),
            ("target = { form = \"2024\" }", "14: unknown field `form`"),
        ] {
            let got = faults(&contrast(rest));
            assert!(got.len() == 1 && got[0].starts_with(message), "{rest}: {got:?}");
        }
        let without = GOOD.to_owned() + "[tally]\nbase = \"z\"\nbreakdowns = [\"voice\"]\n[[tally.contrast]]\nname = \"c\"\ntarget = { source = \"s\" }\n";
        let got = faults(&without);
        assert!(got.len() == 2 && got[0].contains("there is no source `z`") && got[1].contains("add \"source\" to `breakdowns`"), "{got:?}");
    }
}
