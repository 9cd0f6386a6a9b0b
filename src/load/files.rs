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
    let mut walk = Walk { input, root: &root, set, files: Vec::new(), rejects: Vec::new() };
    walk.folder(&root, depth)?;
    let (mut files, mut rejects): (Vec<File>, Vec<Reject>) = walk.files.into_par_iter().partition_map(|(path, name)| file(input, path, name));
    files.par_sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    rejects.extend(walk.rejects);
    rejects.sort();
    Ok(Found { files, rejects })
}

struct Walk<'a> {
    input: &'a Input,
    root: &'a Path,
    set: GlobSet,
    /// Paths and names of what is to be read.
    files: Vec<(PathBuf, String)>,
    rejects: Vec<Reject>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), LoadError> {
        let fault = |cause| LoadError::Folder { path: folder.to_owned(), cause };
        for entry in fs::read_dir(folder).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            let name = path.strip_prefix(self.root).unwrap_or(&path).to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(fault)?;
            if kind.is_dir() {
                if depth > 1 {
                    self.folder(&path, depth - 1)?;
                }
            } else if kind.is_symlink() {
                self.link(&path, &name, depth);
            } else if self.set.is_match(&name) {
                self.files.push((path, name));
            }
        }
        Ok(())
    }

    /// A link to a file inside the source's folder is read like the file; any
    /// other is refused if a glob names it or would have led through it.
    fn link(&mut self, path: &Path, name: &str, depth: usize) {
        let matched = self.set.is_match(name);
        match path.canonicalize() {
            Ok(target) if target.is_dir() => {
                let on_the_way = matched || depth > 1;
                on_the_way.then(|| self.refuse(name, "link", "a link to a folder is not followed: name the folder itself in `files`"));
            }
            Ok(target) if matched && target.starts_with(self.root) => self.files.push((path.to_owned(), name.to_owned())),
            Ok(_) if matched => {
                self.refuse(name, "link", "the link leads out of the source's folder: copy the file, or name its folder in `files`");
            }
            Err(error) if matched => {
                self.refuse(name, "link", &format!("the link leads nowhere: {error}"));
            }
            _ => {}
        }
    }

    fn refuse(&mut self, name: &str, reason: &str, detail: &str) {
        self.rejects.push(refused(self.input, name, reason, detail));
    }
}

fn refused(input: &Input, name: &str, reason: &str, detail: &str) -> Reject {
    reject(&input.source, name, None, reason, detail, b"")
}

/// Size and times of a file.
fn file(input: &Input, path: PathBuf, name: String) -> Either<File, Reject> {
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() => Either::Left(File {
            path,
            name: name.into(),
            bytes: meta.len(),
            mtime_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
            ctime_ns: i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec()),
        }),
        Ok(_) => Either::Right(refused(input, &name, "special_file", "a device, socket or pipe is not read")),
        Err(error) => Either::Right(refused(input, &name, "unreadable", &error.to_string())),
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
