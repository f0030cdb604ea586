//! Settings, all by environment.

mod environment;
mod limits;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use portail_application::{
    audit::checkpoints::Copies,
    clock::Clock,
    correspondence::notifications::{Email, Sms},
    limits::Limits,
};
use portail_event_store::{Database, StatementLimits};
use tracing_subscriber::EnvFilter;

use crate::graphql::document_guard::DocumentLimits;
pub use environment::Environment;

/// What the log names unless `PORTAIL_LOG` says otherwise.
const LOG: &str = "warn,portail=info";

/// The site of the guide's town.
const GUIDE_SITE: &str = "https://www.haisnes.fr";

/// The guide's town as its documents name it.
const GUIDE_TOWN: &str = "Mairie de Haisnes";

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
    /// `PORTAIL_MASTER_KEY_FILE`: the file it is in.
    pub master_key_file: Option<PathBuf>,
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
    /// `PORTAIL_SIGNING_KEY_FILE`: the file it is in.
    pub signing_key_file: Option<PathBuf>,
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
    /// How much of everything the server takes.
    pub limits: Limits,
    /// The settings a town of its own needs and that are not set.
    missing: Vec<&'static str>,
}

impl Settings {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// A setting is not what it must be, or is none of ours; the message says which.
    pub fn from_environment() -> Result<Self> {
        Self::read(Environment::of_process()?)
    }

    /// Reads an environment.
    ///
    /// # Errors
    /// A setting is not what it must be, or is none of ours; the message says which.
    pub fn read(mut environment: Environment) -> Result<Self> {
        let env = &mut environment;
        let http = ["http", "https"];
        let listen = env.parsed("PORTAIL_LISTEN", "an address and port, such as 127.0.0.1:8080,")?;
        let data: PathBuf = env.text("PORTAIL_DATA_DIR").unwrap_or_else(|| "./data".into()).into();
        let (site, town) = (env.url("PORTAIL_SITE", &http)?, env.text("PORTAIL_TOWN"));
        let needed = [("PORTAIL_TOWN", town.is_none()), ("PORTAIL_SITE", site.is_none())];
        let missing = needed.into_iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| name);
        let site = site.unwrap_or_else(|| GUIDE_SITE.into());
        let host = site.split_once("://").map_or(&*site, |(_, rest)| rest).trim_end_matches('/');
        let origin = env.text("PORTAIL_LOG_ORIGIN").unwrap_or_else(|| format!("{host}/portail-famille"));
        ensure!(
            !origin.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+'),
            "PORTAIL_LOG_ORIGIN={origin}: a name without spaces and plus signs is expected"
        );
        let mail_from = env.text("PORTAIL_MAIL_FROM").unwrap_or_else(|| "portail-famille@localhost".into());
        let mailbox = mail_from.parse::<lettre::message::Mailbox>();
        mailbox.with_context(|| format!("PORTAIL_MAIL_FROM={mail_from}: an e-mail address is expected"))?;
        let checkpoints = env.text("PORTAIL_CHECKPOINT_DIR");
        // Read before everything else, by the log itself.
        env.text("PORTAIL_LOG");
        let settings = Self {
            signing_key: env.text("PORTAIL_SIGNING_KEY"),
            signing_key_file: env.text("PORTAIL_SIGNING_KEY_FILE").map(PathBuf::from),
            log_origin: origin,
            checkpoint_dir: checkpoints.map_or_else(|| data.join("checkpoints"), PathBuf::from),
            checkpoint_url: env.url("PORTAIL_CHECKPOINT_URL", &http)?,
            checkpoint_every: env.seconds("PORTAIL_CHECKPOINT_SECONDS", 60)?,
            listen: listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            data,
            database_url: env.url("DATABASE_URL", &["postgres", "postgresql"])?,
            today: env.parsed("PORTAIL_TODAY", "a day YYYY-MM-DD")?,
            master_key: env.text("PORTAIL_MASTER_KEY"),
            master_key_file: env.text("PORTAIL_MASTER_KEY_FILE").map(PathBuf::from),
            smtp_url: env.url("PORTAIL_SMTP_URL", &["smtp", "smtps"])?,
            mail_from,
            sms_url: env.url("PORTAIL_SMS_URL", &http)?,
            town: town.unwrap_or_else(|| GUIDE_TOWN.into()),
            site,
            documents: document_limits(env)?,
            limits: limits::read(env)?,
            missing: missing.collect(),
        };
        environment.finish()?;
        Ok(settings)
    }

    /// A town of its own has said who it is: otherwise its documents and its log would name the guide's.
    ///
    /// # Errors
    /// `PORTAIL_TOWN` or `PORTAIL_SITE` is not set.
    pub fn names_its_town(&self) -> Result<()> {
        ensure!(
            self.missing.is_empty(),
            "{} not set: documents and the log would name another town. Set PORTAIL_TOWN to the town as its \
             documents name it (\"Mairie de Haisnes\") and PORTAIL_SITE to its site ({GUIDE_SITE}); \
             `portail serve --demo` serves the guide's town",
            self.missing.join(" and "),
        );
        Ok(())
    }

    /// Opens the database for a tool: its statements may take long, and none is made.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub async fn database(&self) -> Result<Database> {
        match &self.database_url {
            Some(url) => Database::connect_existing(url, 12).await.context("DATABASE_URL"),
            None => Ok(Database::embedded_existing(&self.data).await?),
        }
    }

    /// Opens the database for a server, made where there is none: no statement may keep anybody waiting for ever.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn serving_database(&self) -> Result<Database> {
        let patience = StatementLimits { statement: self.limits.statement, lock: self.limits.lock };
        match &self.database_url {
            Some(url) => Database::connect_within(url, 12, patience).await.context("DATABASE_URL"),
            None => Ok(Database::embedded(&self.data).await?),
        }
    }

    /// Where copies of checkpoints go.
    pub fn copies(&self) -> Copies {
        let (folder, url) = (self.checkpoint_dir.clone(), self.checkpoint_url.clone());
        Copies { folder, url, every: self.checkpoint_every }
    }

    /// What sends e-mail; none: no e-mail is sent.
    ///
    /// # Errors
    /// A setting is not what it must be.
    pub fn email(&self) -> Result<Option<Email>> {
        self.smtp_url.as_deref().map(|url| Email::new(url, &self.mail_from)).transpose()
    }

    /// What sends text messages; none: none are sent.
    pub fn sms(&self) -> Option<Sms> {
        self.sms_url.as_deref().map(Sms::new)
    }

    /// The clock; `default` is the day it starts on unless the environment says another.
    pub fn clock(&self, default: Option<NaiveDate>) -> Clock {
        self.today.or(default).map_or_else(Clock::system, Clock::starting_on)
    }
}

