//! Reads settings from the environment: what is set and not known is refused, and so is a value that
//! makes no sense. Every refusal names the setting; none repeats a value that may hold a password.

use std::{
    collections::BTreeMap, fmt::Display, net::IpAddr, ops::RangeInclusive, str::FromStr, time::Duration,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use ipnet::IpNet;
use reqwest::Url;

/// What the names of all settings but `DATABASE_URL` begin with.
const PREFIX: &str = "PORTAIL_";

/// Names that belong to the project's test suite.
const OF_TESTS: &str = "PORTAIL_TEST_";

/// The settings that are set, and those that were asked for.
#[derive(Debug)]
pub struct Environment {
    values: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Environment {
    /// The environment of this process.
    ///
    /// # Errors
    /// A setting is not UTF-8.
    pub fn of_process() -> Result<Self> {
        let mut values = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|n| n.starts_with(PREFIX) || *n == "DATABASE_URL") else {
                continue;
            };
            let value = value.into_string().map_err(|_| anyhow!("{name} is not UTF-8"))?;
            values.insert(name.to_owned(), value);
        }
        Ok(Self::of(values))
    }

    /// An environment of these settings.
    pub fn of(values: impl IntoIterator<Item = (String, String)>) -> Self {
        let set = |(name, value): &(String, String)| !value.is_empty() && !name.starts_with(OF_TESTS);
        Self { values: values.into_iter().filter(set).collect(), known: vec![] }
    }

    /// A setting, if it is set to anything.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.values.remove(name)
    }

    /// A setting of any type that can be read from text.
    ///
    /// # Errors
    /// It cannot; `expected` says what it should be.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| anyhow!("{name}={text}: {expected} is expected"))
    }

    /// A number within bounds.
    ///
    /// # Errors
    /// It is no number, or out of its bounds.
    pub fn number<T>(&mut self, name: &'static str, default: T, bounds: RangeInclusive<T>) -> Result<T>
    where
        T: FromStr + PartialOrd + Display,
    {
        let expected = format!("a number from {} to {}", bounds.start(), bounds.end());
        let number = self.parsed(name, &expected)?.unwrap_or(default);
        ensure!(bounds.contains(&number), "{name}={number}: {expected} is expected");
        Ok(number)
    }

    /// A time in whole seconds, of one second to a day.
    ///
    /// # Errors
    /// It is no number, or out of its bounds.
    pub fn seconds(&mut self, name: &'static str, default: u64) -> Result<Duration> {
        self.number(name, default, 1..=86_400).map(Duration::from_secs)
    }

    /// An address of one of some schemes. It may hold a password: it is not repeated.
    ///
    /// # Errors
    /// It is no address, or of another scheme.
    pub fn url(&mut self, name: &'static str, schemes: &[&str]) -> Result<Option<String>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let expected =
            || format!("{name}: an address that begins with {}:// is expected", schemes.join(":// or "));
        let url = Url::parse(&text).with_context(expected)?;
        let is_whole = schemes.contains(&url.scheme()) && (url.has_host() || name == "DATABASE_URL");
        ensure!(is_whole, expected());
        Ok(Some(text))
    }

    /// Addresses or networks, separated by commas.
    ///
    /// # Errors
    /// One of them is neither.
    pub fn networks(&mut self, name: &'static str) -> Result<Vec<IpNet>> {
        let text = self.text(name).unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let alone = part.parse::<IpAddr>().map(IpNet::from);
            let network = part.parse().or(alone);
            network
                .map_err(|_| anyhow!("{name}={part}: an IP address or a network like 10.0.0.0/8 is expected"))
        };
        parts.map(network).collect()
    }

    /// Every setting has been asked for.
    ///
    /// # Errors
    /// One that is set is not known.
    pub fn finish(self) -> Result<()> {
        let Some(name) = self.values.keys().next() else { return Ok(()) };
        let likeness = |known: &&&str| (1000.0 * strsim::jaro_winkler(known, name)) as u32;
        let near = self.known.iter().max_by_key(likeness).filter(|known| likeness(known) > 850);
        match near {
            Some(near) => bail!("{name} is not a setting: did you mean {near}?"),
            None => bail!("{name} is not a setting; the README lists them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Environment {
        Environment::of([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn what_is_set_and_not_known_is_refused_with_what_was_meant() {
        let mut misspelt = with("PORTAIL_LISTN", "0.0.0.0:80");
        assert_eq!(misspelt.text("PORTAIL_LISTEN"), None);
        let refused = misspelt.finish().unwrap_err().to_string();
        assert_eq!(refused, "PORTAIL_LISTN is not a setting: did you mean PORTAIL_LISTEN?");
        let mut strange = with("PORTAIL_COLOUR", "blue");
        assert_eq!(strange.text("PORTAIL_LISTEN"), None);
        assert!(strange.finish().unwrap_err().to_string().contains("PORTAIL_COLOUR is not a setting"));
        assert!(with("PORTAIL_TEST_BACKEND", "postgres").finish().is_ok(), "the suite's own");
        assert!(with("PORTAIL_COLOUR", "").finish().is_ok(), "set to nothing");
    }

    #[test]
    fn nonsense_is_refused_by_the_settings_name() {
        for value in ["0", "86401", "ten", "-1", "1.5"] {
            let refused = with("PORTAIL_X", value).seconds("PORTAIL_X", 5).unwrap_err().to_string();
            assert!(
                refused.starts_with(&format!("PORTAIL_X={value}: a number from 1 to 86400")),
                "{refused}"
            );
        }
        for value in ["nonsense", "ftp://example.org", "http:", "https://"] {
            let refused = with("PORTAIL_X", value).url("PORTAIL_X", &["http", "https"]).unwrap_err();
            assert!(format!("{refused:#}").starts_with("PORTAIL_X: an address"), "{refused:#}");
        }
        let secret = with("PORTAIL_X", "ftp://me:secret@example.org").url("PORTAIL_X", &["http"]);
        assert!(!format!("{:#}", secret.unwrap_err()).contains("secret"));
        assert!(with("PORTAIL_X", "10.0.0.0/8, ::1").networks("PORTAIL_X").is_ok_and(|n| n.len() == 2));
        assert!(with("PORTAIL_X", "10.0.0.0/33").networks("PORTAIL_X").is_err());
    }
}
