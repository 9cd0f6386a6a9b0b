//! The parsed text of a condition → a tree whose types fit.

use std::borrow::Cow;

use chrono::NaiveDate;
use sqlparser::ast::{
    BinaryOperator, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, InTarget, Spanned, UnaryOperator, Value as Literal,
};

use super::eval::Value;
use super::like::Pattern;
use super::{ConditionFault, KNOWN, bytes};
use crate::diagnostic::{Span, suggestion};
use crate::write::schema::{Kind, Table};

/// A part of a condition.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Value<'static>),
    /// Its place among the columns read.
    Column(usize, Kind),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    IsNull(Box<Node>),
    /// `is true`, `is false`.
    Is(Box<Node>, bool),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<Node>),
    Like(Box<Node>, Pattern),
    Arithmetic(Operator, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    Call(Function, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Length,
    Lower,
    Upper,
    Abs,
    Coalesce,
    Contains,
    StartsWith,
    EndsWith,
    Year,
    Month,
    Day,
}

impl Function {
    const ALL: [(&str, Self); 11] = [
        ("length", Self::Length),
        ("lower", Self::Lower),
        ("upper", Self::Upper),
        ("abs", Self::Abs),
        ("coalesce", Self::Coalesce),
        ("contains", Self::Contains),
        ("starts_with", Self::StartsWith),
        ("ends_with", Self::EndsWith),
        ("year", Self::Year),
        ("month", Self::Month),
        ("day", Self::Day),
    ];
}

/// Type of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Boolean,
    Number,
    Text,
    Date,
    List,
    /// The word `null`: of any type.
    Null,
}

impl Type {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Date => "a date",
            Self::List => "a list of text",
            Self::Null => "null",
        }
    }

    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::TextList => Self::List,
            Kind::Int32 | Kind::Int64 | Kind::Float64 => Self::Number,
            Kind::Boolean => Self::Boolean,
            Kind::Date => Self::Date,
        }
    }

    fn is(self, wanted: Self) -> bool {
        self == wanted || self == Self::Null
    }
}

type Typed = (Node, Type);

