//! Names of files → groups that are a source each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::spread;
use crate::load::{self, FieldNames, File, Input, Layout, LoadError};

/// Files that no source reads, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passed {
    /// A file, or how many of a kind.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Files of one layout that are a source.
pub(super) struct Group {
    /// Folder below the one looked at; empty: that one.
    pub folder: String,
    pub layout: Layout,
    /// Why this layout.
    pub why: String,
    /// Patterns, relative to the folder looked at.
    pub globs: Vec<String>,
    /// Names relative to the source's own folder, as load gives them.
    pub names: Vec<String>,
    pub files: Vec<File>,
}

impl Group {
    /// The last part of its folder.
    pub(super) fn name(&self) -> Option<&str> {
        self.folder.rsplit('/').next().filter(|name| !name.is_empty())
    }
}

/// All files below a folder, grouped.
pub(super) struct Listed {
    pub files: usize,
    pub groups: Vec<Group>,
    pub passed: Vec<Passed>,
}

/// More folders than this beside each other are no sources but shelves.
const MOST_SOURCES: usize = 12;

/// What the name of a file says of its layout.
enum Kind {
    Layout(Layout),
    /// Its beginning must tell.
    Look,
    /// It is read by nothing.
    Never(&'static str),
}

/// The ending of a name in lower case, and that of its packing.
fn endings(name: &str) -> (String, String) {
    let file = name.rsplit('/').next().unwrap_or(name);
    let mut parts: Vec<&str> = file.split('.').collect();
    if parts.len() > 1 && parts.first().is_some_and(|first| first.is_empty()) {
        parts.remove(0);
    }
    let mut take = |known: Option<&[&str]>| -> String {
        let last = parts.last().copied().unwrap_or_default();
        let fits = parts.len() > 1 && known.is_none_or(|known| known.contains(&last.to_lowercase().as_str()));
        if fits { parts.pop().unwrap_or_default().to_owned() } else { String::new() }
    };
    let packing = take(Some(&["gz", "zst"]));
    (take(None), packing)
}

fn kind(ending: &str) -> Kind {
    match ending.to_lowercase().as_str() {
        "txt" | "text" => Kind::Layout(Layout::Text),
        "md" | "markdown" => Kind::Layout(Layout::Markdown),
        "html" | "htm" | "xhtml" | "shtml" => Kind::Layout(Layout::Html),
        "jsonl" | "ndjson" => Kind::Layout(Layout::Jsonl),
        "csv" => Kind::Layout(Layout::Csv),
        "parquet" => Kind::Layout(Layout::Parquet),
        "tsv" => Kind::Never("tab-separated tables are not read: save them as CSV"),
        "doc" | "docx" | "wps" | "pdf" | "odt" | "rtf" | "ppt" | "pptx" | "xls" | "xlsx" | "epub" => Kind::Never("not read: save it as text, HTML or CSV"),
        "zip" | "7z" | "rar" | "tar" | "bz2" | "xz" => Kind::Never("archives are not read: unpack them"),
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" | "bmp" | "tif" | "tiff" | "ico" | "mp3" | "mp4" | "css" | "js" => Kind::Never("no text"),
        _ => Kind::Look,
    }
}

/// Names that tell of files instead of being some.
fn is_note(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let stem = file.split('.').next().unwrap_or_default();
    matches!(stem, "readme" | "license" | "licence" | "copying" | "changelog" | "contributing" | "notice" | "sources" | "说明")
}

/// Whether a folder's name is a part of a date.
fn is_date_part(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '年' | '月' | '日'))
        && name.chars().any(|c| c.is_ascii_digit())
}

