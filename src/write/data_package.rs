//! `datapackage.json` (Data Package v2) from the same columns as the tables.

use serde_json::{Map, Value, json};

use super::schema::{Column, Kind, SCHEMA_VERSION, Table};

/// Columns that lead to the key of another table (or of their own), where they
/// are not null.
const REFERENCES: [(&str, &[&str], &str, &[&str]); 23] = [
    ("sentences", &["doc_id"], "documents", &["doc_id"]),
    ("sentences", &["event_id"], "events", &["event_id"]),
    ("dates", &["doc_id", "sentence"], "sentences", &["doc_id", "sentence"]),
    ("places", &["doc_id", "sentence"], "sentences", &["doc_id", "sentence"]),
    ("events", &["doc_id", "sentence"], "sentences", &["doc_id", "sentence"]),
    ("events", &["occasion_id"], "occasions", &["occasion_id"]),
    ("hits", &["doc_id", "sentence"], "sentences", &["doc_id", "sentence"]),
    ("hits", &["event_id"], "events", &["event_id"]),
    ("hits", &["theme"], "themes", &["theme"]),
    ("occasions", &["first_doc_id"], "documents", &["doc_id"]),
    ("themes", &["parent"], "themes", &["theme"]),
    ("copies", &["doc_id"], "documents", &["doc_id"]),
    ("copies", &["first_doc_id"], "documents", &["doc_id"]),
    ("theme_frequency", &["theme"], "themes", &["theme"]),
    ("theme_breakdown", &["theme"], "themes", &["theme"]),
    ("theme_profile", &["theme"], "themes", &["theme"]),
    ("theme_profile", &["first_doc_id"], "documents", &["doc_id"]),
    ("theme_profile", &["last_doc_id"], "documents", &["doc_id"]),
    ("theme_turns", &["theme"], "themes", &["theme"]),
    ("theme_pairs", &["theme_a"], "themes", &["theme"]),
    ("theme_pairs", &["theme_b"], "themes", &["theme"]),
    ("theme_sources", &["theme"], "themes", &["theme"]),
    ("keyness", &["theme"], "themes", &["theme"]),
];

/// The description of a release. `parts` gives the files of a table, relative to
/// the release's folder; `twin` its CSV, if it has one.
///
/// # Source
/// The Data Package standard, version 2.0, and its Table Schema.
#[must_use]
pub fn data_package(name: &str, title: &str, tables: &[(Table, Vec<String>, Option<String>)]) -> Value {
    let has_files = |name: &str| tables.iter().any(|(table, parts, _)| table.name == name && !parts.is_empty());
    let has_twin = |name: &str| tables.iter().any(|(table, _, twin)| table.name == name && twin.is_some());
    let mut resources = Vec::new();
    for (table, parts, twin) in tables {
        if !parts.is_empty() {
            let path = if table.folder { json!(parts) } else { json!(parts.first()) };
            resources.push(json!({
                "name": table.name,
                "type": "table",
                "description": format!("one row is {}", table.row),
                "path": path,
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "schema": table_schema(table, "", &has_files),
            }));
        }
        if let Some(twin) = twin {
            resources.push(json!({
                "name": format!("{}-csv", table.name),
                "type": "table",
                "description": format!("one row is {}; in text cells one leading apostrophe is a guard and not content", table.row),
                "path": twin,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": "\"", "doubleQuote": true, "header": true},
                "schema": table_schema(table, "-csv", &has_twin),
            }));
        }
    }
    json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": title,
        "version": SCHEMA_VERSION,
        "resources": resources,
    })
}

/// `suffix` is that of the names of resources of this format, and `present` says
/// which tables have one: a reference leads to a resource of the same format.
fn table_schema(table: &Table, suffix: &str, present: &dyn Fn(&str) -> bool) -> Value {
    let mut schema = Map::new();
    schema.insert("fields".to_owned(), table.columns.iter().map(field).collect());
    schema.insert("missingValues".to_owned(), json!([""]));
    if !table.key.is_empty() {
        // A key with a null in it (the unplaced rows) is no primary key.
        let whole = table.key.iter().all(|name| table.columns.iter().any(|c| c.name == *name && !c.nullable));
        let (property, value) = if whole { ("primaryKey", json!(table.key)) } else { ("uniqueKeys", json!([table.key])) };
        schema.insert(property.to_owned(), value);
    }
    let references: Vec<Value> = REFERENCES
        .iter()
        .filter(|(from, _, to, _)| *from == table.name && present(to))
        .map(|(_, fields, to, key)| json!({"fields": fields, "reference": {"resource": format!("{to}{suffix}"), "fields": key}}))
        .collect();
    if !references.is_empty() {
        schema.insert("foreignKeys".to_owned(), json!(references));
    }
    Value::Object(schema)
}

