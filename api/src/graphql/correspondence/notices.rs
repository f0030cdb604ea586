//! Notices and forms ("Infos./Documents").

use async_graphql::{Context, ID, Object, OneofObject, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::{CorrespondenceCommand, families::attachments::TOWN};
use portail_domain::correspondence::notice::Audience;
use portail_projections::correspondence::notices::{self, AudienceKind, NoticeRow};

use crate::graphql::{
    commands::{RecordPayload, input_objects, submit},
    context::{Ask, EVERYBODY, OFFICERS, STAFF, be_fresh, unavailable},
    correspondence::attachments::{Attachment, uploaded},
    entered::{optional_text, page, parse, text},
    mirrored_enum::mirrored_enum,
    scalars::{Date, Position},
};

mirrored_enum!(
    /// Whom a notice is for.
    NoticeAudience from AudienceKind {
        Town: "Every family.",
        Structure: "The families of a structure.",
        Family: "One family.",
    }
);

/// A notice of the town.
#[derive(Debug, Clone, SimpleObject)]
pub struct Notice {
    /// Its id.
    id: ID,
    /// Its title; null once erased.
    title: Option<String>,
    /// Its text; null once erased.
    text: Option<String>,
    /// A page to read.
    link: Option<String>,
    /// A form to download.
    form: Option<Attachment>,
    /// Whom it is for.
    audience: NoticeAudience,
    /// Which structure or family it is for.
    target: Option<String>,
    /// The first day it is shown.
    from: Date,
    /// The last day it is shown.
    to: Option<Date>,
    /// When it was published.
    published_at: DateTime<Utc>,
    /// When it was withdrawn.
    withdrawn_at: Option<DateTime<Utc>>,
}

impl From<NoticeRow> for Notice {
    fn from(row: NoticeRow) -> Self {
        let (title, text) = row.said.map(|s| (s.title, s.text)).unzip();
        Self {
            id: ID(row.id.to_string()),
            title,
            text,
            link: row.link,
            form: row.form.map(Into::into),
            audience: row.audience.into(),
            target: row.target,
            from: Date(row.from),
            to: row.to.map(Date),
            published_at: row.published,
            withdrawn_at: row.withdrawn,
        }
    }
}

/// The notices a family sees today.
///
/// # Errors
/// The database failed.
pub async fn current(ctx: &Context<'_>, family: &str) -> Result<Vec<Notice>> {
    let application = ctx.application()?;
    let catalogue = application.catalogue().get().await.map_err(unavailable)?;
    let structure = |(id, activity): (
        &portail_domain::shared::ids::ActivityId,
        &portail_domain::catalogue::activity::Activity,
    )| { Some((id.to_string(), activity.latest()?.structure.to_string())) };
    let activities: Vec<(String, String)> = catalogue.activities.iter().filter_map(structure).collect();
    let today = application.clock().today();
    let rows = notices::shown_to(application.pool(), family, today, &activities).await;
    Ok(rows.map_err(unavailable)?.into_iter().map(Into::into).collect())
}

/// Queries of notices.
#[derive(Debug, Default)]
pub struct NoticeQuery;

#[Object]
impl NoticeQuery {
    /// The notices the family that asks sees today; none for staff and auditors.
    #[graphql(guard = "EVERYBODY")]
    async fn notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<Notice>> {
        be_fresh(ctx, &[notices::NAME], min_position.map(|p| p.0)).await?;
        match ctx.caller()?.family() {
            Some(family) => current(ctx, family.as_str()).await,
            None => Ok(vec![]),
        }
    }

    /// Every notice, the newest first: scheduled and withdrawn ones too.
    #[graphql(guard = "OFFICERS")]
    async fn all_notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 when left out.")] first: Option<i32>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<Notice>> {
        be_fresh(ctx, &[notices::NAME], min_position.map(|p| p.0)).await?;
        let first = i64::from(page(ctx, first.unwrap_or(50), 200)?);
        let rows = notices::all(ctx.application()?.pool(), first).await.map_err(unavailable)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// Whom a notice is for; the whole town when left out.
#[derive(Debug, Clone, OneofObject)]
pub enum NoticeAudienceInput {
    /// The families of a structure.
    StructureId(ID),
    /// One family.
    FamilyNumber(String),
}

input_objects! {
    /// A notice to publish.
    command PublishNoticeInput {
        "Whom it is for; the whole town when left out." audience: Option<NoticeAudienceInput>,
        "Its title, 120 characters at the most." title: String,
        #[graphql(default)]
        "Its text, 5,000 characters at the most." text: String,
        "A page to read: an https address." link: Option<String>,
        "A form to download: an upload, of the family where it is for one." form_id: Option<ID>,
        "The first day it is shown; today when left out." from: Option<Date>,
        "The last day it is shown; until withdrawn when left out." to: Option<Date>,
    }

    /// A notice to take back.
    command WithdrawNoticeInput {
        "The notice." notice_id: ID,
    }
}

/// What staff do with notices.
#[derive(Debug, Default)]
pub struct NoticeMutation;

#[Object]
impl NoticeMutation {
    /// Publishes a notice, now or from a later day on.
    #[graphql(guard = "STAFF")]
    async fn publish_notice(&self, ctx: &Context<'_>, input: PublishNoticeInput) -> Result<RecordPayload> {
        let audience = match &input.audience {
            None => Ok(Audience::Town),
            Some(NoticeAudienceInput::StructureId(id)) => {
                parse(id, "audience.structureId").map(Audience::Structure)
            }
            Some(NoticeAudienceInput::FamilyNumber(number)) => {
                parse(number, "audience.familyNumber").map(Audience::Family)
            }
        };
        let owner = match &audience {
            Ok(Audience::Family(number)) => number.as_str(),
            Ok(Audience::Town | Audience::Structure(_)) | Err(_) => TOWN,
        };
        let forms: Vec<ID> = input.form_id.iter().cloned().collect();
        let form = uploaded(ctx, &forms, owner, "formId").await?;
        let today = ctx.application()?.clock().today();
        submit(ctx, input, |input| {
            Ok(CorrespondenceCommand::PublishNotice {
                audience: audience?,
                title: text(&input.title, "title")?,
                text: optional_text(Some(&input.text), "text")?,
                link: optional_text(input.link.as_deref(), "link")?,
                form: form?.pop(),
                from: input.from.map_or(today, |d| d.0),
                to: input.to.map(|d| d.0),
            })
        })
        .await
    }

    /// Takes a notice back.
    #[graphql(guard = "STAFF")]
    async fn withdraw_notice(&self, ctx: &Context<'_>, input: WithdrawNoticeInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CorrespondenceCommand::WithdrawNotice { notice: parse(&input.notice_id, "noticeId")? })
        })
        .await
    }
}
