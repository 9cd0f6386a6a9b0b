//! `datapackage.json` (Data Package v2) from the same columns as the tables.

use serde_json::{Value, json};

use super::schema::{Column, Kind, SCHEMA_VERSION, Table};

/// The description of a release. `parts` gives the files of a table, relative to
/// the release's folder; `twin` its CSV, if it has one.
///
/// # Source
/// The Data Package standard, version 2.0, and its Table Schema.
#[must_use]
pub fn data_package(name: &str, title: &str, tables: &[(Table, Vec<String>, Option<String>)]) -> Value {
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
                "schema": table_schema(table),
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
                "schema": table_schema(table),
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

fn table_schema(table: &Table) -> Value {
    // A key with a null in it (the unplaced rows) is no primary key there.
    let key_is_whole = table.key.iter().all(|name| table.columns.iter().any(|c| c.name == *name && !c.nullable));
    let mut schema = serde_json::Map::new();
    schema.insert("fields".to_owned(), table.columns.iter().map(field).collect());
    schema.insert("missingValues".to_owned(), json!([""]));
    if key_is_whole && !table.key.is_empty() {
        schema.insert("primaryKey".to_owned(), json!(table.key));
    }
    Value::Object(schema)
}

fn field(column: &Column) -> Value {
    // Text that may not be null may still be empty, which CSV cannot tell apart.
    let required = !column.nullable && column.kind != Kind::Text;
    json!({
        "name": column.name,
        "type": column.kind.table_schema(),
        "description": if column.unit.is_empty() { column.meaning.to_owned() } else { format!("{} [{}]", column.meaning, column.unit) },
        "constraints": {"required": required},
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::tables;
    use super::*;

    #[test]
    fn every_column_is_described_once_from_the_one_list() {
        let all: Vec<_> = tables().into_iter().map(|t| (t.clone(), vec![format!("tables/{}.parquet", t.name)], None)).collect();
        let package = data_package("sample", "Sample", &all);
        for (i, (table, _, _)) in all.iter().enumerate() {
            let fields = package["resources"][i]["schema"]["fields"].as_array().unwrap();
            let names: Vec<_> = fields.iter().map(|f| f["name"].as_str().unwrap()).collect();
            assert_eq!(names, table.columns.iter().map(|c| c.name).collect::<Vec<_>>());
        }
    }
}