/// Lists and groups all files below a folder.
pub(super) fn list(folder: &Path) -> Result<Listed, LoadError> {
    let every = Input {
        source: "".into(),
        files: vec![PathBuf::from(globset::escape(&folder.to_string_lossy())).join("**/*")],
        layout: Layout::Text,
        fields: FieldNames::default(),
    };
    // A missing folder is told by its own name.
    folder.read_dir().map_err(|cause| LoadError::Folder { path: folder.to_owned(), cause })?;
    let found = load::find(&every)?;
    let root = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name_of = |file: &File| file.path.strip_prefix(&root).map_or_else(|_| file.name.to_string(), |path| path.to_string_lossy().into_owned());
    let mut passed: Vec<Passed> = found.rejects.iter().map(|reject| Passed { what: reject.path.clone(), why: reject.detail.clone() }).collect();
    let mut kinds: BTreeMap<String, Result<Layout, String>> = BTreeMap::new();
    let mut read: Vec<Named> = Vec::new();
    let mut never: BTreeMap<(String, String), usize> = BTreeMap::new();
    let files = found.files.len();
    let named: Vec<(String, File)> = found.files.into_iter().map(|file| (name_of(&file), file)).collect();
    let only_notes = named.iter().all(|(name, _)| is_note(name));
    for (name, file) in &named {
        let (ending, _) = endings(name);
        let shown = if ending.is_empty() { "without an ending".to_owned() } else { format!(".{ending}") };
        if is_note(name) && !only_notes {
            passed.push(Passed { what: name.clone(), why: "tells of the files instead of being one".into() });
            continue;
        }
        if file.bytes == 0 {
            passed.push(Passed { what: name.clone(), why: "empty".into() });
            continue;
        }
        let layout = match kind(&ending) {
            Kind::Layout(layout) => Ok(layout),
            Kind::Never(why) => Err(why.to_owned()),
            Kind::Look => kinds.entry(ending.to_lowercase()).or_insert_with(|| of_content(&named, &ending)).clone(),
        };
        match layout {
            Ok(layout) => read.push((name.clone(), layout, file.clone())),
            Err(why) => *never.entry((shown, why)).or_default() += 1,
        }
    }
    passed.extend(
        never
            .into_iter()
            .map(|((ending, why), count)| Passed { what: if count == 1 { format!("1 file {ending}") } else { format!("{count} files {ending}") }, why }),
    );
    let groups = grouped(read, &mut passed);
    Ok(Listed { files, groups, passed })
}

/// The layout of files with an ending that says nothing, by the beginning of some.
fn of_content(named: &[(String, File)], ending: &str) -> Result<Layout, String> {
    let own: Vec<&File> = named.iter().filter(|(name, _)| endings(name).0.eq_ignore_ascii_case(ending)).map(|(_, file)| file).collect();
    let mut seen: BTreeMap<&str, (Layout, usize)> = BTreeMap::new();
    let mut fault = "no text that could be read".to_owned();
    for file in spread(&own, 8) {
        let Ok((bytes, more)) = load::head(&file.path, 64 * 1024) else { continue };
        let layout = match load::decode(bytes) {
            Ok(decoded) => content_layout(&decoded.text, more).and_then(|layout| match layout {
                Layout::Text if ending.eq_ignore_ascii_case("json") => Err("no record a line: JSON is read as an object in each line".to_owned()),
                layout => Ok(layout),
            }),
            Err(error) => Err(error.to_string()),
        };
        match layout {
            Ok(layout) => seen.entry(super::layout_name(layout)).or_insert((layout, 0)).1 += 1,
            Err(why) => fault = why,
        }
    }
    seen.into_values().max_by_key(|(_, count)| *count).map(|(layout, _)| layout).ok_or(fault)
}

/// What a text is by its beginning.
pub(super) fn content_layout(text: &str, more: bool) -> Result<Layout, String> {
    let head = text.trim_start_matches('\u{feff}').trim_start();
    let first = head.lines().next().unwrap_or_default();
    if head.starts_with('{') && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(first).is_ok() {
        return Ok(Layout::Jsonl);
    }
    if head.starts_with(['{', '[']) && (more || serde_json::from_str::<serde_json::Value>(head).is_ok()) {
        return Err("one JSON value instead of a record a line: change it with jq -c '.[]' FILE.json > FILE.jsonl".into());
    }
    let lower: String = head.chars().take(200).collect::<String>().to_lowercase();
    if lower.starts_with("<!doctype html")
        || lower.starts_with("<html")
        || (lower.starts_with('<') && (lower.contains("<p") || lower.contains("<div") || lower.contains("<meta")))
    {
        return Ok(Layout::Html);
    }
    if crate::parse::han_chars(text) >= 20 { Ok(Layout::Text) } else { Err("no Chinese text".into()) }
}

