//! Files read whole → how they are split, titled and dated, by parsing some of
//! them in each way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use regex::Regex;

use super::fields::full_name;
use super::files::{Group, Passed, content_layout};
use super::{FILE_BYTES, Finding, Looked, SAMPLED_FILES, dates, of, spread};
use crate::load::{self, Layout, Record};
use crate::parse::{self, DateFrom, DateRange, Document, Markup, Precision, Settings, Split, TitleFrom, han_chars};

/// Looks into files that are read whole.
pub(super) fn look(group: &Group) -> Looked {
    let chosen = spread(&group.files, SAMPLED_FILES);
    let (mut records, mut passed, mut seen) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut cut = 0;
    for file in &chosen {
        let what = || full_name(group, &file.name);
        match load::head(&file.path, FILE_BYTES)
            .map_err(|e| e.to_string())
            .and_then(|(bytes, more)| Ok((load::decode(bytes).map_err(|e| e.to_string())?, more)))
        {
            Ok((decoded, more)) => {
                *seen.entry(decoded.encoding).or_default() += 1;
                cut += usize::from(more);
                records.push(Record { path: file.name.clone(), number: 1, text: decoded.text, encoding: decoded.encoding, ..Record::default() });
            }
            Err(why) => passed.push(Passed { what: what(), why }),
        }
    }
    let mut layout = group.layout;
    let pages = records.iter().filter(|record| content_layout(&record.text, true) == Ok(Layout::Html)).count();
    if layout == Layout::Text && pages * 10 >= records.len() * 8 && pages > 0 {
        layout = Layout::Html;
    }
    let mut findings = (!records.is_empty()).then(|| findings(group, layout, &records));
    if let (Some(findings), true) = (&mut findings, layout != group.layout) {
        findings.insert(0, Finding::new("layout", super::layout_name(layout), format!("{} of the .txt files are HTML", of(pages, records.len()))));
    }
    let document = findings.iter_mut().flatten().find(|finding| finding.key == "document");
    if let (Some(finding), true) = (document, cut > 0) {
        let _ = write!(finding.why, "; of {cut} long files only the beginning was read");
    }
    Looked {
        layout,
        sampled: chosen.len(),
        encodings: encodings(&seen, chosen.len()),
        drop_lines: if layout == Layout::Html { Vec::new() } else { boilerplate(&records) },
        findings,
        passed,
    }
}

/// `UTF-8 in 12 of 12 files`.
pub(super) fn encodings(seen: &BTreeMap<&'static str, usize>, all: usize) -> String {
    let listed: Vec<String> = seen.iter().map(|(encoding, count)| format!("{encoding} in {}", of(*count, all))).collect();
    if listed.is_empty() { "none could be read".into() } else { listed.join(", ") }
}

fn settings(layout: Layout, split: Split, title: TitleFrom, date: DateFrom) -> Settings {
    Settings { source: "".into(), layout, markup: Markup::Auto, split, date, title, simplify: false, drop_lines: Vec::new() }
}

fn documents(records: &[Record], settings: &Settings) -> Vec<Vec<Document>> {
    records.iter().map(|record| parse::parse(record, settings).documents.into_iter().filter(|document| !document.preamble).collect()).collect()
}

fn findings(group: &Group, layout: Layout, records: &[Record]) -> Vec<Finding> {
    let (split, document) = split(layout, records);
    let mut out = vec![document];
    let title = title(layout, split, records);
    let from = match title.value.as_str() {
        "heading" => TitleFrom::Heading,
        "first-line" => TitleFrom::FirstLine,
        _ => TitleFrom::Nothing,
    };
    out.push(title);
    let (finding, all) = date(group, layout, split, from, records);
    out.push(finding);
    out.extend(dates::cadence(&all, true));
    out
}

/// Where the dates are: in the names, or in a line of the text if that tells more.
fn date(group: &Group, layout: Layout, split: Split, title: TitleFrom, records: &[Record]) -> (Finding, Vec<DateRange>) {
    let all: Vec<Document> = documents(records, &settings(layout, split, title, DateFrom::Header)).into_iter().flatten().collect();
    let lines: Vec<DateRange> = all.iter().filter_map(|document| document.date).collect();
    let to_the_day = |dates: &[DateRange]| dates.iter().filter(|date| date.precision == Precision::Day).count() * 10 >= dates.len() * 9;
    let header = || {
        let why = format!("{} documents have a line with a date near their beginning or end: {}", of(lines.len(), all.len()), dates::range(&lines));
        (Finding::new("date", "header", why), if records.len() == group.files.len() { lines.clone() } else { Vec::new() })
    };
    match dates::in_names(&group.names) {
        // A year in the name and the day in the text.
        Some(named) if !to_the_day(&named.dates) && to_the_day(&lines) && lines.len() * 10 >= all.len() * 9 => {
            let (finding, dates) = header();
            (finding.unsure(format!("{}, as the names have it", named.finding.value)), dates)
        }
        Some(named) => (named.finding, named.dates),
        None if lines.len() * 2 >= all.len() && !lines.is_empty() => header(),
        None => {
            let why = if lines.is_empty() {
                "neither names nor lines have dates".to_owned()
            } else {
                format!("only {} documents have a line with a date", of(lines.len(), all.len()))
            };
            (Finding::new("date", "none", why).unsure("filename:FORMAT, if the names hold a date that was not seen, or header"), Vec::new())
        }
    }
}