fn document_limits(env: &mut Environment) -> Result<DocumentLimits> {
    let mut limits = DocumentLimits::default();
    for (name, limit) in [
        ("PORTAIL_QUERY_TOKENS", &mut limits.tokens),
        ("PORTAIL_QUERY_DEPTH", &mut limits.depth),
        ("PORTAIL_QUERY_COMPLEXITY", &mut limits.complexity),
        ("PORTAIL_QUERY_ALIASES", &mut limits.aliases),
        ("PORTAIL_QUERY_ROOT_FIELDS", &mut limits.root_fields),
        ("PORTAIL_QUERY_DIRECTIVES", &mut limits.directives),
    ] {
        *limit = env.number(name, *limit, 1..=1_000_000)?;
    }
    Ok(limits)
}

/// What the server logs: `PORTAIL_LOG`.
///
/// # Errors
/// It is no filter.
pub fn log_filter() -> Result<EnvFilter> {
    let set = std::env::var("PORTAIL_LOG").ok().filter(|filter| !filter.is_empty());
    let Some(filter) = set else { return Ok(EnvFilter::new(LOG)) };
    EnvFilter::builder()
        .parse(&filter)
        .with_context(|| format!("PORTAIL_LOG={filter}: a filter like {LOG} is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings> {
        let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(Environment::of(set))
    }

    #[test]
    fn nonsense_is_refused_by_the_settings_name() {
        for (name, value) in [
            ("PORTAIL_LISTEN", "8080"),
            ("PORTAIL_TODAY", "8 April"),
            ("PORTAIL_SITE", "nonsense"),
            ("PORTAIL_SMS_URL", "nonsense"),
            ("PORTAIL_SMTP_URL", "https://mail.example.org"),
            ("PORTAIL_MAIL_FROM", "the town"),
            ("PORTAIL_CHECKPOINT_URL", "/var/checkpoints"),
            ("PORTAIL_CHECKPOINT_SECONDS", "0"),
            ("PORTAIL_LOG_ORIGIN", "the town's log"),
            ("PORTAIL_REQUEST_SECONDS", "never"),
            ("PORTAIL_HASHING_SLOTS", "0"),
            ("PORTAIL_TRUSTED_PROXIES", "proxy"),
            ("PORTAIL_UPLOAD_QUOTA_MIB", "9"),
            ("PORTAIL_LISTN", "127.0.0.1:80"),
            ("DATABASE_URL", "nonsense"),
            ("DATABASE_URL", "mysql://localhost/portail"),
        ] {
            let refused = read(&[(name, value)]).map(|_| ()).unwrap_err();
            assert!(format!("{refused:#}").starts_with(name), "{name}={value}: {refused:#}");
        }
    }

    #[test]
    fn a_towns_documents_do_not_name_another_town() {
        for (set, names) in [
            (&[][..], "PORTAIL_TOWN and PORTAIL_SITE"),
            (&[("PORTAIL_TOWN", "Mairie de Lille")], "PORTAIL_SITE"),
            (&[("PORTAIL_SITE", "https://www.lille.fr")], "PORTAIL_TOWN"),
        ] {
            let refused = read(set).unwrap().names_its_town().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{names} not set")), "{refused}");
        }
        let whole = [("PORTAIL_TOWN", "Mairie de Lille"), ("PORTAIL_SITE", "https://www.lille.fr")];
        let settings = read(&whole).unwrap();
        assert!(settings.names_its_town().is_ok());
        assert_eq!(settings.log_origin, "www.lille.fr/portail-famille");
    }

    #[test]
    fn every_setting_is_in_the_manuals() {
        let manuals = concat!(include_str!("../../../README.md"), include_str!("../../../docs/operator.md"));
        let sources = concat!(include_str!("mod.rs"), include_str!("limits.rs"));
        let code = sources.split("#[cfg(test)]").next().unwrap_or_default();
        let names = code.split('"').filter(|part| part.starts_with("PORTAIL_") && !part.contains([' ', '=']));
        for name in names {
            assert!(manuals.contains(&format!("`{name}`")), "{name}");
        }
    }
}
