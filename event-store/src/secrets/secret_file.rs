//! Secrets in files that only their owner reads.

use std::{io, path::Path};

/// Writes a new secret file, whole or not at all, and never over another one.
///
/// # Errors
/// There is such a file already, or it cannot be written.
pub(crate) fn make(path: &Path, secret: &str) -> io::Result<()> {
    use io::Write;
    let unfinished = path.with_added_extension(format!("{}.part", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    let written = file
        .write_all(secret.as_bytes())
        .and_then(|()| file.sync_all())
        // A link, unlike a renamed file, never takes another one's place.
        .and_then(|()| std::fs::hard_link(&unfinished, path));
    std::fs::remove_file(&unfinished)?;
    written?;
    sync_folder(path)
}

/// Makes a change of names in a file's folder last.
///
/// # Errors
/// The folder cannot be opened.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Puts a secret file in another one's place; what stood there is kept under a name of its own. Broken off
/// in between, it goes on when it is done again.
///
/// # Errors
/// The files cannot be renamed.
pub fn replace(path: &Path, by: &Path, kept_as: &Path) -> io::Result<()> {
    if path.exists() && !kept_as.exists() {
        std::fs::hard_link(path, kept_as)?;
    }
    std::fs::rename(by, path)?;
    sync_folder(path)
}
