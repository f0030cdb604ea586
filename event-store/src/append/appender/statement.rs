//! The one statement that appends a batch, and what it answers.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{
    Arguments, Connection, Encode, PgConnection, Postgres, Row, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgHasArrayType, PgTypeInfo, types::Oid},
};
use uuid::Uuid;

use crate::{
    append::request::{Append, CommandMeta, PreparedEvent},
    log::{
        durability::Place,
        event::StreamId,
        hashing::{GENESIS, Hash},
    },
};

/// The database's answer to a batch.
pub(super) enum Verdict {
    Appended,
    /// The log does not end at the head that was named; nothing was appended.
    Moved {
        /// Where it ends.
        head: Place,
        /// Whether it continues the head that was named: others have appended. Otherwise a crash or a
        /// restore took events back.
        continues: bool,
    },
    /// These commands of the batch saw another version of a stream; nothing was appended.
    Conflicts(HashSet<usize>),
    /// A key exists already: a command was decided before, or a stream is not new. Nothing was appended.
    KeyExists,
}

/// Text sent as PostgreSQL's `json`, to the byte: the library's own type writes values anew.
struct JsonText<'a>(&'a str);

impl Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(114))
    }
}

impl PgHasArrayType for JsonText<'_> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(199))
    }
}

impl Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

/// The arrays of one call of `append_batch` (`sql/append_batch.sql`), named as its parameters.
#[derive(Default)]
pub(super) struct AppendCall<'a> {
    c_id: Vec<Uuid>,
    c_hash: Vec<&'a [u8]>,
    c_outcome: Vec<JsonText<'a>>,
    c_position: Vec<i64>,
    c_at: Vec<DateTime<Utc>>,
    s_type: Vec<&'a str>,
    s_id: Vec<&'a str>,
    s_version: Vec<i64>,
    s_command: Vec<i32>,
    e_position: Vec<i64>,
    e_type: Vec<&'a str>,
    e_id: Vec<&'a str>,
    e_sequence: Vec<i64>,
    e_event_type: Vec<&'a str>,
    e_event_version: Vec<&'a str>,
    e_payload: Vec<JsonText<'a>>,
    e_metadata: Vec<JsonText<'a>>,
    e_event_id: Vec<Uuid>,
    e_at: Vec<DateTime<Utc>>,
    e_actor: Vec<&'a str>,
    e_command: Vec<Uuid>,
    e_correlation: Vec<Uuid>,
    e_causation: Vec<Option<Uuid>>,
    e_leaf: Vec<&'a [u8]>,
    e_chain: Vec<Hash>,
    relations: Relations,
    seal: Option<Hash>,
}

/// The commands of a batch whose correlation or causation id is not their own: the rows of
/// `command_relation`.
#[derive(Default)]
struct Relations {
    commands: Vec<Uuid>,
    correlations: Vec<Uuid>,
    causations: Vec<Option<Uuid>>,
}

impl Relations {
    fn add(&mut self, meta: &CommandMeta) {
        if meta.correlation_id != meta.command_id || meta.causation_id.is_some() {
            self.commands.push(meta.command_id);
            self.correlations.push(meta.correlation_id);
            self.causations.push(meta.causation_id);
        }
    }

    async fn insert(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO command_relation SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])")
            .bind(self.commands)
            .bind(self.correlations)
            .bind(self.causations)
            .execute(connection)
            .await?;
        Ok(())
    }
}

impl<'a> AppendCall<'a> {
    /// Has the database check the version of a stream for a command.
    pub(super) fn check(&mut self, stream: &'a StreamId, expected: u64, command: usize) {
        self.s_type.push(&stream.kind);
        self.s_id.push(&stream.id);
        self.s_version.push(expected.cast_signed());
        self.s_command.push(i32::try_from(command + 1).unwrap_or(i32::MAX));
    }

    /// Adds a command, with the log's position after it.
    pub(super) fn command(&mut self, append: &'a Append, position: u64) {
        self.c_id.push(append.meta.command_id);
        self.c_hash.push(&append.meta.request_hash);
        self.c_outcome.push(JsonText(append.outcome.get()));
        self.c_position.push(position.cast_signed());
        self.c_at.push(append.meta.key().1);
        self.relations.add(&append.meta);
    }

