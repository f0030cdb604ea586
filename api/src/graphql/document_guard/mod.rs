//! Lets no document in that would occupy the server: it is measured before it is validated, and, over
//! HTTP, before anybody is asked who sent it.
//!
//! 1. `tokens` reads the text once: tokens and open brackets, before the parser runs.
//! 2. The document is parsed; a long one off the threads that answer requests.
//! 3. `expansion` computes what it comes to with its fragments spread, without spreading them.
//!
//! The guard is an extension of every schema, so that no way to a schema goes round it; what was let in
//! before is not measured again.

mod expansion;
mod limits;
mod page_sizes;
mod tokens;

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    Request, ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationType},
    },
};
use lru::LruCache;
use portail_domain::i18n::Language;

pub use limits::DocumentLimits;

use crate::http::request_context::RequestContext;

/// How many documents are kept.
const MOST: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// The longest document that is kept, in bytes.
const LONGEST: usize = 4096;

/// Documents longer than this, in bytes, are parsed on a thread of their own.
const LONG: usize = 16 * 1024;

/// A request whose document was let in. Only [`DocumentGuard::admit`] makes one.
#[derive(Debug)]
pub struct Admitted {
    request: Request,
    document: ExecutableDocument,
}

/// Marks a request whose document was let in.
struct Measured;

impl Admitted {
    /// Its document.
    pub fn document(&self) -> &ExecutableDocument {
        &self.document
    }

    /// Its variables.
    pub fn variables(&self) -> &Variables {
        &self.request.variables
    }

    /// Whether it only asks: the operation it would run is a query. One that would run nothing counts
    /// as such; running it says what is wrong with it.
    pub fn only_asks(&self) -> bool {
        let wanted = self.request.operation_name.as_deref();
        self.document.operations.iter().all(|(name, operation)| {
            let chosen = wanted.is_none_or(|wanted| name.is_some_and(|name| name == wanted));
            !chosen || operation.node.ty == OperationType::Query
        })
    }

    /// Whether the operation it would run is a subscription.
    pub fn subscribes(&self) -> bool {
        let wanted = self.request.operation_name.as_deref();
        self.document.operations.iter().any(|(name, operation)| {
            let chosen = wanted.is_none_or(|wanted| name.is_some_and(|name| name == wanted));
            chosen && operation.node.ty == OperationType::Subscription
        })
    }

    /// The request, to be executed.
    pub fn into_request(mut self) -> Request {
        self.request.set_parsed_query(self.document);
        self.request.data(Measured)
    }
}

/// Measures documents, and keeps queries as they were parsed: a frontend sends the same few again and
/// again, with other variables. Mutations are not kept: a document may hold what it should not, a
/// password for example, instead of a variable.
#[derive(Debug, Clone)]
pub struct DocumentGuard {
    limits: DocumentLimits,
    kept: Arc<Mutex<LruCache<String, Arc<ExecutableDocument>>>>,
}

impl Default for DocumentGuard {
    fn default() -> Self {
        Self::new(DocumentLimits::default())
    }
}

impl DocumentGuard {
    /// A guard with these limits.
    pub fn new(limits: DocumentLimits) -> Self {
        Self { limits, kept: Arc::new(Mutex::new(LruCache::new(MOST))) }
    }

    /// Lets a request in, if its document is within the limits.
    ///
    /// # Errors
    /// It is not, with the limit's code, or it cannot be parsed.
    pub async fn admit(&self, request: Request, language: Language) -> Result<Admitted, ServerError> {
        let document = self.document(&request.query, &request.variables, language).await?;
        Ok(Admitted { request, document })
    }

    async fn document(
        &self,
        text: &str,
        variables: &Variables,
        language: Language,
    ) -> ServerResult<ExecutableDocument> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        let document = match &kept {
            Some(kept) => ExecutableDocument::clone(kept),
            None => {
                tokens::check(text, self.limits.tokens).map_err(|limit| limit.error(language))?;
                parse(text).await?
            }
        };
        // What a page weighs depends on the variables, so that a kept document is measured as well.
        expansion::check(&document, variables, &self.limits).map_err(|limit| limit.error(language))?;
        let is_new = kept.is_none() && text.len() <= LONGEST;
        if is_new && document.operations.iter().all(|(_, o)| o.node.ty != OperationType::Mutation) {
            let parsed = Arc::new(document.clone());
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).put(text.to_owned(), parsed);
        }
        Ok(document)
    }
}

