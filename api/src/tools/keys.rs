//! The keys of a town: where they lie, when they may be made, and whether they are the database's.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use portail_application::Keys;
use portail_event_store::{
    AppendKey, Binding, CheckpointFolder, CheckpointSigner, CheckpointStore, Database, MasterKey, Vault,
    binding, claim_signing_key, make_private_folder, open_mode, read_head, signing_key_in_force,
};

use crate::settings::Settings;

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// A setting holds it; its name.
    Setting(&'static str, String),
    /// A setting names its file.
    NamedFile(&'static str, PathBuf),
    /// A file in the data folder.
    DataFolder(PathBuf),
}

impl KeyPlace {
    fn of(
        (name, key): (&'static str, Option<&String>),
        (file_name, file): (&'static str, Option<&PathBuf>),
        default: PathBuf,
    ) -> Result<Self> {
        match (key, file) {
            (Some(_), Some(_)) => bail!("{name} and {file_name} are both set: one of them is the key"),
            (Some(key), None) => Ok(Self::Setting(name, key.clone())),
            (None, Some(file)) => Ok(Self::NamedFile(file_name, file.clone())),
            (None, None) => Ok(Self::DataFolder(default)),
        }
    }

    /// The key's file, where it has one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Setting(..) => None,
            Self::NamedFile(_, path) | Self::DataFolder(path) => Some(path),
        }
    }

    /// Whether it has a file that is not there.
    pub fn is_missing(&self) -> bool {
        self.file().is_some_and(|path| !path.exists())
    }

    /// Only its owner reads the data folder's own. What a setting names (a mounted secret) is the operator's
    /// choice.
    fn ensure_private(&self) -> Result<()> {
        match self {
            Self::DataFolder(path) => {
                let mode = open_mode(path)?;
                ensure!(
                    mode.is_none(),
                    "{path} can be read by other users of this machine (mode {mode:04o}): close it with \
                     `chmod 600 {path}`",
                    path = path.display(),
                    mode = mode.unwrap_or_default()
                );
                Ok(())
            }
            Self::Setting(..) | Self::NamedFile(..) => Ok(()),
        }
    }
}

impl std::fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Setting(name, _) => f.write_str(name),
            Self::NamedFile(name, path) => write!(f, "{name}={}", path.display()),
            Self::DataFolder(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Whether keys may be made for a database in which nothing was ever recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCreation {
    /// No.
    Never,
    /// In the data folder: a file that a setting names is there, or the setting is mistyped.
    InDataFolder,
    /// Wherever the settings say: that was asked for.
    Anywhere,
}

impl KeyCreation {
    fn covers(self, place: &KeyPlace) -> bool {
        match (self, place) {
            (Self::Never, _) | (_, KeyPlace::Setting(..)) | (Self::InDataFolder, KeyPlace::NamedFile(..)) => {
                false
            }
            (Self::InDataFolder | Self::Anywhere, KeyPlace::DataFolder(_))
            | (Self::Anywhere, KeyPlace::NamedFile(..)) => true,
        }
    }
}

impl Settings {
    /// Where the master key comes from.
    ///
    /// # Errors
    /// Two settings say so.
    pub fn master_key_place(&self) -> Result<KeyPlace> {
        let key = ("PORTAIL_MASTER_KEY", self.master_key.as_ref());
        let file = ("PORTAIL_MASTER_KEY_FILE", self.master_key_file.as_ref());
        KeyPlace::of(key, file, self.data.join("master.key"))
    }

    /// Where the signing key comes from.
    ///
    /// # Errors
    /// Two settings say so.
    pub fn signing_key_place(&self) -> Result<KeyPlace> {
        let key = ("PORTAIL_SIGNING_KEY", self.signing_key.as_ref());
        let file = ("PORTAIL_SIGNING_KEY_FILE", self.signing_key_file.as_ref());
        KeyPlace::of(key, file, self.data.join("signing.key"))
    }

    /// The master key; none is made.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn master_key(&self) -> Result<MasterKey> {
        let place = self.master_key_place()?;
        place.ensure_private()?;
        match &place {
            KeyPlace::Setting(name, text) => MasterKey::from_hex(text).with_context(|| name.to_string()),
            KeyPlace::NamedFile(_, path) | KeyPlace::DataFolder(path) => {
                ensure!(path.exists(), "there is no master key: {place} is missing");
                Ok(MasterKey::from_file(path)?)
            }
        }
    }

    /// The key that signs checkpoints; none is made.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn signer(&self) -> Result<CheckpointSigner> {
        let place = self.signing_key_place()?;
        place.ensure_private()?;
        match &place {
            KeyPlace::Setting(name, key) => CheckpointSigner::new(key).with_context(|| name.to_string()),
            KeyPlace::NamedFile(_, path) | KeyPlace::DataFolder(path) => {
                ensure!(path.exists(), "there is no signing key: {place} is missing");
                Ok(CheckpointSigner::from_file(path)?)
            }
        }
    }

    /// The public key of the signing key, where there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn public_key(&self) -> Result<Option<String>> {
        if self.signing_key_place()?.is_missing() {
            return Ok(None);
        }
        Ok(Some(self.signer()?.public_key().to_owned()))
    }

    /// The keys of a database that is in use. The master key is the database's.
    ///
    /// # Errors
    /// One is missing, cannot be read, or is another database's.
    pub async fn keys(&self, database: &Database) -> Result<Keys> {
        self.keys_or_new(database, KeyCreation::Never).await
    }

    /// The keys of a database, made where nothing was ever recorded in it and that may be.
    ///
    /// # Errors
    /// One is missing and must not be made, cannot be read or made, or is another database's.
    pub async fn keys_or_new(&self, database: &Database, making: KeyCreation) -> Result<Keys> {
        let master = self.sealing_key(database, making).await?;
        let place = self.signing_key_place()?;
        let signer = if place.is_missing() {
            let head = read_head(database.pool()).await?;
            let in_force = signing_key_in_force(database.pool()).await?;
            ensure!(
                in_force.is_none() && head == 0 && making.covers(&place),
                "there is no signing key: {place} is missing, and the log has {head} events{}. Put the key back, \
                 or name its file in PORTAIL_SIGNING_KEY_FILE; where it is lost, `portail keys rotate-signing \
                 --lost` makes another one, which every later verification reports",
                in_force.map_or_else(String::new, |key| format!(", signed by {key}")),
            );
            make_folder_of(&place)?;
            CheckpointSigner::make_file(place.file().unwrap_or(Path::new("")), &self.log_origin)?
        } else {
            self.signer()?
        };
        Ok(Keys { master, signer })
    }

    /// The master key of a database that is in use: the database knows it.
    ///
    /// # Errors
    /// It is missing, cannot be read, or is another database's.
    pub async fn database_key(&self, database: &Database) -> Result<MasterKey> {
        self.sealing_key(database, KeyCreation::Never).await
    }

    async fn sealing_key(&self, database: &Database, making: KeyCreation) -> Result<MasterKey> {
        let place = self.master_key_place()?;
        let bound = binding(database.pool()).await?;
        if bound == Binding::New && making != KeyCreation::Never {
            self.ensure_no_other_log()?;
        }
        let master = if place.is_missing() {
            let why_not = match &bound {
                Binding::New if making.covers(&place) => None,
                Binding::New => Some("the database has none yet: `portail init` makes it".to_owned()),
                Binding::Bound(key) => Some(format!("the database is sealed with the key {key}")),
                Binding::Unproved => Some("the database is in use".to_owned()),
            };
            if let Some(why_not) = why_not {
                bail!(
                    "there is no master key: {place} is missing, and {why_not}. Put its file back (it is kept with \
                     the backups), or name it in PORTAIL_MASTER_KEY_FILE. No other key opens what this one sealed"
                );
            }
            make_folder_of(&place)?;
            MasterKey::make_file(place.file().unwrap_or(Path::new("")))?
        } else {
            self.master_key()?
        };
        Vault::unlock(database.pool().clone(), master.clone()).await.with_context(|| {
            let interrupted = place.file().is_some_and(|path| next_to(path).exists());
            let finish = "; a rotation was interrupted: `portail keys rotate-master` again finishes it";
            format!(
                "{place} is not this database's master key: put back the right one{}",
                if interrupted { finish } else { "" }
            )
        })?;
        Ok(master)
    }

    /// The key that proves who appended to a database's log, where the master key is at hand.
    ///
    /// # Errors
    /// The master key is not the database's, or that failed.
    pub async fn append_key(&self, database: &Database) -> Result<Option<AppendKey>> {
        if self.master_key_place()?.is_missing() {
            return Ok(None);
        }
        let master = self.database_key(database).await?;
        Ok(Vault::unlock(database.pool().clone(), master).await?.known_append_key().await?)
    }

    /// Signs as the server does: only what the log's servers appended, and nothing that contradicts the copies.
    ///
    /// # Errors
    /// The master key is not the database's, or that failed.
    pub async fn checkpoint_store(
        &self,
        database: &Database,
        signer: CheckpointSigner,
    ) -> Result<CheckpointStore> {
        let checkpoints = CheckpointStore::new(database.pool().clone(), signer);
        checkpoints.hold_against(CheckpointFolder::new(&self.checkpoint_dir));
        Ok(match self.append_key(database).await? {
            Some(key) => checkpoints.proving(key),
            None => checkpoints,
        })
    }

    /// The copies of checkpoints beside an empty database are not of another log.
    fn ensure_no_other_log(&self) -> Result<()> {
        let folder = &self.checkpoint_dir;
        if let Some(size) = CheckpointFolder::new(folder).largest()? {
            bail!(
                "the database is empty, but {} holds a signed head of a log of {size} events: is DATABASE_URL or \
                 PORTAIL_DATA_DIR another one than before? To begin a new log, move that folder away",
                folder.display()
            );
        }
        Ok(())
    }
}

/// The file of a key that is to take another one's place.
pub fn next_to(path: &Path) -> PathBuf {
    path.with_added_extension("next")
}

fn make_folder_of(place: &KeyPlace) -> Result<()> {
    if let Some(folder) = place.file().and_then(Path::parent) {
        make_private_folder(folder)?;
    }
    Ok(())
}

/// Says loudly, at start, that nothing will be signed; the town is served all the same.
///
/// # Errors
/// The database failed.
pub async fn report_signing_key(checkpoints: &CheckpointStore) -> Result<()> {
    match checkpoints.refusal().await? {
        Some(reason) => tracing::error!("NO CHECKPOINT IS SIGNED: {reason}"),
        None => claim_signing_key(checkpoints.pool(), checkpoints.signer()).await?,
    }
    Ok(())
}
