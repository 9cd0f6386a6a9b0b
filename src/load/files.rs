//! Globs → files in sorted order. Links out of the source's folder, links to
//! folders and special files are refused, never followed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use rayon::iter::Either;
use rayon::prelude::*;

use super::{Input, LoadError, reject};
use crate::diagnostic::Reject;

/// A file that a source names, with what tells whether it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where to open it.
    pub path: PathBuf,
    /// Path relative to the source's folder, with `/`: the same on every machine.
    pub name: Arc<str>,
    /// Size in bytes.
    pub bytes: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Change time, nanoseconds since 1970.
    pub ctime_ns: i128,
}

/// What the globs of a source gave.
#[derive(Debug, Default)]
pub struct Found {
    /// Files, sorted by name as bytes.
    pub files: Vec<File>,
    /// Links and special files that match but are not read.
    pub rejects: Vec<Reject>,
}

/// The files that the source's globs match, each once.
///
/// Names are relative to the deepest folder that all globs share. Names that
/// begin with a dot are passed over, as by a shell.
///
/// # Errors
/// [`LoadError::Glob`] for a pattern that cannot be read, [`LoadError::Folder`]
/// when the folder of a pattern is missing or cannot be listed.
pub fn find(input: &Input) -> Result<Found, LoadError> {
    let patterns: Vec<PathBuf> = input.files.iter().map(|glob| without_dots(glob)).collect();
    let base = shared_folder(&patterns);
    let mut globs = GlobSetBuilder::new();
    let mut depth = 0;
    for pattern in &patterns {
        let text = pattern.strip_prefix(&base).unwrap_or(pattern).to_string_lossy();
        let glob = GlobBuilder::new(&text)
            .literal_separator(true)
            .build()
            .map_err(|e| LoadError::Glob { glob: text.clone().into_owned(), cause: e.kind().to_string() })?;
        globs.add(glob);
        let levels = if text.contains("**") { usize::MAX } else { text.split('/').count() };
        depth = depth.max(levels);
    }
    let set = globs.build().map_err(|e| LoadError::Glob { glob: String::new(), cause: e.to_string() })?;
    let root = base.canonicalize().map_err(|cause| LoadError::Folder { path: base.clone(), cause })?;
    let mut listed = Vec::new();
    list(&root, depth, &mut listed)?;
    let sought = Sought { input, root: &root, set };
    let found = listed.into_par_iter().filter_map(|entry| sought.file(entry));
    let (mut rejects, mut files): (Vec<Reject>, Vec<File>) = found.partition_map(Either::from);
    files.par_sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    rejects.sort();
    Ok(Found { files, rejects })
}

/// A file or link in a folder.
struct Entry {
    path: PathBuf,
    link: bool,
    /// Levels of folders that patterns have from its own on.
    depth: usize,
}

/// Lists what is in a folder and in those in it, so many levels of them.
fn list(folder: &Path, depth: usize, out: &mut Vec<Entry>) -> Result<(), LoadError> {
    let fault = |cause| LoadError::Folder { path: folder.to_owned(), cause };
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let (path, kind) = (entry.path(), entry.file_type().map_err(fault)?);
        if !kind.is_dir() {
            out.push(Entry { path, link: kind.is_symlink(), depth });
        } else if depth > 1 {
            list(&path, depth - 1, out)?;
        }
    }
    Ok(())
}

/// What the patterns of a source ask for.
struct Sought<'a> {
    input: &'a Input,
    root: &'a Path,
    set: GlobSet,
}

impl Sought<'_> {
    /// The file of an entry, or why it is refused; `None`: nothing asks for it.
    fn file(&self, Entry { path, link, depth }: Entry) -> Option<Result<File, Reject>> {
        let name = path.strip_prefix(self.root).unwrap_or(&path).to_string_lossy().into_owned();
        let matched = self.set.is_match(&name);
        match link.then(|| self.why_refused(&path, matched, depth)).flatten() {
            Some(detail) => Some(Err(refused(self.input, &name, "link", &detail))),
            None => matched.then(|| file(self.input, path, name)),
        }
    }

    /// Why a link is refused. One to a file inside the source's folder is read like
    /// the file; any other is refused if a glob names it or would have led through it.
    fn why_refused(&self, link: &Path, matched: bool, depth: usize) -> Option<String> {
        let (asked_for, detail) = match link.canonicalize() {
            Ok(target) if target.is_dir() => (matched || depth > 1, "a link to a folder is not followed: name the folder itself in `files`".to_owned()),
            Ok(target) if target.starts_with(self.root) => return None,
            Ok(_) => (matched, "the link leads out of the source's folder: copy the file, or name its folder in `files`".to_owned()),
            Err(error) => (matched, format!("the link leads nowhere: {error}")),
        };
        asked_for.then_some(detail)
    }
}

