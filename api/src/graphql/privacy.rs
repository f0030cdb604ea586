//! Personal data: what is erased, what is kept and why, the town's rules, the evidence.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::{CommandOutcome, GovernanceCommand, PrivacyCommand, Rejection, privacy::subject};
use portail_domain::{
    governance::policy::FourEyes,
    i18n::{Language, text},
    privacy::erasure::{Kept, KeptReason, LegalBasis, RetentionRules},
    shared::sealed::Purpose,
};
use portail_event_store::Span;
use portail_projections::privacy::erasures::{self, ErasureRow};
use uuid::Uuid;

use crate::graphql::{
    audit::proofs::{EventProof, proved},
    commands::{Payload, RecordPayload, input_objects, submit},
    context::{ADMINISTRATORS, Ask, OFFICERS, be_fresh, coded, unavailable},
    entered::page,
    errors::UserError,
    mirrored_enum::mirrored_enum,
    scalars::{Date, Position},
};

mirrored_enum! {
    /// What data are kept for; each has a key of its own.
    DataPurpose = Purpose {
        Identity: "Names, birth date, address and contacts.",
        Tax: "Tax data.",
        Caf: "Family-benefit data (CAF, MSA).",
        Bank: "Bank details.",
        Health: "Health data of a child.",
        Message: "Messages between a family and a structure.",
        Note: "Free text written about a person.",
        Attachment: "Files a family sent.",
        Document: "Copies of printed documents.",
    }
}

mirrored_enum! {
    /// The ground of an erasure (RGPD, article 17, paragraph 1).
    ErasureBasis = LegalBasis {
        RetentionEnded: "The data are no longer necessary: their time is over (a).",
        ConsentWithdrawn: "The person withdrew consent (b).",
        Objection: "The person objected (c).",
        Unlawful: "The data were processed unlawfully (d).",
        LegalObligation: "The law, or an authority, orders it (e).",
    }
}

mirrored_enum! {
    /// Why data are kept.
    KeptBecause = KeptReason {
        Enrolled: "The child is enrolled.",
        OpenBalance: "The account is not settled.",
        Accounting: "Accounting evidence.",
        DirectDebit: "A direct debit can still be disputed.",
        Retention: "The town's own time for it is not over.",
    }
}

/// Data that are kept, and why.
#[derive(Debug, Clone, SimpleObject)]
pub struct KeptData {
    /// The purpose the data are kept for.
    purpose: DataPurpose,
    /// The law or the need that keeps them.
    reason: KeptBecause,
    /// Why, in the caller's language.
    message: String,
    /// Until when; null: until something happens.
    until: Option<Date>,
}

/// An erasure.
#[derive(Debug, Clone, SimpleObject)]
pub struct DataErasure {
    /// Its place in the log.
    position: Position,
    /// Whose data: a family's number or a child's id.
    subject_id: ID,
    /// What was erased.
    purposes: Vec<DataPurpose>,
    /// On which ground.
    basis: ErasureBasis,
    /// How many single files went with it.
    files: i32,
    /// Who decided it: role and login.
    actor: String,
    /// When the data were erased.
    erased_at: DateTime<Utc>,
}

/// A stable name of the log as the value it means.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

impl From<ErasureRow> for DataErasure {
    fn from(row: ErasureRow) -> Self {
        Self {
            position: Position(row.line.unsigned_abs()),
            purposes: row.purposes.into_iter().map(Into::into).collect(),
            basis: row.basis.into(),
            subject_id: ID(row.subject),
            files: row.files,
            actor: row.actor,
            erased_at: row.erased,
        }
    }
}

/// A key that was destroyed.
#[derive(Debug, Clone, SimpleObject)]
pub struct DestroyedKey {
    /// The family or the child whose data it is.
    subject: String,
    /// For what.
    purpose: String,
    /// When the key was destroyed.
    destroyed_at: DateTime<Utc>,
}

impl From<portail_event_store::DestroyedKey> for DestroyedKey {
    fn from(key: portail_event_store::DestroyedKey) -> Self {
        Self { subject: key.subject, purpose: key.purpose, destroyed_at: key.destroyed_at }
    }
}

/// The evidence that a person's data were erased.
#[derive(Debug, Clone, SimpleObject)]
pub struct ErasureCertificate {
    /// The erasures, the first first.
    erasures: Vec<DataErasure>,
    /// Their events with the proofs that they are in the log.
    proofs: Vec<EventProof>,
    /// The keys that were destroyed: what they sealed cannot be read by anybody.
    keys: Vec<DestroyedKey>,
}

