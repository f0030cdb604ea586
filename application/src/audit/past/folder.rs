//! Where a past town's database lies: beside the town's own data, for as long as its process lives.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Below the data folder.
const FOLDER: &str = "past";

/// In each past town's folder; locked while its process lives.
const LOCK: &str = "lock";

/// A folder of its own, gone with its owner; what a killed process left is gone with the next one.
#[derive(Debug)]
pub(crate) struct PastFolder {
    folder: tempfile::TempDir,
    _lock: File,
}

impl PastFolder {
    /// A new one, what dead processes left cleared away.
    ///
    /// # Errors
    /// The data folder cannot be written to.
    pub(crate) fn new(data: &Path) -> io::Result<Self> {
        let _turn = clear_away(data)?;
        let folder = tempfile::Builder::new().prefix("").tempdir_in(data.join(FOLDER))?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }
}

impl AsRef<Path> for PastFolder {
    fn as_ref(&self) -> &Path {
        self.folder.path()
    }
}

/// Clears away what dead processes left. One process at a time, as long as the answer is kept: a
/// folder that is not locked yet must not look left behind.
///
/// # Errors
/// The data folder cannot be written to.
pub(crate) fn clear_away(data: &Path) -> io::Result<File> {
    let past = data.join(FOLDER);
    fs::create_dir_all(&past)?;
    let turn = File::create(past.join(LOCK))?;
    turn.lock()?;
    for entry in fs::read_dir(&past)? {
        let path = entry?.path();
        let is_left =
            path.is_dir() && File::create(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_left && let Err(error) = fs::remove_dir_all(&path) {
            tracing::debug!(%error, "what an earlier past town left stays until the next time");
        }
    }
    Ok(turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_cleared_away_and_what_lives_is_not() {
        let data = tempfile::tempdir().unwrap();
        let left = data.path().join(FOLDER).join("left");
        fs::create_dir_all(left.join("postgres")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        let living = PastFolder::new(data.path()).unwrap();
        assert!(!left.exists());
        let other = PastFolder::new(data.path()).unwrap();
        assert!(living.as_ref().exists() && other.as_ref().exists());
        let path = living.as_ref().to_owned();
        drop(living);
        assert!(!path.exists() && other.as_ref().exists());
    }
}
