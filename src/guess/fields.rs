//! Records → which field holds what.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use serde_json::{Map, Value};

use super::files::{Group, Passed};
use super::{Finding, Looked, RECORD_BYTES, RECORD_FILES, SAMPLED_RECORDS, dates, of, spread};
use crate::load::{self, Layout};
use crate::parse::{DateRange, han_chars};

/// Records of a sample: a value or none for each column.
#[derive(Default)]
struct Sample {
    records: Vec<BTreeMap<String, String>>,
    /// Whether these are all records of all files.
    whole: bool,
    encodings: BTreeMap<&'static str, usize>,
    passed: Vec<Passed>,
}

/// Looks into files of records.
pub(super) fn look(group: &Group) -> Looked {
    let chosen = spread(&group.files, RECORD_FILES);
    let mut sample = Sample { whole: chosen.len() == group.files.len(), ..Sample::default() };
    let each = (SAMPLED_RECORDS / chosen.len().max(1)).max(20);
    for file in &chosen {
        let read = if group.layout == Layout::Parquet { parquet(file, each) } else { text_records(group.layout, file, each) };
        match read {
            Ok((records, whole, encoding)) => {
                sample.whole &= whole;
                sample.records.extend(records);
                *sample.encodings.entry(encoding).or_default() += 1;
            }
            Err(why) => sample.passed.push(Passed { what: full_name(group, &file.name), why }),
        }
    }
    let findings = findings(&sample.records, sample.whole);
    let mut passed = sample.passed;
    if findings.is_none() && !sample.records.is_empty() {
        passed.push(Passed { what: group.globs.join(", "), why: "no field holds Chinese text".into() });
    }
    Looked {
        layout: group.layout,
        sampled: chosen.len(),
        encodings: super::texts::encodings(&sample.encodings, chosen.len()),
        findings,
        drop_lines: Vec::new(),
        passed,
    }
}

pub(super) fn full_name(group: &Group, name: &str) -> String {
    if group.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", group.folder) }
}

type Read = (Vec<BTreeMap<String, String>>, bool, &'static str);

fn text_records(layout: Layout, file: &load::File, most: usize) -> Result<Read, String> {
    let (bytes, more) = load::head(&file.path, RECORD_BYTES).map_err(|e| e.to_string())?;
    let decoded = load::decode(bytes).map_err(|e| e.to_string())?;
    let text = if more { decoded.text.rsplit_once('\n').map_or(decoded.text.as_str(), |(whole, _)| whole) } else { &decoded.text };
    let (records, whole) = if layout == Layout::Jsonl { lines(text, most)? } else { rows(text, most, more)? };
    Ok((records, whole && !more, decoded.encoding))
}

fn lines(text: &str, most: usize) -> Result<(Vec<BTreeMap<String, String>>, bool), String> {
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let chosen = spread(&all, most);
    let records: Vec<BTreeMap<String, String>> = chosen.iter().filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok()).map(plain).collect();
    if records.len() * 2 < chosen.len() || records.is_empty() {
        return Err(match super::files::content_layout(text, true) {
            Err(why) if text.trim_start().starts_with(['[', '{']) => why,
            _ => format!("{} lines are JSON objects", of(records.len(), chosen.len())),
        });
    }
    Ok((records, chosen.len() == all.len()))
}

/// The fields that load reads: text, numbers and truth values of the first level.
fn plain(object: Map<String, Value>) -> BTreeMap<String, String> {
    object
        .into_iter()
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Number(number) => Some((name, number.to_string())),
            Value::Bool(truth) => Some((name, truth.to_string())),
            _ => None,
        })
        .collect()
}

fn rows(text: &str, most: usize, cut: bool) -> Result<(Vec<BTreeMap<String, String>>, bool), String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    if header.len() < 2 {
        let other = header.get(0).and_then(|cell| ['\t', ';', '|'].into_iter().find(|mark| cell.contains(*mark)));
        if let Some(mark) = other {
            return Err(format!("its cells are divided by {mark:?} instead of commas: save it with commas"));
        }
    }
    let mut all: Vec<csv::StringRecord> = reader.records().take_while(Result::is_ok).flatten().collect();
    if cut {
        all.pop();
    }
    let chosen = spread(&all, most);
    let record = |row: &&csv::StringRecord| {
        header.iter().zip(row.iter()).map(|(name, cell)| (name.trim_start_matches('\u{feff}').to_owned(), cell.to_owned())).collect()
    };
    Ok((chosen.iter().map(record).collect(), chosen.len() == all.len()))
}

