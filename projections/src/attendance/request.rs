//! What a request asks for, and where it stands, as the lists of requests keep it.

use portail_domain::{attendance::session::ReleaseReason, families::family_file::Section};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::decode::kept_as_text;

macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $section:ident [$($about:tt)*] { $($text:literal $field:ident: $kind:ident),+ $(,)? }
    )+) => {
        /// What a request asks for: a child's day, or a change of the file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantArray)]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        pub enum RequestKind {
            /// A place on a day.
            Reservation,
            /// An absence.
            Absence,
            /// A new child.
            NewChild,
            $($(#[$doc])* $section,)+
        }

        impl From<Section> for RequestKind {
            fn from(section: Section) -> Self {
                match section { $(Section::$section => Self::$section),+ }
            }
        }

        impl RequestKind {
            /// The section of the file it is about; none where a day is asked for.
            pub fn section(self) -> Option<Section> {
                match self {
                    Self::Reservation | Self::Absence => None,
                    Self::NewChild => Some(Section::ChildIdentity),
                    $(Self::$section => Some(Section::$section),)+
                }
            }
        }
    };
}
portail_domain::file_sections!(kinds);

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestStatus {
    /// Undecided.
    Pending,
    /// Granted.
    Accepted,
    /// Refused.
    Refused,
    /// Taken back.
    Withdrawn,
}

/// Where a request stands more closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestDetail {
    /// It waits for a place.
    Waitlisted,
    /// A place is offered.
    Offered,
    /// What was granted was cancelled.
    Cancelled,
    /// The absence is excused.
    Excused,
    /// The absence is billed.
    Billed,
    /// A certificate came in, and waits for staff.
    CertificateReceived,
    /// The certificate did not come.
    CertificateMissing,
    /// The certificate was rejected.
    CertificateRefused,
    /// The day was closed.
    Closed,
    /// The enrolment has ended.
    EnrolmentEnded,
    /// The child has left the family that paid.
    LeftFamily,
    /// The activity is no longer offered.
    ActivityEnded,
    /// The activity is no longer offered on such a day.
    NotOffered,
}

impl From<ReleaseReason> for RequestDetail {
    fn from(reason: ReleaseReason) -> Self {
        match reason {
            ReleaseReason::EnrolmentEnded => Self::EnrolmentEnded,
            ReleaseReason::LeftFamily => Self::LeftFamily,
            ReleaseReason::ActivityEnded => Self::ActivityEnded,
            ReleaseReason::NotOffered => Self::NotOffered,
        }
    }
}

kept_as_text!(RequestKind, RequestStatus, RequestDetail);
