//! Commands about the family file: its sections, and requests to modify them.
//!
//! Values are checked and sealed before they are decided on. A proposal is sealed with what the
//! parent saw, so that staff can be shown what changed meanwhile.

use portail_domain::{
    attendance::session::{Refusal, RefusalCode},
    families::child::{Child, ChildCommand},
    families::family::{Family, FamilyCommand, ModificationRequest},
    families::family_file::{self, Document, Owner, Section},
    governance::dual_control::Action,
    shared::attachment::Attachment,
    shared::ids::{ChildId, FamilyNumber, RequestId},
    shared::sealed::{Place, Purpose, Sealed},
    shared::time::local_date,
};
use portail_event_store::{CommandError, NotLoaded, UnitOfWork, Vault};
use portail_projections::families::{family::sealed_bytes, family_file::Proposal};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    caller::Caller,
    families::command::{FileOwner, ModificationDecision, ModificationTarget},
    governance::dual_control::{self, Verdict},
    outcome::{CommandOutcome, ItemOutcome, Rejection},
    sealing::{refused, seal},
};

/// Lets the family decide; what it refuses is the answer.
fn apply(
    family: &FamilyNumber,
    command: FamilyCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<Option<Rejection>, CommandError> {
    match work.get::<Family>(family.as_str())?.decide(command) {
        Ok(events) => {
            work.record::<Family>(family.as_str(), events)?;
            Ok(None)
        }
        Err(error) => Ok(Some(Rejection::of(&error))),
    }
}

/// A field's name as the API writes it.
pub fn camel_case(field: &str) -> String {
    let mut parts = field.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut name, part| {
        let mut letters = part.chars();
        name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        name.extend(letters);
        name
    })
}

/// All problems of a form, each at its field.
fn problems(section: Section, wrong: Vec<family_file::FieldProblem>) -> CommandOutcome {
    let section = camel_case(&section.to_string().to_lowercase());
    let at = |p: family_file::FieldProblem| {
        Rejection::of(&p).at(&["input", "change", &section, &camel_case(&p.field)])
    };
    CommandOutcome { errors: wrong.into_iter().map(at).collect(), ..CommandOutcome::default() }
}

/// A section as the aggregates hold it.
struct StoredSection {
    revision: u32,
    value: Option<Sealed>,
}

/// The files of families, as a caller changes them.
pub(super) struct Files<'a> {
    pub(super) caller: &'a Caller,
    pub(super) vault: &'a Vault,
}

