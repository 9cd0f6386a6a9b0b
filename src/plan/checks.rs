//! `[[check]]`: conditions that no row of a table may fulfil.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::{Reader, span};
use crate::diagnostic::{Span, suggestion};
use crate::write::{Assertion, BUILTIN_CHECKS, Condition, Severity, tables};

/// A check as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCheck {
    name: Spanned<String>,
    table: Spanned<String>,
    #[serde(default)]
    severity: Severity,
    r#where: Spanned<String>,
}

impl Reader<'_> {
    /// The checks of the pipeline; what is wrong with one is told with its place
    /// in the condition.
    pub(super) fn checks(&mut self, written: &[WrittenCheck]) -> Vec<Assertion> {
        let (mut out, mut names) = (Vec::new(), BTreeSet::new());
        for check in written {
            let name = check.name.get_ref();
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if name.is_empty() || !name.chars().all(plain) {
                self.fault(span(&check.name), "a check is named by letters, digits, - and _", None);
            }
            if BUILTIN_CHECKS.contains(&name.as_str()) {
                self.fault(span(&check.name), format!("tifa has a check `{name}` of its own"), "give it another name".to_owned());
            }
            if !names.insert(name.clone()) {
                self.fault(span(&check.name), format!("two checks are named `{name}`"), None);
            }
            let all = tables();
            let typed = check.table.get_ref();
            let Some(table) = all.iter().find(|table| table.name == typed) else {
                let near = suggestion(typed, all.iter().map(|t| t.name)).map(|n| format!("did you mean `{n}`?"));
                self.fault(span(&check.table), format!("there is no table `{typed}`"), near);
                continue;
            };
            match Condition::new(table, check.r#where.get_ref()) {
                Ok(condition) => out.push(Assertion { name: name.clone(), table: table.clone(), severity: check.severity, condition }),
                Err(faults) => {
                    for fault in faults {
                        let place = self.inside(&check.r#where, fault.span);
                        self.fault(place, fault.message, fault.hint);
                    }
                }
            }
        }
        out
    }

    /// The place of bytes of a string in the file; all of the string where it is
    /// written with escapes.
    fn inside(&self, written: &Spanned<String>, at: Span) -> Span {
        let whole = span(written);
        let quoted = whole.of(&self.file.text);
        match quoted.find(written.get_ref().as_str()) {
            Some(offset) => Span::new(whole.start + offset + at.start, whole.start + offset + at.end),
            None => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{GOOD, faults, read};
    use super::*;

    fn check(rest: &str) -> String {
        format!("{GOOD}[[check]]\nname = \"short\"\ntable = \"documents\"\n{rest}")
    }

    #[test]
    fn a_check_is_read_and_blocks_where_it_does_not_say() {
        let plan = read(&check("where = \"chars < 10\"\n")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((plan.checks[0].name.as_str(), plan.checks[0].severity), ("short", Severity::Error));
        let plan = read(&check("severity = \"warn\"\nwhere = '''title is null\nand chars < 10'''\n")).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((plan.checks[0].severity, plan.checks[0].condition.columns()), (Severity::Warn, ["title", "chars"].as_slice()));
    }

    #[test]
    fn a_mistake_is_told_with_its_place_in_the_condition() {
        let text = check("where = \"title = '水' and charz < 10\"\n");
        let Err(super::super::PlanError::Faults(faults)) = read(&text) else { panic!("{text}") };
        assert_eq!((faults[0].span.of(&text), faults[0].line_column()), ("charz", (15, 26)));
        // Escapes: the string as a whole.
        let text = check("where = \"title = '\\u6c34' and charz < 10\"\n");
        let Err(super::super::PlanError::Faults(faults)) = read(&text) else { panic!("{text}") };
        assert!(faults[0].span.of(&text).starts_with("\"title"));
    }

    #[test]
    fn names_and_tables_that_cannot_be_are_told() {
        let got = faults(&check("where = \"chars < 1\"\n[[check]]\nname = \"short\"\ntable = \"document\"\nwhere = \"true\"\n"));
        assert_eq!(got, ["17: two checks are named `short` ", "18: there is no table `document` did you mean `documents`?"]);
        let got = faults(&check("where = \"chars < 1\"\nseverity = \"fatal\"\n"));
        assert!(got.len() == 1 && got[0].contains("unknown variant `fatal`"), "{got:?}");
        assert!(faults(&check("where = \"true\"\n").replace("\"short\"", "\"doc_id_is_unique\""))[0].contains("of its own"));
    }
}