fn parquet(file: &load::File, most: usize) -> Result<Read, String> {
    let opened = load::ParquetInput::open(&file.path).map_err(|e| e.to_string())?;
    let builder = opened.reader().map_err(|e| e.to_string())?;
    let total = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut records = Vec::new();
    for batch in load::careful(builder.with_batch_size(most.min(256)).with_limit(most).build().map_err(|e| e.to_string())?) {
        let batch = batch.map_err(|e| e.to_string())?;
        let columns: Vec<(String, _)> = batch
            .schema()
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(field, _)| !field.data_type().is_nested())
            .filter_map(|(field, column)| Some((field.name().clone(), cast(column, &DataType::Utf8).ok()?)))
            .collect();
        for row in 0..batch.num_rows() {
            let cells = columns.iter().filter(|(_, column)| !column.is_null(row));
            records.push(cells.map(|(name, column)| (name.clone(), column.as_string::<i32>().value(row).to_owned())).collect());
        }
    }
    let whole = records.len() == total;
    Ok((records, whole, "UTF-8"))
}

/// A column of a sample.
struct Column<'r> {
    name: &'r str,
    /// Values that are not empty.
    values: Vec<&'r str>,
    all: usize,
}

impl Column<'_> {
    fn filled(&self) -> bool {
        self.values.len() * 10 >= self.all * 8
    }

    fn distinct(&self) -> bool {
        self.values.iter().collect::<BTreeSet<_>>().len() == self.values.len()
    }

    fn mean_han(&self) -> u64 {
        self.values.iter().map(|value| han_chars(value)).sum::<u64>() / (self.values.len() as u64).max(1)
    }

    /// Place of its name among usual ones: less is better.
    fn rank(&self, usual: &[&str]) -> usize {
        let lower = self.name.to_lowercase();
        usual
            .iter()
            .position(|word| lower == *word)
            .or_else(|| usual.iter().position(|word| lower.contains(word)).map(|at| at + usual.len()))
            .unwrap_or(usize::MAX)
    }
}

const TEXTS: [&str; 11] = ["text", "content", "body", "fulltext", "full_text", "article", "正文", "内容", "全文", "文本", "文章"];
const TITLES: [&str; 7] = ["title", "headline", "标题", "题目", "题名", "heading", "subject"];
const DATES: [&str; 22] = [
    "date",
    "published",
    "publish_date",
    "pub_date",
    "pubdate",
    "published_at",
    "publish_time",
    "日期",
    "发布日期",
    "发布时间",
    "时间",
    "day",
    "time",
    "datetime",
    "年月日",
    "year",
    "年份",
    "年度",
    "created_at",
    "created",
    "crawl",
    "updated",
];
const IDS: [&str; 8] = ["id", "doc_id", "docid", "uuid", "article_id", "编号", "文号", "key"];
const URLS: [&str; 7] = ["url", "link", "href", "source_url", "网址", "链接", "address"];