    /// Adds an event of a command, with its place.
    pub(super) fn event(
        &mut self,
        append: &'a Append,
        event: &'a PreparedEvent,
        position: u64,
        chain: &Hash,
    ) {
        self.e_position.push(position.cast_signed());
        self.e_type.push(&event.stream.kind);
        self.e_id.push(&event.stream.id);
        self.e_sequence.push(event.sequence.cast_signed());
        self.e_event_type.push(&event.event.event_type);
        self.e_event_version.push(&event.event.event_version);
        self.e_payload.push(JsonText(event.event.payload.get()));
        self.e_metadata.push(JsonText(event.metadata.get()));
        self.e_event_id.push(event.event_id);
        self.e_at.push(event.recorded_at);
        self.e_actor.push(&append.meta.actor);
        self.e_command.push(append.meta.command_id);
        self.e_correlation.push(append.meta.correlation_id);
        self.e_causation.push(append.meta.causation_id);
        self.e_leaf.push(&event.leaf);
        self.e_chain.push(*chain);
    }

    /// Proves who appended its events.
    pub(super) fn seal(&mut self, seal: Hash) {
        self.seal = Some(seal);
    }

    /// Whether it has no command.
    pub(super) fn is_empty(&self) -> bool {
        self.c_id.is_empty()
    }

    /// Appends, if the log still ends at `head`. A commit that does not wait for the disk is visible, and
    /// lost in a crash until a flush has followed.
    ///
    /// # Errors
    /// The database failed: nobody knows whether it appended.
    pub(super) async fn append(
        mut self,
        connection: &mut PgConnection,
        head: Place,
        waits_for_the_disk: bool,
    ) -> Result<Verdict, sqlx::Error> {
        let relations = std::mem::take(&mut self.relations);
        if relations.commands.is_empty() {
            return self.call(connection, head, waits_for_the_disk).await;
        }
        let mut transaction = connection.begin().await?;
        let verdict = self.call(&mut transaction, head, waits_for_the_disk).await?;
        if matches!(verdict, Verdict::Appended) {
            relations.insert(&mut transaction).await?;
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        Ok(verdict)
    }

    async fn call(
        self,
        connection: &mut PgConnection,
        head: Place,
        waits_for_the_disk: bool,
    ) -> Result<Verdict, sqlx::Error> {
        const CALL: &str = "SELECT * FROM append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
            $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)";
        let arguments = self.arguments(head, waits_for_the_disk).map_err(sqlx::Error::Encode)?;
        let row = match sqlx::query_with(CALL, arguments).fetch_one(connection).await {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return Ok(Verdict::KeyExists);
            }
            called => called?,
        };
        let verdict: &str = row.try_get("verdict")?;
        Ok(match verdict {
            "ok" => Verdict::Appended,
            "moved" => {
                let head: i64 = row.try_get("head")?;
                let tip: Option<Vec<u8>> = row.try_get("tip")?;
                let tip = tip.and_then(|t| t.try_into().ok()).unwrap_or(*GENESIS);
                let continues = row.try_get("continues")?;
                Verdict::Moved { head: (head.unsigned_abs(), tip), continues }
            }
            "conflict" => {
                let numbers: Vec<i32> = row.try_get("conflicts")?;
                Verdict::Conflicts(numbers.into_iter().filter_map(|n| usize::try_from(n - 1).ok()).collect())
            }
            other => return Err(sqlx::Error::Decode(format!("append_batch answered {other:?}").into())),
        })
    }

    fn arguments(self, (head, tip): Place, waits_for_the_disk: bool) -> Result<PgArguments, BoxDynError> {
        let mut arguments = PgArguments::default();
        arguments.add(head.cast_signed())?;
        arguments.add(tip)?;
        arguments.add(waits_for_the_disk)?;
        arguments.add(self.seal)?;
        arguments.add(self.c_id)?;
        arguments.add(self.c_hash)?;
        arguments.add(self.c_outcome)?;
        arguments.add(self.c_position)?;
        arguments.add(self.c_at)?;
        arguments.add(self.s_type)?;
        arguments.add(self.s_id)?;
        arguments.add(self.s_version)?;
        arguments.add(self.s_command)?;
        arguments.add(self.e_position)?;
        arguments.add(self.e_type)?;
        arguments.add(self.e_id)?;
        arguments.add(self.e_sequence)?;
        arguments.add(self.e_event_type)?;
        arguments.add(self.e_event_version)?;
        arguments.add(self.e_payload)?;
        arguments.add(self.e_metadata)?;
        arguments.add(self.e_event_id)?;
        arguments.add(self.e_at)?;
        arguments.add(self.e_actor)?;
        arguments.add(self.e_command)?;
        arguments.add(self.e_correlation)?;
        arguments.add(self.e_causation)?;
        arguments.add(self.e_leaf)?;
        arguments.add(self.e_chain)?;
        Ok(arguments)
    }
}
