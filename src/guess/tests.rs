//! Made folders: each layout, date format and encoding, and messy ones.

use std::fs;

use encoding_rs::{BIG5, GB18030};
use tempfile::TempDir;

use super::*;

const BODY: &str = "　　全县水利工作会议在县城召开。会议要求，加快水利工程建设，抓好春耕备耕，让群众过上好日子。\n";

/// A folder with these files.
fn folder(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

/// Texts of the days from 2024-03-01 on, named by a pattern of year, month and day.
fn days(count: u32, name: impl Fn(u32, u32, u32) -> String) -> Vec<(String, Vec<u8>)> {
    (0..count).map(|n| (name(2024, 3 + n / 28, n % 28 + 1), format!("第{n}号消息\n\n{BODY}").into_bytes())).collect()
}

fn only(dir: &TempDir) -> SourceGuess {
    let guess = look(dir.path()).unwrap();
    assert_eq!(guess.sources.len(), 1, "{guess:?}");
    guess.sources[0].clone()
}

fn values<'s>(source: &'s SourceGuess, keys: &[&str]) -> Vec<&'s str> {
    keys.iter().map(|key| source.value(key).unwrap_or("-")).collect()
}

#[test]
fn the_date_format_of_names_is_found() {
    type Name<'n> = &'n dyn Fn(u32, u32, u32) -> String;
    let names: [(Name<'_>, &str); 12] = [
        (&|y, m, d| format!("{y}{m:02}{d:02}.txt"), "filename:%Y%m%d"),
        (&|y, m, d| format!("{y}-{m:02}-{d:02}.txt"), "filename:%Y-%m-%d"),
        (&|y, m, d| format!("news_{y}_{m:02}_{d:02}_a.txt"), "filename:%Y_%m_%d"),
        (&|y, m, d| format!("{y}.{m}.{d}.txt"), "filename:%Y.%m.%d"),
        (&|y, m, d| format!("{y}年{m}月{d}日要闻.txt"), "filename:%Y年%m月%d日"),
        (&|y, m, d| format!("{y}/{m:02}/{d:02}.txt"), "filename:%Y/%m/%d"),
        (&|y, m, d| format!("{y}/{m:02}/{d:02}/1.txt"), "filename:%Y/%m/%d"),
        (&|y, m, d| format!("{y}-{m:02}/{d:02}.txt"), "filename:%Y-%m/%d"),
        (&|y, m, d| format!("{y}{m:02}/{d:02}.txt"), "filename:%Y%m/%d"),
        (&|y, m, d| format!("{y}/{m:02}{d:02}.txt"), "filename:%Y/%m%d"),
        (&|y, m, d| format!("{y}/{y}{m:02}{d:02}.txt"), "filename:%Y%m%d"),
        (&|y, m, d| format!("{:02}{m:02}{d:02}.txt", y % 100), "filename:%y%m%d"),
    ];
    for (name, expected) in names {
        let source = only(&folder(days(40, name)));
        assert_eq!(values(&source, &["layout", "title", "date", "cadence"]), ["text", "first-line", expected, "daily"], "{source:?}");
    }
}

#[test]
fn months_and_years_in_names_are_dates_too() {
    let texts = |names: Vec<String>| folder(names.into_iter().map(|name| (name, BODY.into())));
    let months = only(&texts((1..=12).map(|m| format!("2023-{m:02}.txt")).collect()));
    assert_eq!(values(&months, &["date", "cadence", "title"]), ["filename:%Y-%m", "-", "none"]);
    let years = only(&texts((1990..=2010).map(|y| format!("report-{y}.txt")).collect()));
    assert_eq!(values(&years, &["date", "cadence", "register"]), ["filename:%Y", "yearly", "report"]);
    let numbers = only(&texts((1..=30).map(|n| format!("{n:04}.txt")).collect()));
    assert_eq!(values(&numbers, &["date"]), ["none"]);
    assert!(numbers.findings.iter().any(|finding| finding.key == "date" && finding.unsure.is_some()));
}

#[test]
fn a_source_of_working_days_is_told_from_a_daily_one() {
    let monday = chrono::NaiveDate::from_ymd_opt(2024, 3, 4).unwrap();
    let working = monday.iter_days().take(42).enumerate().filter(|(n, _)| n % 7 < 5).map(|(_, day)| (format!("{day}.txt"), BODY.into()));
    assert_eq!(only(&folder(working)).value("cadence"), Some("weekdays"));
    let rare = monday.iter_days().step_by(9).take(20).map(|day| (format!("{day}.txt"), BODY.into()));
    assert_eq!(only(&folder(rare)).value("cadence"), None);
}

#[test]
fn encodings_are_told_and_make_no_difference() {
    type Bytes<'b> = &'b dyn Fn(u32) -> Vec<u8>;
    let text = |n: u32| format!("第{n}号通知\n（2024年3月{}日）\n\n{BODY}", n + 1);
    let utf16 = |n: u32| [vec![0xff, 0xfe], text(n).encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
    let traditional = |n: u32| format!("第{n}號通知\n（2024年3月{}日）\n\n　　全縣水利工作會議在縣城召開。會議要求，加快水利工程建設，抓好春耕備耕。\n", n + 1);
    let encodings: [(&str, Bytes<'_>); 5] = [
        ("UTF-8 in 9 of 9", &|n| text(n).into_bytes()),
        ("UTF-8 in 9 of 9", &|n| format!("\u{feff}{}", text(n)).into_bytes()),
        ("gb18030 in 9 of 9", &|n| GB18030.encode(&text(n)).0.into_owned()),
        ("Big5 in 9 of 9", &|n| BIG5.encode(&traditional(n)).0.into_owned()),
        ("UTF-16LE in 9 of 9", &|n| utf16(n)),
    ];
    for (expected, bytes) in encodings {
        let source = only(&folder((0..9).map(|n| (format!("notice-{n}.txt"), bytes(n)))));
        assert_eq!(source.encodings, expected);
        assert_eq!(values(&source, &["title", "date", "register"]), ["first-line", "header", "notice"], "{source:?}");
    }
}

#[test]
fn a_day_in_the_text_is_taken_before_a_year_in_the_name() {
    let files = (1998..2004).map(|y| (format!("notice-{y}.txt"), format!("关于春耕的通知\n（{y}年3月5日）\n\n{BODY}").into_bytes()));
    let source = only(&folder(files));
    let date = source.findings.iter().find(|finding| finding.key == "date").unwrap();
    assert_eq!((date.value.as_str(), date.unsure.as_deref()), ("header", Some("filename:%Y, as the names have it")));
}

#[test]
fn markdown_is_split_where_headings_are_articles_and_only_there() {
    let bulletin = |n: u32| {
        format!(
            "# 晚间新闻\n\n## 摘要\n\n一。\n\n## 详情\n\n### 第{n}条要闻\n\n{BODY}\n[查看原文](https://example.org/{n})\n\n### 又一条要闻{n}\n\n{BODY}\n[查看原文](https://example.org/{n}b)\n\n（更新时间：166410910{n}）\n"
        )
    };
    let guess =
        look(folder(days(20, |y, m, d| format!("{y}{m:02}{d:02}.md")).into_iter().zip(0..).map(|((name, _), n)| (name, bulletin(n).into_bytes()))).path())
            .unwrap();
    assert_eq!(values(&guess.sources[0], &["layout", "document", "title"]), ["markdown", "heading:3", "heading"]);
    let dropped: Vec<&str> = guess.drop_lines.iter().map(|finding| finding.value.as_str()).collect();
    assert_eq!(dropped, [r"^\[查看原文\]", "^（更新时间"]);
    let report = |n: u32| format!("# 第{n}次报告\n\n## 一、过去一年的工作\n\n{BODY}\n## 二、今年的工作\n\n{BODY}");
    let source = only(&folder((0..9).map(|n| (format!("{}.md", 2000 + n), report(n).into_bytes()))));
    assert_eq!(values(&source, &["document", "title", "date"]), ["file", "heading", "filename:%Y"]);
    let parts = |n: u32| format!("# 第{n}次会议\n\n## 背景\n\n{BODY}\n## 要点\n\n{BODY}");
    assert_eq!(only(&folder((0..9).map(|n| (format!("{n}.md"), parts(n).into_bytes())))).value("document"), Some("file"));
    let collection = |n: u32| format!("# 关于{n}\n\n{BODY}\n# 关于又一个{n}\n\n{BODY}");
    let source = only(&folder((0..9).map(|n| (format!("{n}.md"), collection(n).into_bytes()))));
    assert!(source.value("document") == Some("heading:1") && source.findings.iter().any(|finding| finding.key == "document" && finding.unsure.is_some()));
}

#[test]
fn pages_are_html_whatever_their_ending() {
    let page = |n: u32| {
        format!(
            "<!DOCTYPE html><html><head><title>新闻</title></head><body><h1>第{n}号新闻</h1><p>2024年3月{}日 08:00 来源：县报</p><p>{BODY}</p></body></html>",
            n + 1
        )
        .into_bytes()
    };
    for ending in ["html", "htm", "txt", "page"] {
        let source = only(&folder((0..9).map(|n| (format!("{n}.{ending}"), page(n)))));
        assert_eq!(values(&source, &["layout", "document", "title", "date"]), ["html", "file", "heading", "header"], "{ending}: {source:?}");
    }
}

#[test]
fn fields_of_records_are_known_by_name_and_by_content() {
    let record = |names: [&str; 5], n: u32| {
        let values =
            [format!("a-{n}"), format!("2024-03-{:02} 08:00", n + 1), format!("第{n}号消息"), BODY.trim().repeat(3), format!("https://example.org/{n}")];
        let pairs: Vec<String> = names.iter().zip(values).map(|(name, value)| format!("{name:?}: {value:?}")).collect();
        format!("{{{}}}\n", pairs.join(", "))
    };
    let keys = ["layout", "document", "text", "title", "date", "id", "url", "cadence"];
    let lines = |names| (0..20).map(|n| record(names, n)).collect::<String>().into_bytes();
    let source = only(&folder([("a.jsonl".into(), lines(["id", "date", "title", "text", "url"]))]));
    assert_eq!(values(&source, &keys), ["jsonl", "record", "field:text", "field:title", "field:date", "field:id", "field:url", "daily"]);
    let source = only(&folder([("a.json".into(), lines(["编号", "发布时间", "标题", "正文", "链接"]))]));
    assert_eq!(values(&source, &keys), ["jsonl", "record", "field:正文", "field:标题", "field:发布时间", "field:编号", "field:链接", "daily"]);
    let source = only(&folder([("a.ndjson".into(), lines(["k1", "k2", "k3", "k4", "k5"]))]));
    assert_eq!(values(&source, &keys), ["jsonl", "record", "field:k4", "field:k3", "field:k2", "-", "field:k5", "daily"]);
}

#[test]
fn tables_are_read_by_their_header_and_odd_dates_by_a_format() {
    let rows = |date: &dyn Fn(u32) -> String| {
        let rows: String = (0..20).map(|n| format!("{n},{},第{n}号消息,\"{}\"\n", date(n), BODY.trim().repeat(3))).collect();
        format!("\u{feff}doc_id,day,headline,content\n{rows}").into_bytes()
    };
    let source = only(&folder([("a.csv".into(), rows(&|n| format!("{}/03/2024", n + 1)))]));
    assert_eq!(values(&source, &["layout", "text", "title", "date", "id"]), ["csv", "field:content", "field:headline", "field:day:%d/%m/%Y", "field:doc_id"]);
    let source = only(&folder([("a.csv".into(), rows(&|n| format!("0{}/0{}/2024", n % 9 + 1, n % 8 + 1)))]));
    let date = source.findings.iter().find(|finding| finding.key == "date").unwrap();
    assert!(date.value == "field:day:%d/%m/%Y" && date.unsure.as_deref().unwrap().starts_with("field:day:%m/%d/%Y"), "{date:?}");
    let semicolons = String::from_utf8(rows(&|n| n.to_string())).unwrap().replace(',', ";");
    let guess = look(folder([("a.csv".into(), semicolons.into_bytes())]).path()).unwrap();
    assert!(guess.sources.is_empty() && guess.passed[0].why.contains("';'"), "{guess:?}");
}

#[test]
fn parquet_is_read_by_its_columns() {
    use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray};
    use std::sync::Arc;
    let dir = tempfile::tempdir().unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("published", Arc::new(Date32Array::from((0..20).map(|n| 19_787 + n).collect::<Vec<_>>()))),
        ("body", Arc::new(StringArray::from(vec![BODY; 20]))),
        ("title", Arc::new(StringArray::from((0..20).map(|n| format!("第{n}号")).collect::<Vec<_>>()))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(fs::File::create(dir.path().join("a.parquet")).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert_eq!(
        values(&only(&dir), &["layout", "text", "title", "date", "id", "cadence"]),
        ["parquet", "field:body", "field:title", "field:published", "-", "daily"]
    );
}

#[test]
fn mixed_folders_give_a_source_for_each_group() {
    let mut files = days(20, |y, m, d| format!("broadcast/{y}/{m:02}/{d:02}.txt"));
    files.extend((0..9).map(|n| (format!("pages/{n}.html"), format!("<html><body><h1>第{n}号</h1><p>{BODY}</p></body></html>").into_bytes())));
    files.extend((0..9).map(|n| (format!("pages/{n}.md"), format!("# 第{n}号\n\n{BODY}").into_bytes())));
    files.push(("top.txt".into(), format!("一个文件\n\n{BODY}").into_bytes()));
    let guess = look(folder(files).path()).unwrap();
    let seen: Vec<_> = guess.sources.iter().map(|source| (source.value("layout").unwrap(), source.globs.join(" "), source.files)).collect();
    let expected = [("text", "*.txt", 1), ("text", "broadcast/**/*.txt", 20), ("html", "pages/*.html", 9), ("markdown", "pages/*.md", 9)];
    assert_eq!(seen, expected.map(|(layout, globs, files)| (layout, globs.to_owned(), files)));
    let mut names: Vec<&str> = guess.sources.iter().map(|source| source.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn many_folders_beside_each_other_are_one_source() {
    let source = only(&folder((0..30).map(|n| (format!("topic-{n}/2024-03-{:02}.txt", n + 1), format!("第{n}号\n\n{BODY}").into_bytes()))));
    assert_eq!((source.globs.join(" ").as_str(), source.value("date")), ("**/*.txt", Some("filename:%Y-%m-%d")));
}

#[test]
fn what_is_no_text_is_told_and_does_not_disturb() {
    let mut files = days(30, |y, m, d| format!("{y}{m:02}{d:02}.txt"));
    files.push(("README.txt".into(), "这里是说明。".into()));
    files.push((".hidden.txt".into(), "不读".into()));
    files.push(("cover.png".into(), b"\x89PNG\r\n\x1a\n0000".to_vec()));
    files.push(("scan.pdf".into(), b"%PDF-1.4".to_vec()));
    files.push(("20240403.txt".into(), b"%PDF-1.4 \x00\x01".to_vec()));
    files.push(("20240404.txt".into(), Vec::new()));
    files.push(("odd.md".into(), format!("# 题\n\n{BODY}").into_bytes()));
    let guess = look(folder(files).path()).unwrap();
    assert_eq!(guess.sources.len(), 1, "{guess:?}");
    let source = &guess.sources[0];
    assert_eq!((values(source, &["date", "cadence"]), source.globs.join(" ").as_str()), (vec!["filename:%Y%m%d", "daily"], "[0-9]*.txt"));
    let passed: Vec<&str> = guess.passed.iter().map(|passed| passed.what.as_str()).collect();
    assert_eq!(passed, ["1 file .pdf", "1 file .png", "20240403.txt", "20240404.txt", "README.txt", "odd.md"], "{:?}", guess.passed);
}

#[test]
fn an_empty_or_missing_folder_and_one_json_value_are_told() {
    let guess = look(folder([]).path()).unwrap();
    assert_eq!((guess.files, guess.sources.len()), (0, 0));
    assert!(look(std::path::Path::new("no/such/folder")).is_err());
    let guess = look(folder([("a.json".into(), serde_json::json!([{"text": BODY}]).to_string().into_bytes())]).path()).unwrap();
    assert!(guess.sources.is_empty() && guess.passed[0].why.contains("jq -c"), "{guess:?}");
}

#[test]
fn packed_files_and_folders_with_odd_names_are_read() {
    use std::io::Write;
    let packed = |n: u32| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(format!("第{n}号消息\n\n{BODY}").as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    let dir = folder((1..10).map(|n| (format!("新闻[一]/2024-03-0{n}.txt.gz"), packed(n))));
    let source = only(&dir);
    assert_eq!(values(&source, &["layout", "title", "date"]), ["text", "first-line", "filename:%Y-%m-%d"]);
    let input = crate::load::Input {
        source: "s".into(),
        files: source.globs.iter().map(|glob| dir.path().join(glob)).collect(),
        layout: Layout::Text,
        fields: crate::load::FieldNames::default(),
    };
    assert_eq!(crate::load::find(&input).unwrap().files.len(), 9);
}

#[test]
fn a_sample_is_spread_over_all() {
    let all: Vec<usize> = (0..1000).collect();
    let some = spread(&all, 5);
    assert_eq!(some, [&0, &249, &499, &749, &999]);
    assert_eq!((spread(&all[..3], 5).len(), spread(&all, 1).len(), spread::<usize>(&[], 5).len()), (3, 1, 0));
}
