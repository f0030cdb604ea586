//! The operator's command line for keys: make, show, rotate.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use portail_domain::upcasters;
use portail_event_store::{
    Binding, CheckpointSigner, CheckpointStore, Database, EventLog, MasterKey, PreviousKey, Vault, binding,
    change_signing_key, connected_servers, read_head, replace_secret, rotate_master_key,
    signing_key_in_force,
};

use crate::{
    say,
    settings::Settings,
    tools::keys::{KeyCreation, KeyPlace, next_to, report_signing_key},
};

/// What is done with the keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Say which keys the database is bound to, and whether the settings' are those.
    Show,
    /// Wrap all keys of personal data with a new master key. Stop every server first.
    RotateMaster(RotateMaster),
    /// Sign checkpoints with a new key from here on; the log records the change. Stop every server first.
    RotateSigning(RotateSigning),
}

/// How the master key is changed.
#[derive(Debug, Args)]
pub struct RotateMaster {
    /// The file of the new key, made when missing; needed where a setting says where the key is. By default
    /// the new key takes the old one's place in the data folder, and the old one is kept beside it.
    #[arg(long)]
    to: Option<PathBuf>,
    /// The file of another key that some of the database's keys were wrapped with by mistake; may be given
    /// several times.
    #[arg(long)]
    also: Vec<PathBuf>,
}

/// How the signing key is changed.
#[derive(Debug, Args)]
pub struct RotateSigning {
    /// The file of the new key, made when missing; needed where a setting says where the key is. By default
    /// the new key takes the old one's place in the data folder, and the old one is kept beside it.
    #[arg(long)]
    to: Option<PathBuf>,
    /// The key before is lost: it does not sign the change, and every later verification reports that.
    #[arg(long)]
    lost: bool,
    /// The public key (name+id+key) of the lost one, where the database does not know it.
    #[arg(long, requires = "lost")]
    previous: Option<String>,
}

/// Makes the database and its keys, where there are none, and says what belongs to the backups.
///
/// # Errors
/// They cannot be made, or the keys are another database's.
pub async fn init(settings: &Settings) -> Result<()> {
    let database = settings.serving_database().await?;
    let keys = settings.keys_or_new(&database, KeyCreation::Anywhere).await?;
    report_signing_key(&CheckpointStore::new(database.pool().clone(), keys.signer.clone())).await?;
    say!("the database is ready; its log has {} events", read_head(database.pool()).await?)?;
    say!("master key {} in {}", keys.master.fingerprint(), settings.master_key_place()?)?;
    say!("signing key {} in {}", keys.signer.public_key(), settings.signing_key_place()?)?;
    say!(
        "keep copies of both keys, apart from the database's backups: without the master key names are gone"
    )?;
    Ok(())
}

/// Does what is asked with the keys.
///
/// # Errors
/// A key is not what it must be, or the database failed.
pub async fn run(settings: &Settings, command: KeyCommand) -> Result<()> {
    let database = settings.database().await?;
    match command {
        KeyCommand::Show => show(settings, &database).await,
        KeyCommand::RotateMaster(how) => rotate_master(settings, &database, how).await,
        KeyCommand::RotateSigning(how) => rotate_signing(settings, &database, how).await,
    }
}

async fn show(settings: &Settings, database: &Database) -> Result<()> {
    let pool = database.pool();
    match binding(pool).await? {
        Binding::New => say!("the database is bound to no master key yet")?,
        Binding::Bound(key) => say!("the database is sealed with the master key {key}")?,
        Binding::Unproved => say!("the database will be bound to the master key that opens it")?,
    }
    let signing = signing_key_in_force(pool).await?;
    say!("the log is signed by {}", signing.as_deref().unwrap_or("nobody yet"))?;
    let master = settings.database_key(database).await?;
    say!("{} is the master key {}", settings.master_key_place()?, master.fingerprint())?;
    let signer = settings.signer()?;
    say!("{} is the signing key {}", settings.signing_key_place()?, signer.public_key())?;
    match CheckpointStore::new(pool.clone(), signer).refusal().await? {
        Some(reason) => bail!("{reason}"),
        None => Ok(()),
    }
}

/// Where a new key goes: the file that was named, or one beside the old key, which it is to replace.
fn target(to: Option<PathBuf>, place: &KeyPlace) -> Result<PathBuf> {
    match (to, place) {
        (Some(to), _) => {
            ensure!(place.file() != Some(to.as_path()), "--to names the old key: name another file");
            Ok(to)
        }
        (None, KeyPlace::DataFolder(path)) => Ok(next_to(path)),
        (None, KeyPlace::Setting(..) | KeyPlace::NamedFile(..)) => {
            bail!(
                "{place} says where the key is: name the new one's file with --to, and in the setting afterwards"
            )
        }
    }
}

