//! Documents as they were parsed: a frontend sends the same few again and again, with other variables.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::types::{ExecutableDocument, OperationType},
};
use lru::LruCache;

/// How many documents are kept.
const MOST: NonZeroUsize = NonZeroUsize::new(128).unwrap();

/// The longest document that is kept, in bytes.
const LONGEST: usize = 4096;

/// Keeps parsed queries. Mutations are not kept: a document may hold what it should not, a password
/// for example, instead of a variable.
#[derive(Debug, Clone)]
pub struct ParsedDocuments(Arc<Mutex<LruCache<String, Arc<ExecutableDocument>>>>);

impl Default for ParsedDocuments {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(MOST))))
    }
}

impl ExtensionFactory for ParsedDocuments {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for ParsedDocuments {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(query).cloned();
        if let Some(kept) = kept {
            return Ok(ExecutableDocument::clone(&kept));
        }
        let document = next.run(ctx, query, variables).await?;
        let only_asks = document.operations.iter().all(|(_, o)| o.node.ty != OperationType::Mutation);
        if only_asks && query.len() <= LONGEST {
            let kept = Arc::new(document.clone());
            self.0.lock().unwrap_or_else(PoisonError::into_inner).put(query.to_owned(), kept);
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptySubscription, Object, Request, Schema};

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
        let kept = ParsedDocuments::default();
        let schema = Schema::build(Root, Root, EmptySubscription).extension(kept.clone()).finish();
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
        let kept = kept.0.lock().unwrap();
        assert_eq!(kept.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), [query]);
    }
}
