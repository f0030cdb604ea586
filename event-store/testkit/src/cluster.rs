//! A private PostgreSQL cluster: made by `initdb` in a temporary folder, reached by a Unix socket
//! in it, never run as root, gone when its owner is gone (even when that one is killed).

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
};

use anyhow::{Context, Result, bail};
use sqlx::{Connection, Executor, PgConnection};

use crate::system::{as_user, children, find_binaries, unprivileged_user};

/// Whether commits reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// They do: for benchmarks and real use.
    Durable,
    /// They do not: for tests, which survive a crash of the server but not of the machine.
    Fast,
}

/// A running cluster.
pub struct Cluster {
    folder: tempfile::TempDir,
    control: Mutex<Control>,
    bin: PathBuf,
    user: Option<(u32, u32)>,
}

/// One of PostgreSQL's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// The one that writes the write-ahead log between commits.
    WalWriter,
    /// The one that makes checkpoints.
    Checkpointer,
    /// One that serves a connection: this one of them, counted around.
    Backend(usize),
    /// The server itself; it is started again.
    Server,
}

struct Control {
    child: Child,
    /// None once closed: that is what ends the supervisor.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The supervisor lives as long as its standard input: when the owner dies, it stops the server.
const SUPERVISOR: &str = r#"
while read order; do
  case "$order" in
    start) "$BIN/pg_ctl" -D "$DATA" -w -t 60 -l "$DATA/log" start >/dev/null 2>&1 ;;
    immediate) "$BIN/pg_ctl" -D "$DATA" -m immediate -w stop >/dev/null 2>&1 ;;
    # Of a killed server the last processes may still hold its shared memory.
    revive) for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        "$BIN/pg_ctl" -D "$DATA" -w -t 60 -l "$DATA/log" start >/dev/null 2>&1 && break; sleep 0.2; done
        "$BIN/pg_ctl" -D "$DATA" status >/dev/null 2>&1 ;;
    save) "$BIN/pg_ctl" -D "$DATA" -m fast -w stop >/dev/null 2>&1 && rm -rf "$DATA.saved" &&
        cp -a "$DATA" "$DATA.saved" &&
        "$BIN/pg_ctl" -D "$DATA" -w -t 60 -l "$DATA/log" start >/dev/null 2>&1 ;;
    restore) "$BIN/pg_ctl" -D "$DATA" -m immediate -w stop >/dev/null 2>&1; rm -rf "$DATA" &&
        cp -a "$DATA.saved" "$DATA" &&
        "$BIN/pg_ctl" -D "$DATA" -w -t 60 -l "$DATA/log" start >/dev/null 2>&1 ;;
  esac
  echo "$?"
done
"$BIN/pg_ctl" -D "$DATA" -m immediate -w stop >/dev/null 2>&1
rm -rf "$DATA" "$(dirname "$DATA")"
"#;

