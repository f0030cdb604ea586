//! Whose fault an error is: the data's, which fails for ever, or that of the moment, which passes.

/// What a database error says of trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What was to be written cannot be: the same event fails again.
    Data,
    /// The database, the connection or another transaction is in the way: it passes.
    Passing,
    /// It may be either: after some tries it is the data's.
    Unclear,
}

impl Fault {
    /// By the class of the error's SQLSTATE (PostgreSQL, appendix A), or by where it arose.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the library may add more errors")]
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                match code.get(..2).unwrap_or_default() {
                    // Data exceptions, violated constraints, limits of the program (a key that is too long).
                    "22" | "23" | "54" => Self::Data,
                    // Connections, snapshots, rollbacks, locks, resources, operators, the system.
                    "08" | "25" | "40" | "53" | "55" | "58" => Self::Passing,
                    // A statement that was cancelled may be cancelled every time.
                    "57" if code != "57014" => Self::Passing,
                    _ => Self::Unclear,
                }
            }
            // What a value cannot be written as or read from, or a row that is not there.
            sqlx::Error::Encode(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::RowNotFound => Self::Data,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Passing,
            _ => Self::Unclear,
        }
    }
}
