//! Folding erasures and the policy; it destroys the keys.

use cqrs_es::Aggregate;
use portail_domain::{
    governance::policy::PolicyEvent,
    privacy::erasure::{Erasure, ErasureEvent, Subject},
    shared::sealed::Purpose,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::{
    engine::projection::{FoldContext, FoldError},
    money::billing_drafts,
};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    for event in events {
        if event.stream.kind == Erasure::TYPE {
            erase(event, context, connection).await?;
            continue;
        }
        let (name, document) = match context.decode(event)? {
            PolicyEvent::RetentionAdopted { rules, .. } => ("retention", serde_json::to_string(&rules)),
            PolicyEvent::FourEyesAdopted { what, .. } => ("fourEyes", serde_json::to_string(&what)),
        };
        sqlx::query(
            "INSERT INTO policy VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET document = EXCLUDED.document",
        )
        .bind(name)
        .bind(document.map_err(|e| FoldError::poison(event, e))?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn erase(
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let ErasureEvent::PersonalDataErased { subject, purposes, basis, files, received } =
        context.decode(event)?;
    for purpose in &purposes {
        for key in subject.keys(*purpose) {
            context.vault.destroy(connection, &key, (*purpose).into(), received).await?;
        }
    }
    let names: Vec<&str> = purposes.iter().map(|purpose| (*purpose).into()).collect();
    // Sealed files are unreadable from here on; they go as well.
    sqlx::query("DELETE FROM public.attachment WHERE id = ANY($1) OR (subject = $2 AND purpose = ANY($3))")
        .bind(&files)
        .bind(subject.to_string())
        .bind(&names)
        .execute(&mut *connection)
        .await?;
    if let Subject::Family(number) = &subject {
        billing_drafts::forget(connection, number.as_str(), &purposes, event.position).await?;
    }
    if let Subject::Family(number) = &subject
        && purposes.contains(&Purpose::Identity)
    {
        // Who has no file any more does not log in.
        sqlx::query("DELETE FROM public.account WHERE login = $1")
            .bind(number.as_str())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("INSERT INTO erasure VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(event.position.cast_signed())
        .bind(subject.to_string())
        .bind(names)
        .bind(<&str>::from(basis))
        .bind(i32::try_from(files.len()).unwrap_or(i32::MAX))
        .bind(&event.actor)
        .bind(received)
        .execute(connection)
        .await?;
    Ok(())
}
