//! The embedded server's own folder: whether it holds a database, and closing it to others.

use std::path::Path;

use crate::postgres::data_folder::{FolderError, server_folder};

/// Without these the embedded server takes a folder for an empty one, and makes a new database in its place.
const MARKS: [&str; 2] = ["PG_VERSION", "global/pg_control"];

/// Whether there is a database in a data folder.
///
/// # Errors
/// What is there is no whole database.
pub(super) fn holds_database(folder: &Path) -> Result<bool, FolderError> {
    let server = server_folder(folder);
    let cluster = server.join("tmp/pglite/base");
    let found = MARKS.map(|mark| cluster.join(mark).is_file());
    match (MARKS.iter().zip(found).find(|(_, found)| !found), is_empty(&server)?) {
        (None, _) => Ok(true),
        (Some(_), true) => Ok(false),
        (Some((mark, _)), false) => Err(FolderError::Damaged(server, mark)),
    }
}

fn is_empty(folder: &Path) -> Result<bool, FolderError> {
    match std::fs::read_dir(folder) {
        // A process that was waiting for its turn may have left its lock.
        Ok(entries) => Ok(entries.flatten().all(|entry| entry.file_name() == ".pglite-oxide.lock")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(FolderError::Io { path: folder.to_owned(), error }),
    }
}

/// Takes everything below a folder from all but its owner. The embedded server copies files with the permissions
/// they were packed with, when it first writes to them: until the next start they are closed by their folder
/// alone.
#[cfg(unix)]
pub(super) fn close(folder: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::PermissionsExt;
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let failed = |error| FolderError::Io { path: path.clone(), error };
        let metadata = std::fs::symlink_metadata(&path).map_err(failed)?;
        if metadata.is_symlink() {
            continue;
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            let closed = std::fs::Permissions::from_mode(mode & 0o700);
            std::fs::set_permissions(&path, closed).map_err(failed)?;
        }
        if metadata.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(failed)? {
                left.push(entry.map_err(failed)?.path());
            }
        }
    }
    Ok(())
}

/// Where there are no such permissions.
#[cfg(not(unix))]
pub(super) fn close(_folder: &Path) -> Result<(), FolderError> {
    Ok(())
}
