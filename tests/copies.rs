//! Copies, through whole runs: what they change, and what they leave as it is.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::program::{PIPELINE, Place, files};

const FIRST: &str = "[tally]\nduplicates = \"first\"\nperiods = [\"day\", \"month\"]\n[tag]";

/// A text of its own for each number: no two are alike.
fn text(number: u32) -> String {
    let mut state = number.wrapping_add(1).wrapping_mul(2_654_435_761);
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x4e00 + (state >> 12) % 5000).unwrap()
    };
    let body: String = (0..120).map(|_| word()).collect();
    format!("　　{body}，各地兴修水利。3月1日，全县水利工作会议召开。\n")
}

/// The same with another headline and a few words more.
fn reprint(number: u32) -> String {
    format!("转发消息\n\n{}　　（完）\n", text(number))
}

/// A pipeline over days, with shards of a few of them.
fn place(days: std::ops::RangeInclusive<u32>, pipeline: &str) -> Place {
    let place = Place::new(0);
    place.write("pipelines/days.toml", pipeline);
    for day in days {
        place.write(&format!("raw/202403{day:02}.txt"), &format!("三月{day}日\n\n{}", text(day)));
    }
    place
}

fn sharded(pipeline: &str) -> String {
    pipeline.replace("output = ", "shard = \"1 KB\"\noutput = ").replace("[tag]", FIRST)
}

/// Part files of the shards in the latest release, with their inodes.
fn parts(place: &Place) -> BTreeMap<PathBuf, u64> {
    let tables = place.path("output/days/latest/tables");
    let parts = files(&tables)
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().contains("part-") && !name.starts_with("theme_breakdown") && !name.starts_with("theme_pairs"));
    parts.map(|name| (name.clone(), fs::metadata(tables.join(name)).unwrap().ino())).collect()
}

fn record(place: &Place) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(place.path("output/days/latest/run.json")).unwrap()).unwrap()
}

/// The cells of a line of a CSV that begins like this.
fn line<'t>(csv: &'t str, begins: &str) -> Vec<&'t str> {
    csv.lines().find(|line| line.starts_with(begins)).unwrap_or_else(|| panic!("{begins} in {csv}")).split(',').collect()
}

