//! Searches of several runs, each against a search from nothing.

use std::convert::Infallible;
use std::fs;
use std::path::Path;

use super::*;
use crate::parse::{DateRange, Document, document_of};
use proptest::prelude::*;

/// A document of one of some texts, with a few characters changed.
fn document(id: String, text: u32, edits: u32, on: Option<u32>) -> Document {
    let mut chars: Vec<char> = (0..90 + text * 40).filter_map(|i| char::from_u32(0x4e00 + (i * 7919 + text * 104_729) % 6000)).collect();
    for edit in 0..edits {
        let at = (edit * 41 + text) as usize % chars.len();
        chars[at] = '改';
    }
    let date = on.and_then(|day| NaiveDate::from_yo_opt(2024, day + 1)).map(DateRange::of_day);
    let mut document = document_of(&chars.into_iter().collect::<String>(), date);
    document.doc_id = id;
    document.preamble = text == 9;
    document
}

/// Text, edits and day of a document.
type Pick = (u32, u32, Option<u32>);

/// Documents of a name in the order of their artifact.
fn documents(name: &str, picks: &[Pick]) -> Vec<Document> {
    let mut documents: Vec<Document> =
        picks.iter().enumerate().map(|(number, (text, edits, on))| document(format!("{name}-{number}"), *text, *edits, *on)).collect();
    documents.sort_by_key(|d| (d.date.is_none(), d.date.map(|date| (date.start, date.end))));
    documents
}

/// A shard as a run leaves it in the cache.
fn part(cache: &Cache, key: String, documents: &[Document]) -> Part {
    let folder = cache.path("parsed", &key);
    if !folder.exists() {
        fs::create_dir_all(&folder).unwrap();
        write_prints(&folder, documents).unwrap();
        check_prints(&folder, documents.len() as u64).unwrap();
    }
    Part { parsed: key, source: "s".into() }
}

fn open(place: &Path, name: &str) -> Cache {
    Cache::open(place.join(name)).unwrap()
}

/// Id of each copy and of its first, from all keys of all documents, sorted.
fn slowly(shards: &[Vec<Document>], preambles: bool) -> Vec<(String, String)> {
    let mut ranked: Vec<&Document> = shards.iter().flatten().filter(|d| preambles || !d.preamble).collect();
    ranked.sort_by_key(|d| (d.date.is_none(), d.date.map(|date| (date.start, date.end))));
    let day = |day: NaiveDate| chrono::Datelike::num_days_from_ce(&day);
    let print = |rank: u32| {
        let document = ranked[rank as usize];
        let (start, end) = document.date.map_or((UNDATED, UNDATED), |date| (day(date.start), day(date.end)));
        Fingerprint::of(&document.text).on(start, end)
    };
    let mut entries = Vec::new();
    for rank in 0..small(ranked.len()) {
        let mut keys = Vec::new();
        print(rank).keys(&mut keys);
        entries.extend(keys.into_iter().map(|key| (key, rank)));
    }
    entries.sort_unstable();
    let mut joining = Joining::default();
    let mut alike = |a, b| Ok::<_, Infallible>(print(a).is_alike(&print(b)));
    joining.entries(&entries, &mut alike, &mut |_| Ok(())).unwrap();
    let copies = joining.copies(&mut |rank| Ok::<_, Infallible>(print(rank))).unwrap();
    let id = |rank: u32| ranked[rank as usize].doc_id.clone();
    copies.iter().map(|copy| (id(copy.rank), id(copy.first))).collect()
}

fn pick() -> impl Strategy<Value = Pick> {
    (0_u32..10, 0_u32..3, proptest::option::of(0_u32..20))
}

/// What happens to the shards between two runs.
#[derive(Clone, Debug)]
enum Edit {
    Add(usize, Vec<Pick>),
    Remove(usize),
    Change(usize, usize, Pick),
    /// The same documents under another path, so with other ids.
    Rename(usize),
    /// Two sources change places.
    Swap(usize, usize),
    /// A run of a pipeline that counts preambles, or no longer does.
    Preambles,
    /// All is as it was some steps ago.
    Revert(usize),
    /// The state loses its end, gets another byte, or is gone.
    Truncate(usize),
    Damage(usize),
    Forget,
}