/// How long data are kept after the last tie to the town.
#[derive(Debug, Clone, SimpleObject)]
pub struct RetentionTime {
    /// Which data.
    purpose: DataPurpose,
    /// How many months.
    months: u16,
    /// The least the law asks for.
    least: u16,
}

/// The town's policy on personal data and on what takes two of the staff.
#[derive(Debug, Clone, SimpleObject)]
pub struct TownPolicy {
    /// How long data are kept.
    retention: Vec<RetentionTime>,
    /// Whether what is over is erased by itself, once a day.
    automatic: bool,
    /// Whether other bank details take two of the staff.
    four_eyes_on_bank: bool,
    /// Whether paying money back takes two of the staff.
    four_eyes_on_refunds: bool,
}

/// A subject whose last tie to the town is over.
#[derive(Debug, Clone, SimpleObject)]
pub struct RetentionLine {
    /// A family's number or a child's id.
    subject_id: ID,
    /// What is due to be erased.
    due: Vec<DataPurpose>,
    /// What is kept, and why.
    kept: Vec<KeptData>,
}

fn kept_data(kept: &Kept, ctx: &Context<'_>) -> KeptData {
    KeptData {
        purpose: kept.purpose.into(),
        reason: kept.reason.into(),
        message: text(kept.reason.key(), ctx.language(), &kept.args()),
        until: kept.until.map(Date),
    }
}

/// Queries of personal data.
#[derive(Debug, Default)]
pub struct PrivacyQuery;

#[Object]
impl PrivacyQuery {
    /// The town's policy on personal data and on what takes two of the staff.
    #[graphql(guard = "OFFICERS")]
    async fn town_policy(&self, ctx: &Context<'_>) -> Result<TownPolicy> {
        let policy = erasures::policy(ctx.application()?.pool()).await.map_err(unavailable)?;
        let rules = policy.retention;
        let defaults = RetentionRules::default();
        let time = |purpose: &Purpose| RetentionTime {
            purpose: (*purpose).into(),
            months: rules.of(*purpose),
            least: RetentionRules::least(*purpose),
        };
        Ok(TownPolicy {
            retention: defaults.months.keys().map(time).collect(),
            automatic: rules.automatic,
            four_eyes_on_bank: policy.four_eyes.bank,
            four_eyes_on_refunds: policy.four_eyes.refunds,
        })
    }

    /// What was erased, the newest first.
    #[graphql(guard = "OFFICERS")]
    async fn erasures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this family (its number) or child (its id).")] subject_id: Option<ID>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
        #[graphql(desc = "Only those before this position.")] before: Option<Position>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<DataErasure>> {
        be_fresh(ctx, &[erasures::NAME], min_position.map(|p| p.0)).await?;
        let subject = subject_id.as_ref().map(|id| id.as_str());
        let (before, first) = (before.map(|p| p.0.cast_signed()), i64::from(page(ctx, first, 200)?));
        let rows = erasures::erasures(ctx.application()?.pool(), subject, before, first).await;
        Ok(rows.map_err(unavailable)?.into_iter().map(Into::into).collect())
    }

    /// The evidence that a person's data were erased.
    #[graphql(guard = "OFFICERS")]
    async fn erasure_certificate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A family's number or a child's id.")] subject_id: ID,
    ) -> Result<ErasureCertificate> {
        let application = ctx.application()?;
        let rows = erasures::erasures(application.pool(), Some(&subject_id), None, 200).await;
        let mut rows = rows.map_err(unavailable)?;
        rows.reverse();
        if rows.is_empty() {
            return Err(coded("NOT_FOUND", ctx.language()));
        }
        let mut proofs = vec![];
        for row in &rows {
            let through = row.line.unsigned_abs();
            let span = Span { after: through - 1, through };
            let events = application.log().read_span(span, None).await.map_err(unavailable)?;
            proofs.extend(proved(ctx, events, |_| true).await?);
        }
        let keys = application.vault().destroyed(&subject_id).await.map_err(unavailable)?;
        let keys = keys.into_iter().map(Into::into).collect();
        Ok(ErasureCertificate { erasures: rows.into_iter().map(Into::into).collect(), proofs, keys })
    }

    /// The subjects whose last tie to the town is over: what is due to be erased by the town's
    /// rules, what is kept and why.
    #[graphql(guard = "OFFICERS")]
    async fn retention_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "After this subject.")] after: Option<ID>,
        #[graphql(desc = "How many, 1 to 100.", default = 50)] first: i32,
    ) -> Result<Vec<RetentionLine>> {
        let (after, most) = (after.map(|id| id.0).unwrap_or_default(), page(ctx, first, 100)?);
        let page = ctx.application()?.retention(&after, i64::from(most)).await;
        let line = |(id, due, kept): (String, Vec<Purpose>, Vec<Kept>)| RetentionLine {
            subject_id: ID(id),
            due: due.into_iter().map(Into::into).collect(),
            kept: kept.iter().map(|kept| kept_data(kept, ctx)).collect(),
        };
        Ok(page.map_err(unavailable)?.into_iter().map(line).collect())
    }
}

