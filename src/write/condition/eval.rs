//! The value of a condition for the rows of a batch.

use std::borrow::Cow;
use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type};
use chrono::{Datelike, NaiveDate, TimeDelta};

use super::super::schema::Kind;
use super::typed::{Comparison, Function, Node, Operator};

/// A value. Null is one of every type.
#[derive(Clone, Debug)]
pub(super) enum Value<'v> {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'v, str>),
    Date(NaiveDate),
    List(ArrayRef),
}

impl Value<'_> {
    /// True or false; `None`: null.
    fn truth(&self) -> Option<bool> {
        if let Self::Boolean(truth) = self { Some(*truth) } else { None }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The order of two values of one type; `None` where one is null.
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }
}

fn truth<'v>(value: Option<bool>) -> Value<'v> {
    value.map_or(Value::Null, Value::Boolean)
}

/// Numbers of the rows of which a node is true.
pub(super) fn rows(root: &Node, columns: &[&str], batch: &RecordBatch) -> Vec<usize> {
    let arrays: Vec<Option<&ArrayRef>> = columns.iter().map(|name| batch.column_by_name(name)).collect();
    (0..batch.num_rows()).filter(|row| value(root, &arrays, *row).truth() == Some(true)).collect()
}

fn value<'v>(node: &'v Node, arrays: &[Option<&'v ArrayRef>], row: usize) -> Value<'v> {
    let of = |node: &'v Node| value(node, arrays, row);
    match node {
        Node::Constant(value) => value.clone(),
        Node::Column(slot, kind) => arrays.get(*slot).copied().flatten().map_or(Value::Null, |array| cell(array, *kind, row)),
        Node::Not(inner) => truth(of(inner).truth().map(|truth| !truth)),
        Node::And(left, right) => match of(left).truth() {
            Some(false) => Value::Boolean(false),
            left => match of(right).truth() {
                Some(false) => Value::Boolean(false),
                right => truth(left.and(right)),
            },
        },
        Node::Or(left, right) => match of(left).truth() {
            Some(true) => Value::Boolean(true),
            left => match of(right).truth() {
                Some(true) => Value::Boolean(true),
                right => truth(left.and(right)),
            },
        },
        Node::IsNull(inner) => Value::Boolean(matches!(of(inner), Value::Null)),
        Node::Is(inner, wanted) => Value::Boolean(of(inner).truth() == Some(*wanted)),
        Node::Compare(comparison, left, right) => truth(of(left).order(&of(right)).map(|order| comparison.holds(order))),
        Node::In(inner, list) => {
            let wanted = of(inner);
            let mut unknown = matches!(wanted, Value::Null);
            for each in list {
                match wanted.order(&of(each)) {
                    Some(Ordering::Equal) => return Value::Boolean(true),
                    Some(_) => {}
                    None => unknown = true,
                }
            }
            truth((!unknown || list.is_empty()).then_some(false))
        }
        Node::Like(inner, pattern) => match of(inner) {
            Value::Text(text) => Value::Boolean(pattern.fits(&text)),
            _ => Value::Null,
        },
        Node::Arithmetic(operator, left, right) => arithmetic(*operator, &of(left), &of(right)),
        Node::Negate(inner) => match of(inner) {
            Value::Integer(number) => number.checked_neg().map_or(Value::Float(-(number as f64)), Value::Integer),
            Value::Float(number) => Value::Float(-number),
            _ => Value::Null,
        },
        Node::Call(Function::Coalesce, arguments) => arguments.iter().map(of).find(|v| !matches!(v, Value::Null)).unwrap_or(Value::Null),
        Node::Call(function, arguments) => {
            let mut values = arguments.iter().map(of);
            call(*function, values.next().unwrap_or(Value::Null), values.next().unwrap_or(Value::Null))
        }
    }
}

fn cell(array: &ArrayRef, kind: Kind, row: usize) -> Value<'_> {
    if array.is_null(row) {
        return Value::Null;
    }
    match kind {
        Kind::Text => Value::Text(Cow::Borrowed(array.as_string::<i32>().value(row))),
        Kind::TextList => Value::List(array.as_list::<i32>().value(row)),
        Kind::Int32 => Value::Integer(array.as_primitive::<Int32Type>().value(row).into()),
        Kind::Int64 => Value::Integer(array.as_primitive::<Int64Type>().value(row)),
        Kind::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        Kind::Boolean => Value::Boolean(array.as_boolean().value(row)),
        Kind::Date => Date32Type::to_naive_date_opt(array.as_primitive::<Date32Type>().value(row)).map_or(Value::Null, Value::Date),
    }
}

