//! The family file: what it holds, and requests to modify it.

pub mod changes;
mod inputs;
pub mod sections;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::{
    CommandOutcome, FamiliesCommand, FileOwner, ModificationDecision, ModificationTarget, Rejection, Role,
};
use portail_domain::{
    attendance::session::RefusalCode,
    families::family_file::{Owner, Section as DomainSection},
    shared::ids::FamilyNumber,
};
use portail_projections::families::{
    family,
    family_file::{self, SectionRow},
};
use sections::{SectionChange, typed, view};
use strum::VariantArray;
use uuid::Uuid;

use crate::{
    graphql::{
        commands::{RecordPayload, send, submit, submit_with_places},
        context::{Ask, EVERYBODY, OFFICERS, PARENTS, STAFF, be_fresh, coded, unavailable, visible_child},
        correspondence::attachments::uploaded,
        entered::{optional_text, parse},
        errors::UserError,
        families::family_file::inputs::{
            ApproveModificationsInput, RecordSectionInput, RefuseModificationsInput,
            RequestModificationInput, RequestNewChildInput, WithdrawModificationInput,
        },
        mirrored_enum::mirrored_enum,
        scalars::Position,
    },
    http::links,
};

macro_rules! file_section {
    ($(
        #[doc = $doc:literal]
        $section:ident [$($about:tt)*] { $($text:literal $field:ident: $kind:ident),+ $(,)? }
    )+) => {
        mirrored_enum! {
            /// A section of the family file.
            FileSection = DomainSection { $($section: $doc),+ }
        }
    };
}
portail_domain::file_sections!(file_section);

/// How often a section was recorded: a form names the revision it was filled from.
#[derive(Debug, Clone, SimpleObject)]
pub struct SectionRevision {
    /// Which section.
    section: FileSection,
    /// Its revision; 0 when nothing was recorded yet.
    revision: u32,
    /// When it last changed.
    changed_at: Option<DateTime<Utc>>,
}

/// A family's file.
#[derive(Debug, Clone, SimpleObject)]
pub struct FamilyFile {
    /// The family's number.
    family_number: String,
    /// The responsible guardian; null once erased.
    responsible: Option<view::Responsible>,
    /// The spouse.
    spouse: Option<view::Spouse>,
    /// Tax data.
    tax: Option<view::Tax>,
    /// Family-benefit data.
    caf: Option<view::Caf>,
    /// Bank details; the IBAN is masked for auditors.
    bank: Option<view::Bank>,
    /// The revision of each section of the family's own file.
    revisions: Vec<SectionRevision>,
    /// The children.
    children: Vec<ChildFile>,
}

/// A child's file.
#[derive(Debug, Clone, SimpleObject)]
pub struct ChildFile {
    /// The child.
    child_id: ID,
    /// Who it is; null once erased.
    identity: Option<view::ChildIdentity>,
    /// What the family authorises.
    authorisations: Option<view::Authorisations>,
    /// Who may, and who may not, pick it up.
    pick_up: Option<view::PickUp>,
    /// Health data.
    health: Option<view::Health>,
    /// The revision of each section.
    revisions: Vec<SectionRevision>,
    /// Where its registration form, filled from this file, can be printed.
    registration_form_url: String,
}

fn revisions(rows: &[SectionRow], owner: &str, kind: Owner) -> Vec<SectionRevision> {
    let of = |section: &DomainSection| {
        let row = rows.iter().find(|r| r.owner == owner && r.section == *section);
        SectionRevision {
            section: (*section).into(),
            revision: row.map_or(0, |r| r.revision),
            changed_at: row.map(|r| r.changed),
        }
    };
    DomainSection::VARIANTS.iter().filter(|s| s.owner() == kind).map(of).collect()
}

fn child_file(rows: &[SectionRow], child: String) -> Result<ChildFile> {
    use DomainSection as S;
    Ok(ChildFile {
        identity: typed(rows, &child, S::ChildIdentity).map_err(unavailable)?,
        authorisations: typed(rows, &child, S::Authorisations).map_err(unavailable)?,
        pick_up: typed(rows, &child, S::PickUp).map_err(unavailable)?,
        health: typed(rows, &child, S::Health).map_err(unavailable)?,
        revisions: revisions(rows, &child, Owner::Child),
        registration_form_url: links::child_form(&child),
        child_id: ID(child),
    })
}

