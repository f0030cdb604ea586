//! Who looks at what over GraphQL is recorded before it is shown: every read of an auditor, every look of staff at
//! personal data. What counts as personal is decided by denial: every root field that is not known
//! to hold none.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{
    Name, ServerError, ServerResult, Value, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet},
};
use portail_application::{
    Application,
    access::{AccountRole, Principal},
    audit::read_trail::{is_subject, record},
};
use portail_domain::i18n::text;

use crate::http::request_context::RequestContext;

/// Root fields that show nobody's data.
pub const IMPERSONAL: [&str; 19] = [
    "__schema",
    "__type",
    "__typename",
    "billingRuns",
    "cashClosings",
    "legend",
    "logCheckpoints",
    "logConsistency",
    "logHead",
    "logInclusion",
    "logKey",
    "notices",
    "pendingRequests",
    "projections",
    "regies",
    "structures",
    "tariffs",
    "townPolicy",
    "viewer",
];

/// The root fields of the queries and subscriptions of a document, with the subjects they name.
#[derive(Default)]
struct Looks {
    fields: BTreeSet<String>,
    subjects: BTreeSet<String>,
}

impl Looks {
    fn of(document: &ExecutableDocument, variables: &Variables) -> Self {
        let mut looks = Self::default();
        for (_, operation) in document.operations.iter() {
            if operation.node.ty != OperationType::Mutation {
                looks.add(&operation.node.selection_set.node, document, variables, 0);
            }
        }
        looks
    }

    fn add(&mut self, set: &SelectionSet, document: &ExecutableDocument, variables: &Variables, depth: u8) {
        // Fragments that contain themselves are refused later on.
        if depth > 16 {
            return;
        }
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.add_field(&field.node, variables),
                Selection::InlineFragment(inline) => {
                    self.add(&inline.node.selection_set.node, document, variables, depth + 1);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, document, variables, depth + 1);
                    }
                }
            }
        }
    }

    fn add_field(&mut self, field: &Field, variables: &Variables) {
        self.fields.insert(field.name.node.to_string());
        for (_, argument) in &field.arguments {
            let given = |name: Name| Ok::<_, ()>(variables.get(&name).cloned().unwrap_or_default());
            if let Ok(value) = argument.node.clone().into_const_with(given) {
                self.add_subjects(&value);
            }
        }
    }

    /// Numbers of families and ids, wherever an argument names them.
    fn add_subjects(&mut self, value: &Value) {
        match value {
            Value::String(text) if is_subject(text) => {
                self.subjects.insert(text.clone());
            }
            Value::List(items) => items.iter().for_each(|item| self.add_subjects(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.add_subjects(field)),
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_) => {}
        }
    }

    /// Whether a role's look is recorded.
    fn count_for(&self, role: AccountRole) -> bool {
        let personal = || self.fields.iter().any(|field| !IMPERSONAL.contains(&field.as_str()));
        match role {
            AccountRole::Auditor => !self.fields.is_empty(),
            AccountRole::Staff | AccountRole::Administrator => personal(),
            AccountRole::Parent => false,
        }
    }
}

/// Records the looks of a parsed document; `past` names the moment where it asks the past.
///
/// # Errors
/// It could not be recorded.
pub async fn record_document(
    application: &Application,
    principal: &Principal,
    document: &ExecutableDocument,
    variables: &Variables,
    past: Option<&str>,
) -> Result<(), sqlx::Error> {
    let looks = Looks::of(document, variables);
    if !looks.count_for(principal.role) {
        return Ok(());
    }
    let operation = past.map_or_else(|| "query".to_owned(), |moment| format!("query of the past, {moment}"));
    let (fields, subjects) = (looks.fields.into_iter().collect(), looks.subjects.into_iter().collect());
    record(application, principal, operation, fields, subjects).await
}

/// Records queries and subscriptions before they are answered.
#[derive(Debug)]
pub struct RecordReads(pub Arc<Application>);

impl ExtensionFactory for RecordReads {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(self.0.clone()))
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for RecordReads {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        let request = ctx.data_opt::<RequestContext>();
        if let Some(principal) = request.and_then(|request| request.principal.as_ref()) {
            record_document(&self.0, principal, &document, variables, None).await.map_err(|error| {
                tracing::error!(%error, "a look could not be recorded");
                let language = request.map(|request| request.language).unwrap_or_default();
                let mut refused = ServerError::new(text("UNAVAILABLE", language, &[]), None);
                refused.extensions.get_or_insert_default().set("code", "UNAVAILABLE");
                refused
            })?;
        }
        Ok(document)
    }
}
