//! A line of JSON → the fields that a source names.
//!
//! Nothing else of the line is kept, but all of it is read as JSON: a fault in
//! a field that nobody asked for refuses the record too.

use std::fmt;

use encoding_rs::{Encoding, UTF_8};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::de::Read;

use super::FieldNames;

/// The named fields of a JSON object; numbers and truth values as text. Of a
/// field that comes twice the last one holds.
///
/// # Errors
/// Reason and detail of a reject.
pub(super) fn json_fields(bytes: &[u8], encoding: &'static Encoding, names: &FieldNames) -> Result<FieldNames, (&'static str, String)> {
    let converted;
    let bytes = if encoding == UTF_8 {
        bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
    } else {
        converted = encoding.decode_without_bom_handling(bytes).0.into_owned();
        converted.as_bytes()
    };
    let names = [&names.text, &names.title, &names.date, &names.id, &names.url].map(Option::as_deref);
    // The parser need not look at each string again if the line is UTF-8; if it
    // is not, it tells where.
    let fields = match simdutf8::basic::from_utf8(bytes) {
        Ok(line) => fields(serde_json::Deserializer::from_str(line), bytes, names),
        Err(_) => fields(serde_json::Deserializer::from_slice(bytes), bytes, names),
    };
    let [text, title, date, id, url] = fields?;
    Ok(FieldNames { text, title, date, id, url })
}

fn fields<'de, R: Read<'de>>(
    mut json: serde_json::Deserializer<R>,
    bytes: &[u8],
    names: [Option<&str>; FIELDS],
) -> Result<[Option<String>; FIELDS], (&'static str, String)> {
    let broken = |error: serde_json::Error| ("broken_record", error.to_string());
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        Field { kept: false }.deserialize(&mut json).and_then(|_| json.end()).map_err(broken)?;
        return Err(("broken_record", "the line is no JSON object".into()));
    }
    json.deserialize_any(Object { names }).and_then(|fields| json.end().map(|()| fields)).map_err(broken)
}

const FIELDS: usize = 5;

/// An object of which the fields with these names are taken.
struct Object<'n> {
    names: [Option<&'n str>; FIELDS],
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = [Option<String>; FIELDS];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut out = Self::Value::default();
        while let Some(place) = map.next_key_seed(Key { names: &self.names })? {
            let value = map.next_value_seed(Field { kept: place.is_some() })?;
            if let Some(out) = place.and_then(|place| out.get_mut(place)) {
                *out = value;
            }
        }
        Ok(out)
    }
}

/// A key → its place among the names.
struct Key<'n> {
    names: &'n [Option<&'n str>],
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.names.iter().position(|name| *name == Some(key)))
    }
}

/// A value of any kind: its text if it is kept and has one.
#[derive(Clone, Copy)]
struct Field {
    kept: bool,
}

impl<'de> DeserializeSeed<'de> for Field {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(self.kept.then(|| value.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.kept.then(|| value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.kept.then(|| value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.kept.then(|| value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).filter(|_| self.kept).map(|number| number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        while values.next_element_seed(Self { kept: false })?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_key_seed(Key { names: &[] })?.is_some() {
            map.next_value_seed(Self { kept: false })?;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn names() -> FieldNames {
        let name = |n: &str| Some(n.to_owned());
        FieldNames { text: name("text"), title: name("题"), date: name("date"), id: name("id"), url: None }
    }

    fn read(line: &[u8]) -> Result<FieldNames, (&'static str, String)> {
        json_fields(line, UTF_8, &names())
    }

    /// The same by way of a whole JSON value.
    fn reference(line: &[u8]) -> Result<FieldNames, (&'static str, String)> {
        let value: Value = serde_json::from_slice(line).map_err(|e| ("broken_record", e.to_string()))?;
        let Value::Object(mut object) = value else {
            return Err(("broken_record", "the line is no JSON object".into()));
        };
        let mut get = |name: &str| match object.remove(name)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        Ok(FieldNames { text: get("text"), title: get("题"), date: get("date"), id: get("id"), url: None })
    }

    #[test]
    fn fields_are_those_of_the_whole_value_and_so_are_faults() {
        for line in [
            r#"{"text":"甲\n\u4e59\"","题":1,"date":-2.50,"id":true,"other":{"a":[1,{"b":null}]}}"#,
            r#" {"text":null,"date":["x"],"id":{},"id":18446744073709551615} "#,
            r#"{"text":"a","text":"b","text":null}"#,
            r#"{"te\u0078t":"a"}"#,
            r#"{"date":1e400}"#,
            r#"{"other":1e400}"#,
            r#"{"other":"\ud800"}"#,
            r#"{"other":"\x"}"#,
            r#"{"other":[01]}"#,
            r#"{"text":"a"} x"#,
            r#"{"text":"a""#,
            r#"{"text" "a"}"#,
            "{1:2}",
            r#"{"text":"a",}"#,
            "{\"text\":\"a\tb\"}",
            "[1,2]",
            "[1,2",
            "\"text\"",
            "null x",
            "",
            "  ",
            "{",
        ] {
            assert_eq!(read(line.as_bytes()), reference(line.as_bytes()), "{line}");
        }
        let deep = [r#"{"other":"#, &"[".repeat(200), &"]".repeat(200), "}"].concat();
        let invalid = [&b"{\"other\":\""[..], b"\xff", b"\"}"].concat();
        for line in [deep.as_bytes(), &invalid] {
            assert!(read(line).is_err());
            assert_eq!(read(line), reference(line));
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_like_the_whole_value(line in "(\\{|\\}|\\[|\\]|:|,|\"|\"text\":|\"id\":|\"x\":|1|-0|2\\.5e3|true|null|甲| |\\\\u4e00|\\\\){0,14}") {
            prop_assert_eq!(read(line.as_bytes()), reference(line.as_bytes()));
        }
    }
}
