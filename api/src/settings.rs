//! Settings, all by environment.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use portail_event_store::{CheckpointSigner, Database, MasterKey};

use crate::{application::Keys, clock::Clock, graphql::document_guard::DocumentLimits};

/// The settings of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `PORTAIL_LISTEN`: the address to serve on.
    pub listen: SocketAddr,
    /// `PORTAIL_DATA_DIR`: the embedded database and the master key.
    pub data: PathBuf,
    /// `DATABASE_URL`: PostgreSQL 15 or later; none: the embedded database.
    pub database_url: Option<String>,
    /// `PORTAIL_TODAY`: the day the clock starts on; none: today.
    pub today: Option<NaiveDate>,
    /// `PORTAIL_MASTER_KEY`: 64 hexadecimal digits; none: a file in the data folder.
    pub master_key: Option<String>,
    /// `PORTAIL_SITE`: the town's own site, where logging out leads.
    pub site: String,
    /// `PORTAIL_TOWN`: the town as its documents name it.
    pub town: String,
    /// `PORTAIL_SMTP_URL`: the server that sends e-mail; none: no e-mail is sent.
    pub smtp_url: Option<String>,
    /// `PORTAIL_MAIL_FROM`: the sender of e-mail.
    pub mail_from: String,
    /// `PORTAIL_SMS_URL`: the gateway of text messages; none: none are sent.
    pub sms_url: Option<String>,
    /// `PORTAIL_SIGNING_KEY`: signs checkpoints of the log; none: a file in the data folder.
    pub signing_key: Option<String>,
    /// `PORTAIL_LOG_ORIGIN`: the name of the town's log; none: the site's host and `/portail-famille`.
    pub log_origin: String,
    /// `PORTAIL_CHECKPOINT_DIR`: where copies of the checkpoints are written; none: the data folder.
    pub checkpoint_dir: PathBuf,
    /// `PORTAIL_CHECKPOINT_URL`: where they are posted to as well; none: nowhere.
    pub checkpoint_url: Option<String>,
    /// `PORTAIL_CHECKPOINT_SECONDS`: the least time between two; none: 60.
    pub checkpoint_every: Duration,
    /// `PORTAIL_QUERY_TOKENS`, `_DEPTH`, `_COMPLEXITY`, `_ALIASES`, `_ROOT_FIELDS`, `_DIRECTIVES`: how
    /// large a GraphQL document may be.
    pub documents: DocumentLimits,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// A setting is not what it must be; the message says which.
    pub fn from_environment() -> Result<Self> {
        let read = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let listen = read("PORTAIL_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".into());
        let today = read("PORTAIL_TODAY").map(|day| {
            day.parse().with_context(|| format!("PORTAIL_TODAY={day}: a day YYYY-MM-DD is expected"))
        });
        let data: PathBuf = read("PORTAIL_DATA_DIR").unwrap_or_else(|| "./data".into()).into();
        let site = read("PORTAIL_SITE").unwrap_or_else(|| "https://www.haisnes.fr".into());
        let host = site.split_once("://").map_or(&*site, |(_, rest)| rest).trim_end_matches('/');
        let origin = format!("{host}/portail-famille");
        let seconds = read("PORTAIL_CHECKPOINT_SECONDS").unwrap_or_else(|| "60".into());
        let seconds = seconds
            .parse()
            .with_context(|| format!("PORTAIL_CHECKPOINT_SECONDS={seconds}: a number is expected"))?;
        Ok(Self {
            signing_key: read("PORTAIL_SIGNING_KEY"),
            log_origin: read("PORTAIL_LOG_ORIGIN").unwrap_or(origin),
            checkpoint_dir: read("PORTAIL_CHECKPOINT_DIR")
                .map_or_else(|| data.join("checkpoints"), PathBuf::from),
            checkpoint_url: read("PORTAIL_CHECKPOINT_URL"),
            checkpoint_every: Duration::from_secs(seconds),
            listen: listen
                .parse()
                .with_context(|| format!("PORTAIL_LISTEN={listen}: an address and port are expected"))?,
            data,
            documents: document_limits(read)?,
            database_url: read("DATABASE_URL"),
            today: today.transpose()?,
            master_key: read("PORTAIL_MASTER_KEY"),
            smtp_url: read("PORTAIL_SMTP_URL"),
            mail_from: read("PORTAIL_MAIL_FROM").unwrap_or_else(|| "portail-famille@localhost".into()),
            sms_url: read("PORTAIL_SMS_URL"),
            town: read("PORTAIL_TOWN").unwrap_or_else(|| "Mairie de Haisnes".into()),
            site,
        })
    }

    /// Opens the database.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn database(&self) -> Result<Database> {
        Ok(match &self.database_url {
            Some(url) => Database::connect(url, 12).await?,
            None => Database::embedded(&self.data).await?,
        })
    }

    /// The master key.
    ///
    /// # Errors
    /// It cannot be read or made.
    pub fn master_key(&self) -> Result<MasterKey> {
        Ok(match &self.master_key {
            Some(text) => MasterKey::from_hex(text)?,
            None => {
                std::fs::create_dir_all(&self.data)?;
                MasterKey::from_file(&self.data.join("master.key"))?
            }
        })
    }

    /// The key that signs checkpoints.
    ///
    /// # Errors
    /// It cannot be read or made.
    pub fn signer(&self) -> Result<CheckpointSigner> {
        Ok(match &self.signing_key {
            Some(key) => CheckpointSigner::new(key)?,
            None => {
                std::fs::create_dir_all(&self.data)?;
                CheckpointSigner::from_file(&self.data.join("signing.key"), &self.log_origin)?
            }
        })
    }

    /// The public key of the signing key, where there is one already.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn public_key(&self) -> Result<Option<String>> {
        let known = self.signing_key.is_some() || self.data.join("signing.key").exists();
        Ok(if known { Some(self.signer()?.public_key().to_owned()) } else { None })
    }

    /// All keys the application works with.
    ///
    /// # Errors
    /// One cannot be read or made.
    pub fn keys(&self) -> Result<Keys> {
        Ok(Keys { master: self.master_key()?, signer: self.signer()? })
    }

    /// The clock; `default` is the day it starts on unless the environment says another.
    pub fn clock(&self, default: Option<NaiveDate>) -> Clock {
        self.today.or(default).map_or_else(Clock::system, Clock::starting_on)
    }
}

fn document_limits(read: impl Fn(&str) -> Option<String>) -> Result<DocumentLimits> {
    let mut limits = DocumentLimits::default();
    for (name, limit) in [
        ("PORTAIL_QUERY_TOKENS", &mut limits.tokens),
        ("PORTAIL_QUERY_DEPTH", &mut limits.depth),
        ("PORTAIL_QUERY_COMPLEXITY", &mut limits.complexity),
        ("PORTAIL_QUERY_ALIASES", &mut limits.aliases),
        ("PORTAIL_QUERY_ROOT_FIELDS", &mut limits.root_fields),
        ("PORTAIL_QUERY_DIRECTIVES", &mut limits.directives),
    ] {
        if let Some(text) = read(name) {
            *limit = text.parse().with_context(|| format!("{name}={text}: a number is expected"))?;
        }
    }
    Ok(limits)
}