async fn family_file(ctx: &Context<'_>, number: String) -> Result<FamilyFile> {
    use DomainSection as S;
    let pool = ctx.application()?.pool();
    if family::family(pool, &number).await.map_err(unavailable)?.is_none() {
        return Err(coded("NOT_FOUND", ctx.language()));
    }
    let children = family::children(pool, &number).await.map_err(unavailable)?;
    let ids: Vec<String> = children.into_iter().map(|c| c.id.to_string()).collect();
    let owners: Vec<String> = ids.iter().cloned().chain([number.clone()]).collect();
    let rows = family_file::sections(pool, &owners).await.map_err(unavailable)?;
    let mut bank: Option<view::Bank> = typed(&rows, &number, S::Bank).map_err(unavailable)?;
    if let Some(bank) = bank.as_mut().filter(|_| ctx.caller().is_ok_and(|c| c.role == Role::Auditor)) {
        bank.iban = bank.iban.as_deref().map(changes::mask);
    }
    let children: Result<Vec<ChildFile>> = ids.into_iter().map(|id| child_file(&rows, id)).collect();
    Ok(FamilyFile {
        responsible: typed(&rows, &number, S::Responsible).map_err(unavailable)?,
        spouse: typed(&rows, &number, S::Spouse).map_err(unavailable)?,
        tax: typed(&rows, &number, S::Tax).map_err(unavailable)?,
        caf: typed(&rows, &number, S::Caf).map_err(unavailable)?,
        bank,
        revisions: revisions(&rows, &number, Owner::Family),
        children: children?,
        family_number: number,
    })
}

/// Queries of the family file.
#[derive(Debug, Default)]
pub struct FileQuery;

#[Object]
impl FileQuery {
    /// The file of the family that asks: its own cards and its children's.
    #[graphql(guard = "EVERYBODY")]
    async fn my_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Option<FamilyFile>> {
        be_fresh(ctx, &[family_file::NAME, family::NAME], min_position.map(|p| p.0)).await?;
        match ctx.caller()?.family() {
            Some(number) => family_file(ctx, number.to_string()).await.map(Some),
            None => Ok(None),
        }
    }

    /// A family's file, by its number.
    #[graphql(guard = "OFFICERS")]
    async fn family_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number.")] number: String,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<FamilyFile> {
        be_fresh(ctx, &[family_file::NAME, family::NAME], min_position.map(|p| p.0)).await?;
        family_file(ctx, number).await
    }

    /// A child's file.
    #[graphql(guard = "EVERYBODY")]
    async fn child_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The child.")] child_id: ID,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<ChildFile> {
        be_fresh(ctx, &[family_file::NAME, family::NAME], min_position.map(|p| p.0)).await?;
        let child = visible_child(ctx, &child_id).await?.to_string();
        let rows = family_file::sections(ctx.application()?.pool(), std::slice::from_ref(&child)).await;
        child_file(&rows.map_err(unavailable)?, child)
    }
}

/// What became of one request.
#[derive(Debug, Clone, SimpleObject)]
pub struct DecidedRequest {
    /// The request.
    request_id: ID,
    /// What is in the way; null: decided.
    error: Option<UserError>,
}

/// What became of several requests.
#[derive(Debug, Clone, SimpleObject)]
pub struct DecideModificationsPayload {
    /// The idempotency key.
    client_mutation_id: Uuid,
    /// What became of each.
    requests: Vec<DecidedRequest>,
    /// What went wrong as a whole.
    user_errors: Vec<UserError>,
    /// The position of the log that shows the effect; null when nothing was recorded.
    position: Option<Position>,
}

