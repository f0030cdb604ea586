//! Throws away what nobody needs any more: files nothing refers to, allowances that are whole again.

use std::{sync::Arc, time::Duration};

use portail_projections::correspondence::attachments;

use crate::{access::allowance, application::Application};

/// How often the server looks.
const EVERY: Duration = Duration::from_secs(600);

/// Tidies, at once and then again and again.
pub async fn run_housekeeping(application: Arc<Application>) {
    let mut turns = tokio::time::interval(EVERY);
    loop {
        turns.tick().await;
        match attachments::collect(application.pool(), application.limits().uploads_kept).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "deleted files that nothing refers to"),
            Err(error) => tracing::warn!(%error, "files that nothing refers to are kept until the next turn"),
        }
        if let Err(error) = allowance::forget(application.pool()).await {
            tracing::warn!(%error, "allowances that are over are kept until the next turn");
        }
    }
}