fn edit() -> impl Strategy<Value = Edit> {
    let picks = || proptest::collection::vec(pick(), 0..8);
    prop_oneof![
        4 => (0..8_usize, picks()).prop_map(|(at, picks)| Edit::Add(at, picks)),
        3 => (0..8_usize).prop_map(Edit::Remove),
        4 => (0..8_usize, 0..8_usize, pick()).prop_map(|(shard, row, pick)| Edit::Change(shard, row, pick)),
        2 => (0..8_usize).prop_map(Edit::Rename),
        1 => (0..8_usize, 0..8_usize).prop_map(|(a, b)| Edit::Swap(a, b)),
        1 => Just(Edit::Preambles),
        1 => (1..4_usize).prop_map(Edit::Revert),
        1 => (1..200_usize).prop_map(Edit::Truncate),
        1 => (0..5000_usize).prop_map(Edit::Damage),
        1 => Just(Edit::Forget),
    ]
}

/// Shards: a name and what its documents are.
type Shards = Vec<(u32, Vec<Pick>)>;

fn apply(edit: &Edit, shards: &mut Shards, next: &mut u32) {
    let count = shards.len();
    let mut new = || {
        *next += 1;
        *next
    };
    match edit {
        Edit::Add(at, picks) => shards.insert(at % (count + 1), (new(), picks.clone())),
        Edit::Remove(shard) if count > 0 => drop(shards.remove(shard % count)),
        Edit::Change(shard, row, pick) if count > 0 => {
            let picks = &mut shards[shard % count].1;
            match row % (picks.len() + 1) {
                row if row < picks.len() => picks[row] = *pick,
                _ => picks.push(*pick),
            }
        }
        Edit::Rename(shard) if count > 0 => shards[shard % count].0 = new(),
        Edit::Swap(a, b) if count > 0 => shards.swap(a % count, b % count),
        _ => {}
    }
}

