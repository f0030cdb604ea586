//! What a cluster needs of the system: its processes, a user to run as, and the programs of PostgreSQL.

use std::{os::unix::process::CommandExt, path::PathBuf, process::Command};

use anyhow::{Result, bail};

/// The child processes of a process, with their titles.
pub(crate) fn children(parent: u32) -> Result<Vec<(u32, String)>> {
    let mut found = vec![];
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Processes end while they are looked at.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        if rest.split_whitespace().nth(1).and_then(|text| text.parse().ok()) == Some(parent) {
            let title = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push((pid, String::from_utf8_lossy(&title).replace('\0', " ")));
        }
    }
    Ok(found)
}

/// Has a command run as a user, in a folder that user can enter.
pub(crate) fn as_user(command: &mut Command, user: Option<(u32, u32)>) {
    command.current_dir("/");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
}

/// PostgreSQL refuses to run as root: the user to run it as where the tests do.
pub(crate) fn unprivileged_user() -> Result<Option<(u32, u32)>> {
    let id = |args: &[&str]| -> Result<u32> {
        let output = Command::new("id").args(args).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let (Ok(uid), Ok(gid)) = (id(&["-u", name]), id(&["-g", name])) {
            return Ok(Some((uid, gid)));
        }
    }
    bail!("run as root, and neither user postgres nor nobody exists")
}

/// The newest installed PostgreSQL.
pub(crate) fn find_binaries() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("PG_BIN") {
        return Ok(dir.into());
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
        .filter(|(_, bin): &(u32, PathBuf)| bin.join("initdb").exists())
        .collect();
    versions.sort();
    if let Some((_, bin)) = versions.pop() {
        return Ok(bin);
    }
    let config = Command::new("pg_config").arg("--bindir").output();
    match config {
        Ok(output) if output.status.success() => Ok(String::from_utf8(output.stdout)?.trim().into()),
        _ => bail!("PostgreSQL is not installed: install it, or name its bin folder in PG_BIN"),
    }
}
