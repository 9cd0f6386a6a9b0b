//! `tifa show` and `tifa schema`.

use std::path::PathBuf;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use arrow::util::pretty::pretty_format_batches;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::sync::Arc;

use super::{Folders, complete, say, the_pipeline};
use crate::Error;
use crate::batch::newest_tables;
use crate::diagnostic::suggestion;
use crate::plan::Plan;
use crate::write::{Table, batches, table_files, tables};

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// Table; without one, the list of tables
    #[arg(add = complete::tables())]
    table: Option<String>,
    /// Pipeline file or name
    #[arg(long, value_name = "PIPELINE", add = complete::pipelines())]
    pipeline: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
    /// Rows to print
    #[arg(long, default_value_t = 10)]
    rows: usize,
    /// Columns to print, separated by commas
    #[arg(long, value_delimiter = ',', add = complete::columns())]
    columns: Vec<String>,
    /// Print cells whole instead of their first 40 characters
    #[arg(long)]
    wide: bool,
}

impl ShowArguments {
    pub(super) fn execute(&self) -> Result<(), Error> {
        if let Some(name) = &self.table {
            find_table(name)?;
        }
        let mut plan = Plan::read(&the_pipeline(self.pipeline.as_deref())?)?;
        self.folders.apply(&mut plan);
        let folder = newest_tables(&plan).ok_or_else(|| Error::Usage(format!("pipeline `{}` has no release yet: run it first, with `tifa run`", plan.name)))?;
        let Some(name) = &self.table else {
            for table in tables().iter().filter(|t| table_files(&folder, t).is_some()) {
                say(format_args!("{:16} one row is {}", table.name, table.row))?;
            }
            return Ok(());
        };
        let table = find_table(name)?;
        let files = table_files(&folder, &table).ok_or_else(|| Error::Usage(format!("table `{name}` is not there: the last run stopped before it")))?;
        let mut left = self.rows;
        let mut out: Vec<RecordBatch> = Vec::new();
        for file in files {
            if left == 0 {
                break;
            }
            for batch in batches(&file)? {
                let batch = batch?;
                let taken = batch.slice(0, batch.num_rows().min(left));
                left -= taken.num_rows();
                out.push(self.columns_of(&taken, &table)?);
            }
        }
        if out.is_empty() {
            return say(format_args!("table `{name}` has no rows"));
        }
        let text = pretty_format_batches(&out).map_err(|e| Error::Usage(e.to_string()))?;
        say(format_args!("{text}"))
    }

    fn columns_of(&self, batch: &RecordBatch, table: &Table) -> Result<RecordBatch, Error> {
        let mut chosen = Vec::new();
        if self.columns.is_empty() {
            chosen.extend(0..batch.num_columns());
        }
        for name in &self.columns {
            let at = table.columns.iter().position(|c| c.name == name).ok_or_else(|| {
                let near = suggestion(name, table.columns.iter().map(|c| c.name)).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
                Error::Usage(format!("table `{}` has no column `{name}`{near} (`tifa schema {}` lists them)", table.name, table.name))
            })?;
            chosen.push(at);
        }
        let batch = batch.project(&chosen).map_err(|e| Error::Usage(e.to_string()))?;
        if self.wide {
            return Ok(batch);
        }
        let columns: Vec<(String, ArrayRef)> =
            batch.schema().fields().iter().zip(batch.columns()).map(|(field, array)| (field.name().clone(), shortened(array))).collect();
        RecordBatch::try_from_iter(columns).map_err(|e| Error::Usage(e.to_string()))
    }
}

const CELL_CHARS: usize = 40;

fn shortened(array: &ArrayRef) -> ArrayRef {
    if *array.data_type() != DataType::Utf8 {
        return Arc::clone(array);
    }
    let cells: StringArray = array
        .as_string::<i32>()
        .iter()
        .map(|cell| {
            cell.map(|text| {
                let one_line = text.replace(['\n', '\r', '\t'], " ");
                if one_line.chars().count() <= CELL_CHARS { one_line } else { one_line.chars().take(CELL_CHARS - 1).chain(['…']).collect() }
            })
        })
        .collect();
    Arc::new(cells)
}

fn find_table(name: &str) -> Result<Table, Error> {
    let all = tables();
    let near = suggestion(name, all.iter().map(|t| t.name)).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    all.into_iter().find(|t| t.name == name).ok_or_else(|| Error::Usage(format!("there is no table `{name}`{near} (`tifa schema` lists them)")))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// For people
    Text,
    /// For machines
    Json,
    /// For documents
    Markdown,
}

pub(super) fn schema(table: Option<&str>, format: SchemaFormat) -> Result<(), Error> {
    let chosen = match table {
        Some(name) => vec![find_table(name)?],
        None => tables(),
    };
    if format == SchemaFormat::Json {
        let all: Vec<_> = chosen
            .iter()
            .map(|t| {
                let columns: Vec<_> = t
                    .columns
                    .iter()
                    .map(|c| json!({"name": c.name, "type": c.kind.name(), "nullable": c.nullable, "unit": c.unit, "meaning": c.meaning}))
                    .collect();
                json!({"table": t.name, "row": t.row, "folder": t.folder, "key": t.key, "columns": columns})
            })
            .collect();
        return say(format_args!("{}", json!(all)));
    }
    for (i, table) in chosen.iter().enumerate() {
        let files = if table.folder { "a folder of part files" } else { "one file" };
        if format == SchemaFormat::Markdown {
            say(format_args!(
                "{}## {}\n\nOne row is {} ({files}).\n\n| column | type | unit | null | meaning |\n| --- | --- | --- | --- | --- |",
                if i > 0 { "\n" } else { "" },
                table.name,
                table.row
            ))?;
            for c in &table.columns {
                say(format_args!("| `{}` | {} | {} | {} | {} |", c.name, c.kind.name(), c.unit, if c.nullable { "yes" } else { "" }, c.meaning))?;
            }
        } else {
            say(format_args!("{}{}: one row is {} ({files})", if i > 0 { "\n" } else { "" }, table.name, table.row))?;
            for c in &table.columns {
                let unit = if c.unit.is_empty() { String::new() } else { format!(" [{}]", c.unit) };
                let null = if c.nullable { ", may be null" } else { "" };
                say(format_args!("  {:18} {}{null}{unit}: {}", c.name, c.kind.name(), c.meaning))?;
            }
        }
    }
    Ok(())
}
