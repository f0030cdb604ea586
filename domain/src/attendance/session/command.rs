//! What parents, staff and the clock may ask of a session.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, NaiveTime, Utc};

use super::{AbsenceReason, Refusal, ReleaseReason, guard::Binding};
use crate::{
    attendance::terms::Terms,
    catalogue::calendar::ClosureReason,
    families::child::ContractDay,
    shared::attachment::Attachment,
    shared::ids::{ActivityId, ChildId, FamilyNumber, RequestId},
    shared::sealed::Sealed,
};

/// A command to a session, with all its decision needs from outside.
#[derive(Debug, Clone)]
pub struct SessionCommand {
    /// The session's terms.
    pub terms: Arc<Terms>,
    /// When the request was received: late processing never costs the parent.
    pub at: DateTime<Utc>,
    /// Whether deadlines bind who asks.
    pub latitude: Latitude,
    /// What is asked.
    pub act: Act,
}

/// Whether deadlines bind who asks: families always, staff unless they say why not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Latitude {
    /// A family: deadlines are deadlines.
    #[default]
    Family,
    /// Staff, with the reason for acting past a deadline, sealed.
    Staff {
        /// Why; required past a deadline, and recorded then.
        reason: Option<Sealed>,
    },
}

impl Latitude {
    /// As the guards see it.
    pub(super) fn binding(&self) -> Binding {
        match self {
            Self::Family => Binding::Family,
            Self::Staff { reason: None } => Binding::Staff,
            Self::Staff { reason: Some(_) } => Binding::StaffWithReason,
        }
    }

    /// The reason for acting past a deadline.
    pub(super) fn reason(&self) -> Option<&Sealed> {
        match self {
            Self::Family => None,
            Self::Staff { reason } => reason.as_ref(),
        }
    }
}

/// Whose bookings are released or restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// One child's, as far as a family pays for it.
    Child {
        /// The child.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
    },
    /// Those of these children, whoever pays.
    Children(BTreeSet<ChildId>),
    /// Everybody's.
    Everybody,
}

/// What staff correct an attendance to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// The child was there.
    Present,
    /// The child was absent and is excused.
    AbsentExcused,
    /// The child was absent and is billed.
    AbsentBilled,
    /// The roll-call was a mistake: back to the reservation.
    Reserved,
}

