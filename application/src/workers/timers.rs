//! Timers: what time brings about is a command like any other, sent once by a fixed id.

use std::{sync::Arc, time::Duration};

use portail_domain::attendance::session::Expires;
use portail_projections::attendance::planning::{self, Due};
use uuid::Uuid;

use crate::{
    application::Application,
    attendance::command::{AttendanceCommand, Target},
    caller::{Caller, Role},
};

/// How often the due list is looked at.
const TICK: Duration = Duration::from_secs(1);

/// How many due things one look takes.
const MOST: i64 = 200;

impl Application {
    /// Does what is due now; how much it was.
    ///
    /// # Errors
    /// The due list cannot be read.
    pub async fn run_due(&self) -> Result<usize, sqlx::Error> {
        let now = self.clock().now();
        let due = planning::due(self.pool(), now, MOST).await?;
        let mut last = 0;
        for item in &due {
            let (name, at, command) = match item.clone() {
                Due::Booking { child, activity, date, expires, at } => {
                    let name = format!("{child}/{activity}/{date}");
                    let target = Target { child, activity, date };
                    match expires {
                        Expires::Offer => (name, at, AttendanceCommand::ExpireOffer { target }),
                        Expires::Certificate => (name, at, AttendanceCommand::ExpireCertificate { target }),
                    }
                }
                Due::Leftover { child, activity, date, at } => {
                    let name = format!("leftover/{child}/{activity}/{date}");
                    (
                        name,
                        at,
                        AttendanceCommand::ReleaseLeftover { target: Target { child, activity, date } },
                    )
                }
                Due::WaitingList { activity, date, at } => (
                    format!("list/{activity}/{date}"),
                    at,
                    AttendanceCommand::CloseWaitingList { activity, date },
                ),
            };
            // The same due instant is the same command, on whichever node and however often.
            let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}/{}", at.to_rfc3339()).as_bytes());
            let caller = Caller { role: Role::Timer, login: "clock".into(), at: now };
            match self.decide(&caller, id, command).await {
                Ok(executed) => last = last.max(executed.position),
                Err(error) => tracing::warn!(%error, timer = name, "will try again"),
            }
        }
        if last > 0 {
            self.wait_for(last).await;
        }
        Ok(due.len())
    }
}

/// Looks at the due list for as long as the application runs.
pub async fn run_timers(application: Arc<Application>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        if let Err(error) = application.run_due().await {
            tracing::warn!(%error, "the due list cannot be read");
        }
    }
}