impl Files<'_> {
    pub(super) async fn record(
        &self,
        owner: &FileOwner,
        section: Section,
        seen_revision: u32,
        values: &Document,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        if let Some(error) = load(owner, section, work).await? {
            return Ok(CommandOutcome::rejected(error));
        }
        let held = held(&owner.family, owner.child, section, work)?;
        let current = self.current(&held, owner, section).await?;
        let right = match section.check(&current, values, local_date(self.caller.at)) {
            Ok(right) => right,
            Err(wrong) => return Ok(problems(section, wrong)),
        };
        let whole = family_file::merged(&current, &right);
        let value = self.seal_section(owner, section, &whole).await?;
        let at = self.caller.at;
        if section == Section::Bank && held.revision == seen_revision {
            let text = serde_json::to_string(&whole)?;
            let values =
                seal(self.vault, owner.family.as_str(), section.purpose(), Place::DualControl, &text).await?;
            let action = Action::RecordBank { values };
            let verdict = dual_control::second(self.caller, &owner.family, action, work, self.vault).await?;
            if let Some(outcome) = verdict.outcome(owner.family.as_str()) {
                return Ok(outcome);
            }
        }
        let rejected = match owner.child {
            None => {
                let command = FamilyCommand::RecordSection { section, revision: seen_revision, value, at };
                apply(&owner.family, command, work)?
            }
            Some(child) => record_of_child(child, section, seen_revision, value, None, at, work)?,
        };
        Ok(rejected.map_or_else(
            || CommandOutcome::made(owner.id()),
            |e| CommandOutcome::rejected(e.at(&["input", "seenRevision"])),
        ))
    }

    pub(super) async fn request(
        &self,
        id: Uuid,
        owner: &FileOwner,
        (section, seen_revision): (Section, u32),
        values: &Document,
        attachments: &[Attachment],
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        if let Some(error) = load(owner, section, work).await? {
            return Ok(CommandOutcome::rejected(error));
        }
        let held = held(&owner.family, owner.child, section, work)?;
        let current = self.current(&held, owner, section).await?;
        let right = match section.check(&current, values, local_date(self.caller.at)) {
            Ok(right) => right,
            Err(wrong) => return Ok(problems(section, wrong)),
        };
        let proposed = family_file::changed(&current, right);
        let proposal = Proposal { base: family_file::values_of(&current, &proposed), proposed };
        let subject = section.subject(&owner.id());
        let text = serde_json::to_string(&proposal)?;
        let asked = ModificationRequest {
            request: RequestId(id),
            section,
            child: owner.child,
            seen_revision,
            current_revision: held.revision,
            fields: proposal.proposed.keys().cloned().collect(),
            proposal: seal(self.vault, &subject, section.purpose(), Place::Modification, &text).await?,
            attachments: attachments.to_vec(),
            at: self.caller.at,
        };
        let rejected = apply(&owner.family, FamilyCommand::RequestModification(asked), work)?;
        Ok(rejected.map_or_else(|| CommandOutcome::made(id), |e| CommandOutcome::rejected(e.at(&["input"]))))
    }

    pub(super) async fn withdraw(
        &self,
        family: &FamilyNumber,
        request: RequestId,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        work.load::<Family>([family.to_string()]).await?;
        let withdraw = FamilyCommand::Withdraw { request, at: self.caller.at };
        let rejected = apply(family, withdraw, work)?.map(|e| e.at(&["input", "requestId"]));
        Ok(rejected.map_or_else(|| CommandOutcome::made(request.to_string()), CommandOutcome::rejected))
    }

    pub(super) async fn decide_all(
        &self,
        targets: &[ModificationTarget],
        decision: &ModificationDecision,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        work.load::<Family>(targets.iter().map(|t| t.family.to_string())).await?;
        let mut outcome = CommandOutcome::default();
        for target in targets {
            let error = match decision {
                ModificationDecision::Approve { overwrite } => self.approve(target, *overwrite, work).await?,
                ModificationDecision::Refuse { code, note } => {
                    self.refuse(target, *code, note.as_deref(), work).await?
                }
            };
            // What was proposed is recorded as well: it waits for another person.
            let proposed = error.as_ref().is_some_and(|error| error.code == dual_control::NEEDED);
            outcome.recorded |= error.is_none() || proposed;
            outcome.items.push(ItemOutcome { id: target.request.to_string(), error });
        }
        Ok(outcome)
    }

    async fn refuse(
        &self,
        target: &ModificationTarget,
        code: RefusalCode,
        note: Option<&str>,
        work: &mut UnitOfWork<'_>,
    ) -> Result<Option<Rejection>, CommandError> {
        let note = match note {
            Some(text) => Some(
                seal(self.vault, target.family.as_str(), Purpose::Note, Place::Modification, text).await?,
            ),
            None => None,
        };
        let refusal = Refusal { note, ..Refusal::of(code) };
        let refuse = FamilyCommand::Refuse { request: target.request, refusal, at: self.caller.at };
        apply(&target.family, refuse, work)
    }

    /// Approves one request: the decision and its effect, in the family's or the child's stream.
    async fn approve(
        &self,
        target: &ModificationTarget,
        overwrite: bool,
        work: &mut UnitOfWork<'_>,
    ) -> Result<Option<Rejection>, CommandError> {
        let family = work.get::<Family>(target.family.as_str())?;
        let pending = match family.pending(target.request) {
            Ok(pending) => pending.clone(),
            Err(error) => return Ok(Some(Rejection::of(&error))),
        };
        let (section, request, at) = (pending.section, target.request, self.caller.at);
        let owner = FileOwner { family: target.family.clone(), child: pending.child };
        let Proposal { base, proposed } = self.open(&pending.proposal, Place::Modification).await?;
        if let Some(error) = load(&owner, section, work).await? {
            return Ok(Some(error));
        }
        let held = held(&owner.family, owner.child, section, work)?;
        let current = self.current(&held, &owner, section).await?;
        let conflicts = family_file::conflicts(&base, &proposed, &current);
        let whole = family_file::merged(&current, &proposed);
        if let Some(defect) = section.defects(&whole).first() {
            return Ok(Some(Rejection::of(defect)));
        }
        let is_new_child = section.owner() == Owner::Child && owner.child.is_none();
        let made_child = is_new_child.then_some(ChildId(request.0));
        let owner = FileOwner { child: owner.child.or(made_child), ..owner };
        let value = self.seal_section(&owner, section, &whole).await?;
        let effect = (section.owner() == Owner::Family).then(|| value.clone());
        let approve = FamilyCommand::Approve { request, effect, made_child, conflicts, overwrite, at };
        if section == Section::Bank && family.decide(approve.clone()).is_ok() {
            let action = Action::ApproveBank { request };
            match dual_control::second(self.caller, &owner.family, action, work, self.vault).await? {
                Verdict::Done => {}
                Verdict::Proposed => return Ok(Some(dual_control::needed())),
                Verdict::Refused(error) => return Ok(Some(error)),
            }
        }
        if let Some(error) = apply(&owner.family, approve, work)? {
            return Ok(Some(error));
        }
        match owner.child {
            Some(child) if is_new_child => {
                work.load::<Child>([child.to_string()]).await?;
                let register = ChildCommand::Register { family: owner.family.clone(), identity: value };
                of_child(child, register, work)
            }
            Some(child) => record_of_child(child, section, held.revision, value, Some(request), at, work),
            None => Ok(None),
        }
    }

    async fn current(
        &self,
        held: &StoredSection,
        owner: &FileOwner,
        section: Section,
    ) -> Result<Document, CommandError> {
        let Some(sealed) = &held.value else { return Ok(Document::new()) };
        debug_assert_eq!(sealed.subject, section.subject(&owner.id()));
        self.open(sealed, owner.place()).await
    }

    async fn seal_section(
        &self,
        owner: &FileOwner,
        section: Section,
        whole: &Document,
    ) -> Result<Sealed, CommandError> {
        let text = serde_json::to_string(whole)?;
        seal(self.vault, &section.subject(&owner.id()), section.purpose(), owner.place(), &text).await
    }

    async fn open<T: DeserializeOwned>(&self, sealed: &Sealed, place: Place) -> Result<T, CommandError> {
        let bytes = sealed_bytes(sealed).map_err(|e| CommandError::Unreadable(e.to_string()))?;
        let context = place.context(&sealed.subject);
        let opened = self.vault.unseal(&sealed.subject, sealed.purpose.into(), &context, &bytes).await;
        let text = opened.map_err(refused)?;
        Ok(serde_json::from_slice(&text)?)
    }
}