/// What each field is; none if no field is text.
fn findings(records: &[BTreeMap<String, String>], whole: bool) -> Option<Vec<Finding>> {
    let mut keys: Vec<&str> = records.iter().flat_map(|record| record.keys().map(String::as_str)).collect();
    keys.sort_unstable();
    keys.dedup();
    let columns: Vec<Column<'_>> = keys
        .into_iter()
        .map(|name| Column {
            name,
            values: records.iter().filter_map(|record| record.get(name)).map(String::as_str).filter(|value| !value.trim().is_empty()).collect(),
            all: records.len(),
        })
        .filter(|column| !column.values.is_empty())
        .collect();
    let longest = columns.iter().map(Column::mean_han).max().filter(|han| *han > 0)?;
    // A field named for it is the text unless another is far longer.
    let texts = columns.iter().filter(|column| column.mean_han() * 3 >= longest);
    let text = texts.min_by_key(|column| (column.rank(&TEXTS), std::cmp::Reverse(column.mean_han())))?;
    let mut out = vec![
        Finding::new("document", "record", format!("a document for each record; {} looked at", records.len())),
        Finding::new(
            "text",
            format!("field:{}", text.name),
            format!("{} Han characters on average, filled in {} records", text.mean_han(), of(text.values.len(), text.all)),
        ),
    ];
    let others: Vec<&Column<'_>> = columns.iter().filter(|column| column.name != text.name).collect();
    let short = |column: &&&Column<'_>| (2..=60).contains(&column.mean_han()) && column.mean_han() * 2 < text.mean_han().max(8);
    let by_name = others.iter().filter(|column| column.rank(&TITLES) != usize::MAX).min_by_key(|column| column.rank(&TITLES));
    let title = by_name.or_else(|| {
        others.iter().filter(short).filter(|column| column.filled() && column.distinct() && column.values.len() > 2).max_by_key(|column| column.mean_han())
    });
    match title {
        Some(title) => out.push(Finding::new(
            "title",
            format!("field:{}", title.name),
            format!("filled in {} records, {} Han characters on average", of(title.values.len(), title.all), title.mean_han()),
        )),
        None => out.push(Finding::new("title", "none", "no field looks like a title")),
    }
    let date_field = date(&others);
    let days = date_field.as_ref().map(|(_, dates)| dates.clone()).unwrap_or_default();
    out.push(
        date_field
            .map_or_else(|| Finding::new("date", "none", "no field has dates").unsure("field:NAME or field:NAME:FORMAT, if one has"), |(finding, _)| finding),
    );
    let ids = others.iter().filter(|column| column.rank(&IDS) < IDS.len() && column.values.len() == column.all && column.distinct());
    if let Some(id) = ids.min_by_key(|column| column.rank(&IDS)) {
        // One value twice, anywhere, and nothing is published: so all must have been seen.
        if whole {
            out.push(Finding::new("id", format!("field:{}", id.name), format!("there in all {} records, no value twice", id.all)));
        }
    }
    let links = others.iter().filter(|column| column.values.iter().filter(|value| value.starts_with("http")).count() * 10 >= column.values.len() * 9);
    if let Some(url) = links.min_by_key(|column| column.rank(&URLS)) {
        out.push(Finding::new("url", format!("field:{}", url.name), format!("addresses in {} records", of(url.values.len(), url.all))));
    }
    out.extend(dates::cadence(&days, whole));
    Some(out)
}

/// The field that dates the records.
fn date(columns: &[&Column<'_>]) -> Option<(Finding, Vec<DateRange>)> {
    let read = columns.iter().filter_map(|column| {
        let (format, dates) = dates::in_values(&column.values)?;
        (dates.len() * 10 >= column.values.len() * 8 && (column.filled() || column.rank(&DATES) < DATES.len())).then_some((*column, format, dates))
    });
    // Without a name that tells, numbers that could be years are none.
    let told = read.filter(|(column, _, _)| column.rank(&DATES) != usize::MAX || column.values.iter().all(|value| value.contains(['-', '/', '年', '.'])));
    let candidates: Vec<_> = told.collect();
    let (column, format, dates) = candidates.iter().min_by_key(|(column, _, _)| column.rank(&DATES))?;
    let value = format.map_or_else(|| format!("field:{}", column.name), |format| format!("field:{}:{format}", column.name));
    let why =
        format!("{} records have a date, such as {}: {}", of(dates.len(), column.all), column.values.first().copied().unwrap_or_default(), dates::range(dates));
    let mut finding = Finding::new("date", value, why);
    if let Some(other) = format.and_then(|format| dates::other_order(format, &column.values)) {
        finding = finding.unsure(format!("field:{}:{other}, if the month stands first", column.name));
    } else if let Some((other, ..)) = candidates.iter().find(|(other, ..)| other.name != column.name && other.rank(&DATES) < DATES.len()) {
        finding = finding.unsure(format!("field:{}, whose values are dates too", other.name));
    }
    Some((finding, dates.clone()))
}