fn arithmetic<'v>(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Value<'v> {
    let later = |day: NaiveDate, days: i64| TimeDelta::try_days(days).and_then(|delta| day.checked_add_signed(delta)).map_or(Value::Null, Value::Date);
    match (operator, left, right) {
        (Operator::Plus, Value::Date(day), Value::Integer(days)) | (Operator::Plus, Value::Integer(days), Value::Date(day)) => later(*day, *days),
        (Operator::Minus, Value::Date(day), Value::Integer(days)) => days.checked_neg().map_or(Value::Null, |days| later(*day, days)),
        (Operator::Minus, Value::Date(day), Value::Date(other)) => Value::Integer(day.signed_duration_since(*other).num_days()),
        (Operator::Plus | Operator::Minus | Operator::Times, Value::Integer(a), Value::Integer(b)) => {
            let exact = match operator {
                Operator::Plus => a.checked_add(*b),
                Operator::Minus => a.checked_sub(*b),
                _ => a.checked_mul(*b),
            };
            exact.map_or_else(|| real(operator, *a as f64, *b as f64), Value::Integer)
        }
        _ => match (left.number(), right.number()) {
            (Some(a), Some(b)) => real(operator, a, b),
            _ => Value::Null,
        },
    }
}

fn real<'v>(operator: Operator, a: f64, b: f64) -> Value<'v> {
    match operator {
        Operator::Plus => Value::Float(a + b),
        Operator::Minus => Value::Float(a - b),
        Operator::Times => Value::Float(a * b),
        Operator::Over if b == 0.0 => Value::Null,
        Operator::Over => Value::Float(a / b),
    }
}

fn call<'v>(function: Function, first: Value<'v>, second: Value<'v>) -> Value<'v> {
    let count = |n: usize| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    match (function, first, second) {
        (Function::Length, Value::Text(text), _) => count(text.chars().count()),
        (Function::Length, Value::List(list), _) => count(list.len()),
        (Function::Lower, Value::Text(text), _) => Value::Text(text.to_lowercase().into()),
        (Function::Upper, Value::Text(text), _) => Value::Text(text.to_uppercase().into()),
        (Function::Abs, Value::Integer(number), _) => number.checked_abs().map_or(Value::Float((number as f64).abs()), Value::Integer),
        (Function::Abs, Value::Float(number), _) => Value::Float(number.abs()),
        (Function::Year, Value::Date(day), _) => Value::Integer(day.year().into()),
        (Function::Month, Value::Date(day), _) => Value::Integer(day.month().into()),
        (Function::Day, Value::Date(day), _) => Value::Integer(day.day().into()),
        (Function::Contains, Value::Text(text), Value::Text(part)) => Value::Boolean(text.contains(part.as_ref())),
        (Function::Contains, Value::List(list), Value::Text(wanted)) => Value::Boolean(list.as_string::<i32>().iter().flatten().any(|each| each == wanted)),
        (Function::StartsWith, Value::Text(text), Value::Text(part)) => Value::Boolean(text.starts_with(part.as_ref())),
        (Function::EndsWith, Value::Text(text), Value::Text(part)) => Value::Boolean(text.ends_with(part.as_ref())),
        _ => Value::Null,
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}