/// Whether a heading begins a document, and of which level.
fn split(layout: Layout, records: &[Record]) -> (Split, Finding) {
    let whole = |why: String| (Split::Whole, Finding::new("document", "file", why));
    if !matches!(layout, Layout::Markdown | Layout::Html) {
        return whole("text has no headings: a file is a document".into());
    }
    let numbered = Regex::new(r"^\s*(第?[一二三四五六七八九十百]+[、章节部编篇.]|[（(][一二三四五六七八九十\d]+[)）]|\d+[.、)])").ok();
    let mut why = "no level of heading stands more than once in most files".to_owned();
    for level in 1..=6 {
        let found = documents(records, &settings(layout, Split::Heading(level), TitleFrom::Heading, DateFrom::Nothing));
        let several = found.iter().filter(|documents| documents.len() >= 2).count();
        if several * 10 < records.len() * 7 {
            continue;
        }
        let titles: Vec<&str> = found.iter().flatten().filter_map(Document::title).collect();
        let distinct = titles.iter().collect::<BTreeSet<_>>().len();
        let number = titles.iter().filter(|title| numbered.as_ref().is_some_and(|pattern| pattern.is_match(title))).count();
        if number * 2 > titles.len() {
            why = format!("headings of level {level} are numbered parts of one text ({} of them)", of(number, titles.len()));
            break;
        }
        // Headings that come back in each file name its parts.
        if distinct * 2 < titles.len() {
            why = format!("headings of level {level} are the same in each file ({distinct} of {} differ)", titles.len());
            continue;
        }
        let bodies = found.iter().flatten().filter(|document| han_chars(&document.text) >= han_chars(document.title().unwrap_or_default()) + 20).count();
        if bodies * 2 < titles.len() {
            why = format!("headings of level {level} have little text under them");
            continue;
        }
        let seen = format!(
            "{} files have several headings of level {level}, {distinct} of {} differ, {bodies} have text under them",
            of(several, records.len()),
            titles.len()
        );
        let finding = Finding::new("document", format!("heading:{level}"), seen);
        // Under two other levels stands a collection.
        let unsure = level < 3;
        return (Split::Heading(level), if unsure { finding.unsure("file, if the headings are parts of one text") } else { finding });
    }
    whole(why)
}

/// Longest first line that is a title.
const TITLE_CHARS: usize = 60;

fn title(layout: Layout, split: Split, records: &[Record]) -> Finding {
    if matches!(layout, Layout::Markdown | Layout::Html) {
        let found: Vec<Document> = documents(records, &settings(layout, split, TitleFrom::Heading, DateFrom::Nothing)).into_iter().flatten().collect();
        let with = found.iter().filter(|document| document.has_title).count();
        if with * 2 >= found.len() && with > 0 {
            return Finding::new("title", "heading", format!("{} documents have a heading", of(with, found.len())));
        }
    }
    let found: Vec<Document> = documents(records, &settings(layout, split, TitleFrom::FirstLine, DateFrom::Nothing)).into_iter().flatten().collect();
    let short = |document: &&Document| {
        let line = document.title().unwrap_or_default();
        // A file of one line has no title.
        line.chars().count() <= TITLE_CHARS && !line.ends_with(['。', '！', '；', '，']) && document.text.len() > line.len() && han_chars(line) >= 2
    };
    let with = found.iter().filter(short).count();
    if with * 10 >= found.len() * 8 && with > 0 {
        return Finding::new("title", "first-line", format!("the first line is short and no sentence in {} files", of(with, found.len())));
    }
    Finding::new("title", "none", format!("the first line looks like a title in only {} files", of(with, found.len())))
}

/// Lines in brackets, and links alone on their line, that begin alike in most files.
/// A line with a date may be wanted.
fn boilerplate(records: &[Record]) -> Vec<Finding> {
    let (Ok(link), Ok(bracket)) =
        (Regex::new(r"^(\[[^\[\]]{2,20}\])\([^()\s]+\)$"), Regex::new(r"^([(（\[【][^\d:：()（）\[\]【】]{3,20})[\d:：][^()（）\[\]【】]*[)）\]】]$"))
    else {
        return Vec::new();
    };
    if records.len() < 3 {
        return Vec::new();
    }
    let mut files: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for record in records {
        let mut own: BTreeMap<String, usize> = BTreeMap::new();
        for line in record.text.lines().map(str::trim) {
            let found = link.captures(line).or_else(|| bracket.captures(line).filter(|_| !dates::has_date(line)));
            if let Some(key) = found.and_then(|found| found.get(1)) {
                *own.entry(key.as_str().trim_end().to_owned()).or_default() += 1;
            }
        }
        for (key, times) in own {
            let entry = files.entry(key).or_default();
            entry.0 += 1;
            entry.1 += times;
        }
    }
    let most = files.into_iter().filter(|(_, (count, _))| count * 10 >= records.len() * 7);
    most.map(|(key, (count, times))| {
        Finding::new("drop_lines", format!("^{}", regex::escape(&key)), format!("{times} such lines in {} files", of(count, records.len())))
    })
    .collect()
}