/// Puts a new key in the old one's place, where both lie in the data folder.
fn put_in_place(place: &KeyPlace, target: &Path, old: &str) -> Result<()> {
    let path = match place {
        KeyPlace::DataFolder(path) if *target == next_to(path) => path,
        KeyPlace::DataFolder(_) | KeyPlace::Setting(..) | KeyPlace::NamedFile(..) => {
            say!("now let the settings name {}, on every server, and start them", target.display())?;
            return Ok(());
        }
    };
    let kept = path.with_added_extension(old);
    replace_secret(path, target, &kept)
        .with_context(|| format!("{} cannot take the place of {place}", target.display()))?;
    say!("it is in {place} now; the one before is kept as {}", kept.display())?;
    Ok(())
}

/// How long the database may take to notice that a server has ended.
const LETTING_GO: Duration = Duration::from_secs(3);

async fn rotate_master(settings: &Settings, database: &Database, how: RotateMaster) -> Result<()> {
    let place = settings.master_key_place()?;
    let begun = Instant::now();
    while connected_servers(database.pool()).await? > 0 && begun.elapsed() < LETTING_GO {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(
        connected_servers(database.pool()).await? == 0,
        "a server is running on this database: stop every server first, or it could seal nothing more until it is \
         started again"
    );
    let target = target(how.to, &place)?;
    let old = settings.master_key()?;
    let new = if target.exists() {
        MasterKey::from_file(&target)?
    } else {
        settings.database_key(database).await?;
        MasterKey::make_file(&target)?
    };
    ensure!(old.fingerprint() != new.fingerprint(), "{} is the key in use", target.display());
    let pool = database.pool();
    if binding(pool).await? != Binding::Bound(new.fingerprint()) {
        settings.database_key(database).await?;
    }
    let also = how.also.iter().map(|path| Ok(MasterKey::from_file(path)?));
    let given = std::iter::once(Ok(old.clone())).chain(also).collect::<Result<Vec<_>>>()?;
    let wrapped = rotate_master_key(pool, &given, &new).await?;
    let opened = Vault::unlock(pool.clone(), new.clone()).await?.count_openable_keys().await?;
    ensure!(opened.others == 0, "{} keys open with no master key that was given", opened.others);
    say!("{wrapped} keys were wrapped anew; the master key is {} now", new.fingerprint())?;
    put_in_place(&place, &target, &old.fingerprint())?;
    say!("keep the one before as long as backups from before are kept: only it opens them")?;
    Ok(())
}

async fn rotate_signing(settings: &Settings, database: &Database, how: RotateSigning) -> Result<()> {
    let place = settings.signing_key_place()?;
    let target = target(how.to, &place)?;
    let pool = database.pool();
    let in_force = signing_key_in_force(pool).await?;
    let vault = Vault::unlock(pool.clone(), settings.database_key(database).await?).await?;
    let log = EventLog::open(database, upcasters::all(), vault.append_key().await?).await?;
    let old = if how.lost { None } else { Some(settings.signer()?) };
    let new = if target.exists() {
        CheckpointSigner::from_file(&target)?
    } else {
        if let Some(old) = &old
            && let Some(reason) = CheckpointStore::new(pool.clone(), old.clone()).refusal().await?
        {
            bail!("{reason}");
        }
        let origin = in_force.as_deref().and_then(|key| key.split('+').next());
        CheckpointSigner::make_file(&target, origin.unwrap_or(&settings.log_origin))?
    };
    let before = match &old {
        Some(old) => PreviousKey::Signs(old),
        None => PreviousKey::Lost(how.previous.as_deref()),
    };
    let now = settings.clock(None).now();
    match change_signing_key(&log, before, &new, now).await? {
        Some(change) => say!("the log records the new key at position {}", change.position)?,
        None => say!("the log had recorded it already")?,
    }
    say!("the log is signed by {} from here on", new.public_key())?;
    settings.checkpoint_store(database, new).await?.sign_head(now).await?;
    let kept = in_force.as_deref().and_then(|key| key.split('+').nth(1)).unwrap_or("before");
    put_in_place(&place, &target, kept)?;
    say!("tell whoever keeps the public key; `portail audit verify` follows from either to the other")?;
    Ok(())
}
