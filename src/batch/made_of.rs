//! What the artifacts of a run are made of: their keys cover it, and beside what
//! the last run was made of it says why one would be made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::inventory::Shard;
use super::shard::{Keys, VERSIONS};
use crate::load::{Limits, short_hex};
use crate::plan::{Plan, Source};
use crate::write::{WriteError, write_whole};

/// Hashes of all that artifacts depend on, each by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MadeOf {
    /// Version of the program and its columns.
    program: String,
    /// Versions of the code that makes each artifact.
    versions: [u32; 4],
    /// How each source is read.
    sources: BTreeMap<String, String>,
    vocabulary: String,
    preamble: bool,
    lexicon: String,
    counts: String,
    /// Ids of the shards: their paths and content.
    shards: BTreeSet<String>,
}

impl MadeOf {
    /// What a run is made of; `program` is the version of the program and its columns.
    pub(super) fn new(plan: &Plan, program: &str, limits: Limits, shards: &[Shard]) -> Self {
        let hash = |text: String| short_hex(&blake3::hash(text.as_bytes()), 32);
        let source = |source: &Source| {
            let how = format!("{limits:?} {:?} {:?} {}", source.input.fields, source.parse, source.register);
            (source.input.source.to_string(), hash(how))
        };
        Self {
            program: program.to_owned(),
            versions: VERSIONS,
            sources: plan.sources.iter().map(source).collect(),
            vocabulary: plan.vocabulary.hash.clone(),
            preamble: plan.tally.preamble,
            lexicon: plan.lexicon.hash().to_owned(),
            counts: hash(format!("{:?}", plan.tally.of_counts())),
            shards: shards.iter().map(|shard| shard.id.clone()).collect(),
        }
    }

    /// The keys of a shard's artifacts: each covers the one before it, and what its
    /// step reads.
    pub(super) fn keys(&self, shard: &Shard, source: &str) -> Keys {
        let key = |text: String| short_hex(&blake3::hash(text.as_bytes()), 32);
        let Self { program, versions: [parse, resolve, tag, roll], .. } = self;
        let how = self.sources.get(source).map_or("", String::as_str);
        let parsed = key(format!("{program} {parse} {} {how}", shard.id));
        let resolved = key(format!("{program} {resolve} {parsed} {} {}", self.vocabulary, self.preamble));
        let tagged = key(format!("{program} {tag} {resolved} {}", self.lexicon));
        let rollups = key(format!("{program} {roll} {tagged} {}", self.counts));
        Keys { parsed, resolved, tagged, rollups }
    }

    /// What the last run was made of, if there was one.
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), WriteError> {
        write_whole(path, serde_json::to_string(self).unwrap_or_default())
    }

    /// Why an artifact of this kind that is not in the cache is made for a shard of a source.
    pub(super) fn why(&self, before: Option<&Self>, shard: &Shard, source: &str, kind: &str) -> &'static str {
        let Some(before) = before else { return "nothing was made before" };
        let resolved = kind != "parsed";
        let tagged = resolved && kind != "resolved";
        if (&self.program, self.versions) != (&before.program, before.versions) {
            "another version of tifa"
        } else if !before.shards.contains(&shard.id) {
            "its input is new or changed"
        } else if self.sources.get(source) != before.sources.get(source) {
            "the source is read in another way"
        } else if resolved && self.vocabulary != before.vocabulary {
            "the vocabulary changed"
        } else if resolved && self.preamble != before.preamble {
            "preambles count or do not, unlike before"
        } else if tagged && self.lexicon != before.lexicon {
            "the lexicon changed"
        } else if kind == "rollups" && self.counts != before.counts {
            "other periods, breakdowns or dates are counted"
        } else {
            "it is not in the cache"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_that_an_artifact_depends_on_and_that_changed_is_told() {
        let shard = |id: &str| Shard { id: id.to_owned(), ..Shard::default() };
        let before = MadeOf { shards: ["a".to_owned()].into(), lexicon: "1".to_owned(), ..MadeOf::default() };
        let now = MadeOf { lexicon: "2".to_owned(), ..before.clone() };
        let why = |id: &str, kind| now.why(Some(&before), &shard(id), "s", kind);
        assert_eq!(why("b", "parsed"), "its input is new or changed");
        assert_eq!(why("a", "tagged"), "the lexicon changed");
        assert_eq!(why("a", "rollups"), "the lexicon changed");
        assert_eq!(why("a", "resolved"), "it is not in the cache");
        assert_eq!(now.why(None, &shard("a"), "s", "parsed"), "nothing was made before");
        let vocabulary = MadeOf { vocabulary: "x".to_owned(), ..now.clone() };
        assert_eq!(vocabulary.why(Some(&before), &shard("a"), "s", "tagged"), "the vocabulary changed");
        assert_eq!(vocabulary.why(Some(&before), &shard("a"), "s", "parsed"), "it is not in the cache");
    }
}