fn field(column: &Column) -> Value {
    let mut field = Map::new();
    field.insert("name".to_owned(), json!(column.name));
    field.insert("type".to_owned(), json!(column.kind.table_schema()));
    let description = if column.unit.is_empty() { column.meaning.to_owned() } else { format!("{} [{}]", column.meaning, column.unit) };
    field.insert("description".to_owned(), json!(description));
    if !column.unit.is_empty() {
        field.insert("unit".to_owned(), json!(column.unit));
    }
    field.insert("constraints".to_owned(), json!({"required": !column.nullable}));
    if column.kind == Kind::Text && !column.nullable {
        // No value of it is missing: an empty cell is the empty text.
        field.insert("missingValues".to_owned(), json!([]));
    }
    Value::Object(field)
}

#[cfg(test)]
mod tests {
    use super::super::schema::tables;
    use super::*;

    fn package(twins: bool) -> (Vec<Table>, Value) {
        let all: Vec<_> = tables();
        let files = |t: &Table| (t.clone(), vec![format!("tables/{}.parquet", t.name)], (twins && !t.folder).then(|| format!("csv/{}.csv", t.name)));
        let package = data_package("sample", "Sample", &all.iter().map(files).collect::<Vec<_>>());
        (all, package)
    }

    #[test]
    fn every_column_is_described_once_from_the_one_list() {
        let (all, package) = package(false);
        for (i, table) in all.iter().enumerate() {
            let fields = package["resources"][i]["schema"]["fields"].as_array().unwrap();
            let names: Vec<_> = fields.iter().map(|f| f["name"].as_str().unwrap()).collect();
            assert_eq!(names, table.columns.iter().map(|c| c.name).collect::<Vec<_>>());
        }
    }

    #[test]
    fn references_lead_from_columns_there_are_to_whole_keys() {
        let all = tables();
        let of = |name: &str| all.iter().find(|t| t.name == name).unwrap();
        for (from, fields, to, key) in REFERENCES {
            assert_eq!(of(to).key, key, "{from} to {to}");
            assert!(fields.iter().all(|f| of(from).columns.iter().any(|c| c.name == *f)), "{from} {fields:?}");
        }
    }

    #[test]
    fn a_twin_refers_to_twins_alone() {
        let (_, package) = package(true);
        let resources = package["resources"].as_array().unwrap();
        let references = |name: &str| resources.iter().find(|r| r["name"] == name).unwrap()["schema"]["foreignKeys"].clone();
        assert_eq!(references("theme_profile").as_array().unwrap().len(), 3);
        assert_eq!(references("theme_profile-csv"), json!([{"fields": ["theme"], "reference": {"resource": "themes-csv", "fields": ["theme"]}}]));
        assert_eq!(references("copies-csv"), Value::Null);
    }

    #[test]
    fn a_key_that_may_hold_null_is_unique_but_not_primary() {
        let (_, package) = package(false);
        let resources = package["resources"].as_array().unwrap();
        let schema = |name: &str| resources.iter().find(|r| r["name"] == name).unwrap()["schema"].clone();
        assert_eq!(schema("theme_frequency")["uniqueKeys"], json!([["period", "theme", "period_start"]]));
        assert_eq!(schema("theme_frequency")["primaryKey"], Value::Null);
        assert_eq!(schema("hits")["primaryKey"], json!(["doc_id", "char_start", "term"]));
        assert_eq!(schema("rejects")["uniqueKeys"], Value::Null);
    }

    #[test]
    fn text_that_is_never_null_may_be_empty() {
        let (_, package) = package(false);
        let fields = package["resources"][0]["schema"]["fields"].as_array().unwrap();
        let of = |name: &str| fields.iter().find(|f| f["name"] == name).unwrap();
        assert_eq!((&of("register")["constraints"]["required"], &of("register")["missingValues"]), (&json!(true), &json!([])));
        assert_eq!((&of("title")["constraints"]["required"], &of("title")["missingValues"]), (&json!(false), &Value::Null));
        assert_eq!(of("han_chars")["unit"], "characters");
    }
}
