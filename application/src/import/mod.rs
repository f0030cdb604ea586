//! Importing what a town has: families, children and accounts from CSV, as commands.
//!
//! Every row is checked whole before anything of it is sent, and reported. A row's commands have
//! ids made from its content: the same file again goes on where it was interrupted and does nothing
//! twice. The columns are documented in `docs/operator.md`.

pub mod table;

use std::{collections::HashSet, path::Path};

use anyhow::{Context, Result};
use futures::{StreamExt, stream};
use portail_domain::{
    families::family_file::{Document, Owner, Section},
    i18n::{Language, Rule, text},
    shared::ids::{ChildId, FamilyNumber},
    shared::text::{Login, Name},
};
use strum::{EnumString, VariantArray};
use uuid::Uuid;

use crate::{
    access::{self, AccountRole},
    application::Application,
    caller::{Caller, Role},
    families::command::{FamiliesCommand, FileOwner, PersonName},
    outcome::Rejection,
};
use table::{Row, Table};

/// How many rows are on their way at once.
const AT_ONCE: usize = 16;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown_kind)]
pub enum FileKind {
    /// Families with their cards.
    Families,
    /// Children with their files.
    Children,
    /// Logins.
    Accounts,
}

fn unknown_kind(text: &str) -> String {
    format!("{text}: families, children or accounts is expected")
}

impl FileKind {
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Families => &["family_number", "surname", "first_name"],
            Self::Children => &["family_number", "surname", "first_name", "birth_date"],
            Self::Accounts => &["login", "role", "password"],
        }
    }

    /// The sections a file may hold, with the prefix of their columns.
    pub fn sections(self) -> impl Iterator<Item = (Section, &'static str)> {
        let held = move |section: &Section| match self {
            Self::Families => section.owner() == Owner::Family,
            Self::Children => section.owner() == Owner::Child,
            Self::Accounts => false,
        };
        Section::VARIANTS.iter().copied().filter(held).filter_map(|s| Some((s, s.column_prefix()?)))
    }

    fn knows(self, column: &str) -> bool {
        let of_section = |(section, prefix): (Section, &str)| {
            let field = column.strip_prefix(prefix);
            field.is_some_and(|name| section.fields().iter().any(|f| f.name == name))
        };
        self.required().contains(&column)
            || column == "second_family_number"
            || self.sections().any(of_section)
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The column; empty: the row as a whole.
    pub column: String,
    /// What to do about it.
    pub message: String,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowReport {
    /// The line it begins on.
    pub line: u64,
    /// Everything wrong with it; empty: imported, or ready to be.
    pub problems: Vec<Problem>,
}

/// Imports a file, or with `dry_run` only checks it. `progress` hears how many rows are done.
///
/// # Errors
/// The file cannot be read, or the log is unavailable: the same file again goes on.
pub async fn import(
    application: &Application,
    what: FileKind,
    path: &Path,
    dry_run: bool,
    language: Language,
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<RowReport>> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let Table { columns, rows } = table::read(&bytes, what.required())?;
    for column in &columns {
        anyhow::ensure!(what.knows(column), "the column {column:?} is not known; see docs/operator.md");
    }
    let mut seen = HashSet::new();
    let importer = Importer { application, what, language };
    let plans: Vec<(Row, Result<Plan, Vec<Problem>>)> = rows
        .into_iter()
        .map(|row| {
            let plan = importer.plan(&row).and_then(|plan| {
                if seen.insert(plan.key.clone()) {
                    Ok(plan)
                } else {
                    Err(vec![importer.whole("ALREADY_EXISTS")])
                }
            });
            (row, plan)
        })
        .collect();
    let total = plans.len() as u64;
    let mut reports = Vec::with_capacity(plans.len());
    let mut running = stream::iter(plans)
        .map(|(row, plan)| {
            let importer = &importer;
            async move {
                let problems = match plan {
                    Ok(plan) if dry_run => importer.collision(&plan).await?,
                    Ok(plan) => importer.carry_out(plan).await?,
                    Err(problems) => problems,
                };
                anyhow::Ok(RowReport { line: row.line, problems })
            }
        })
        .buffered(AT_ONCE);
    while let Some(reported) = running.next().await {
        reports.push(reported?);
        progress(reports.len() as u64, total);
    }
    Ok(reports)
}

/// What a right row asks for.
struct Plan {
    /// What makes it the same as another row.
    key: String,
    steps: Vec<Step>,
}

enum Step {
    Command(Uuid, FamiliesCommand),
    Account { login: String, role: AccountRole, password: String },
}

struct Importer<'a> {
    application: &'a Application,
    what: FileKind,
    language: Language,
}

