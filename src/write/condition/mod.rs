//! A condition on the rows of a table, as a pipeline's `[[check]]` writes it.
//!
//! The text is an expression of SQL over the columns of one table, with SQL's
//! three values: a row fails where it is true, and not where it is false or
//! null. Columns and types come from the table's one list, so every mistake is
//! found when the pipeline is read. Nothing here touches disk.
//!
//! # Source
//! The grammar is that of the crate `sqlparser`; the values are those of the
//! SQL standard, and where it leaves a choice, of `DuckDB`: `/` is division of
//! real numbers and null where the divisor is 0, a date plus a number is so
//! many days later, `length` counts code points.

mod eval;
mod like;
mod typed;

use arrow::array::RecordBatch;
use sqlparser::dialect::AnsiDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use super::schema::Table;
use crate::diagnostic::Span;
use typed::{Node, Reader, Type};

/// Words and signs that a condition may have, without the values of its lists:
/// it is read and evaluated recursively, and a sum of n parts is n deep.
const LONGEST: usize = 200;

/// What a condition may be made of, for hints.
const KNOWN: &str = "columns, numbers, 'text', date '2024-03-05', = <> < <= > >= + - * /, and, or, not, is null, in (…), between, like, \
                     length, lower, upper, abs, coalesce, contains, starts_with, ends_with, year, month, day";

/// A mistake in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionFault {
    /// Its bytes in the condition.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// A condition that fits the columns of its table.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    /// Columns that it reads, each once.
    columns: Vec<&'static str>,
    root: Node,
}

impl Condition {
    /// Reads a condition on the rows of `table`.
    ///
    /// # Errors
    /// All mistakes that can be found in one reading; of those of the grammar,
    /// the first.
    pub fn new(table: &Table, text: &str) -> Result<Self, Vec<ConditionFault>> {
        let whole = Span::new(0, text.len());
        let one = |span: Span, message: String, hint: Option<&str>| vec![ConditionFault { span, message, hint: hint.map(str::to_owned) }];
        if text.trim().is_empty() {
            return Err(one(whole, "the condition is empty".to_owned(), Some("write what must not be true of a row")));
        }
        let grammar = |error: &ParserError| {
            let message = error.to_string();
            let (told, at) = place_of(text, &message);
            one(at.unwrap_or(whole), format!("this is no condition: {told}"), Some(KNOWN))
        };
        let tokens = Tokenizer::new(&AnsiDialect {}, text).tokenize_with_location().map_err(|e| grammar(&e.into()))?;
        let value = |token: &Token| matches!(token, Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_));
        if tokens.iter().filter(|token| !value(&token.token)).count() > LONGEST {
            return Err(one(whole, format!("the condition has more than {LONGEST} words and signs"), Some("make several checks of it")));
        }
        let mut parser = Parser::new(&AnsiDialect {}).with_tokens_with_locations(tokens);
        let parsed = parser.parse_expr().map_err(|e| grammar(&e))?;
        let next = parser.peek_token();
        if next.token != Token::EOF {
            return Err(one(
                bytes(text, next.span.start, next.span.end),
                format!("`{}` is too much here", next.token),
                Some("join conditions by `and` or `or`"),
            ));
        }
        let mut reader = Reader::new(table, text);
        let root = reader.node(&parsed);
        let (mut faults, columns) = reader.finish();
        if let Some((node, found)) = root.filter(|_| faults.is_empty()) {
            if matches!(found, Type::Boolean | Type::Null) {
                return Ok(Self { text: text.to_owned(), columns, root: node });
            }
            faults = one(whole, format!("this is {}, and not true or false", found.name()), Some("compare it with something"));
        }
        Err(faults)
    }

    /// The condition as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns that it reads.
    #[must_use]
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// Numbers of the rows of a batch of which it is true. The batch has the
    /// columns of [`columns`](Self::columns), in any order.
    ///
    /// # Cost
    /// A walk through the condition for each row.
    #[must_use]
    pub fn rows(&self, batch: &RecordBatch) -> Vec<usize> {
        eval::rows(&self.root, &self.columns, batch)
    }
}

