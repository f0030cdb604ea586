//! Secrets in files that only their owner reads.

use std::{io, path::Path};

/// Reads a secret; makes it and its file when there is none. What somebody else made meanwhile wins.
///
/// # Errors
/// The file cannot be read or made.
pub(crate) fn read_or_make(path: &Path, make: impl FnOnce() -> String) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let secret = make();
            match write(path, &secret) {
                Ok(()) => Ok(secret),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => std::fs::read_to_string(path),
                Err(e) => Err(e),
            }
        }
        read => read,
    }
}

fn write(path: &Path, secret: &str) -> io::Result<()> {
    use io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()
}