#[test]
fn a_late_earlier_copy_changes_copies_and_series_and_no_part_file_of_another_shard() {
    let place = place(1..=31, &sharded(PIPELINE));
    let (code, _, error) = place.run(&["--quiet"]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(place.csv("copies").lines().count(), 1);
    let (before, shards) = (parts(&place), record(&place)["inputs"]["shards"].as_u64().unwrap());
    assert!(shards > 8, "{shards}");
    let hits = |place: &Place, month: &str| line(&place.csv("theme_frequency"), &format!("month,{month}"))[9].to_owned();
    assert_eq!(hits(&place, "2024-03-01"), "62");
    // What was said on the 20th was said in February already.
    place.write("raw/20240203.txt", &reprint(20));
    let (code, _, error) = place.run(&["--quiet"]);
    assert_eq!(code, 0, "{error}");
    let copies = place.csv("copies");
    assert_eq!(copies.lines().count(), 2, "{copies}");
    assert!(copies.lines().nth(1).unwrap().ends_with(",false,days,days,2024-03-20,2024-02-03"), "{copies}");
    assert_eq!((hits(&place, "2024-02-01"), hits(&place, "2024-03-01")), ("2".into(), "60".into()));
    assert_eq!(line(&place.csv("period_totals"), "month,2024-03-01")[6], "30");
    // Neither a count nor a zero: the day spoke, but only repeated.
    assert_eq!(line(&place.csv("theme_frequency"), "day,2024-03-20")[9], "");
    assert_eq!(line(&place.csv("period_totals"), "day,2024-03-20")[6..10], ["0", "0", "0", "1"]);
    assert_eq!(line(&place.csv("coverage"), "days,day,2024-03-20")[5], "true");
    assert_eq!(line(&place.csv("occasions"), "")[15], "documents");
    assert!(place.csv("occasions").lines().nth(1).unwrap().ends_with(",32"), "{}", place.csv("occasions"));
    // The new file's shard is new, and perhaps its neighbour; the copy's is as it was.
    let after = parts(&place);
    let gone = before.keys().filter(|name| !after.contains_key(*name)).count();
    assert!(gone <= 2 * 6, "{gone} of {}", before.len());
    for (name, inode) in before.iter().filter(|(name, _)| after.contains_key(*name)) {
        assert_eq!(after[name], *inode, "{}", name.display());
    }
    let record = record(&place);
    assert!(record["inputs"]["shards_computed"].as_u64().unwrap() <= 4, "{record}");
    assert_eq!((record["counts"]["copies"].as_u64(), record["counts"]["documents"].as_u64()), (Some(1), Some(32)));
    assert_eq!(record["duplicates"], "first");
    assert!(place.run(&[]).1.contains("unchanged"));
    // And back again.
    fs::remove_file(place.path("raw/20240203.txt")).unwrap();
    assert_eq!(place.run(&["--quiet"]).0, 0);
    assert_eq!(hits(&place, "2024-03-01"), "62");
}

#[test]
fn an_incremental_run_without_copies_gives_the_bytes_of_a_full_one() {
    let place = place(1..=25, &sharded(PIPELINE));
    place.write("raw/20240326.txt", &reprint(4));
    place.run(&["--quiet"]);
    place.write("raw/20240201.txt", &reprint(9));
    place.write("raw/20240131.txt", &reprint(4));
    place.write("raw/20240312.txt", &format!("三月12日\n\n{}", text(2)));
    assert_eq!(place.run(&["--quiet"]).0, 0);
    let (fresh, work) = (place.path("fresh"), place.path("work"));
    place.run(&["--quiet", "--output", fresh.to_str().unwrap(), "--work", work.to_str().unwrap(), "--threads", "1"]);
    assert_eq!(files(&place.path("output/days/latest/tables")), files(&fresh.join("days/latest/tables")));
    // Days 26 and 4 of 31 January, 9 of 1 February, 12 of 2 March.
    let copies = place.csv("copies");
    assert_eq!(copies.lines().count(), 5, "{copies}");
    // In one shard they are the same, and so is everything that is counted.
    place.write("pipelines/days.toml", &PIPELINE.replace("[tag]", FIRST));
    place.run(&["--quiet", "--output", place.path("one").to_str().unwrap(), "--work", place.path("one-work").to_str().unwrap()]);
    let breakdown = |output: &str| files(&place.path(&format!("{output}/days/latest/tables/theme_breakdown")));
    assert_eq!(breakdown("one"), breakdown("output"));
    for table in ["copies", "theme_frequency", "theme_profile", "period_totals", "coverage", "occasions"] {
        let csv = fs::read_to_string(place.path("one/days/latest/csv").join(format!("{table}.csv"))).unwrap();
        assert_eq!(csv, place.csv(table), "{table}");
    }
}

#[test]
fn series_without_copies_are_those_of_a_corpus_that_has_none() {
    let second = "[[source]]\nname = \"other\"\nfiles = [\"../other/*.txt\"]\nlayout = \"text\"\ndate = \"filename:%Y%m%d\"\n[tag]";
    let pipeline = PIPELINE.replace("[tag]", second);
    let with = place(1..=12, &sharded(&pipeline));
    let without = place(1..=12, &sharded(&pipeline).replace("\"first\"", "\"all\""));
    for place in [&with, &without] {
        place.write("other/20240301.txt", &text(99));
    }
    for day in [2, 5, 11] {
        with.write(&format!("other/202403{day:02}.txt"), &reprint(day));
    }
    for place in [&with, &without] {
        let (code, _, error) = place.run(&["--quiet"]);
        assert_eq!(code, 0, "{error}");
    }
    assert_eq!((with.csv("copies").lines().count(), without.csv("copies").lines().count()), (4, 1));
    let breakdown = |place: &Place| files(&place.path("output/days/latest/tables/theme_breakdown"));
    assert_eq!(breakdown(&with), breakdown(&without));
    for table in ["period_totals", "theme_frequency", "theme_profile"] {
        assert_eq!(with.csv(table), without.csv(table), "{table}");
    }
    // Counted like any other, they show.
    with.write("pipelines/days.toml", &sharded(&pipeline).replace("\"first\"", "\"all\""));
    assert_eq!(with.run(&["--quiet"]).0, 0);
    assert_eq!(with.csv("copies").lines().count(), 4);
    assert!(with.csv("theme_profile") != without.csv("theme_profile"));
}