/// A file with its name below the folder looked at.
type Named = (String, Layout, File);

/// A source for each first folder and layout; folders that are dates, or too many,
/// are one source.
fn grouped(read: Vec<Named>, passed: &mut Vec<Passed>) -> Vec<Group> {
    // Folders above all files are no choice of the person who sorted them.
    let first = |name: &str| name.split_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let mut tops: Vec<String> = read.iter().map(|(name, ..)| first(name)).filter(|top| !top.is_empty() && !is_date_part(top)).collect();
    tops.sort();
    tops.dedup();
    let apart = tops.len() <= MOST_SOURCES;
    let mut groups: BTreeMap<(String, &str), Vec<Named>> = BTreeMap::new();
    for (name, layout, file) in read {
        let top = if apart && tops.contains(&first(&name)) { first(&name) } else { String::new() };
        groups.entry((top, super::layout_name(layout))).or_default().push((name, layout, file));
    }
    let all: Vec<(String, usize)> = groups.iter().map(|((top, _), files)| (top.clone(), files.len())).collect();
    let mut out = Vec::new();
    for ((top, layout), files) in groups {
        // One file that is unlike all others beside it is an odd one, no source.
        let beside: usize = all.iter().filter(|(other, _)| *other == top).map(|(_, count)| count).sum();
        if files.len() == 1 && beside > 20 {
            passed.extend(files.iter().map(|(name, ..)| Passed { what: name.clone(), why: format!("the only {layout} file among {beside}") }));
            continue;
        }
        out.extend(group(top, files, passed));
    }
    out
}

fn group(top: String, files: Vec<Named>, passed: &mut [Passed]) -> Option<Group> {
    let layout = files.first()?.1;
    let below = |name: &str| name.strip_prefix(&format!("{top}/")).unwrap_or(name).to_owned();
    let deep = files.iter().any(|(name, ..)| below(name).contains('/'));
    let mut by_ending: BTreeMap<String, usize> = BTreeMap::new();
    for (name, ..) in &files {
        let (ending, packing) = endings(name);
        let whole: Vec<&str> = [ending.as_str(), packing.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        *by_ending.entry(whole.join(".")).or_default() += 1;
    }
    // A note that lies among the files is kept out by their names, if those are alike.
    let folder = if top.is_empty() { String::new() } else { format!("{}/", globset::escape(&top)) };
    let digits = files.iter().all(|(name, ..)| name.rsplit('/').next().is_some_and(|file| file.starts_with(|c: char| c.is_ascii_digit())));
    let beside = |passed: &Passed| passed.why.starts_with("tells of") && passed.what.rsplit_once('/').map_or("", |(folder, _)| folder) == top;
    let notes: Vec<usize> =
        passed.iter().enumerate().filter(|(_, note)| beside(note) && by_ending.contains_key(&endings(&note.what).0)).map(|(at, _)| at).collect();
    let star = if notes.is_empty() || !digits { "*" } else { "[0-9]*" };
    for at in notes.into_iter().filter(|_| !digits) {
        if let Some(note) = passed.get_mut(at) {
            note.why = "matches the files' pattern and would be read with them: move it away".into();
        }
    }
    let pattern = |ending: &str| {
        let star = if ending.is_empty() && star == "*" { "*" } else { star };
        let dot = if ending.is_empty() { String::new() } else { format!(".{}", globset::escape(ending)) };
        format!("{folder}{}{star}{dot}", if deep { "**/" } else { "" })
    };
    let globs: Vec<String> = by_ending.keys().map(|ending| pattern(ending)).collect();
    let listed: Vec<String> =
        by_ending.iter().map(|(ending, count)| if ending.is_empty() { format!("{count} without an ending") } else { format!("{count} .{ending}") }).collect();
    let names: Vec<String> = files.iter().map(|(name, ..)| below(name)).collect();
    let files = files.into_iter().zip(&names).map(|((.., file), name)| File { name: name.as_str().into(), ..file }).collect();
    Some(Group { folder: top, layout, why: format!("the files: {}", listed.join(", ")), globs, names, files })
}
