//! Absences: declared, excused or billed, with or without a certificate.

use chrono::{DateTime, Duration, Utc};

use super::{Deciding, Decision};
use crate::{
    attendance::session::{
        Booking, BookingStatus as S, SessionError as E, SessionEvent as V,
        absence::{self, AbsenceReason, CertificateOutcome, Outcome},
        guard,
    },
    shared::ids::{ActivityId, ChildId, RequestId},
};

impl Deciding<'_> {
    pub(super) fn declare_absence(
        &self,
        child: ChildId,
        id: RequestId,
        reason: AbsenceReason,
        day_index: u16,
        first_start: DateTime<Utc>,
    ) -> Vec<V> {
        let outcome = absence::on_declaration(self.terms, reason, self.at);
        let basis = self.basis(Some(self.terms.cancel_cutoff));
        let awaits = outcome == Outcome::CertificateDue;
        let (due, latest) = self.certificate_window(first_start);
        let declared = V::AbsenceDeclared {
            child,
            absence: id,
            reason,
            day_index,
            certificate_due: awaits.then_some(due),
            certificate_latest: awaits.then_some(latest),
            basis,
        };
        let frees_place = outcome == Outcome::ExcusedInTime;
        match outcome {
            Outcome::ExcusedInTime | Outcome::Excused => {
                vec![declared, V::AbsenceExcused { child, absence: id, frees_place, basis }]
            }
            Outcome::CertificateDue | Outcome::Unconfirmed => vec![declared],
            Outcome::Billed => {
                let percent = self.terms.absence.billed_percent;
                vec![declared, V::AbsenceBilled { child, absence: id, percent, basis }]
            }
        }
    }

    /// The certificate's due instant and last instant, counted from the first absent session or
    /// from the declaration when that comes later.
    pub(super) fn certificate_window(&self, first_start: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let policy = &self.terms.absence;
        let due = first_start.max(self.at) + Duration::hours(i64::from(policy.certificate_window_hours));
        let latest = first_start + Duration::days(i64::from(policy.late_certificate_days));
        (due, latest.max(due))
    }

    pub(super) fn withdraw_absence(
        &self,
        child: ChildId,
        booking: &Booking,
        overlaps: &[ActivityId],
    ) -> Decision {
        self.terms.require_open()?;
        guard::no_overlap(overlaps)?;
        if !booking.holds_place() && !self.session.newcomer_gets_place(self.terms) {
            return Err(E::SessionFull(self.terms.capacity.unwrap_or_default()));
        }
        let absence = booking.absence.as_ref().map(|a| a.id).ok_or(E::NoAbsence)?;
        Ok(vec![V::AbsenceWithdrawn { child, absence, basis: self.basis(Some(self.terms.starts)) }])
    }

    /// Staff say whether what the family gave as its reason was so: before or after it was settled.
    pub(super) fn settle_excuse(&self, child: ChildId, accepted: bool) -> Decision {
        let booking = self.booking(child, E::NoAbsence)?;
        let known = booking.absence.as_ref().ok_or(E::NoAbsence)?;
        let listed = |reason| self.terms.absence.excusing_reasons.contains(&reason);
        let open = known.certificate_due.is_none() && !known.freed_place && known.reason.is_some_and(listed);
        let (absence, basis) = (known.id, self.basis(None));
        match (booking.status, accepted) {
            (S::AbsencePending | S::AbsentBilled, true) if open => {
                Ok(vec![V::AbsenceExcused { child, absence, frees_place: false, basis }])
            }
            (S::AbsencePending | S::AbsentExcused, false) if open => {
                let percent = self.terms.absence.billed_percent;
                Ok(vec![V::AbsenceBilled { child, absence, percent, basis }])
            }
            _ => Err(E::NoExcuseExpected),
        }
    }

    pub(super) fn settle_certificate(
        &self,
        child: ChildId,
        received: DateTime<Utc>,
        accepted: bool,
    ) -> Decision {
        let booking = self.booking(child, E::NoAbsence)?;
        let known = booking.absence.as_ref().ok_or(E::NoAbsence)?;
        let (Some(due), Some(latest)) = (known.certificate_due, known.certificate_latest) else {
            return Err(E::NoCertificateExpected);
        };
        // What the portal received counts from then, whenever staff look at it.
        let received = known.certificate.as_ref().map_or(received, |c| c.received.min(received));
        let (absence, basis) = (known.id, self.basis(Some(due)));
        let billed = V::AbsenceBilled { child, absence, percent: self.terms.absence.billed_percent, basis };
        let excused = V::AbsenceExcused { child, absence, frees_place: false, basis };
        match (booking.status, accepted) {
            (S::AbsencePending | S::AbsentBilled, true) => {
                match absence::on_certificate(&self.terms.absence, due, latest, known.day_index, received) {
                    CertificateOutcome::Excused => Ok(vec![excused]),
                    CertificateOutcome::WaitingDay
                        if booking.status == S::AbsentBilled && known.certificate.is_none() =>
                    {
                        Ok(vec![])
                    }
                    CertificateOutcome::WaitingDay => Ok(vec![billed]),
                    CertificateOutcome::TooLate => Err(E::CertificateTooLate(latest)),
                }
            }
            // A certificate found to be false bills an excused absence again.
            (S::AbsencePending | S::AbsentExcused, false) => Ok(vec![billed]),
            // One that came late and is not accepted: the answer is recorded for the family.
            (S::AbsentBilled, false) if known.certificate.is_some() => Ok(vec![billed]),
            _ => Err(E::NoCertificateExpected),
        }
    }

    pub(super) fn expire_certificate(&self, child: ChildId) -> Decision {
        let booking = self.booking(child, E::NoCertificateExpected)?;
        let known = booking.absence.as_ref().filter(|_| booking.status == S::AbsencePending);
        let known = known.ok_or(E::NoCertificateExpected)?;
        let due = known.certificate_due.ok_or(E::NoCertificateExpected)?;
        if self.at <= due || known.certificate.is_some() {
            return Err(E::NotDue);
        }
        let (absence, basis) = (known.id, self.basis(Some(due)));
        let percent = self.terms.absence.billed_percent;
        Ok(vec![
            V::CertificateOverdue { child, absence, basis },
            V::AbsenceBilled { child, absence, percent, basis },
        ])
    }
}