fn damage(edit: &Edit, cache: &Cache) {
    let folder = cache.path("copies", STATE);
    let which = |at: &usize| folder.join(if at.is_multiple_of(3) { "compared.bin" } else { "meetings.bin" });
    let file = match edit {
        Edit::Truncate(at) | Edit::Damage(at) => which(at),
        _ => folder.join("meetings.bin"),
    };
    let Ok(mut bytes) = fs::read(&file) else { return };
    match edit {
        Edit::Truncate(by) => bytes.truncate(bytes.len().saturating_sub(*by)),
        Edit::Damage(at) => {
            // A file that was cut before may be empty.
            let Some(at) = at.checked_rem(bytes.len()) else { return };
            bytes[at] ^= 1;
        }
        Edit::Forget => return fs::remove_dir_all(folder).unwrap(),
        _ => return,
    }
    fs::write(file, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn copies_do_not_depend_on_shards_or_on_what_fits_into_memory(
        picks in proptest::collection::vec(pick(), 1..50),
        shard in 1_usize..20,
        in_memory in 0_usize..2000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let all = documents("d", &picks);
        let (one, many) = (open(dir.path(), "one"), open(dir.path(), "many"));
        let whole = find(&[part(&one, "all".into(), &all)], false, &one, IN_MEMORY).unwrap();
        let shards: Vec<Vec<Document>> = all.chunks(shard).map(<[_]>::to_vec).collect();
        let parts: Vec<Part> = shards.iter().enumerate().map(|(number, some)| part(&many, number.to_string(), some)).collect();
        let spilled = find(&parts, false, &many, in_memory).unwrap();
        prop_assert_eq!(&whole.rows, &spilled.rows);
        prop_assert!(fs::read_dir(dir.path().join("many/scratch")).unwrap().next().is_none());
        // The places are those of the same documents.
        let mut named: Vec<&str> = shards.iter().zip(&spilled.later).flat_map(|(some, later)| later.iter().map(|place| &*some[*place as usize].doc_id)).collect();
        named.sort_unstable();
        let mut listed: Vec<&str> = whole.rows.iter().map(|row| &*row.doc_id).collect();
        listed.sort_unstable();
        prop_assert_eq!(named, listed);
        prop_assert!(whole.rows.iter().all(|row| row.first_date_start.is_some() || row.date_start.is_none()));
        let of_preambles: u32 = picks.iter().map(|(text, ..)| u32::from(*text == 9)).sum();
        let with = find(&parts, true, &many, in_memory).unwrap();
        prop_assert!(of_preambles > 1 || with.rows.len() == whole.rows.len());
        prop_assert!(of_preambles < 2 || with.rows.len() > whole.rows.len());
    }

    #[test]
    fn after_any_edits_the_copies_are_those_of_a_search_from_nothing(
        start in proptest::collection::vec(proptest::collection::vec(pick(), 0..8), 0..6),
        steps in proptest::collection::vec((proptest::collection::vec(edit(), 0..3), 0_usize..2000), 1..10),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(dir.path(), "cache");
        let mut shards: Shards = (0..).zip(start).collect();
        let mut next = 100;
        let mut preambles = false;
        let mut past = vec![shards.clone()];
        for (number, (edits, in_memory)) in steps.iter().enumerate() {
            for edit in edits {
                apply(edit, &mut shards, &mut next);
                damage(edit, &cache);
                match edit {
                    Edit::Preambles => preambles = !preambles,
                    Edit::Revert(back) => shards.clone_from(&past[past.len().saturating_sub(*back)]),
                    _ => {}
                }
            }
            past.push(shards.clone());
            let of_shards: Vec<Vec<Document>> = shards.iter().map(|(name, picks)| documents(&name.to_string(), picks)).collect();
            let parts = |cache: &Cache| -> Vec<Part> {
                let key = |shard: &(u32, Vec<Pick>)| format!("{:.16}", blake3::hash(format!("{shard:?}").as_bytes()).to_hex());
                shards.iter().zip(&of_shards).map(|(shard, documents)| part(cache, key(shard), documents)).collect()
            };
            let found = find(&parts(&cache), preambles, &cache, *in_memory).unwrap();
            let nothing = open(dir.path(), &format!("nothing{number}"));
            prop_assert_eq!(&found, &find(&parts(&nothing), preambles, &nothing, IN_MEMORY).unwrap());
            let ids: Vec<(String, String)> = found.rows.into_iter().map(|row| (row.doc_id, row.first_doc_id)).collect();
            prop_assert_eq!(ids, slowly(&of_shards, preambles));
        }
    }
}

#[test]
fn a_file_that_is_cut_short_or_of_other_documents_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let documents = documents("d", &[(1, 0, None), (2, 0, Some(3))]);
    write_prints(dir.path(), &documents).unwrap();
    check_prints(dir.path(), 2).unwrap();
    assert!(check_prints(dir.path(), 1).is_err());
    let file = dir.path().join("fingerprints.bin");
    let bytes = fs::read(&file).unwrap();
    for cut in [1, 304, bytes.len() - 30, bytes.len()] {
        fs::write(&file, &bytes[..bytes.len() - cut]).unwrap();
        assert!(check_prints(dir.path(), 2).is_err());
    }
    fs::write(&file, &bytes[1..]).unwrap();
    assert!(check_prints(dir.path(), 2).is_err());
}

#[test]
fn a_search_in_which_nothing_changed_leaves_its_state_as_it_is_and_another_one_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let cache = open(dir.path(), "cache");
    let shards: Vec<Vec<Document>> = (0..4_u32).map(|n| documents(&n.to_string(), &[(n, 0, Some(n)), (5, 0, Some(n)), (n + 1, 1, None)])).collect();
    let mut parts: Vec<Part> = shards.iter().enumerate().map(|(n, some)| part(&cache, n.to_string(), some)).collect();
    let of = |parts: &[Part]| Of::new(false, parts.iter().map(|part| part.parsed.clone()).collect());
    assert!(State::open(&cache, &of(&parts)).is_none());
    let found = find(&parts, false, &cache, IN_MEMORY).unwrap();
    let state = || {
        let bytes = |name: &str| fs::read(cache.path("copies", STATE).join(name)).unwrap();
        (bytes("meetings.bin"), bytes("compared.bin"), fs::metadata(cache.path("copies", STATE)).unwrap().modified().unwrap())
    };
    let before = state();
    assert_eq!(find(&parts, false, &cache, IN_MEMORY).unwrap(), found);
    assert!(state() == before);
    assert!(State::open(&cache, &Of::new(true, Vec::new())).is_none());
    // A shard is fresh unless the state has it, and each of it is used once.
    parts.push(Part { parsed: "1".into(), source: "s".into() });
    parts.push(Part { parsed: "new".into(), source: "s".into() });
    let mut known = Known { state: State::open(&cache, &of(&parts)), shards: Vec::new() };
    assert_eq!(known.fresh(&of(&parts).shards), [false, false, false, false, true, true]);
}