async fn parse(text: &str) -> ServerResult<ExecutableDocument> {
    if text.len() <= LONG {
        return Ok(parse_query(text)?);
    }
    let text = text.to_owned();
    let parsed = tokio::task::spawn_blocking(move || parse_query(text)).await;
    Ok(parsed.map_err(|error| ServerError::new(error.to_string(), None))??)
}

impl ExtensionFactory for DocumentGuard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for DocumentGuard {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        if ctx.data_opt::<Measured>().is_some() {
            return next.run(ctx, query, variables).await;
        }
        let language = ctx.data_opt::<RequestContext>().map(|request| request.language);
        self.document(query, variables, language.unwrap_or_default()).await
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptySubscription, Object, Schema};

    use super::*;

    struct Root;

    #[Object]
    impl Root {
        async fn twice(&self, n: i32) -> i32 {
            2 * n
        }
    }

    #[tokio::test]
    async fn a_kept_query_is_answered_with_its_own_variables() {
        let guard = DocumentGuard::default();
        let schema = Schema::build(Root, Root, EmptySubscription).extension(guard.clone()).finish();
        let query = "query ($n: Int!) { twice(n: $n) }";
        for n in [1, 2, 3] {
            let variables = Variables::from_json(serde_json::json!({ "n": n }));
            let answer = schema.execute(Request::new(query).variables(variables)).await;
            assert_eq!(answer.data.into_json().unwrap(), serde_json::json!({ "twice": 2 * n }));
        }
        schema.execute("mutation { twice(n: 1) }").await;
        schema.execute("{ never( }").await;
        let long = format!("{{ twice(n: 1) }} #{}", "x".repeat(LONGEST));
        assert!(schema.execute(&*long).await.is_ok());
        let longer = format!("{{ twice(n: 1) }} #{}", "x".repeat(LONG));
        assert!(schema.execute(&*longer).await.is_ok());
        let kept = guard.kept.lock().unwrap();
        assert_eq!(kept.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), [query]);
    }

    #[tokio::test]
    async fn a_schema_refuses_what_is_too_large_whichever_way_it_came() {
        let guard = DocumentGuard::default();
        let schema = Schema::build(Root, Root, EmptySubscription).extension(guard.clone()).finish();
        let wide = format!("{{ {} }}", "twice(n: 1) ".repeat(21));
        let answer = schema.execute(&*wide).await;
        let code = answer.errors[0].extensions.as_ref().and_then(|e| e.get("code"));
        assert_eq!(code, Some(&"TOO_MANY_ROOT_FIELDS".into()));
        assert!(answer.errors[0].message.contains("20"), "{}", answer.errors[0].message);
        assert!(guard.admit(Request::new(wide), Language::En).await.is_err());
        let admitted = guard.admit(Request::new("{ twice(n: 4) }"), Language::En).await.unwrap();
        assert!(admitted.only_asks());
        let answer = schema.execute(admitted.into_request()).await;
        assert_eq!(answer.data.into_json().unwrap(), serde_json::json!({ "twice": 8 }));
    }

    #[tokio::test]
    async fn only_the_operation_that_would_run_decides_whether_a_request_asks() {
        let guard = DocumentGuard::default();
        for (document, operation, asks) in [
            ("{ a }", None, true),
            ("mutation { a }", None, false),
            ("query A { a } mutation B { a }", None, false),
            ("query A { a } mutation B { a }", Some("A"), true),
            ("query A { a } mutation B { a }", Some("B"), false),
            ("subscription { a }", None, false),
        ] {
            let mut request = Request::new(document);
            request.operation_name = operation.map(str::to_owned);
            let admitted = guard.admit(request, Language::Fr).await.unwrap();
            assert_eq!(admitted.only_asks(), asks, "{document} {operation:?}");
        }
    }
}
