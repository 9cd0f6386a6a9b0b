//! New phrases, as a person looks for them and accepts one.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

const SOURCES: &str = r#"
name = "days"
output = "../output"
SHARD
[[source]]
name = "days"
files = ["../raw/*.txt"]
layout = "text"
date = "filename:%Y%m%d"
"#;

const WINDOWS: &str = "[discover]\nwindows = [\"2024\"]\n";

struct Place {
    dir: TempDir,
}

impl Place {
    /// Forty days of 2023 and forty of 2024, in which two phrases are new.
    fn new(pipeline: &str) -> Self {
        const VERBS: [&str; 7] = ["推动", "发展", "支持", "研究", "扶持", "谋划", "壮大"];
        const TAILS: [&str; 7] = ["的县市", "让农民增收", "成为新路", "带来活力", "要看条件", "不能一哄而上", "值得总结"];
        const OLD: [&str; 5] = ["水利工程", "粮食生产", "乡村道路", "城乡供水", "林业改革"];
        let place = Self { dir: tempfile::tempdir().unwrap() };
        place.write("pipelines/days.toml", pipeline);
        for (year, new) in [(2023, ["乡村道路", "粮食生产"]), (2024, ["林下经济", "庭院养殖"])] {
            for i in 0..40 {
                let (verb, phrase, tail) = (VERBS[i % 7], new[i % 2], TAILS[(i * 3 + 1) % 7]);
                let rest = format!("{}和{}照常进行。{}有{}。\n", OLD[i % 5], OLD[(i + 2) % 5], OLD[(i * 2 + 1) % 5], TAILS[i % 7]);
                place.write(&format!("raw/{year}{:02}{:02}.txt", 1 + i / 20, 1 + i % 20), &format!("{verb}{phrase}{tail}，{rest}"));
            }
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn tifa(&self, arguments: &[&str]) -> (i32, String) {
        let out = Command::cargo_bin("tifa").unwrap().current_dir(self.dir.path()).args(arguments).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
        (out.status.code().unwrap(), text)
    }

    fn table(&self) -> Vec<u8> {
        fs::read(self.path("output/days/latest/tables/candidates.parquet")).unwrap()
    }
}

fn pipeline(shard: &str, rest: &str) -> String {
    SOURCES.replace("SHARD", shard) + rest
}

#[test]
fn the_table_does_not_depend_on_shards_and_threads() {
    let place = Place::new(&pipeline("", WINDOWS));
    let (code, out) = place.tifa(&["run"]);
    assert_eq!(code, 0, "{out}");
    let whole = place.table();
    place.write("pipelines/days.toml", &pipeline("shard = \"1 KB\"", WINDOWS));
    let (code, out) = place.tifa(&["run", "--threads", "1"]);
    assert_eq!(code, 0, "{out}");
    let shards = fs::read_dir(place.path("output/days/latest/tables/documents")).unwrap().count();
    assert!(shards > 5, "{shards}");
    assert_eq!(place.table(), whole);
    let (_, out) = place.tifa(&["run"]);
    assert!(out.contains("unchanged"), "{out}");
    // Another window is another release.
    place.write("pipelines/days.toml", &pipeline("shard = \"1 KB\"", &WINDOWS.replace("2024", "2024-02")));
    let (_, out) = place.tifa(&["run"]);
    assert!(out.contains("published") && place.table() != whole, "{out}");
}

#[test]
fn a_copy_that_does_not_count_gives_no_occurrence() {
    let place = Place::new(&pipeline("", &format!("{WINDOWS}[tally]\nduplicates = \"first\"\n")));
    let long = "林下经济让农民增收，山里的树下种起药材，养起蜜蜂，合作社帮助他们把产品卖到城里。水利工程和粮食生产照常进行，乡村道路有人养护。\n";
    place.write("raw/20240301.txt", long);
    assert_eq!(place.tifa(&["run"]).0, 0);
    let without = place.table();
    let (_, listed) = place.tifa(&["discover", "--window", "2024"]);
    place.write("raw/20240302.txt", long);
    let (_, out) = place.tifa(&["run"]);
    assert!(out.contains("published"), "{out}");
    assert_eq!(place.table(), without);
    assert_eq!(place.tifa(&["discover", "--window", "2024"]).1, listed);
    place.write("pipelines/days.toml", &pipeline("", WINDOWS));
    assert_eq!(place.tifa(&["run"]).0, 0);
    assert_ne!(place.table(), without);
}

#[test]
fn without_the_section_the_table_is_empty_and_discover_takes_the_last_year() {
    let place = Place::new(&pipeline("", ""));
    let (code, out) = place.tifa(&["run"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains(" 0 rows  candidates"), "{out}");
    let (code, out) = place.tifa(&["discover"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("window 2024-01-01/2024-12-31"), "{out}");
    assert!(out.contains("林下经济") && out.contains("庭院养殖") && !out.contains("乡村道路  "), "{out}");
    let (code, out) = place.tifa(&["discover", "--window", "soon"]);
    assert!(code == 2 && out.contains("2023-09/2024-03"), "{out}");
}

#[test]
fn an_accepted_phrase_is_a_draft_until_a_person_finishes_it() {
    let place = Place::new(&pipeline("", "[tag]\nlexicon = [\"themes/*.toml\"]\n"));
    let theme = "[[theme]]\nid='a'\nzh='供水'\nen='Water'\nsource='test'\nterms=['供水']\n[[theme.case]]\ntext='供水'\nhits=['供水']\n";
    place.write("pipelines/themes/a.toml", theme);
    let (code, out) = place.tifa(&["discover", "--window", "2024"]);
    assert_eq!(code, 0, "{out}");
    let line = out.lines().find(|line| line.contains("林下经济")).unwrap().to_owned();
    let id = line.split_whitespace().nth(8).unwrap().to_owned();
    assert_eq!(place.tifa(&["discover", "--accept", "zz"]).0, 2);
    let (code, out) = place.tifa(&["discover", "--accept", id.get(..6).unwrap(), "--theme-id", "forest-economy"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("forest-economy") && out.contains("draft = true") && !out.contains("does not read"), "{out}");
    assert_eq!(place.tifa(&["discover", "--accept", &id]).0, 2);
    // A draft counts nothing, and the check says that it is there.
    let (code, out) = place.tifa(&["check"]);
    assert!(code == 0 && out.contains("drafts") && out.contains("forest-economy"), "{out}");
    let (code, out) = place.tifa(&["run"]);
    assert_eq!(code, 0, "{out}");
    let themes = || fs::read_to_string(place.path("output/days/latest/csv/themes.csv")).unwrap();
    assert!(!themes().contains("林下经济"));
    // It is in the queue no more.
    assert!(!place.tifa(&["discover", "--window", "2024"]).1.contains("林下经济"));
    let file = place.path("pipelines/themes/candidates.toml");
    let finished = fs::read_to_string(&file).unwrap().replace("draft = true # counts nothing until this line is taken out\n", "");
    fs::write(&file, &finished).unwrap();
    let (code, out) = place.tifa(&["run"]);
    assert!(code == 2 && out.contains("TODO"), "{out}");
    fs::write(&file, finished.replace("TODO", "Under-forest economy")).unwrap();
    let (code, out) = place.tifa(&["check"]);
    assert_eq!(code, 0, "{out}");
    assert_eq!(place.tifa(&["run"]).0, 0);
    assert!(themes().contains("林下经济"));
}

#[test]
fn a_window_that_cannot_be_read_is_told_with_its_line() {
    let place = Place::new(&pipeline("", "[discover]\nwindows = [\"2024/2023\"]\nmemory = \"much\"\n"));
    let (code, out) = place.tifa(&["check"]);
    assert_eq!(code, 2);
    assert!(out.contains("`2024/2023` is no window") && out.contains("`much` is no size"), "{out}");
}