/// The family a command is about: the caller's own for parents, the named one for staff.
pub(crate) fn acting_family(
    ctx: &Context<'_>,
    named: Option<&str>,
) -> Result<Result<FamilyNumber, Rejection>> {
    let caller = ctx.caller()?;
    Ok(match (caller.family(), named) {
        // Of another family nothing is told, not even whether there is one.
        (Some(own), Some(number)) if own.as_str() != number => {
            Err(Rejection::of_code("NOT_FOUND").at(&["input", "familyNumber"]))
        }
        (Some(own), _) => Ok(own),
        (None, Some(number)) => parse(number, "familyNumber"),
        (None, None) => Err(Rejection::of_code("NOT_FOUND").at(&["input", "familyNumber"])),
    })
}

async fn decide(
    ctx: &Context<'_>,
    id: Uuid,
    requests: Vec<ID>,
    decision: ModificationDecision,
) -> Result<DecideModificationsPayload> {
    let language = ctx.language();
    let asked: Vec<Uuid> = requests.iter().filter_map(|id| id.parse().ok()).collect();
    if asked.len() != requests.len() || asked.is_empty() || asked.len() > 100 {
        let error = Rejection::of_code("INVALID_VALUE").with("expected", "EXPECTED_REQUESTS");
        return Ok(decided(id, (CommandOutcome::rejected(error.at(&["input", "requestIds"])), 0), language));
    }
    let known = family_file::modifications(ctx.application()?.pool(), &asked).await.map_err(unavailable)?;
    let target = |row: family_file::ModificationRow| {
        let family = row.family.parse().ok()?;
        Some(ModificationTarget { family, request: portail_domain::shared::ids::RequestId(row.request) })
    };
    let mut targets: Vec<ModificationTarget> = known.into_iter().filter_map(target).collect();
    let place = |t: &ModificationTarget| asked.iter().position(|a| *a == t.request.0);
    targets.sort_by_key(place);
    let unknown: Vec<Uuid> =
        asked.iter().copied().filter(|a| targets.iter().all(|t| t.request.0 != *a)).collect();
    let mut payload = if targets.is_empty() {
        decided(id, (CommandOutcome::default(), 0), language)
    } else {
        decided(
            id,
            send(ctx, id, FamiliesCommand::DecideModifications { targets, decision }).await?,
            language,
        )
    };
    let missing = |request: &Uuid| {
        let at = asked.iter().position(|a| a == request).unwrap_or_default().to_string();
        Rejection::of_code("NOT_FOUND").at(&["input", "requestIds", &at])
    };
    payload.requests.extend(unknown.into_iter().map(|request| DecidedRequest {
        request_id: ID(request.to_string()),
        error: Some(UserError::of(&missing(&request), language)),
    }));
    Ok(payload)
}

fn decided(
    id: Uuid,
    (outcome, position): (CommandOutcome, u64),
    language: portail_domain::i18n::Language,
) -> DecideModificationsPayload {
    DecideModificationsPayload {
        client_mutation_id: id,
        requests: outcome
            .items
            .into_iter()
            .map(|item| DecidedRequest {
                request_id: ID(item.id),
                error: item.error.map(|e| UserError::of(&e, language)),
            })
            .collect(),
        user_errors: outcome.errors.iter().map(|e| UserError::of(e, language)).collect(),
        position: outcome.recorded.then_some(Position(position)),
    }
}

fn owner(family: FamilyNumber, child: Option<&ID>) -> Result<FileOwner, Rejection> {
    Ok(FileOwner { family, child: child.map(|id| parse(id, "childId")).transpose()? })
}

fn values(
    change: SectionChange,
) -> Result<(DomainSection, portail_domain::families::family_file::Document), Rejection> {
    change.into_document().map_err(|_| {
        Rejection::of_code("INVALID_VALUE").with("expected", "EXPECTED_FIELDS").at(&["input", "change"])
    })
}

/// What families ask and staff decide about files.
#[derive(Debug, Default)]
pub struct FileMutation;