impl Importer<'_> {
    fn problem(&self, column: &str, rule: &impl Rule) -> Problem {
        Problem { column: column.to_owned(), message: rule.message(self.language) }
    }

    fn at(&self, column: &str, code: &str) -> Problem {
        Problem { column: column.to_owned(), message: text(code, self.language, &[]) }
    }

    fn whole(&self, code: &str) -> Problem {
        self.at("", code)
    }

    fn rejected(&self, rejection: &Rejection) -> Problem {
        Problem { column: String::new(), message: rejection.message(self.language) }
    }

    /// Checks a row whole.
    fn plan(&self, row: &Row) -> Result<Plan, Vec<Problem>> {
        match self.what {
            FileKind::Families => self.family(row),
            FileKind::Children => self.child(row),
            FileKind::Accounts => self.account(row),
        }
    }

    /// The checked values of every section the row has something for.
    fn sections(&self, row: &Row, problems: &mut Vec<Problem>) -> Vec<(Section, Document)> {
        let today = self.application.clock().today();
        let mut sections = Vec::new();
        for (section, prefix) in self.what.sections() {
            let values = row.section(section, prefix);
            if values.is_empty() && !prefix.is_empty() {
                continue;
            }
            match section.check(&Document::new(), &values, today) {
                Ok(right) => sections.push((section, right)),
                Err(wrong) => {
                    problems.extend(wrong.iter().map(|p| self.problem(&format!("{prefix}{}", p.field), p)));
                }
            }
        }
        sections
    }

    fn number(&self, row: &Row, column: &str, problems: &mut Vec<Problem>) -> Option<FamilyNumber> {
        let number = row.cell(column).unwrap_or_default().parse();
        if number.is_err() {
            problems.push(self.at(column, "INVALID_FAMILY_NUMBER"));
        }
        number.ok()
    }

    /// The name a section gives; it is shorter than a line of the file.
    fn name(&self, sections: &[(Section, Document)]) -> Result<PersonName, Vec<Problem>> {
        let field = |name: &str| {
            let value = sections.first().and_then(|(_, values)| values.get(name)?.as_str());
            value.unwrap_or_default().parse::<Name>().map_err(|e| vec![self.problem(name, &e)])
        };
        Ok(PersonName { surname: field("surname")?, first_name: field("first_name")? })
    }

    fn family(&self, row: &Row) -> Result<Plan, Vec<Problem>> {
        let mut problems = Vec::new();
        let number = self.number(row, "family_number", &mut problems);
        let mut sections = self.sections(row, &mut problems);
        let Some(number) = number.filter(|_| problems.is_empty()) else { return Err(problems) };
        let owner = FileOwner { family: number.clone(), child: None };
        let name = self.name(&sections)?;
        let title = sections.first().and_then(|(_, values)| values.get("title")?.as_str());
        let title = title.and_then(|title| title.parse().ok());
        let key = format!("family/{number}");
        let register = FamiliesCommand::RegisterFamily { number, title, responsible: name };
        let mut steps = vec![Step::Command(id_of(&key, &register), register)];
        // Registering records the responsible guardian's name already.
        sections.retain(|(section, values)| *section != Section::Responsible || values.len() > 2);
        steps.extend(sections.into_iter().map(|(section, values)| {
            let seen_revision = u32::from(section == Section::Responsible);
            record(&key, owner.clone(), section, seen_revision, values)
        }));
        Ok(Plan { key, steps })
    }

    fn child(&self, row: &Row) -> Result<Plan, Vec<Problem>> {
        let mut problems = Vec::new();
        let number = self.number(row, "family_number", &mut problems);
        let second = row.cell("second_family_number").is_some();
        let second = second.then(|| self.number(row, "second_family_number", &mut problems)).flatten();
        let mut sections = self.sections(row, &mut problems);
        let (Some(family), true) = (number, problems.is_empty()) else { return Err(problems) };
        let name = self.name(&sections)?;
        let birth = sections.first().and_then(|(_, values)| values.get("birth_date")?.as_str()?.parse().ok());
        let Some(birth_date) = birth else { return Err(vec![self.at("birth_date", "INVALID_DATE")]) };
        let key = format!("child/{family}/{}/{}/{birth_date}", name.surname, name.first_name);
        // A child's id is its registration's.
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("import/{key}").as_bytes());
        let owner = FileOwner { family: family.clone(), child: Some(ChildId(id)) };
        let mut steps = vec![Step::Command(id, FamiliesCommand::RegisterChild { family, name, birth_date })];
        if let Some(family) = second {
            let link = FamiliesCommand::LinkChild { child: ChildId(id), family };
            steps.push(Step::Command(id_of(&key, &link), link));
        }
        sections.retain(|(section, values)| *section != Section::ChildIdentity || values.len() > 3);
        steps.extend(sections.into_iter().map(|(section, values)| {
            let seen_revision = u32::from(section == Section::ChildIdentity);
            record(&key, owner.clone(), section, seen_revision, values)
        }));
        Ok(Plan { key, steps })
    }

    fn account(&self, row: &Row) -> Result<Plan, Vec<Problem>> {
        let (login, password) =
            (row.cell("login").unwrap_or_default(), row.cell("password").unwrap_or_default());
        let role = row.cell("role").unwrap_or_default().parse().ok();
        let mut problems = Vec::new();
        if let Err(error) = login.parse::<Login>() {
            problems.push(self.problem("login", &error));
        }
        if role == Some(AccountRole::Parent) && login.parse::<FamilyNumber>().is_err() {
            problems.push(self.at("login", "INVALID_FAMILY_NUMBER"));
        }
        if !access::is_strong(password) {
            problems.push(self.at("password", "WEAK_PASSWORD"));
        }
        match role {
            Some(role) if problems.is_empty() => {
                let account = Step::Account { login: login.to_owned(), role, password: password.to_owned() };
                Ok(Plan { key: format!("account/{login}"), steps: vec![account] })
            }
            Some(_) => Err(problems),
            None => {
                let choices = vec![("choices", AccountRole::choices())];
                let message = text("INVALID_CHOICE", self.language, &choices);
                problems.push(Problem { column: "role".into(), message });
                Err(problems)
            }
        }
    }

    /// What a dry run can tell of the log: whether the row's family exists as it must.
    async fn collision(&self, plan: &Plan) -> Result<Vec<Problem>> {
        let (number, must_exist) = match plan.steps.first() {
            Some(Step::Command(_, FamiliesCommand::RegisterFamily { number, .. })) => (number, false),
            Some(Step::Command(_, FamiliesCommand::RegisterChild { family, .. })) => (family, true),
            // A plan about a family begins with one of these.
            Some(Step::Command(..) | Step::Account { .. }) | None => return Ok(vec![]),
        };
        let stream = portail_event_store::StreamId::new("Family", number.as_str());
        let exists = !self.application.log().read_stream(&stream, 0).await?.is_empty();
        Ok(match (exists, must_exist) {
            (true, false) => vec![self.at("family_number", "ALREADY_EXISTS")],
            (false, true) => vec![self.at("family_number", "NOT_FOUND")],
            (true, true) | (false, false) => vec![],
        })
    }

    /// Carries a plan out, step by step; what is refused stops it.
    async fn carry_out(&self, plan: Plan) -> Result<Vec<Problem>> {
        let at = self.application.clock().now();
        let caller = Caller { role: Role::Staff, login: "import".into(), at };
        for step in plan.steps {
            match step {
                Step::Command(id, command) => {
                    let outcome = self.application.decide(&caller, id, command).await?.outcome;
                    if !outcome.recorded {
                        return Ok(outcome.errors.iter().map(|e| self.rejected(e)).collect());
                    }
                }
                Step::Account { login, role, password } => {
                    let hashing = self.application.log_ins().hashing();
                    access::set_account(self.application.pool(), hashing, &login, role, &password).await?;
                }
            }
        }
        Ok(vec![])
    }
}

fn record(key: &str, owner: FileOwner, section: Section, seen_revision: u32, values: Document) -> Step {
    let command = FamiliesCommand::RecordSection { owner, section, seen_revision, values };
    Step::Command(id_of(&format!("{key}/{section}"), &command), command)
}

/// The id of a command of a row: the same content is the same command.
fn id_of(key: &str, command: &FamiliesCommand) -> Uuid {
    let content = serde_json::to_string(command).unwrap_or_default();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("import/{key}/{content}").as_bytes())
}
