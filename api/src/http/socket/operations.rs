//! The operations of a socket.

use std::sync::{Arc, OnceLock};

use async_graphql::{Data, Executor, Request, Response};
use futures::{StreamExt, stream::BoxStream};
use portail_domain::i18n::text;

use super::Holder;
use crate::http::{
    Server, deadline,
    response::{complete_errors, failure},
};

/// Runs the operations of one socket.
#[derive(Clone)]
pub(super) struct Operations {
    pub(super) server: Server,
    pub(super) holder: Arc<OnceLock<Holder>>,
}

impl Executor for Operations {
    async fn execute(&self, request: Request) -> Response {
        self.server.schema.execute(request).await
    }

    fn execute_stream(&self, request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let this = self.clone();
        let limits = self.server.limits.clone();
        let answers = async_stream::stream! {
            // The library runs nothing before the socket has begun.
            let Some(holder) = this.holder.get() else { return };
            let language = holder.language;
            let most = limits.subscriptions_per_person;
            let Some(_place) = this.server.people.operations.take(holder.name.clone(), most) else {
                yield failure(
                    "TOO_MANY_SUBSCRIPTIONS",
                    text("TOO_MANY_SUBSCRIPTIONS", language, &[("most", most.to_string())]),
                );
                return;
            };
            let admitted = match this.server.guard.admit(request, language).await {
                Ok(admitted) => admitted,
                Err(error) => {
                    let mut refused = Response::from_errors(vec![error]);
                    complete_errors(&mut refused, limits.errors);
                    yield refused;
                    return;
                }
            };
            let subscribes = admitted.subscribes();
            let request = this.server.permit(admitted.into_request(), holder.principal.as_ref());
            let mut stream = Executor::execute_stream(&this.server.schema, request, data);
            loop {
                // What subscribes waits for what happens, as long as it takes.
                let answer = if subscribes {
                    stream.next().await
                } else {
                    let answer = tokio::time::timeout(limits.request, stream.next()).await;
                    answer.unwrap_or_else(|_| {
                        let seconds = deadline::seconds(limits.request);
                        Some(failure("TIMEOUT", text("TIMEOUT", language, &seconds)))
                    })
                };
                let Some(mut answer) = answer else { return };
                // Nothing is shown to who is no longer signed in.
                if subscribes && !holder.is_signed_in(&this.server.application).await.unwrap_or(false) {
                    yield failure("UNAUTHENTICATED", text("UNAUTHENTICATED", language, &[]));
                    return;
                }
                let timed_out = !subscribes && answer.is_err();
                complete_errors(&mut answer, limits.errors);
                yield answer;
                if timed_out {
                    return;
                }
            }
        };
        answers.boxed()
    }
}