input_objects! {
    /// Data to erase. What is erased cannot be brought back by anybody.
    command ErasePersonalDataInput {
        "A family's number or a child's id." subject_id: ID,
        #[graphql(default)]
        "Which data; all that may be erased when left out." purposes: Vec<DataPurpose>,
        "On which ground." basis: ErasureBasis,
    }
}

/// What was erased, and what is kept and why.
#[derive(Debug, Clone, SimpleObject)]
pub struct ErasePersonalDataPayload {
    /// Where the log stands.
    position: Position,
    /// What was erased.
    erased: Vec<DataPurpose>,
    /// What is kept, and why, in the caller's language.
    kept: Vec<StillKept>,
    /// What went wrong.
    user_errors: Vec<UserError>,
}

impl Payload for ErasePersonalDataPayload {
    fn of(_id: Uuid, outcome: CommandOutcome, position: u64, language: Language) -> Self {
        let (mut erased, mut kept) = (vec![], vec![]);
        for item in &outcome.items {
            let Some(purpose) = named::<Purpose>(&item.id).map(DataPurpose::from) else { continue };
            match &item.error {
                None => erased.push(purpose),
                Some(error) => kept.push(StillKept { purpose, reason: UserError::of(error, language) }),
            }
        }
        let user_errors = outcome.errors.iter().map(|e| UserError::of(e, language)).collect();
        Self { position: Position(position), erased, kept, user_errors }
    }
}

/// Data that are kept, and why.
#[derive(Debug, Clone, SimpleObject)]
pub struct StillKept {
    /// The purpose the data are kept for.
    purpose: DataPurpose,
    /// Why, in the caller's language.
    reason: UserError,
}

input_objects! {
    /// How long data are to be kept.
    object RetentionTimeInput {
        "Which data." purpose: DataPurpose,
        "How many months after the last tie to the town." months: u16,
    }

    /// Retention rules to adopt; what is left out is kept as long as the law asks.
    command AdoptRetentionInput {
        "How long what is kept." months: Vec<RetentionTimeInput>,
        "Whether what is over is erased by itself, once a day." automatic: bool,
    }

    /// What is to take two of the staff.
    command AdoptFourEyesInput {
        "Other bank details." bank: bool,
        "Paying money back." refunds: bool,
    }
}

/// What administrators do about personal data.
#[derive(Debug, Default)]
pub struct PrivacyMutation;

#[Object]
impl PrivacyMutation {
    /// Erases a person's data: their keys are destroyed, and with them everything they sealed, in
    /// the log, in the read models and in files. The log stays whole and verifiable.
    #[graphql(guard = "ADMINISTRATORS")]
    async fn erase_personal_data(
        &self,
        ctx: &Context<'_>,
        input: ErasePersonalDataInput,
    ) -> Result<ErasePersonalDataPayload> {
        submit(ctx, input, |input| {
            let missing = || Rejection::of_code("NOT_FOUND").at(&["input", "subjectId"]);
            Ok(PrivacyCommand::ErasePersonalData {
                subject: subject(&input.subject_id).ok_or_else(missing)?,
                purposes: input.purposes.into_iter().map(Into::into).collect(),
                basis: input.basis.into(),
            })
        })
        .await
    }

    /// Adopts the town's retention rules.
    #[graphql(guard = "ADMINISTRATORS")]
    async fn adopt_retention(&self, ctx: &Context<'_>, input: AdoptRetentionInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let months = input.months.into_iter().map(|time| (time.purpose.into(), time.months)).collect();
            let rules = RetentionRules { months, automatic: input.automatic };
            Ok(GovernanceCommand::AdoptRetention { rules })
        })
        .await
    }

    /// Says what takes two of the staff: one proposes, another one confirms.
    #[graphql(guard = "ADMINISTRATORS")]
    async fn adopt_four_eyes(&self, ctx: &Context<'_>, input: AdoptFourEyesInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let what = FourEyes { bank: input.bank, refunds: input.refunds };
            Ok(GovernanceCommand::AdoptFourEyes { what })
        })
        .await
    }
}
