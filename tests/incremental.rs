//! An incremental run equals a run from nothing, whatever happened before.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tifa::batch::Options;
use tifa::plan::Plan;

use crate::Nobody;

const TEXTS: [&str; 6] = [
    "　　3月4日，全县水利工作会议召开。会议要求，加快水利工程建设，发展农业。\n　　各地庆祝丰收。\n",
    "　　昨天，县长在河边考察水利工程时强调，要兴修水利。\n",
    "　　没有主题的一段话。\n",
    "　　农业座谈会3月5日在县城举行。会议指出，农业和水利是根本。\n　　农业增产。\n",
    "　　2023年12月11日至12日，全省农业工作会议召开。县长说，农业丰收。\n",
    // Long enough that two documents of it are copies.
    "　　各地抓住雨季来临之前的时间，组织群众清理渠道、加固堤坝、检修水闸，水利部门派出技术人员到村指导，确保春耕用水，力争今年农业再获丰收，群众对此十分满意，纷纷表示要多打粮食。\n",
];

const THEMES: [&str; 2] = [
    "[[theme]]\nid = \"water\"\nzh = \"水利\"\nen = \"water works\"\nsource = \"test\"\nterms = [\"水利\", \"水利工程\"]\n",
    "[[theme]]\nid = \"farm\"\nzh = \"农业\"\nen = \"farming\"\nsource = \"test\"\nterms = [\"农业\"]\n[[theme]]\nid = \"grain\"\nparent = \"farm\"\nzh = \"粮食\"\nen = \"grain\"\nsource = \"test\"\nterms = [\"粮食\", \"丰收\"]\n",
];

/// Ways to read the corpus: the first lexicon, both, other periods, no copies.
const WAYS: [(usize, &str); 4] = [(1, ""), (2, ""), (1, "[tally]\nperiods = [\"week\", \"year\"]\n"), (2, "[tally]\nduplicates = \"first\"\n")];

#[derive(Clone, Debug)]
enum Edit {
    /// A file has this text from now on, whether it was there or not.
    Put(usize, usize),
    Rename(usize, usize),
    Delete(usize),
    /// All is as it was some edits ago.
    Revert(usize),
    /// Another lexicon or setting.
    Way(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (0..12_usize, 0..TEXTS.len()).prop_map(|(file, text)| Edit::Put(file, text)),
        1 => (0..12_usize, 0..12_usize).prop_map(|(from, to)| Edit::Rename(from, to)),
        2 => (0..12_usize).prop_map(Edit::Delete),
        1 => (1..4_usize).prop_map(Edit::Revert),
        2 => (0..WAYS.len()).prop_map(Edit::Way),
    ]
}

type Corpus = BTreeMap<usize, usize>;

fn name(file: usize) -> String {
    format!("202403{:02}.txt", file + 1)
}

/// Makes the folder hold the corpus; a file that stays is not touched.
fn lay_out(folder: &Path, before: &Corpus, now: &Corpus) {
    for file in before.keys().filter(|file| !now.contains_key(file)) {
        fs::remove_file(folder.join(name(*file))).unwrap();
    }
    for (file, text) in now.iter().filter(|(file, text)| before.get(file) != Some(text)) {
        fs::write(folder.join(name(*file)), format!("三月{file}日\n\n{}", TEXTS[*text])).unwrap();
    }
}

fn tables(release: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut folders = vec![release.join("tables")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                out.insert(entry.strip_prefix(release).unwrap().to_owned(), fs::read(&entry).unwrap());
            }
        }
    }
    out
}

#[test]
fn after_any_edits_an_incremental_run_gives_the_bytes_of_a_run_from_nothing() {
    let place = tempfile::tempdir().unwrap();
    let raw = place.path().join("raw");
    fs::create_dir_all(place.path().join("themes")).unwrap();
    for (number, text) in THEMES.iter().enumerate() {
        fs::write(place.path().join(format!("themes/{number}.toml")), text).unwrap();
    }
    // The vocabulary is costly to read: once for each way, not for each case.
    let plans: Vec<Plan> = WAYS
        .iter()
        .map(|(themes, settings)| {
            let lexicon: Vec<String> = (0..*themes).map(|n| format!("\"themes/{n}.toml\"")).collect();
            let pipeline = format!(
                "name = \"days\"\noutput = \"out\"\n[[source]]\nname = \"days\"\nfiles = [\"raw/*.txt\"]\nlayout = \"text\"\ntitle = \"first-line\"\ndate = \"filename:%Y%m%d\"\ncadence = \"daily\"\n{settings}[tag]\nlexicon = [{}]\n",
                lexicon.join(", ")
            );
            let file = place.path().join("days.toml");
            fs::write(&file, pipeline).unwrap();
            let mut plan = Plan::read(&file).unwrap_or_else(|e| panic!("{e}"));
            plan.shard_bytes = 700;
            plan
        })
        .collect();
    let options = Options { allow_shrink: true, ..Options::default() };
    let plans = RefCell::new(plans);
    let run = |way: usize, output: &Path, work: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let plan = &mut plans.borrow_mut()[way];
        (plan.output, plan.work) = (output.to_owned(), work.to_owned());
        tifa::execute(plan, &options, &Nobody).unwrap_or_else(|e| panic!("{e}"));
        tables(&fs::canonicalize(output.join("days/latest")).unwrap())
    };
    let cases = Config { cases: 6, failure_persistence: None, ..Config::default() };
    let edits = prop::collection::vec(prop::collection::vec(edit(), 1..4), 1..5);
    let start = prop::collection::btree_map(0..12_usize, 0..TEXTS.len(), 3..10);
    TestRunner::new(cases)
        .run(&(start, edits), |(start, steps)| {
            let own = tempfile::tempdir().unwrap();
            let _ = fs::remove_dir_all(&raw);
            fs::create_dir_all(&raw).unwrap();
            let (mut corpus, mut way) = (start, 0);
            let mut laid_out = Corpus::new();
            let mut past = vec![(corpus.clone(), way)];
            for (number, step) in std::iter::once(Vec::new()).chain(steps).enumerate() {
                for edit in step {
                    match edit {
                        Edit::Put(file, text) => drop(corpus.insert(file, text)),
                        Edit::Rename(from, to) => {
                            if let Some(text) = corpus.remove(&from) {
                                corpus.insert(to, text);
                            }
                        }
                        Edit::Delete(file) => drop(corpus.remove(&file)),
                        Edit::Revert(back) => (corpus, way) = past[past.len().saturating_sub(back)].clone(),
                        Edit::Way(other) => way = other,
                    }
                    past.push((corpus.clone(), way));
                }
                lay_out(&raw, &laid_out, &corpus);
                laid_out.clone_from(&corpus);
                let incremental = run(way, &own.path().join("output"), &own.path().join("work"));
                let fresh = own.path().join(format!("fresh{number}"));
                let full = run(way, &fresh.join("output"), &fresh.join("work"));
                prop_assert_eq!(incremental.keys().collect::<Vec<_>>(), full.keys().collect::<Vec<_>>());
                for (file, bytes) in &full {
                    prop_assert!(incremental.get(file) == Some(bytes), "{} differs after step {number}", file.display());
                }
            }
            Ok(())
        })
        .unwrap();
}
