//! Releases: immutable folders, and the link `latest` that leads to one of them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::WriteError;

/// Folder of a release that is being written; its name begins like this.
const UNFINISHED: &str = ".new-";

/// Ending of a file that [`write_whole`] has not given its name yet.
const HALF: &str = ".tmp";

/// Name of the link to the newest release.
const LATEST: &str = "latest";

/// A release on its way: written beside the others, seen by nobody yet.
#[derive(Debug)]
pub struct Release {
    output: PathBuf,
    folder: PathBuf,
}

impl Release {
    /// Begins a release under `output` (`output/NAME`).
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn begin(output: &Path) -> Result<Self, WriteError> {
        let releases = output.join("releases");
        let folder = releases.join(format!("{UNFINISHED}{}", std::process::id()));
        for each in [&folder.join("tables"), &output.join("runs")] {
            fs::create_dir_all(each).map_err(|e| WriteError::io(each, e))?;
        }
        Ok(Self { output: output.to_owned(), folder })
    }

    /// Where its files go.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a folder in it.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn make_folder(&self, name: &str) -> Result<PathBuf, WriteError> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).map_err(|e| WriteError::io(&path, e))?;
        Ok(path)
    }

    /// Puts a finished file into it: a hard link, or a copy where links cannot be.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn link(&self, from: &Path, name: &str) -> Result<(), WriteError> {
        let to = self.folder.join(name);
        if fs::hard_link(from, &to).is_err() {
            fs::copy(from, &to).map_err(|e| WriteError::io(&to, e))?;
        }
        Ok(())
    }

    /// Writes a small text file, and brings it to the disk.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn write(&self, name: &str, text: &str) -> Result<(), WriteError> {
        let path = self.folder.join(name);
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|e| WriteError::io(&path, e))
    }

    /// Brings all files and folders in it to the disk, those too that others made
    /// there.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    ///
    /// # Cost
    /// It waits for the disk; the processor is free.
    pub fn sync(&self) -> Result<(), WriteError> {
        sync_tree(&self.folder)
    }

    /// Makes it lasting and visible: the folder, of which all but what
    /// [`write`](Self::write) wrote must have been [synced](Self::sync), gets its
    /// name, and `latest` is switched in one rename.
    ///
    /// # Errors
    /// [`WriteError::Io`]; then `latest` still leads where it led.
    pub fn publish(self, id: &str) -> Result<PathBuf, WriteError> {
        sync_folder(&self.folder)?;
        let releases = self.output.join("releases");
        let folder = releases.join(id);
        fs::rename(&self.folder, &folder).map_err(|e| WriteError::io(&folder, e))?;
        sync_folder(&releases)?;
        let link = self.output.join(format!(".{LATEST}-{}", std::process::id()));
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(Path::new("releases").join(id), &link).map_err(|e| WriteError::io(&link, e))?;
        let latest = self.output.join(LATEST);
        fs::rename(&link, &latest).map_err(|e| WriteError::io(&latest, e))?;
        sync_folder(&self.output)?;
        Ok(folder)
    }
}

/// The folder to which `latest` leads, if there is a release.
#[must_use]
pub fn latest(output: &Path) -> Option<PathBuf> {
    let target = fs::read_link(output.join(LATEST)).ok()?;
    let folder = output.join(target);
    folder.is_dir().then_some(folder)
}

/// Removes what a killed run left; call it under the lock.
///
/// # Errors
/// [`WriteError::Io`].
pub fn clear_unfinished(output: &Path) -> Result<(), WriteError> {
    let stale = |name: &str| name.starts_with(UNFINISHED) || name.starts_with(".latest-") || name.ends_with(HALF);
    for folder in [output.to_owned(), output.join("releases"), output.join("runs")] {
        for path in entries(&folder) {
            if path.file_name().and_then(|n| n.to_str()).is_some_and(stale) {
                let removed = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.map_err(|e| WriteError::io(&path, e))?;
            }
        }
    }
    Ok(())
}

/// Removes old releases but the newest `keep`, the latest, and any younger than
/// a day, which somebody may still be reading. Returns how many went.
///
/// # Errors
/// [`WriteError::Io`].
pub fn prune(output: &Path, keep: usize) -> Result<usize, WriteError> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let latest = latest(output);
    let mut releases: Vec<PathBuf> = entries(&output.join("releases")).into_iter().filter(|p| p.is_dir()).collect();
    // Names order by time.
    releases.sort();
    releases.reverse();
    let mut gone = 0;
    for path in releases.into_iter().skip(keep.max(1)) {
        let young = path.metadata().and_then(|m| m.modified()).is_ok_and(|t| SystemTime::now().duration_since(t).is_ok_and(|age| age < DAY));
        if young || Some(&path) == latest.as_ref() {
            continue;
        }
        fs::remove_dir_all(&path).map_err(|e| WriteError::io(&path, e))?;
        gone += 1;
    }
    Ok(gone)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(list) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = list.flatten().map(|e| e.path()).collect();
    paths.sort();
    paths
}

fn sync_tree(folder: &Path) -> Result<(), WriteError> {
    for path in entries(folder) {
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            File::open(&path).and_then(|f| f.sync_all()).map_err(|e| WriteError::io(&path, e))?;
        }
    }
    sync_folder(folder)
}

/// Makes a folder's list of names lasting.
///
/// # Errors
/// [`WriteError::Io`].
pub fn sync_folder(folder: &Path) -> Result<(), WriteError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| WriteError::io(folder, e))
}

/// Writes a file beside its place and renames it there, so that it is whole or absent.
///
/// # Errors
/// [`WriteError::Io`].
pub fn write_whole(path: &Path, content: impl AsRef<[u8]>) -> Result<(), WriteError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(HALF);
    let beside = PathBuf::from(beside);
    let mut file = File::create(&beside).map_err(|e| WriteError::io(&beside, e))?;
    file.write_all(content.as_ref()).and_then(|()| file.sync_all()).map_err(|e| WriteError::io(&beside, e))?;
    fs::rename(&beside, path).map_err(|e| WriteError::io(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_seen_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let first = Release::begin(dir.path()).unwrap();
        first.write("run.json", "1").unwrap();
        assert_eq!(latest(dir.path()), None);
        first.publish("20240101T000000Z").unwrap();
        let second = Release::begin(dir.path()).unwrap();
        second.write("run.json", "2").unwrap();
        let seen = |text: &str| assert_eq!(fs::read_to_string(latest(dir.path()).unwrap().join("run.json")).unwrap(), text);
        seen("1");
        second.publish("20240102T000000Z").unwrap();
        seen("2");
    }

    #[test]
    fn what_a_killed_run_left_is_cleared_and_young_releases_stay() {
        let dir = tempfile::tempdir().unwrap();
        for id in ["a", "b", "c"] {
            let release = Release::begin(dir.path()).unwrap();
            release.publish(id).unwrap();
        }
        let _left = Release::begin(dir.path()).unwrap();
        fs::write(dir.path().join("runs/1.json.tmp"), "half").unwrap();
        clear_unfinished(dir.path()).unwrap();
        assert_eq!(entries(&dir.path().join("releases")).len(), 3);
        assert!(entries(&dir.path().join("runs")).is_empty());
        assert_eq!(prune(dir.path(), 1).unwrap(), 0);
    }
}
