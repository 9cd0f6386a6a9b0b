//! Why two releases may differ, by the records of the runs that made them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::batch::RunRecord;
use crate::write::Table;

/// What a release is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The input.
    Data,
    /// Themes and their terms.
    Lexicon,
    /// Words of occasions, places, dates, phrases; the scale of heat.
    Vocabulary,
    /// The pipeline file, and what the command asked.
    Settings,
    /// The version of tifa.
    Version,
}

impl Cause {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Lexicon => "lexicon",
            Self::Vocabulary => "vocabulary",
            Self::Settings => "settings",
            Self::Version => "version",
        }
    }
}

/// Something that differs between two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Of which kind.
    pub cause: Cause,
    /// What exactly.
    pub what: String,
    /// The key of a setting, or the name of what the command asked.
    #[serde(skip)]
    pub setting: String,
}

/// All that differs between the runs that made two releases, first what was read.
#[must_use]
pub fn causes(before: &RunRecord, after: &RunRecord) -> Vec<Difference> {
    let mut out = Vec::new();
    let mut add = |cause, what: String, setting: &str| out.push(Difference { cause, what, setting: setting.to_owned() });
    let data_before = out_of_sources(before);
    let data_after = out_of_sources(after);
    if before.inputs.hash != after.inputs.hash {
        for (name, what) in changes(&data_before, &data_after) {
            add(Cause::Data, format!("source {name}: {what}"), "");
        }
        if data_before == data_after {
            // A record of a version that did not note its sources.
            add(Cause::Data, "the input".to_owned(), "");
        }
    }
    let mut hash = |cause, name: &str, before: &str, after: &str| {
        if before != after && !before.is_empty() && !after.is_empty() {
            add(cause, name.to_owned(), "");
        }
    };
    hash(Cause::Lexicon, "the lexicon", &before.lexicon_hash, &after.lexicon_hash);
    hash(Cause::Vocabulary, "the vocabulary of occasions, places and dates", &before.vocabulary_hash, &after.vocabulary_hash);
    hash(Cause::Vocabulary, "the words that bound phrases", &before.phrases_hash, &after.phrases_hash);
    hash(Cause::Vocabulary, "the scale of heat", &before.heat, &after.heat);
    for (name, what) in changes(&flat(&before.settings), &flat(&after.settings)) {
        add(Cause::Settings, format!("{name}: {what}"), &name);
    }
    let asked = |record: &RunRecord| -> BTreeMap<String, String> {
        let all = flat(&record.arguments);
        all.into_iter().filter(|(name, _)| matches!(name.as_str(), "as_of" | "max_file_bytes" | "max_record_bytes")).collect()
    };
    for (name, what) in changes(&asked(before), &asked(after)) {
        let option = format!("--{}", name.trim_end_matches("_bytes").replace('_', "-"));
        add(Cause::Settings, format!("{option}: {what}"), &option);
    }
    let versions = |record: &RunRecord| -> BTreeMap<String, String> {
        let code = record.versions.iter().map(|(name, version)| (format!("code of {name}"), version.to_string()));
        [("tifa".to_owned(), record.tifa.clone()), ("schema".to_owned(), record.schema_version.clone())].into_iter().chain(code).collect()
    };
    for (name, what) in changes(&versions(before), &versions(after)) {
        add(Cause::Version, format!("{name} {what}"), "");
    }
    out
}

/// Keys of a pipeline file that say nothing about the rows of a table.
const NOT_IN_TABLES: [&str; 5] = ["check[", "write.", "output", "title", "shard"];

/// What each source reads, in words.
fn out_of_sources(record: &RunRecord) -> BTreeMap<String, String> {
    let told = |source: &super::super::SourceRecord| format!("{} files, {} bytes, {}", source.files, source.bytes, source.hash.get(..8).unwrap_or_default());
    record.sources.iter().map(|source| (source.name.clone(), told(source))).collect()
}

/// Names whose values differ, with both values.
fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let told = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
    let differs = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differs.map(|name| (name.clone(), format!("{} → {}", told(before.get(name)), told(after.get(name))))).collect()
}

