//! The past: what differs between two moments of the log. What one moment looked like is asked with
//! the queries of the present and the header `X-As-Of`.

use std::sync::Arc;

use async_graphql::{
    Context, Error, ID, Json, Object, OneofObject, Request, Result, ServerError, SimpleObject, Variables,
};
use portail_application::audit::{
    past as replay,
    past::{Moment, ReplayError},
};
use serde_json::Value;
use uuid::Uuid;

use crate::graphql::{
    audit::past_town::{self, PastTown, Replays},
    context::{Ask, OFFICERS, coded},
    document_guard::DocumentGuard,
    scalars::{Date, Position},
};

/// A moment of the log.
#[derive(Debug, Clone, OneofObject)]
pub enum MomentInput {
    /// After the event at a position.
    Position(Position),
    /// At the end of a day of the town.
    Date(Date),
    /// Before an event, by its id.
    BeforeEvent(ID),
    /// After an event, by its id.
    AfterEvent(ID),
}

impl MomentInput {
    fn moment(&self) -> Option<Moment> {
        let event = |id: &ID| id.parse::<Uuid>().ok();
        match self {
            Self::Position(position) => Some(Moment::Position(position.0)),
            Self::Date(date) => Some(Moment::Date(date.0)),
            Self::BeforeEvent(id) => event(id).map(Moment::Before),
            Self::AfterEvent(id) => event(id).map(Moment::After),
        }
    }
}

/// A place where the answers of two moments differ.
#[derive(Debug, Clone, SimpleObject)]
pub struct PastDifference {
    /// Where: names of fields, items of lists by what identifies them, e.g.
    /// `planning.rows[garderie-matin].cells[2015-04-14].status`.
    path: String,
    /// What it was; null where it was not there.
    before: Option<Json<Value>>,
    /// What it became; null where it was not there any more.
    after: Option<Json<Value>>,
}

/// What differs between two moments of the log.
#[derive(Debug, Clone, SimpleObject)]
pub struct PastDifferences {
    /// The last position known at the first moment.
    from: Position,
    /// The last position known at the second moment.
    to: Position,
    /// Where the answers differ.
    differences: Vec<PastDifference>,
}

/// Queries of the past.
#[derive(Debug, Default)]
pub struct PastQuery;

async fn past(ctx: &Context<'_>, moment: &MomentInput) -> Result<Arc<PastTown>> {
    let refused = |error: ReplayError| {
        tracing::warn!(%error, "replay");
        coded(error.code(), ctx.language())
    };
    let replays = ctx.data::<Arc<Replays>>().map_err(|_| coded("INVALID_MOMENT", ctx.language()))?;
    let moment = moment.moment().ok_or_else(|| coded("INVALID_MOMENT", ctx.language()))?;
    replays.at(&moment).await.map_err(refused)
}

fn refused(error: ServerError) -> Error {
    Error { message: error.message, source: None, extensions: error.extensions }
}

#[Object]
impl PastQuery {
    /// Asks the same at two moments of the log, and answers where the answers differ. The past is
    /// folded from the log in a database of its own; the first time that may take a while.
    #[graphql(guard = "OFFICERS")]
    async fn past_differences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first moment.")] from: MomentInput,
        #[graphql(desc = "The second moment.")] to: MomentInput,
        #[graphql(desc = "What to ask: a GraphQL query.")] query: String,
        #[graphql(desc = "Its variables, as a JSON object.")] variables: Option<Json<Value>>,
    ) -> Result<PastDifferences> {
        let principal = ctx.request()?.principal.clone();
        let principal = principal.ok_or_else(|| coded("UNAUTHENTICATED", ctx.language()))?;
        let variables = variables.map_or(Value::Null, |variables| variables.0);
        // Before the past is made: what would be refused there is refused here.
        let asked = Request::new(&query).variables(Variables::from_json(variables.clone()));
        let guard = ctx.data::<DocumentGuard>()?;
        guard.admit(asked, ctx.language()).await.map_err(refused)?;
        let (first, second) = futures::try_join!(past(ctx, &from), past(ctx, &to))?;
        let mut answers = vec![];
        for town in [&first, &second] {
            let answer = past_town::answer(town, guard, &query, &variables, &principal).await;
            answers.push(answer.map_err(|error| coded(error.code(), ctx.language()))?);
        }
        if let Some(error) = answers.iter().find_map(|answer| answer["errors"][0]["message"].as_str()) {
            return Err(async_graphql::Error::new(error));
        }
        let shown = |value: Value| (!value.is_null()).then_some(Json(value));
        let found = replay::differences(&answers[0]["data"], &answers[1]["data"]);
        let differences = found
            .into_iter()
            .map(|d| PastDifference { path: d.path, before: shown(d.before), after: shown(d.after) })
            .collect();
        Ok(PastDifferences { from: Position(first.position()), to: Position(second.position()), differences })
    }
}