/// What is asked. `overlaps` names the child's other reservations at the same hours of that day.
#[derive(Debug, Clone)]
pub enum Act {
    /// A parent asks for a place.
    Request {
        /// For whom.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
        /// The request its days share.
        request: RequestId,
        /// Whether the child is enrolled by that payer on that day.
        enrolled: bool,
        /// Reservations in the way.
        overlaps: Vec<ActivityId>,
    },
    /// Staff grant a request; it joins the waiting list when the session is full.
    Confirm {
        /// Whose request.
        child: ChildId,
        /// Reservations in the way.
        overlaps: Vec<ActivityId>,
    },
    /// Staff put a pending request on the waiting list.
    PutOnWaitingList {
        /// Whose request.
        child: ChildId,
    },
    /// Staff refuse a request.
    Refuse {
        /// Whose request.
        child: ChildId,
        /// The reason of the refusal: a code, and a note if one is needed.
        refusal: Refusal,
    },
    /// A parent takes an undecided request back.
    Withdraw {
        /// Whose request.
        child: ChildId,
        /// Who asked.
        payer: FamilyNumber,
    },
    /// A parent accepts the offered place.
    AcceptOffer {
        /// For whom.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
        /// Reservations in the way.
        overlaps: Vec<ActivityId>,
    },
    /// A parent declines the offered place.
    DeclineOffer {
        /// For whom.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
    },
    /// The clock: an offer ran out.
    ExpireOffer {
        /// For whom.
        child: ChildId,
    },
    /// A parent cancels in time.
    Cancel {
        /// For whom.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
    },
    /// A parent declares an absence.
    DeclareAbsence {
        /// Who is absent.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
        /// The declaration its days share.
        absence: RequestId,
        /// The reason of the absence.
        reason: AbsenceReason,
        /// The guide: the absence must be confirmed.
        confirmed: bool,
        /// Which absent day of the declaration this is, from 0.
        day_index: u16,
        /// When the first absent session of the declaration starts.
        first_start: DateTime<Utc>,
    },
    /// A parent takes an absence back.
    WithdrawAbsence {
        /// The child it is about.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
        /// Reservations in the way.
        overlaps: Vec<ActivityId>,
    },
    /// Staff accept or reject a medical certificate.
    SettleCertificate {
        /// The child it is about.
        child: ChildId,
        /// When it arrived.
        received: DateTime<Utc>,
        /// Whether it is accepted.
        accepted: bool,
    },
    /// Staff confirm the reason of an absence, or not: the strike took place, the teacher was absent.
    SettleExcuse {
        /// The child it is about.
        child: ChildId,
        /// Whether it was so.
        accepted: bool,
    },
    /// A parent sends a medical certificate in.
    AttachCertificate {
        /// The child it is about.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
        /// The certificate, a page a file.
        files: Vec<Attachment>,
    },
    /// The clock: a certificate did not come.
    ExpireCertificate {
        /// The child it is about.
        child: ChildId,
    },
    /// A parent takes contract leave.
    TakeLeave {
        /// For whom.
        child: ChildId,
        /// Who pays.
        payer: FamilyNumber,
        /// The yearly quota, and what is left of it.
        quota: (u16, u16),
    },
    /// Roll-call: the child is there.
    RecordPresence {
        /// The child it is about.
        child: ChildId,
        /// Who pays when nothing was booked.
        payer: FamilyNumber,
        /// Whether the child is enrolled.
        enrolled: bool,
        /// What the day is to the enrolment's contract.
        contract: ContractDay,
        /// Other activities at the same hours where the child is present or reserved.
        overlaps: Vec<ActivityId>,
        /// When the child arrived, local time.
        arrived: Option<NaiveTime>,
        /// When the child left, local time.
        left: Option<NaiveTime>,
    },
    /// Roll-call: the child is not there.
    RecordNoShow {
        /// The child it is about.
        child: ChildId,
    },
    /// Staff correct a cell.
    Correct {
        /// The child it is about.
        child: ChildId,
        /// To what.
        to: Correction,
        /// Why, sealed.
        reason: Sealed,
        /// Reservations in the way of going back to the reservation.
        overlaps: Vec<ActivityId>,
    },
    /// Staff close the session for everybody.
    Close {
        /// The reason of the closure.
        reason: ClosureReason,
    },
    /// Staff take the closure back.
    Reopen {
        /// Children whose reservation can no longer stand, being reserved elsewhere by now.
        reserved_elsewhere: BTreeSet<ChildId>,
    },
    /// What bookings followed from has ended: they fall with it.
    Release {
        /// Whose cells: see [`Whose`].
        whose: Whose,
        /// What ended, so that the place was released.
        reason: ReleaseReason,
    },
    /// It is back: what was released for these reasons stands again where it still can.
    Restore {
        /// Whose cells: see [`Whose`].
        whose: Whose,
        /// Which releases are taken back.
        reasons: &'static [ReleaseReason],
        /// Children who are reserved at the same hours elsewhere by now.
        reserved_elsewhere: BTreeSet<ChildId>,
    },
    /// The clock: the waiting list closes.
    CloseWaitingList,
    /// Staff offer free places to those who wait (after a larger capacity).
    OfferPlaces,
}

impl Act {
    /// Whether the act is pointless on a closed session.
    pub fn needs_open_session(&self) -> bool {
        matches!(
            self,
            Self::Request { .. }
                | Self::Confirm { .. }
                | Self::PutOnWaitingList { .. }
                | Self::AcceptOffer { .. }
                | Self::WithdrawAbsence { .. }
                | Self::Restore { .. }
        )
    }

    /// The child an act is about, for acts about one child.
    pub fn child(&self) -> Option<ChildId> {
        match self {
            Self::Request { child, .. }
            | Self::Confirm { child, .. }
            | Self::PutOnWaitingList { child }
            | Self::Refuse { child, .. }
            | Self::Withdraw { child, .. }
            | Self::AcceptOffer { child, .. }
            | Self::DeclineOffer { child, .. }
            | Self::ExpireOffer { child }
            | Self::Cancel { child, .. }
            | Self::DeclareAbsence { child, .. }
            | Self::WithdrawAbsence { child, .. }
            | Self::SettleCertificate { child, .. }
            | Self::SettleExcuse { child, .. }
            | Self::AttachCertificate { child, .. }
            | Self::ExpireCertificate { child }
            | Self::TakeLeave { child, .. }
            | Self::RecordPresence { child, .. }
            | Self::RecordNoShow { child }
            | Self::Correct { child, .. } => Some(*child),
            Self::Close { .. }
            | Self::Reopen { .. }
            | Self::Release { .. }
            | Self::Restore { .. }
            | Self::CloseWaitingList
            | Self::OfferPlaces => None,
        }
    }
}