/// What a parser's message says, and where, if it says so.
fn place_of<'m>(text: &str, message: &'m str) -> (&'m str, Option<Span>) {
    let told = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let Some((before, place)) = told.split_once(" at Line: ") else { return (told, None) };
    let mut numbers = place.split(", Column: ").map(|n| n.trim().parse::<u64>().ok());
    let (Some(Some(line)), Some(Some(column))) = (numbers.next(), numbers.next()) else { return (before, None) };
    let start = byte_of(text, Location { line, column });
    let word = text.get(start..).unwrap_or_default();
    let end = start + word.find(char::is_whitespace).unwrap_or(word.len()).max(word.chars().next().map_or(0, char::len_utf8));
    (before, Some(Span::new(start, end)))
}

/// The bytes from one location up to another.
fn bytes(text: &str, start: Location, end: Location) -> Span {
    if start.line == 0 {
        return Span::new(0, text.len());
    }
    let from = byte_of(text, start);
    Span::new(from, byte_of(text, end).max(from))
}

/// Line and column, both from 1 and in characters → byte.
fn byte_of(text: &str, at: Location) -> usize {
    let (mut line, mut column) = (1, 1);
    for (byte, char) in text.char_indices() {
        if (line, column) >= (at.line, at.column) {
            return byte;
        }
        if char == '\n' {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::rows::{DateRow, DocumentRow};
    use super::super::schema::{Row, batch};
    use super::*;
    use chrono::NaiveDate;

    fn documents() -> Vec<DocumentRow<'static>> {
        let day = |day| NaiveDate::from_ymd_opt(2024, 3, day);
        let row = |id: &'static str, title: Option<&'static str>, date, chars| DocumentRow {
            doc_id: id.into(),
            title: title.map(Into::into),
            date_start: date,
            chars,
            preamble: id == "c",
            ..DocumentRow::default()
        };
        vec![row("a", Some("全县水利会议"), day(1), 10), row("b", None, day(5), 0), row("c", Some("50% 以上"), None, 300)]
    }

    fn failing(condition: &str) -> String {
        let condition = Condition::new(&DocumentRow::table(), condition).unwrap_or_else(|faults| panic!("{condition}: {faults:?}"));
        let rows = documents();
        condition.rows(&batch(&rows).unwrap()).iter().map(|row| rows[*row].doc_id.as_ref()).collect()
    }

    fn faults(condition: &str) -> Vec<String> {
        let Err(faults) = Condition::new(&DocumentRow::table(), condition) else { return Vec::new() };
        faults.iter().map(|f| format!("`{}` {} {}", f.span.of(condition), f.message, f.hint.clone().unwrap_or_default())).collect()
    }

    #[test]
    fn a_row_fails_where_the_condition_is_true_and_not_where_it_is_null() {
        let all = [
            ("title is null", "b"),
            ("title is not null and chars > 10", "c"),
            ("title <> '全县水利会议'", "c"),
            ("not (title = '全县水利会议')", "c"),
            ("not title = '全县水利会议' or title is null", "bc"),
            ("null", ""),
            ("null or true", "abc"),
            ("preamble", "c"),
            ("preamble = false", "ab"),
            ("chars in (0, 300, null)", "bc"),
            ("chars not in (0, 300)", "a"),
            ("chars not in (0, null)", ""),
            ("chars between 0 and 10", "ab"),
            ("date_start not between '2024-03-01' and '2024-03-04'", "b"),
            ("date_start < date '2024-03-05'", "a"),
            ("date_start + 4 = '2024-03-05'", "a"),
            ("date_start - date '2024-03-01' >= 4", "b"),
            ("year(date_start) * 100 + month(date_start) = 202403 and day(date_start) = 1", "a"),
            ("length(title) = 6", "ac"),
            ("title like '全_水%'", "a"),
            ("title like '%!% %' escape '!'", "c"),
            ("title not like '%会议'", "c"),
            ("contains(title, '水利') or starts_with(doc_id, 'b')", "ab"),
            ("coalesce(title, '') = ''", "b"),
            ("upper(doc_id) = 'B' and lower(upper(doc_id)) = doc_id", "b"),
            ("1 / chars > 0.05", "a"),
            ("abs(-chars) - chars * 1 <> 0", ""),
            ("chars / 0 is null", "abc"),
            ("9223372036854775807 + chars > 0", "abc"),
            ("preamble is true", "c"),
            ("(title like '%水%') is not true", "bc"),
        ];
        for (condition, expected) in all {
            assert_eq!(failing(condition), expected, "{condition}");
        }
    }

    #[test]
    fn lists_are_asked_by_length_and_contains_alone() {
        let rows = [DateRow { candidates: vec!["2023".into(), "2022".into()], ..DateRow::default() }, DateRow::default()];
        let of = |text: &str| Condition::new(&DateRow::table(), text).map(|c| c.rows(&batch(&rows).unwrap()));
        assert_eq!(of("length(candidates) > 1"), Ok(vec![0]));
        assert_eq!(of("contains(candidates, '2022')"), Ok(vec![0]));
        assert!(of("candidates = '2022'").unwrap_err()[0].message.contains("a list of text"));
    }

    #[test]
    fn mistakes_are_told_with_their_place_all_at_once() {
        let all: [(&str, &[&str]); 14] = [
            ("tittle is null", &["`tittle` table `documents` has no column `tittle` did you mean `title`?"]),
            ("chars > 'a' and title < 3", &["`chars > 'a'` a number and text cannot be compared ", "`title < 3` text and a number cannot be compared "]),
            ("date_start > '2024-3'", &["`'2024-3'` this is no day write '2024-03-05'"]),
            ("chars", &["`chars` this is a number, and not true or false compare it with something"]),
            ("length(chars) > 1", &["`length(chars)` length takes text or a list of text, and this is a number "]),
            ("len(title) > 1", &["`len(title)` there is no function `len` did you mean `length`?"]),
            ("title like chars", &["`chars` the pattern of `like` must be written out as text "]),
            ("text ~ 'a'", &[]),
            ("chars >", &[]),
            ("chars > 1 chars < 3", &["`chars` `chars` is too much here join conditions by `and` or `or`"]),
            ("title in ('a', 3)", &["`3` text and a number cannot be compared "]),
            ("preamble + 1 > 2", &["`preamble + 1` true or false and a number cannot be used with `+` "]),
            ("not chars", &["`chars` `not` takes true or false, and this is a number "]),
            ("documents.chars > 'x", &[]),
        ];
        for (condition, expected) in all {
            let got = faults(condition);
            if expected.is_empty() {
                assert_eq!(got.len(), 1, "{condition}: {got:?}");
            } else {
                assert_eq!(got, expected, "{condition}");
            }
        }
        assert!(faults("count(*) > 1")[0].contains("count"), "{:?}", faults("count(*) > 1"));
        assert!(faults("chars > (select 1)")[0].contains("not known here"), "{:?}", faults("chars > (select 1)"));
        assert!(faults("").len() == 1 && faults(" ").len() == 1);
    }

    #[test]
    fn a_long_or_deep_condition_is_refused_and_not_a_fall() {
        let sum = |parts: usize| format!("{}1 > 0", "1+".repeat(parts));
        assert_eq!(failing(&sum(LONGEST - 1)), "abc");
        assert_eq!(faults(&sum(LONGEST)).len(), 1);
        assert_eq!(failing(&format!("chars in ({}10)", "9999, ".repeat(5000))), "a");
        assert_eq!(faults(&format!("{}1{} > 0", "(".repeat(500), ")".repeat(500))).len(), 1);
        assert_eq!(faults(&format!("{}preamble", "not ".repeat(900))).len(), 1);
    }

    #[test]
    fn the_place_counts_characters_and_lines() {
        assert_eq!(faults("title = '水利'\n  and tittle = '水'"), ["`tittle` table `documents` has no column `tittle` did you mean `title`?"]);
        assert_eq!(byte_of("水\n利a", Location { line: 2, column: 2 }), 7);
    }
}
