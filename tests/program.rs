//! The program as a scheduler and a person run it.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

fn tifa() -> Command {
    Command::cargo_bin("tifa").unwrap()
}

/// A folder with a pipeline over daily texts.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
}

pub(crate) const PIPELINE: &str = r#"
name = "days"
output = "../output"
[[source]]
name = "days"
files = ["../raw/*.txt"]
layout = "text"
title = "first-line"
date = "filename:%Y%m%d"
cadence = "daily"
[tag]
lexicon = ["themes/*.toml"]
"#;

const THEMES: &str = "[[theme]]\nid = \"water\"\nzh = \"水利\"\nen = \"water works\"\nsource = \"test\"\nterms = [\"水利\", \"水利工程\"]\n[[theme.case]]\ntext = \"兴修水利\"\nhits = [\"水利\"]\n";

impl Place {
    pub(crate) fn new(days: u32) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        place.write("pipelines/days.toml", PIPELINE);
        place.write("pipelines/themes/water.toml", THEMES);
        for day in 1..=days {
            place.day(day, "　　全县水利工作会议3月1日召开。会议要求，加快水利工程建设。\n");
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn day(&self, day: u32, text: &str) {
        self.write(&format!("raw/202403{day:02}.txt"), &format!("三月{day}日\n\n{text}"));
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let out = tifa().current_dir(self.dir.path()).arg("run").args(arguments).output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    }

    pub(crate) fn csv(&self, table: &str) -> String {
        fs::read_to_string(self.path("output/days/latest/csv").join(format!("{table}.csv"))).unwrap()
    }
}

#[test]
fn a_run_publishes_and_the_next_one_says_unchanged() {
    let place = Place::new(3);
    let (code, out, error) = place.run(&["--quiet"]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("days: published "), "{out}");
    let first = fs::read_link(place.path("output/days/latest")).unwrap();
    let (code, out, _) = place.run(&[]);
    assert_eq!(code, 0);
    assert!(out.lines().last().unwrap().contains("unchanged"), "{out}");
    assert_eq!(fs::read_link(place.path("output/days/latest")).unwrap(), first);
    assert_eq!(fs::read_dir(place.path("output/days/runs")).unwrap().count(), 2);
    assert!(place.csv("theme_profile").lines().nth(1).unwrap().starts_with("water,水利,water works,,0,6,6,3,"), "{}", place.csv("theme_profile"));
}

#[test]
fn a_new_day_and_a_new_theme_change_the_release() {
    let place = Place::new(3);
    place.run(&["--quiet"]);
    place.day(5, "　　各地兴修水利。\n");
    assert!(place.run(&["--quiet"]).1.contains("published"));
    assert!(place.csv("coverage").contains("days,day,2024-03-04,2024-03-04,true,false,true,false,0,0"));
    place.write("pipelines/themes/more.toml", &THEMES.replace("\"water\"", "\"meeting\"").replace("[\"水利\", \"水利工程\"]", "[\"工作会议\"]"));
    assert!(place.run(&["--quiet"]).1.contains("published"));
    assert_eq!(place.csv("themes").lines().count(), 3);
}

#[test]
fn an_incremental_run_gives_the_bytes_of_a_full_one() {
    let place = Place::new(20);
    place.run(&["--quiet"]);
    place.day(9, "　　昨天，水利部门召开座谈会。\n");
    place.day(21, "　　各地兴修水利。\n");
    place.run(&["--quiet"]);
    let (fresh, work) = (place.path("fresh"), place.path("work"));
    place.run(&["--quiet", "--output", fresh.to_str().unwrap(), "--work", work.to_str().unwrap(), "--threads", "1"]);
    let tables = |output: &Path| files(&output.join("days/latest/tables"));
    assert_eq!(tables(&place.path("output")), tables(&fresh));
}

#[test]
fn another_measure_is_published_and_counts_nothing_again() {
    let place = Place::new(3);
    place.run(&["--quiet"]);
    let header = place.csv("theme_turns");
    assert!(header.starts_with("theme,theme_zh,theme_en,level,kind,burst_level,period,period_start,"), "{header}");
    assert!(place.csv("theme_profile").lines().nth(1).unwrap().ends_with(",cmp 2017-1"));
    place.write("pipelines/heat/own.toml", "name = \"own\"\nversion = \"3\"\n[[level]]\nname = \"hot\"\ndocuments = 1\nshare = 0.5\nsource = \"test\"\n");
    place.write("pipelines/days.toml", &format!("{PIPELINE}[tally]\nsmoothing = 1\nheat = \"heat/own.toml\"\n"));
    let (code, out, error) = place.run(&["--log-format", "json"]);
    assert_eq!(code, 0, "{error}");
    let record: serde_json::Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!((&record["status"], &record["inputs"]["shards_computed"]), (&"published".into(), &0.into()), "{out}");
    assert!(place.csv("theme_profile").lines().nth(1).unwrap().ends_with(",own 3"));
}

#[test]
fn turning_points_stand_in_their_table_and_none_lies_over_a_month_without_text() {
    let place = Place::new(0);
    let pipeline = PIPELINE
        .replace("*.txt", "*.jsonl")
        .replace("layout = \"text\"", "layout = \"jsonl\"\ntext = \"field:text\"")
        .replace("title = \"first-line\"", "title = \"none\"")
        .replace("filename:%Y%m%d", "field:day")
        .replace("cadence = \"daily\"", "");
    place.write("pipelines/days.toml", &pipeline);
    // Twenty texts a month; five speak of the theme from the 13th month on, but
    // in the 22nd to the 25th.
    let corpus = |left_out: Option<u32>| -> String {
        let months = (0..30_u32).filter(|month| Some(*month) != left_out);
        let text = |month: u32, day: u32| if month >= 12 && !(21..25).contains(&month) && day <= 5 { "各地兴修水利。" } else { "各地庆祝丰收。" };
        let line =
            |month: u32, day: u32| format!("{{\"text\": \"{}\", \"day\": \"{}-{:02}-{day:02}\"}}\n", text(month, day), 2020 + month / 12, month % 12 + 1);
        months.flat_map(|month| (1..=20).map(move |day| (month, day))).map(|(month, day)| line(month, day)).collect()
    };
    let turns = |place: &Place| -> Vec<String> {
        let csv = place.csv("theme_turns");
        let rows = csv.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
        rows.filter(|cells| cells[4] != "burst").map(|cells| format!("{} {} {}", cells[4], cells[7], cells[8])).collect()
    };
    place.write("raw/all.jsonl", &corpus(None));
    place.run(&["--quiet"]);
    assert_eq!(turns(&place), ["debut 2021-01-01 2021-01-31", "silence 2021-10-01 2022-01-31", "return 2022-02-01 2022-02-28"]);
    place.write("raw/all.jsonl", &corpus(Some(22)));
    place.run(&["--quiet"]);
    assert_eq!(turns(&place), ["debut 2021-01-01 2021-01-31"]);
    place.write("raw/all.jsonl", &corpus(Some(11)));
    place.run(&["--quiet"]);
    assert_eq!(turns(&place), ["silence 2021-10-01 2022-01-31", "return 2022-02-01 2022-02-28"]);
}

pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(root: &Path, folder: &Path, out: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, out);
            } else {
                out.push((path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut out = Vec::new();
    walk(folder, folder, &mut out);
    out.sort();
    assert!(!out.is_empty());
    out
}

#[test]
fn equal_records_without_ids_are_documents_of_their_own_in_whatever_shard() {
    let place = Place::new(0);
    let pipeline = PIPELINE
        .replace("output = ", "shard = \"2 KB\"\noutput = ")
        .replace("*.txt", "*.jsonl")
        .replace("layout = \"text\"", "layout = \"jsonl\"\ntext = \"field:text\"")
        .replace("title = \"first-line\"", "title = \"none\"")
        .replace("filename:%Y%m%d", "field:day")
        .replace("[tag]", "[write]\ncsv = \"all\"\n[tag]");
    place.write("pipelines/days.toml", &pipeline);
    let records: String = (0..400).map(|i| format!("{{\"text\":\"兴修水利\",\"day\":\"2024-03-{:02}\"}}\n", i % 2 + 1)).collect();
    place.write("raw/all.jsonl", &records);
    let (code, out, error) = place.run(&[]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("400 documents"), "{out}");
    let documents = place.csv("documents");
    let ids: std::collections::BTreeSet<&str> = documents.lines().skip(1).filter_map(|l| l.split(',').next()).collect();
    assert_eq!(ids.len(), 400);
    assert!(fs::read_dir(place.path("output/days/latest/tables/documents")).unwrap().count() > 3);
}

#[test]
fn a_corpus_that_shrinks_does_not_empty_a_dashboard() {
    let place = Place::new(10);
    place.run(&["--quiet"]);
    for day in 1..=9 {
        fs::remove_file(place.path(&format!("raw/202403{day:02}.txt"))).unwrap();
    }
    let (code, _, error) = place.run(&["--quiet"]);
    assert_eq!(code, 1);
    assert!(error.contains("--allow-shrink"), "{error}");
    assert_eq!(place.run(&["--quiet", "--allow-shrink"]).0, 0);
    fs::remove_file(place.path("raw/20240310.txt")).unwrap();
    let (code, _, error) = place.run(&["--quiet"]);
    assert_eq!((code, error.contains("no file of source")), (2, true), "{error}");
}

#[test]
fn a_second_run_at_the_same_time_ends_with_75() {
    let place = Place::new(1);
    fs::create_dir_all(place.path(".tifa/days")).unwrap();
    let lock = fs::File::create(place.path(".tifa/days/lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    assert_eq!(place.run(&["--quiet"]).0, 75);
}

#[test]
fn a_mistake_in_the_pipeline_is_shown_with_its_line_and_nothing_runs() {
    let place = Place::new(1);
    place.write("pipelines/days.toml", &PIPELINE.replace("cadence", "cadance"));
    let (code, _, error) = place.run(&[]);
    assert_eq!(code, 2);
    for part in ["days.toml:10:1", "unknown field `cadance`", "did you mean `cadence`?"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!place.path("output").exists());
}

#[test]
fn until_leaves_the_tables_made_so_far_to_show() {
    let place = Place::new(2);
    let (code, out, _) = place.run(&["--until", "parse"]);
    assert_eq!((code, out.contains("stopped as asked")), (0, true), "{out}");
    let show = |arguments: &[&str]| {
        let out = tifa().current_dir(place.dir.path()).arg("show").args(arguments).output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap())
    };
    assert!(show(&["documents", "--columns", "title"]).1.contains("三月2日"));
    assert_eq!(show(&["hits"]).0, 2);
    assert!(show(&["documents", "--columns", "titel"]).1.contains("did you mean `title`?"));
    place.run(&["--quiet"]);
    assert!(show(&["hits", "--rows", "1"]).1.contains("水利"));
}

#[test]
fn a_dry_run_says_what_it_would_make_and_makes_nothing() {
    let place = Place::new(2);
    let (code, out, _) = place.run(&["--dry-run"]);
    assert_eq!(code, 0);
    assert!(out.contains("parsed: to make") && out.contains("nothing was made"), "{out}");
    assert!(!place.path("output/days/latest").exists());
}

#[test]
fn messages_for_machines_are_json() {
    let place = Place::new(1);
    let out = tifa().current_dir(place.dir.path()).args(["--log-format", "json", "run"]).output().unwrap();
    let record: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(record["status"], "published");
    assert_eq!(record["counts"]["documents"], 1);
    let out = tifa().current_dir(place.dir.path()).args(["--log-format", "json", "run", "nosuch"]).output().unwrap();
    let line: serde_json::Value = serde_json::from_slice(&out.stderr).unwrap();
    assert_eq!(line["fields"]["exit_code"], 2);
}

#[test]
fn a_damaged_cache_is_made_again() {
    let place = Place::new(2);
    place.run(&["--quiet"]);
    let before = files(&place.path("output/days/latest/tables"));
    let damage = |kind: &str, names: &[&str]| {
        for entry in fs::read_dir(place.path(&format!(".tifa/days/cache/{kind}"))).unwrap().flatten() {
            let file = names.iter().map(|name| entry.path().join(name)).find(|path| path.exists());
            fs::write(file.unwrap(), "damaged").unwrap();
        }
    };
    damage("rollups", &["rollup.bin"]);
    for (of_sums, csv) in [("summary.bin", r#"["hits", "occasions", "theme_frequency"]"#), ("pairs.bin", "\"all\"")] {
        damage("series", &[of_sums, "theme_frequency.parquet", "theme_pairs.parquet", "occasions.parquet"]);
        place.write("pipelines/days.toml", &PIPELINE.replace("[tag]", &format!("[write]\ncsv = {csv}\n[tag]")));
        let (code, _, error) = place.run(&[]);
        assert_eq!(code, 0, "{error}");
        for file in [of_sums, "theme_frequency.parquet", "theme_pairs.parquet", "occasions.parquet"] {
            assert!(error.lines().any(|line| line.contains("damaged") && line.contains(file)), "{file}: {error}");
        }
        assert_eq!(error.contains("rollup.bin"), of_sums == "summary.bin", "{error}");
        assert_eq!(files(&place.path("output/days/latest/tables")), before);
    }
    assert!(place.csv("hits").contains("水利"));
}

#[test]
fn explain_reads_lines_and_goes_on_after_a_bad_one() {
    let input =
        "{\"id\":1,\"text\":\"　　２０２４年３月５日，全县水利工作會議召開。\"}\nbroken\n{\"id\":\"b\",\"text\":\"今天召开\",\"date\":\"2024-03-05\"}\n";
    let out = tifa().args(["explain", "--jsonl"]).write_stdin(input).output().unwrap();
    let lines: Vec<serde_json::Value> = String::from_utf8(out.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["dates"][0]["text"], "２０２４年３月５日");
    assert_eq!((lines[0]["dates"][0]["start_char"].as_u64(), lines[0]["dates"][0]["end_char"].as_u64()), (Some(2), Some(11)));
    assert_eq!(lines[0]["events"][0]["occasion_name"], "全县水利工作会议");
    assert_eq!(lines[1]["line"], 2);
    assert_eq!(lines[2]["dates"][0]["date_start"], "2024-03-05");
}

#[test]
fn explain_marks_what_it_reads_in_colour_only_where_that_is_wanted() {
    let explain = |text: &str, variable: (&str, &str)| {
        let clean =
            tifa().env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env(variable.0, variable.1).args(["explain", "--date", "2024-03-05", text]).output();
        let out = clean.unwrap();
        assert!(out.status.success());
        String::from_utf8(out.stdout).unwrap()
    };
    let plain = explain("今天，全县水利工作会議召開。", ("TERM", "xterm"));
    assert!(plain.starts_with("今天，全县水利工作会議召開。\n1^^^  2===============\n"), "{plain}");
    assert!(plain.contains("今天 = 2024-03-05  anchor: document  [") && !plain.contains('\u{1b}'), "{plain}");
    assert!(plain.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80));
    let coloured = explain("今天，全县水利工作会議召開。", ("CLICOLOR_FORCE", "1"));
    assert!(coloured.contains("\u{1b}[32m1^^^\u{1b}[0m"), "{coloured:?}");
    assert_eq!(explain("", ("TERM", "xterm")), "");
    assert_eq!(explain("一。\n\n二。", ("TERM", "xterm")).matches("narrated  [").count(), 2);
}

#[test]
fn init_makes_a_folder_that_runs_at_once_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("mine");
    assert!(tifa().arg("init").arg(&folder).output().unwrap().status.success());
    let run = tifa().current_dir(&folder).args(["run", "--quiet"]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(tifa().current_dir(&folder).arg("check").output().unwrap().status.success());
    assert_eq!(tifa().arg("init").arg(&folder).output().unwrap().status.code(), Some(2));
}

#[test]
fn schema_and_completions_are_printed() {
    let text = |arguments: &[&str]| String::from_utf8(tifa().args(arguments).output().unwrap().stdout).unwrap();
    assert!(text(&["schema", "hits"]).contains("char_start"));
    let json: serde_json::Value = serde_json::from_str(&text(&["schema", "--format", "json"])).unwrap();
    assert_eq!(json.as_array().unwrap().len(), tifa::write::tables().len());
    assert!(text(&["completions", "bash"]).contains("complete"));
    assert_eq!(tifa().args(["schema", "hitz"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn check_lists_what_lies_inside_what_and_what_never_occurs() {
    let place = Place::new(1);
    place.write(
        "pipelines/themes/water.toml",
        "[[theme]]\nid = \"water\"\nzh = \"水利\"\nen = \"water works\"\nsource = \"test\"\nterms = [\"水利\", \"水库\"]\n[[theme.case]]\ntext = \"兴修水利\"\nhits = [\"水利\"]\n\
         [[theme]]\nid = \"works\"\nzh = \"水利工程\"\nen = \"works\"\nsource = \"test\"\nterms = [\"水利工程\", \"工程建设\"]\n[[theme.case]]\ntext = \"水利工程\"\nhits = [\"水利工程\"]\n\
         [[theme]]\nid = \"steel\"\nzh = \"钢铁\"\nen = \"steel\"\nsource = \"test\"\nterms = [\"钢铁\"]\n[[theme.case]]\ntext = \"炼钢铁\"\nhits = [\"钢铁\"]\n",
    );
    let check = |arguments: &[&str]| {
        let out = tifa().current_dir(place.dir.path()).arg("check").args(arguments).output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, out) = check(&[]);
    assert_eq!(code, 0);
    assert!(out.contains("3 themes, 5 terms") && out.contains("水利 (water) in 水利工程 (works)") && !out.contains("corpus:"), "{out}");
    let (code, out) = check(&["--corpus"]);
    assert_eq!(code, 0);
    for line in ["corpus: 1 documents, 3 occurrences count, 0 rejects", "steel 钢铁: 钢铁", "1 terms of other themes never occur\n    水库 (water)"] {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert!(out.contains("1 pairs of terms cross"), "{out}");
    assert!(!place.path(".tifa").exists() && !place.path("output").exists());
}

#[test]
fn explain_tells_a_pattern_from_a_term() {
    let out = tifa().args(["explain", "有效防范化解地方债务风险。"]).output().unwrap();
    let out = String::from_utf8(out.stdout).unwrap().split_whitespace().collect::<String>();
    assert!(out.contains("pattern:防范化解…风险,bothpartswithagapbetweenthem") && out.contains("term:atermthatliesinsidenolongerone"), "{out}");
}