/// Reads one condition and gathers its mistakes.
pub(super) struct Reader<'t> {
    table: &'t Table,
    text: &'t str,
    columns: Vec<&'static str>,
    faults: Vec<ConditionFault>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(table: &'t Table, text: &'t str) -> Self {
        Self { table, text, columns: Vec::new(), faults: Vec::new() }
    }

    /// The mistakes, and the columns that are read.
    pub(super) fn finish(self) -> (Vec<ConditionFault>, Vec<&'static str>) {
        (self.faults, self.columns)
    }

    fn fault(&mut self, at: &Expr, message: impl Into<String>, hint: Option<String>) {
        let span = self.span(at);
        self.faults.push(ConditionFault { span, message: message.into(), hint });
    }

    /// The bytes of an expression; parentheses around it and at the end of a
    /// call are not part of what the parser tells.
    fn span(&self, at: &Expr) -> Span {
        let told = at.span();
        let span = bytes(self.text, told.start, told.end);
        if matches!(at, Expr::Function(_)) && !span.of(self.text).ends_with(')') {
            let rest = self.text.get(span.end..).unwrap_or_default();
            if let Some(close) = rest.find(')') {
                return Span::new(span.start, span.end + close + 1);
            }
        }
        span
    }

    /// An expression with its type; `None` if it has a mistake, which is told.
    pub(super) fn node(&mut self, expr: &Expr) -> Option<Typed> {
        match expr {
            Expr::Nested(inner) => self.node(inner),
            Expr::Identifier(name) => self.column(expr, name),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] if table.value == self.table.name => self.column(expr, name),
                _ => {
                    let own = self.table.name;
                    self.fault(expr, format!("a check reads one table, and this one is on `{own}`"), Some("write the column's name alone".to_owned()));
                    None
                }
            },
            Expr::Value(literal) => self.literal(expr, &literal.value),
            Expr::TypedString(typed) if typed.data_type == DataType::Date => match &typed.value.value {
                Literal::SingleQuotedString(text) => Some((Node::Constant(Value::Date(self.day(expr, text)?)), Type::Date)),
                _ => self.unknown(expr),
            },
            Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right),
            Expr::UnaryOp { op, expr: inner } => self.unary(expr, *op, inner),
            Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => self.is(expr),
            Expr::Between { expr: inner, negated, low, high } => self.between(expr, inner, *negated, (low, high)),
            Expr::In { expr: inner, target: InTarget::List(list), negated, .. } => self.is_in(inner, list, *negated),
            Expr::Like { negated, any: false, expr: inner, pattern, escape_char } => {
                let like = self.like(expr, inner, pattern, escape_char.as_deref())?;
                Some((negated_if(*negated, like), Type::Boolean))
            }
            Expr::Function(call) => self.function(expr, call),
            _ => self.unknown(expr),
        }
    }

    /// `is` and `is not`: never null.
    fn is(&mut self, expr: &Expr) -> Option<Typed> {
        let (inner, wanted, negated) = match expr {
            Expr::IsNull(inner) => (inner, None, false),
            Expr::IsNotNull(inner) => (inner, None, true),
            Expr::IsTrue(inner) => (inner, Some(true), false),
            Expr::IsNotTrue(inner) => (inner, Some(true), true),
            Expr::IsFalse(inner) => (inner, Some(false), false),
            Expr::IsNotFalse(inner) => (inner, Some(false), true),
            _ => return self.unknown(expr),
        };
        let node = match wanted {
            None => Node::IsNull(self.node(inner)?.0.into()),
            Some(truth) => Node::Is(self.wants(inner, "`is`", &[Type::Boolean])?.into(), truth),
        };
        Some((negated_if(negated, node), Type::Boolean))
    }

    fn unary(&mut self, expr: &Expr, operator: UnaryOperator, inner: &Expr) -> Option<Typed> {
        match operator {
            UnaryOperator::Not => Some((not(self.wants(inner, "`not`", &[Type::Boolean])?), Type::Boolean)),
            UnaryOperator::Minus => Some((Node::Negate(self.wants(inner, "`-`", &[Type::Number])?.into()), Type::Number)),
            UnaryOperator::Plus => Some((self.wants(inner, "`+`", &[Type::Number])?, Type::Number)),
            _ => self.unknown(expr),
        }
    }

    fn between(&mut self, expr: &Expr, inner: &Expr, negated: bool, (low, high): (&Expr, &Expr)) -> Option<Typed> {
        let from = self.compare(expr, Comparison::AtLeast, inner, low);
        let to = self.compare(expr, Comparison::AtMost, inner, high);
        Some((negated_if(negated, Node::And(from?.into(), to?.into())), Type::Boolean))
    }

    fn is_in(&mut self, inner: &Expr, list: &[Expr], negated: bool) -> Option<Typed> {
        let wanted = self.node(inner);
        let items: Vec<Option<Typed>> = list.iter().map(|item| self.node(item)).collect();
        let (wanted, mut fitting) = (wanted?, Vec::new());
        let mut same = wanted.1;
        for (item, typed) in list.iter().zip(items) {
            let typed = self.as_day(typed?, item, same)?;
            if wanted.1 == Type::List || !(typed.1.is(same) || same == Type::Null) {
                self.fault(item, format!("{} and {} cannot be compared", same.name(), typed.1.name()), None);
                return None;
            }
            same = if same == Type::Null { typed.1 } else { same };
            fitting.push(typed.0);
        }
        Some((negated_if(negated, Node::In(wanted.0.into(), fitting)), Type::Boolean))
    }

    fn like(&mut self, expr: &Expr, inner: &Expr, pattern: &Expr, escape: Option<&Expr>) -> Option<Node> {
        let inner = self.wants(inner, "`like`", &[Type::Text]);
        let text_of = |expr: &Expr| match expr {
            Expr::Value(literal) => match &literal.value {
                Literal::SingleQuotedString(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        };
        let escape = escape.map(|e| text_of(e).and_then(|text| text.chars().next().filter(|c| c.len_utf8() == text.len())));
        let Some(text) = text_of(pattern) else {
            self.fault(pattern, "the pattern of `like` must be written out as text", None);
            return None;
        };
        let read = match escape {
            Some(None) => None,
            Some(sign) => Pattern::new(&text, sign),
            None => Pattern::new(&text, None),
        };
        let Some(read) = read else {
            self.fault(expr, "after `escape` one character is written, and it stands before another", None);
            return None;
        };
        Some(Node::Like(inner?.into(), read))
    }

    fn function(&mut self, expr: &Expr, call: &sqlparser::ast::Function) -> Option<Typed> {
        let name = call.name.to_string().to_lowercase();
        let FunctionArguments::List(list) = &call.args else { return self.unknown(expr) };
        let mut arguments = Vec::new();
        for argument in &list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => arguments.push(argument),
                _ => return self.call_fault(expr, &name),
            }
        }
        self.call(expr, &name, &arguments)
    }

    fn unknown(&mut self, expr: &Expr) -> Option<Typed> {
        self.fault(expr, format!("`{}` is not known here", shortened(&expr.to_string())), Some(format!("a condition is made of {KNOWN}")));
        None
    }

    fn column(&mut self, expr: &Expr, name: &Ident) -> Option<Typed> {
        let Some(column) = self.table.columns.iter().find(|column| column.name == name.value) else {
            let near = suggestion(&name.value, self.table.columns.iter().map(|c| c.name)).map(|n| format!("did you mean `{n}`?"));
            self.fault(expr, format!("table `{}` has no column `{}`", self.table.name, name.value), near);
            return None;
        };
        let slot = self.columns.iter().position(|known| *known == column.name).unwrap_or_else(|| {
            self.columns.push(column.name);
            self.columns.len() - 1
        });
        Some((Node::Column(slot, column.kind), Type::of(column.kind)))
    }

    fn literal(&mut self, expr: &Expr, literal: &Literal) -> Option<Typed> {
        match literal {
            Literal::Number(text, _) => {
                let number = text.parse().map(Value::Integer).or_else(|_| text.parse().map(Value::Float)).ok();
                match number {
                    Some(number) => Some((Node::Constant(number), Type::Number)),
                    None => self.unknown(expr),
                }
            }
            Literal::SingleQuotedString(text) => Some((Node::Constant(Value::Text(Cow::Owned(text.clone()))), Type::Text)),
            Literal::Boolean(truth) => Some((Node::Constant(Value::Boolean(*truth)), Type::Boolean)),
            Literal::Null => Some((Node::Constant(Value::Null), Type::Null)),
            _ => self.unknown(expr),
        }
    }

    fn day(&mut self, expr: &Expr, text: &str) -> Option<NaiveDate> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
        if day.is_none() {
            self.fault(expr, "this is no day", Some("write '2024-03-05'".to_owned()));
        }
        day
    }

    /// Text that is written out is a day where a date stands beside it.
    fn as_day(&mut self, typed: Typed, expr: &Expr, beside: Type) -> Option<Typed> {
        match (typed, beside) {
            ((Node::Constant(Value::Text(text)), Type::Text), Type::Date) => Some((Node::Constant(Value::Date(self.day(expr, &text)?)), Type::Date)),
            (typed, _) => Some(typed),
        }
    }

    /// A part that must be of one of these types.
    fn wants(&mut self, expr: &Expr, who: &str, types: &[Type]) -> Option<Node> {
        let (node, found) = self.node(expr)?;
        if types.iter().any(|wanted| found.is(*wanted)) {
            return Some(node);
        }
        self.fault(expr, format!("{who} takes {}, and this is {}", alternatives(types), found.name()), None);
        None
    }

    fn compare(&mut self, expr: &Expr, comparison: Comparison, left: &Expr, right: &Expr) -> Option<Node> {
        let (a, b) = (self.node(left), self.node(right));
        let (a, b) = (a?, b?);
        let (left_type, right_type) = (a.1, b.1);
        let a = self.as_day(a, left, right_type)?;
        let b = self.as_day(b, right, left_type)?;
        let same = a.1.is(b.1) || b.1 == Type::Null;
        if !same || a.1 == Type::List || b.1 == Type::List {
            let hint = (a.1 == Type::List || b.1 == Type::List).then(|| "of a list, ask length(…) or contains(…, 'text')".to_owned());
            self.fault(expr, format!("{} and {} cannot be compared", a.1.name(), b.1.name()), hint);
            return None;
        }
        Some(Node::Compare(comparison, a.0.into(), b.0.into()))
    }

    fn binary(&mut self, expr: &Expr, left: &Expr, operator: &BinaryOperator, right: &Expr) -> Option<Typed> {
        let comparison = match operator {
            BinaryOperator::Eq => Some(Comparison::Equal),
            BinaryOperator::NotEq => Some(Comparison::Unequal),
            BinaryOperator::Lt => Some(Comparison::Less),
            BinaryOperator::LtEq => Some(Comparison::AtMost),
            BinaryOperator::Gt => Some(Comparison::More),
            BinaryOperator::GtEq => Some(Comparison::AtLeast),
            _ => None,
        };
        if let Some(comparison) = comparison {
            return Some((self.compare(expr, comparison, left, right)?, Type::Boolean));
        }
        let (arithmetic, sign) = match operator {
            BinaryOperator::And | BinaryOperator::Or => {
                let who = format!("`{}`", operator.to_string().to_lowercase());
                let (a, b) = (self.wants(left, &who, &[Type::Boolean]), self.wants(right, &who, &[Type::Boolean]));
                let (a, b) = (Box::new(a?), Box::new(b?));
                return Some((if *operator == BinaryOperator::And { Node::And(a, b) } else { Node::Or(a, b) }, Type::Boolean));
            }
            BinaryOperator::Plus => (Operator::Plus, "+"),
            BinaryOperator::Minus => (Operator::Minus, "-"),
            BinaryOperator::Multiply => (Operator::Times, "*"),
            BinaryOperator::Divide => (Operator::Over, "/"),
            _ => return self.unknown(expr),
        };
        let (a, b) = (self.node(left), self.node(right));
        let (a, b) = (a?, b?);
        let found = match (arithmetic, a.1, b.1) {
            (_, Type::Number | Type::Null, Type::Number | Type::Null) | (Operator::Minus, Type::Date, Type::Date) => Some(Type::Number),
            (Operator::Plus | Operator::Minus, Type::Date, Type::Number) | (Operator::Plus, Type::Number, Type::Date) => Some(Type::Date),
            _ => None,
        };
        let Some(found) = found else {
            self.fault(expr, format!("{} and {} cannot be used with `{sign}`", a.1.name(), b.1.name()), None);
            return None;
        };
        Some((Node::Arithmetic(arithmetic, a.0.into(), b.0.into()), found))
    }

    fn call_fault(&mut self, expr: &Expr, name: &str) -> Option<Typed> {
        // What other databases call it.
        let meant = if matches!(name, "len" | "char_length") { "length" } else { name };
        let near = suggestion(meant, Function::ALL.iter().map(|(name, _)| *name)).map(|n| format!("did you mean `{n}`?"));
        self.fault(expr, format!("there is no function `{name}`"), near.or_else(|| Some(format!("a condition is made of {KNOWN}"))));
        None
    }

    fn call(&mut self, expr: &Expr, name: &str, arguments: &[&Expr]) -> Option<Typed> {
        let Some((_, function)) = Function::ALL.iter().find(|(known, _)| *known == name) else { return self.call_fault(expr, name) };
        // All of them are read before the first mistake ends it.
        let read: Vec<Option<Typed>> = arguments.iter().map(|argument| self.node(argument)).collect();
        let (nodes, types): (Vec<Node>, Vec<Type>) = read.into_iter().collect::<Option<Vec<Typed>>>()?.into_iter().unzip();
        let wanted: &[&[Type]] = match function {
            Function::Length => &[&[Type::Text, Type::List]],
            Function::Lower | Function::Upper => &[&[Type::Text]],
            Function::Abs => &[&[Type::Number]],
            Function::Year | Function::Month | Function::Day => &[&[Type::Date]],
            Function::Contains => &[&[Type::Text, Type::List], &[Type::Text]],
            Function::StartsWith | Function::EndsWith => &[&[Type::Text], &[Type::Text]],
            Function::Coalesce => &[],
        };
        let given = match function {
            Function::Coalesce => {
                let first = types.iter().copied().find(|found| *found != Type::Null).unwrap_or(Type::Null);
                if let Some(other) = types.iter().find(|found| !found.is(first)) {
                    self.fault(expr, format!("coalesce takes values of one type, and these are {} and {}", first.name(), other.name()), None);
                    return None;
                }
                if types.is_empty() || first == Type::List {
                    self.fault(expr, "coalesce takes one value or more, and no list", None);
                    return None;
                }
                first
            }
            Function::Length | Function::Abs | Function::Year | Function::Month | Function::Day => Type::Number,
            Function::Lower | Function::Upper => Type::Text,
            Function::Contains | Function::StartsWith | Function::EndsWith => Type::Boolean,
        };
        if *function != Function::Coalesce {
            if types.len() != wanted.len() {
                self.fault(expr, format!("{name} takes {} of them, and this has {}", wanted.len(), types.len()), None);
                return None;
            }
            if let Some((wanted, found)) = wanted.iter().zip(&types).find(|(wanted, found)| !wanted.iter().any(|each| found.is(*each))) {
                self.fault(expr, format!("{name} takes {}, and this is {}", alternatives(wanted), found.name()), None);
                return None;
            }
        }
        Some((Node::Call(*function, nodes), given))
    }
}

fn not(node: Node) -> Node {
    Node::Not(Box::new(node))
}

fn negated_if(negated: bool, node: Node) -> Node {
    if negated { not(node) } else { node }
}

fn alternatives(types: &[Type]) -> String {
    types.iter().map(|each| each.name()).collect::<Vec<_>>().join(" or ")
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST - 1).chain(['…']).collect() }
}