#[Object]
impl FileMutation {
    /// Asks to modify a section of the file; nothing changes until staff approve it.
    #[graphql(guard = "PARENTS")]
    async fn request_modification(
        &self,
        ctx: &Context<'_>,
        input: RequestModificationInput,
    ) -> Result<RecordPayload> {
        let family = acting_family(ctx, input.family_number.as_deref())?;
        let uploader = family.as_ref().map(ToString::to_string).unwrap_or_default();
        let attachments = uploaded(ctx, &input.attachment_ids, &uploader, "attachmentIds").await?;
        submit(ctx, input, |input| {
            let (section, values) = values(input.change)?;
            let owner = owner(family?, input.child_id.as_ref())?;
            if section.owner() == Owner::Child && owner.child.is_none() {
                return Err(Rejection::of_code("WRONG_SECTION").at(&["input", "childId"]));
            }
            let seen_revision = input.seen_revision;
            Ok(FamiliesCommand::RequestModification {
                owner,
                section,
                seen_revision,
                values,
                attachments: attachments?,
            })
        })
        .await
    }

    /// Announces a new child; staff approve it, and the town enrols it.
    #[graphql(guard = "PARENTS")]
    async fn request_new_child(
        &self,
        ctx: &Context<'_>,
        input: RequestNewChildInput,
    ) -> Result<RecordPayload> {
        let family = acting_family(ctx, input.family_number.as_deref())?;
        let announced = |place: &mut Vec<String>| {
            let change = ["input", "change", "childIdentity"];
            if place.iter().map(String::as_str).take(3).eq(change) {
                place.splice(1..3, ["identity".to_owned()]);
            }
        };
        let command = |input: RequestNewChildInput| {
            let (section, values) = values(SectionChange::ChildIdentity(input.identity))?;
            let owner = FileOwner { family: family?, child: None };
            Ok(FamiliesCommand::RequestModification {
                owner,
                section,
                seen_revision: 0,
                values,
                attachments: vec![],
            })
        };
        submit_with_places(ctx, input, command, announced).await
    }

    /// Takes an undecided request for a modification back.
    #[graphql(guard = "PARENTS")]
    async fn withdraw_modification(
        &self,
        ctx: &Context<'_>,
        input: WithdrawModificationInput,
    ) -> Result<RecordPayload> {
        let family = acting_family(ctx, input.family_number.as_deref())?;
        submit(ctx, input, |input| {
            Ok(FamiliesCommand::WithdrawModification {
                family: family?,
                request: parse(&input.request_id, "requestId")?,
            })
        })
        .await
    }

    /// Records a section of a file, without a request.
    #[graphql(guard = "STAFF")]
    async fn record_section(&self, ctx: &Context<'_>, input: RecordSectionInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let (section, values) = values(input.change)?;
            let owner = owner(parse(&input.family_number, "familyNumber")?, input.child_id.as_ref())?;
            if section.owner() == Owner::Child && owner.child.is_none() {
                return Err(Rejection::of_code("WRONG_SECTION").at(&["input", "childId"]));
            }
            Ok(FamiliesCommand::RecordSection { owner, section, seen_revision: input.seen_revision, values })
        })
        .await
    }

    /// Approves requests for modifications: each file changes in the same append.
    #[graphql(guard = "STAFF")]
    async fn approve_modifications(
        &self,
        ctx: &Context<'_>,
        input: ApproveModificationsInput,
    ) -> Result<DecideModificationsPayload> {
        let decision = ModificationDecision::Approve { overwrite: input.overwrite };
        decide(ctx, input.client_mutation_id, input.request_ids, decision).await
    }

    /// Refuses requests for modifications, with a reason the families read.
    #[graphql(guard = "STAFF")]
    async fn refuse_modifications(
        &self,
        ctx: &Context<'_>,
        input: RefuseModificationsInput,
    ) -> Result<DecideModificationsPayload> {
        let code = RefusalCode::from(input.reason);
        let id = input.client_mutation_id;
        match optional_text(input.note.as_deref(), "note") {
            Ok(note) => decide(ctx, id, input.request_ids, ModificationDecision::Refuse { code, note }).await,
            Err(error) => Ok(decided(id, (CommandOutcome::rejected(error), 0), ctx.language())),
        }
    }
}
