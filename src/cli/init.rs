//! `tifa init`: a folder that runs at once.

use std::fs;
use std::path::Path;

use super::say;
use crate::Error;
use crate::resolve::builtin_files;
use crate::write::WriteError;

const PIPELINE: &str = r#"# Every .txt file in raw/ is a document; see `tifa check` and `tifa run`.

name = "mine"
title = "我的语料"
output = "../output"

[[source]]
name = "texts"
files = ["../raw/*.txt"]
layout = "text"               # text, markdown, html, jsonl, csv or parquet
title = "first-line"
date = "filename:%Y-%m-%d"    # or header, field:NAME, none
register = "speech"

[tag]
lexicon = ["themes/*.toml"]
"#;

const TEXT: &str = "全市经济工作会议召开\n\n　　3月4日至5日，全市经济工作会议召开。会议提出，发展新质生产力要看本地条件，不搞一窝蜂。\n";

/// Makes the folder's pipeline, lexicon and first text.
pub(super) fn init(folder: &Path) -> Result<(), Error> {
    let pipeline = folder.join("pipelines").join("mine.toml");
    if pipeline.exists() {
        return Err(Error::Usage(format!("`{}` is there already: nothing was written", pipeline.display())));
    }
    let mut files = vec![(pipeline, PIPELINE.to_owned()), (folder.join("raw").join("2024-03-06.txt"), TEXT.to_owned())];
    files.extend(builtin_files("themes").into_iter().map(|file| (folder.join(&file.path), file.text)));
    for (path, text) in files {
        let failed = |e| WriteError::io(&path, e);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, text).map_err(failed)?;
    }
    say(format_args!("wrote a pipeline, a lexicon and a text; now: cd {} && tifa run", folder.display()))
}
