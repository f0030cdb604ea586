//! The folder outside the database that keeps a copy of every signed checkpoint: a file each, never written over.

use std::{
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
};

/// The ending of a checkpoint's file.
const ENDING: &str = "checkpoint";

/// The folder, or a file in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFolderError {
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: Error,
    },
    /// It cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: Error,
    },
    /// A copy of as many events says something else.
    #[error("{} holds another checkpoint of as many events", .0.display())]
    Other(PathBuf),
}

/// A folder of checkpoints.
#[derive(Debug, Clone)]
pub struct CheckpointFolder(PathBuf);

impl CheckpointFolder {
    /// The folder at a path; it may not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The copies in it with the number of events in their names, the smallest first; none of a folder that is
    /// not there.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn files(&self) -> Result<Vec<(u64, PathBuf)>, CheckpointFolderError> {
        let failed = |source| CheckpointFolderError::Read { path: self.0.clone(), source };
        let entries = match std::fs::read_dir(&self.0) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
            entries => entries.map_err(failed)?,
        };
        let mut found = vec![];
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let size = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            if let Some(size) = size.filter(|_| path.extension().is_some_and(|e| e == ENDING)) {
                found.push((size, path));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The number of events of its largest copy; none where there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn largest(&self) -> Result<Option<u64>, CheckpointFolderError> {
        Ok(self.files()?.last().map(|(size, _)| *size))
    }

    /// Reads a copy.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> Result<String, CheckpointFolderError> {
        std::fs::read_to_string(path)
            .map_err(|source| CheckpointFolderError::Read { path: path.to_owned(), source })
    }

    /// Keeps a copy: it is there whole or not at all.
    ///
    /// # Errors
    /// There is another one of as many events, or it cannot be written.
    pub fn keep(&self, size: u64, note: &str) -> Result<(), CheckpointFolderError> {
        let path = self.0.join(format!("{size:012}.{ENDING}"));
        if path.exists() {
            let is_same = Self::read(&path)? == note;
            return if is_same { Ok(()) } else { Err(CheckpointFolderError::Other(path)) };
        }
        let write = || {
            let unfinished = path.with_added_extension("part");
            std::fs::write(&unfinished, note)?;
            std::fs::File::open(&unfinished)?.sync_all()?;
            // A copy is there to be taken by others; it holds nothing about anybody.
            #[cfg(unix)]
            std::fs::set_permissions(&unfinished, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
            std::fs::rename(&unfinished, &path)
        };
        write().map_err(|source| CheckpointFolderError::Write { path: path.clone(), source })
    }
}
