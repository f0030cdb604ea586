//! What monitoring reads, in the text format of Prometheus. No personal data: labels are routes, codes, and the
//! names of read models and workers.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use portail_application::Application;
use portail_projections::ProjectionStatus;

use crate::http::{health::PATIENCE, response::ErrorCodes};

/// What the server has answered since it started.
#[derive(Debug, Clone, Default)]
pub struct Answers(Arc<Mutex<Counts>>);

#[derive(Debug, Clone, Default)]
struct Counts {
    /// By route and status.
    answers: BTreeMap<(String, u16), u64>,
    /// By code.
    errors: BTreeMap<String, u64>,
}

/// Counts the answer of every request.
pub async fn count(State(answers): State<Answers>, request: Request, next: Next) -> Response {
    // A path that no route has is anything that somebody typed.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let mut counts = answers.0.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.answers.entry((route, response.status().as_u16())).or_default() += 1;
    for code in response.extensions().get::<ErrorCodes>().into_iter().flat_map(|codes| &codes.0) {
        *counts.errors.entry(code.clone()).or_default() += 1;
    }
    response
}

/// `GET /metrics`, within a second: what needs the database is left out while it does not answer.
pub async fn metrics(State((application, answers)): State<(Arc<Application>, Answers)>) -> Response {
    let status = tokio::time::timeout(PATIENCE, application.engine().status()).await;
    let projections = status.ok().and_then(Result::ok);
    let counts = answers.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = Exposition::of(&application, projections.as_deref(), &counts).0;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// The labels of a sample.
type Labels<'a> = Vec<(&'static str, &'a str)>;

/// The text, metric by metric.
#[derive(Debug, Default)]
struct Exposition(String);

impl Exposition {
    fn of(application: &Application, projections: Option<&[ProjectionStatus]>, counts: &Counts) -> Self {
        let mut text = Self::default();
        text.log(application);
        text.database(application.pool(), projections.is_some());
        // Those kept for a way back do not go on, and are not meant to.
        let in_use = projections.unwrap_or_default().iter().filter(|p| p.status != "retired");
        text.projections(&in_use.collect::<Vec<_>>());
        text.workers(application);
        text.answers(counts);
        text
    }

    fn log(&mut self, application: &Application) {
        let (log, appended) = (application.log(), application.log().appended());
        self.gauge(
            "log_head_position",
            "The last position of the log that this process knows of.",
            log.head(),
        );
        let is_refused = application.checkpoints().last_refusal().is_some();
        self.gauge(
            "signing_refused",
            "Whether the log contradicts what was signed, or holds events that no server appended.",
            is_refused.into(),
        );
        self.counter("append_batches_total", "Transactions that wrote commands.", appended.batches);
        self.counter("append_commands_total", "Commands that were written.", appended.commands);
        self.counter("append_events_total", "Events that were written.", appended.events);
        self.counter("append_failures_total", "Transactions that failed.", appended.failures);
    }

    fn database(&mut self, pool: &sqlx::PgPool, answers: bool) {
        let (open, idle) = (u64::from(pool.size()), u64::try_from(pool.num_idle()).unwrap_or(u64::MAX));
        let limit = u64::from(pool.options().get_max_connections());
        self.gauge("database_up", "Whether the database answers in time.", u64::from(answers));
        self.gauge("database_connections_max", "Connections that the pool may open.", limit);
        self.metric(
            "database_connections",
            "gauge",
            "Open connections of the pool.",
            [(vec![("state", "idle")], idle), (vec![("state", "used")], open.saturating_sub(idle))],
        );
    }

    fn projections(&mut self, projections: &[&ProjectionStatus]) {
        let versions: Vec<String> = projections.iter().map(|p| p.version.to_string()).collect();
        let mut each = |name, help, value: fn(&ProjectionStatus) -> u64| {
            let samples = projections.iter().zip(&versions).map(|(projection, version)| {
                let labels = vec![("projection", projection.name.as_str()), ("version", version.as_str())];
                (labels, value(projection))
            });
            self.metric(name, "gauge", help, samples);
        };
        each("projection_position", "The last position a read model has folded.", |p| p.position);
        each("projection_lag_events", "Events a read model is behind.", |p| p.lag_events);
        each("projection_lag_seconds", "Age of the first event that a read model has not folded.", |p| {
            p.lag_seconds.max(0).unsigned_abs()
        });
        each("projection_stopped", "Whether a read model does not go on by itself.", |p| {
            p.is_stopped().into()
        });
        each("projection_quarantined_streams", "Streams that a read model has set aside.", |p| {
            p.aside.len().try_into().unwrap_or(u64::MAX)
        });
    }

    fn workers(&mut self, application: &Application) {
        let workers = application.workers().status();
        let running = workers.iter().map(|(name, w)| (vec![("worker", *name)], u64::from(!w.is_waiting)));
        self.metric("worker_running", "gauge", "Whether a worker is running.", running);
        let restarts = workers.iter().map(|(name, w)| (vec![("worker", *name)], u64::from(w.restarts)));
        self.metric("worker_restarts_total", "counter", "How often a worker was started again.", restarts);
    }

    fn answers(&mut self, counts: &Counts) {
        let statuses: Vec<String> = counts.answers.keys().map(|(_, status)| status.to_string()).collect();
        let answers = counts.answers.iter().zip(&statuses).map(|(((route, _), count), status)| {
            (vec![("route", route.as_str()), ("status", status.as_str())], *count)
        });
        self.metric("requests_total", "counter", "Requests that were answered.", answers);
        let errors = counts.errors.iter().map(|(code, count)| (vec![("code", code.as_str())], *count));
        self.metric("errors_total", "counter", "Errors in answers, by their code.", errors);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.metric(name, "gauge", help, [(vec![], value)]);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.metric(name, "counter", help, [(vec![], value)]);
    }

    fn metric<'a>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a>, u64)>,
    ) {
        // Writing to memory cannot fail.
        let _ = write!(self.0, "# HELP portail_{name} {help}\n# TYPE portail_{name} {kind}\n");
        for (labels, value) in samples {
            let label = |(name, value): &(&str, &str)| format!("{name}=\"{}\"", escaped(value));
            let labels: Vec<String> = labels.iter().map(label).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.0, "portail_{name}{labels} {value}");
        }
    }
}

/// A label's value, as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_written_as_the_format_has_it() {
        let mut text = Exposition::default();
        text.gauge("log_head_position", "The end.", 7);
        text.metric("errors_total", "counter", "Errors.", [(vec![("code", "A\"B"), ("route", "/x")], 2)]);
        let expected = "# HELP portail_log_head_position The end.\n# TYPE portail_log_head_position gauge\n\
            portail_log_head_position 7\n# HELP portail_errors_total Errors.\n\
            # TYPE portail_errors_total counter\nportail_errors_total{code=\"A\\\"B\",route=\"/x\"} 2\n";
        assert_eq!(text.0, expected);
    }
}