/// `{"tally": {"smoothing": 3}}` → `tally.smoothing` = 3. Tables in a list are
/// named by their `name`.
fn flat(value: &Value) -> BTreeMap<String, String> {
    fn walk(at: &str, value: &Value, out: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    walk(&if at.is_empty() { name.clone() } else { format!("{at}.{name}") }, value, out);
                }
            }
            Value::Array(list) if list.iter().all(Value::is_object) && !list.is_empty() => {
                for (number, value) in list.iter().enumerate() {
                    let name = value.get("name").and_then(Value::as_str).map_or_else(|| number.to_string(), str::to_owned);
                    walk(&format!("{at}[{name}]"), value, out);
                }
            }
            Value::Null => {}
            other => {
                out.insert(at.to_owned(), other.to_string());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk("", value, &mut out);
    out
}

/// The differences by which a table can differ, as kinds.
#[must_use]
pub(super) fn possible(table: &Table, differences: &[Difference]) -> Vec<Cause> {
    let on = reads(table);
    let can = |difference: &&Difference| match difference.cause {
        Cause::Settings => affects(&difference.setting, table),
        cause => on.contains(&cause),
    };
    let found: BTreeSet<Cause> = differences.iter().filter(can).map(|difference| difference.cause).collect();
    found.into_iter().collect()
}

/// What the rows of a table are made from, settings aside.
fn reads(table: &Table) -> &'static [Cause] {
    use Cause::{Data, Lexicon, Version, Vocabulary};
    match table.name {
        "themes" => &[Lexicon, Version],
        "documents" | "copies" | "coverage" | "rejects" => &[Data, Version],
        "sentences" | "dates" | "places" | "events" | "occasions" | "period_totals" => &[Data, Vocabulary, Version],
        _ => &[Data, Lexicon, Vocabulary, Version],
    }
}

/// Whether a setting can change the rows of a table.
fn affects(setting: &str, table: &Table) -> bool {
    let series = !table.folder && !matches!(table.name, "themes" | "copies" | "coverage" | "occasions" | "rejects" | "candidates");
    let (section, key) = setting.split_once('.').unwrap_or((setting, ""));
    match section {
        _ if NOT_IN_TABLES.iter().any(|prefix| setting.starts_with(prefix)) => false,
        "discover" => table.name == "candidates",
        "tag" => reads(table).contains(&Cause::Lexicon),
        "resolve" => reads(table).contains(&Cause::Vocabulary),
        "tally" if key == "preamble" => !matches!(table.name, "documents" | "rejects" | "themes"),
        "tally" => series,
        "--as-of" => series || table.name == "coverage",
        _ => table.name != "themes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_named_by_their_path_and_tables_by_their_name() {
        let settings = json!({"tally": {"smoothing": 3, "periods": ["month"]}, "source": [{"name": "a", "files": ["x"]}, {"name": "b"}], "none": null});
        let flat = flat(&settings);
        let names: Vec<&str> = flat.keys().map(String::as_str).collect();
        assert_eq!(names, ["source[a].files", "source[a].name", "source[b].name", "tally.periods", "tally.smoothing"]);
        assert_eq!(flat["tally.periods"], "[\"month\"]");
        let other: BTreeMap<String, String> = [("tally.smoothing".to_owned(), "5".to_owned())].into();
        assert!(changes(&flat, &other).contains(&("tally.smoothing".to_owned(), "3 → 5".to_owned())));
        assert!(changes(&flat, &other).contains(&("source[b].name".to_owned(), "\"b\" → nothing".to_owned())));
    }

    #[test]
    fn a_setting_is_a_cause_where_it_is_read() {
        let tables = crate::write::tables();
        let by = |setting: &str| -> Vec<&str> {
            let difference = [Difference { cause: Cause::Settings, what: String::new(), setting: setting.to_owned() }];
            tables.iter().filter(|table| !possible(table, &difference).is_empty()).map(|table| table.name).collect()
        };
        assert_eq!(by("discover.top"), ["candidates"]);
        assert!(by("check[short].where").is_empty() && by("write.keep").is_empty());
        assert!(by("tally.smoothing").contains(&"theme_frequency") && !by("tally.smoothing").contains(&"hits"));
        assert!(by("tally.preamble").contains(&"hits") && !by("tally.preamble").contains(&"documents"));
        assert_eq!(by("source[a].date").len(), tables.len() - 1);
        let version = [Difference { cause: Cause::Version, what: String::new(), setting: String::new() }];
        assert!(tables.iter().all(|table| possible(table, &version) == [Cause::Version]));
    }
}