/// Loads what a decision about a section reads, and checks that the section is the owner's and the
/// child the family's. Foreign and unknown answer alike.
async fn load(
    owner: &FileOwner,
    section: Section,
    work: &mut UnitOfWork<'_>,
) -> Result<Option<Rejection>, CommandError> {
    work.load::<Family>([owner.family.to_string()]).await?;
    if !work.get::<Family>(owner.family.as_str())?.registered {
        return Ok(Some(Rejection::of_code("NOT_FOUND").at(&["input", "familyNumber"])));
    }
    if let Some(child) = owner.child {
        work.load::<Child>([child.to_string()]).await?;
        if !work.get::<Child>(&child.to_string())?.belongs_to(&owner.family) {
            return Ok(Some(Rejection::of_code("NOT_FOUND").at(&["input", "childId"])));
        }
    }
    let is_new_child = section == Section::ChildIdentity && owner.child.is_none();
    let fits = (section.owner() == Owner::Child) == owner.child.is_some() || is_new_child;
    Ok((!fits).then(|| Rejection::of_code("WRONG_SECTION").at(&["input", "childId"])))
}

fn held(
    family: &FamilyNumber,
    child: Option<ChildId>,
    section: Section,
    work: &UnitOfWork<'_>,
) -> Result<StoredSection, NotLoaded> {
    let of = |(revision, value): (u32, Option<&Sealed>)| StoredSection { revision, value: value.cloned() };
    Ok(match child {
        Some(child) => of(work.get::<Child>(&child.to_string())?.section(section)),
        None => of(work.get::<Family>(family.as_str())?.section(section)),
    })
}

fn record_of_child(
    child: ChildId,
    section: Section,
    revision: u32,
    value: Sealed,
    request: Option<RequestId>,
    at: chrono::DateTime<chrono::Utc>,
    work: &mut UnitOfWork<'_>,
) -> Result<Option<Rejection>, CommandError> {
    of_child(child, ChildCommand::RecordSection { section, revision, value, request, at }, work)
}

fn of_child(
    child: ChildId,
    command: ChildCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<Option<Rejection>, CommandError> {
    let id = child.to_string();
    match work.get::<Child>(&id)?.decide(command) {
        Ok(events) => {
            work.record::<Child>(&id, events)?;
            Ok(None)
        }
        Err(error) => Ok(Some(Rejection::of(&error))),
    }
}
