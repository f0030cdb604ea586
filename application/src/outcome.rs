//! What a command results in: remembered with it, shown in the caller's language.

use chrono::NaiveDate;
use portail_domain::{
    attendance::session::BookingStatus,
    i18n::{Language, Rule, text_with},
    shared::ids::{ActivityId, ChildId},
};
use portail_event_store::Outcome;
use serde::{Deserialize, Serialize};

/// Why something was not done: a stable code with its arguments and where in the input it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The stable code.
    pub code: String,
    /// The arguments of its message.
    pub args: Vec<(String, String)>,
    /// The path into the input.
    pub path: Vec<String>,
}

impl Rejection {
    /// The rejection of a broken rule.
    pub fn of(rule: &impl Rule) -> Self {
        let args = rule.args().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { code: rule.code().to_owned(), args, path: vec![] }
    }

    /// A rejection that needs no arguments.
    pub fn of_code(code: &str) -> Self {
        Self { code: code.to_owned(), args: vec![], path: vec![] }
    }

    /// With an argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    /// At a path of the input.
    #[must_use]
    pub fn at(mut self, path: &[&str]) -> Self {
        self.path = path.iter().map(|p| (*p).to_owned()).collect();
        self
    }

    /// The message for a person.
    pub fn message(&self, language: Language) -> String {
        text_with(&self.code, language, |name| {
            self.args.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
        })
    }
}

/// What became of one asked day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DayResult {
    /// It stands like this now.
    Done(BookingStatus),
    /// Nothing changed: the error says why.
    Rejected,
}

/// The outcome of one asked day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOutcome {
    /// The child it is about.
    pub child: ChildId,
    /// Which activity.
    pub activity: ActivityId,
    /// Which day.
    pub date: NaiveDate,
    /// What became of it.
    pub result: DayResult,
    /// The rank on the waiting list.
    pub rank: Option<u32>,
    /// What is in the way.
    pub error: Option<Rejection>,
}

/// The outcome of one of several things decided together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemOutcome {
    /// Its id.
    pub id: String,
    /// What is in the way; none: done.
    pub error: Option<Rejection>,
}

/// The outcome of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// Whether anything was recorded.
    pub recorded: bool,
    /// What became of each asked day.
    pub days: Vec<DayOutcome>,
    /// What became of each thing decided.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub items: Vec<ItemOutcome>,
    /// What is wrong with the command as a whole.
    pub errors: Vec<Rejection>,
    /// The id of what was made.
    pub id: Option<String>,
}

impl CommandOutcome {
    /// Nothing was done.
    pub fn rejected(error: Rejection) -> Self {
        Self { errors: vec![error], ..Self::default() }
    }

    /// Something was made.
    pub fn made(id: impl Into<String>) -> Self {
        Self { recorded: true, id: Some(id.into()), ..Self::default() }
    }
}

impl Outcome for CommandOutcome {
    fn is_rejection(&self) -> bool {
        !self.recorded
    }
}

#[cfg(test)]
mod tests {
    use portail_domain::i18n::parameters;

    /// A code with parameters is never sent without them: where a source names one, it fills it.
    #[test]
    fn no_code_with_parameters_is_named_without_filling_them() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders = vec![root.join("application/src"), root.join("api/src")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for made in ["of_code(\"", "coded(\"", "Refused(StatusCode::"] {
                    for (at, _) in source.match_indices(made) {
                        let rest: String = source[at + made.len()..].chars().take(300).collect();
                        let Some(code) = rest.split('"').find(|t| portail_domain::i18n::has(t)) else {
                            continue;
                        };
                        for parameter in parameters(code) {
                            seen += 1;
                            let filled = format!("\"{parameter}\"");
                            assert!(rest.contains(&filled), "{}: {code} without {parameter}", path.display());
                        }
                    }
                }
            }
        }
        assert!(seen >= 10, "{seen}");
    }
}
