//! The folder of an embedded database: for its owner only, and never replaced.

use std::path::{Path, PathBuf};

/// A folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no database in it.
    #[error(
        "{0} holds no database: is PORTAIL_DATA_DIR mistyped, or DATABASE_URL not set? \
         `portail init` or `portail serve` makes a new one"
    )]
    Missing(PathBuf),
    /// Others than its owner can read it.
    #[error(
        "{path} can be read by other users of this machine (mode {mode:04o}), and it holds names and password \
         hashes: close it with `chmod -R go= {path}`"
    )]
    Open {
        /// What can be read.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is no whole database.
    #[error(
        "the database in {0} is damaged: {1} is missing. It was left as it is: restore it from a backup. Only \
         where the very first start was interrupted is nothing in it: then delete {0} and start again"
    )]
    Damaged(PathBuf, &'static str),
    /// It cannot be read or made.
    #[error("{path}: {error}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        error: std::io::Error,
    },
}

/// The folder of the embedded server below a data folder.
pub(crate) fn server_folder(folder: &Path) -> PathBuf {
    folder.join("postgres")
}

/// Makes a folder that only its owner reads, where there is none.
///
/// # Errors
/// It cannot be made.
pub fn make_private_folder(folder: &Path) -> Result<(), FolderError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| FolderError::Io { path: folder.to_owned(), error })
}

/// A data folder is for its owner only, and so is what lies in it.
///
/// # Errors
/// Others can read it.
pub fn ensure_private(folder: &Path) -> Result<(), FolderError> {
    let mut paths = vec![folder.to_owned(), server_folder(folder)];
    // One file stands for all: they are closed together.
    paths.push(server_folder(folder).join("tmp/pglite/base/PG_VERSION"));
    for path in paths {
        if let Some(mode) = open_mode(&path)? {
            return Err(FolderError::Open { path, mode });
        }
    }
    Ok(())
}

/// The permissions of what others than its owner can read; none of what is closed or not there.
///
/// # Errors
/// It cannot be looked at.
#[cfg(unix)]
pub fn open_mode(path: &Path) -> Result<Option<u32>, FolderError> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(path) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o7777;
            Ok((mode & 0o077 != 0).then_some(mode))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::Io { path: path.to_owned(), error }),
    }
}

/// Where there are no such permissions.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn open_mode(_path: &Path) -> Result<Option<u32>, FolderError> {
    Ok(None)
}