impl Cluster {
    /// Makes and starts a cluster.
    ///
    /// # Errors
    /// PostgreSQL is not installed or does not start.
    pub fn start(durability: Durability) -> Result<Self> {
        let bin = find_binaries()?;
        let folder = tempfile::Builder::new().prefix("portail-pg").tempdir_in("/tmp")?;
        let user = unprivileged_user()?;
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid))?;
        }
        let data = folder.path().join("data");
        let mut initdb = Command::new(bin.join("initdb"));
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N", "-D"]).arg(&data);
        as_user(&mut initdb, user);
        let made = initdb.output().context("initdb")?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        let mut settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 200\n\
             shared_buffers = 256MB\nmax_wal_size = 4GB\n",
            folder.path().display()
        );
        if durability == Durability::Fast {
            settings.push_str("fsync = off\nfull_page_writes = off\n");
        }
        std::fs::OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"))?
            .write_all(settings.as_bytes())?;
        let mut supervisor = Command::new("sh");
        supervisor
            .args(["-c", SUPERVISOR])
            .env("BIN", &bin)
            .env("DATA", &data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0);
        as_user(&mut supervisor, user);
        let mut child = supervisor.spawn().context("supervisor")?;
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("stdout")?);
        let control = Mutex::new(Control { child, orders, answers });
        let cluster = Self { folder, control, bin, user };
        cluster.order("start")?;
        Ok(cluster)
    }

    fn order(&self, order: &str) -> Result<()> {
        let mut control = self.control.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writeln!(control.orders.as_mut().context("the supervisor has ended")?, "{order}")?;
        let mut answer = String::new();
        control.answers.read_line(&mut answer)?;
        if answer.trim() != "0" {
            let log = std::fs::read_to_string(self.folder.path().join("data/log")).unwrap_or_default();
            bail!("{order} failed ({}): {log}", answer.trim());
        }
        Ok(())
    }

    /// Stops the server as a crash would, without a checkpoint and with its connections cut, and starts
    /// it again: it recovers from its log.
    ///
    /// # Errors
    /// It does not stop or start.
    pub async fn crash(self: &Arc<Self>) -> Result<()> {
        let cluster = self.clone();
        let crash = move || cluster.order("immediate").and_then(|()| cluster.order("start"));
        tokio::task::spawn_blocking(crash).await?
    }

    /// Keeps a copy of the data folder as it is now; the server is stopped for it.
    ///
    /// # Errors
    /// It does not stop or start.
    pub async fn save(self: &Arc<Self>) -> Result<()> {
        let cluster = self.clone();
        tokio::task::spawn_blocking(move || cluster.order("save")).await?
    }

    /// Puts the kept copy of the data folder back in place of the present one.
    ///
    /// # Errors
    /// It does not stop or start.
    pub async fn restore(self: &Arc<Self>) -> Result<()> {
        let cluster = self.clone();
        tokio::task::spawn_blocking(move || cluster.order("restore")).await?
    }

    /// Kills one of PostgreSQL's own processes, as the kernel does when memory runs out, and waits until
    /// the server has recovered. Whether there was one.
    ///
    /// # Errors
    /// The processes cannot be listed, or it does not recover.
    pub async fn kill(self: &Arc<Self>, process: Process) -> Result<bool> {
        let cluster = self.clone();
        let killed = tokio::task::spawn_blocking(move || cluster.kill_one(process)).await??;
        if killed {
            self.recovered().await?;
        }
        Ok(killed)
    }

    /// Waits until the server takes connections: it refuses them while it recovers.
    async fn recovered(&self) -> Result<()> {
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            match PgConnection::connect(&self.url("postgres")).await {
                Ok(connection) => return Ok(connection.close().await?),
                Err(error) if std::time::Instant::now() > patience => {
                    return Err(error).context("the server does not recover");
                }
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    }

    fn kill_one(&self, process: Process) -> Result<bool> {
        let text = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        let postmaster: u32 = text.lines().next().context("an empty postmaster.pid")?.trim().parse()?;
        let wanted = |title: &str| match process {
            Process::WalWriter => title.contains("walwriter"),
            Process::Checkpointer => title.contains("checkpointer"),
            // Those that serve a connection name its user and database.
            Process::Backend(_) => title.contains("postgres: postgres t"),
            Process::Server => false,
        };
        let found: Vec<u32> =
            children(postmaster)?.into_iter().filter(|(_, t)| wanted(t)).map(|c| c.0).collect();
        let chosen = match process {
            Process::Server => Some(postmaster),
            Process::Backend(number) => found.get(number.checked_rem(found.len()).unwrap_or(0)).copied(),
            Process::WalWriter | Process::Checkpointer => found.first().copied(),
        };
        let Some(pid) = chosen else { return Ok(false) };
        let mut kill = Command::new("kill");
        kill.args(["-9", &pid.to_string()]);
        as_user(&mut kill, self.user);
        // It may have ended meanwhile.
        let killed = kill.output()?.status.success();
        if killed && matches!(process, Process::Server) {
            self.order("revive")?;
        }
        Ok(killed)
    }

    /// The folder with the socket.
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// The processes of the server: the first one and its children.
    ///
    /// # Errors
    /// It does not run, or the system does not tell.
    pub fn processes(&self) -> Result<Vec<u32>> {
        let id = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        let first: u32 = id.lines().next().context("postmaster.pid is empty")?.trim().parse()?;
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
        let children = children.split_whitespace().map(|id| Ok(id.parse()?)).collect::<Result<Vec<u32>>>()?;
        Ok([vec![first], children].concat())
    }

    /// A program of the cluster's PostgreSQL, run as the cluster's user.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        as_user(&mut command, self.user);
        command
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn create_database(&self) -> Result<String> {
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&self.url("postgres")).await?;
        admin.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        admin.close().await?;
        Ok(self.url(&name))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let control = self.control.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(control.orders.take());
        let _ = control.child.wait();
    }
}
