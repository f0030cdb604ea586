//! A projection as this process knows it.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use portail_event_store::StreamId;
use tokio::sync::watch;

use crate::engine::projection::Projection;

/// How often an event is tried of whose error it is not clear whose fault it is.
const TRIES: u32 = 5;

/// How long an event of a newer program is waited at before its stream is set aside: that program folds
/// it in a moment where it runs.
const NEWER: Duration = Duration::from_secs(10);

/// Why a projection does not go on in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It goes on.
    Live,
    /// It stopped, for every process: an event cannot be folded, or it stands where the log has no event.
    Stopped,
    /// It waits for a newer program, which alone can fold the next event.
    Back(String),
    /// A newer program keeps it in a version of its own.
    Newer,
}

/// Where a projection stands.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) position: u64,
    pub(super) standing: Standing,
}

/// What went wrong where, last.
#[derive(Debug)]
struct LastFault {
    position: u64,
    since: Instant,
    tries: u32,
    /// How many of them failed for an unclear reason.
    unclear: u32,
}

pub(super) struct Handle {
    pub(super) projection: Box<dyn Projection>,
    pub(super) at: watch::Sender<At>,
    /// How often its tables changed, as far as this process knows.
    effects: AtomicU64,
    aside: Mutex<HashSet<StreamId>>,
    trouble: Mutex<Option<LastFault>>,
}

impl Handle {
    pub(super) fn new(projection: Box<dyn Projection>, position: u64, standing: Standing) -> Self {
        Self {
            projection,
            at: watch::Sender::new(At { position, standing }),
            effects: AtomicU64::new(0),
            aside: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.at.borrow().position
    }

    /// Whether it is to be advanced now: not while an error is waited out.
    pub(super) fn is_due(&self, patience: Duration) -> bool {
        let waits = |standing: &Standing| matches!(standing, Standing::Live | Standing::Back(_));
        let rests =
            |trouble: &LastFault| trouble.tries > 0 && trouble.since.elapsed() < patience * trouble.tries;
        waits(&self.at.borrow().standing) && !self.lock_trouble().as_ref().is_some_and(rests)
    }

    pub(super) fn effects(&self) -> u64 {
        self.effects.load(Ordering::Acquire)
    }

    /// Its tables may be others, wherever it stands.
    pub(super) fn touch(&self) {
        self.effects.fetch_add(1, Ordering::AcqRel);
    }

    /// It stands at a position; its tables may have changed.
    pub(super) fn set(&self, position: u64, standing: Standing, has_effect: bool) {
        if has_effect {
            self.effects.fetch_add(1, Ordering::AcqRel);
        }
        self.at.send_if_modified(|at| {
            let moved = at.position != position || at.standing != standing;
            *at = At { position, standing };
            moved
        });
    }

    /// It came forward.
    pub(super) fn advance(&self, position: u64, has_effect: bool) {
        *self.lock_trouble() = None;
        self.set(position, Standing::Live, has_effect);
    }

    /// Notes that the events after its position could not be folded.
    pub(super) fn note_trouble(&self, is_unclear: bool) {
        let position = self.position();
        let mut trouble = self.lock_trouble();
        let here = match &mut *trouble {
            Some(known) if known.position == position => known,
            other => other.insert(LastFault { position, since: Instant::now(), tries: 0, unclear: 0 }),
        };
        here.tries += 1;
        here.unclear += u32::from(is_unclear);
    }

    /// Whether errors whose fault is not clear, and events of a newer program, are still waited out.
    pub(super) fn patience(&self) -> crate::engine::fold::Patience {
        let position = self.position();
        let trouble = self.lock_trouble();
        let here = trouble.as_ref().filter(|trouble| trouble.position == position);
        crate::engine::fold::Patience {
            with_errors: here.is_none_or(|trouble| trouble.unclear < TRIES),
            with_newer: here.is_none_or(|trouble| trouble.since.elapsed() < NEWER),
        }
    }

    pub(super) fn set_aside(&self, streams: HashSet<StreamId>) {
        *self.aside.lock().unwrap_or_else(PoisonError::into_inner) = streams;
    }

    pub(super) fn has_aside(&self, streams: &[StreamId]) -> bool {
        let aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        !aside.is_empty() && streams.iter().any(|stream| aside.contains(stream))
    }

    fn lock_trouble(&self) -> std::sync::MutexGuard<'_, Option<LastFault>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