fn refused(input: &Input, name: &str, reason: &str, detail: &str) -> Reject {
    reject(&input.source, name, None, reason, detail, b"")
}

/// Size and times of a file.
fn file(input: &Input, path: PathBuf, name: String) -> Result<File, Reject> {
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() => Ok(File {
            path,
            name: name.into(),
            bytes: meta.len(),
            mtime_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
            ctime_ns: i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec()),
        }),
        Ok(_) => Err(refused(input, &name, "special_file", "a device, socket or pipe is not read")),
        Err(error) => Err(refused(input, &name, "unreadable", &error.to_string())),
    }
}

/// Whether a pattern can be read.
///
/// # Errors
/// [`LoadError::Glob`].
pub fn check_pattern(pattern: &Path) -> Result<(), LoadError> {
    let text = pattern.to_string_lossy();
    match GlobBuilder::new(&text).literal_separator(true).build() {
        Ok(_) => Ok(()),
        Err(e) => Err(LoadError::Glob { glob: text.into_owned(), cause: e.kind().to_string() }),
    }
}

/// The path with `.` and `..` folded by name, so that the same pattern written
/// in two ways names the same files.
#[must_use]
pub fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The deepest folder above the first wildcard of every pattern.
fn shared_folder(patterns: &[PathBuf]) -> PathBuf {
    let fixed = |pattern: &PathBuf| -> Vec<PathBuf> {
        let parts: Vec<_> = pattern.components().map(|c| PathBuf::from(c.as_os_str())).collect();
        let folders = parts.len().saturating_sub(1);
        parts.into_iter().take(folders).take_while(|part| !part.to_string_lossy().contains(['*', '?', '[', '{'])).collect()
    };
    let mut shared = patterns.first().map(fixed).unwrap_or_default();
    for pattern in patterns {
        let other = fixed(pattern);
        let same = shared.iter().zip(&other).take_while(|(a, b)| a == b).count();
        shared.truncate(same);
    }
    if shared.is_empty() { PathBuf::from(".") } else { shared.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldNames, Layout};
    use super::*;

    fn input(files: &[PathBuf]) -> Input {
        Input { source: "s".into(), files: files.to_vec(), layout: Layout::Text, fields: FieldNames::default() }
    }

    fn names(found: &Found) -> Vec<&str> {
        found.files.iter().map(|f| &*f.name).collect()
    }

    #[test]
    fn files_come_sorted_by_name_and_each_once() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.txt", "a.txt", "c.md", ".hidden.txt"] {
            fs::write(dir.path().join(name), "字").unwrap();
        }
        let globs = [dir.path().join("*.txt"), dir.path().join("./a*")];
        assert_eq!(names(&find(&input(&globs)).unwrap()), ["a.txt", "b.txt"]);
    }

    #[test]
    fn links_are_followed_only_inside_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("raw");
        fs::create_dir(&root).unwrap();
        fs::write(dir.path().join("outside.txt"), "外").unwrap();
        fs::write(root.join("good.txt"), "内").unwrap();
        let link = std::os::unix::fs::symlink::<&str, PathBuf>;
        link("good.txt", root.join("inside.txt")).unwrap();
        link("../outside.txt", root.join("out.txt")).unwrap();
        link("loop.txt", root.join("loop.txt")).unwrap();
        link(".", root.join("cycle")).unwrap();
        let found = find(&input(&[root.join("**/*.txt")])).unwrap();
        assert_eq!(names(&found), ["good.txt", "inside.txt"]);
        let refused: Vec<_> = found.rejects.iter().map(|r| (r.path.as_str(), r.reason.as_str())).collect();
        assert_eq!(refused, [("cycle", "link"), ("loop.txt", "link"), ("out.txt", "link")]);
    }

    #[test]
    fn a_missing_folder_is_an_error_and_not_an_empty_source() {
        let missing = PathBuf::from("no/such/folder/*.txt");
        assert!(matches!(find(&input(&[missing])), Err(LoadError::Folder { .. })));
    }
}
