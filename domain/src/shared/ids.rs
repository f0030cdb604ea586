//! Identities. A value that exists is well-formed.

use std::{fmt, str::FromStr};

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// Why a text is not the identity it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A family number is 13 digits.
    #[error("a family number is 13 digits")]
    FamilyNumber,
    /// A code is 1 to 64 lower-case letters, digits and hyphens.
    #[error("a code is 1 to 64 lower-case letters, digits and hyphens")]
    Code,
    /// An identifier is a UUID.
    #[error("an identifier is a UUID")]
    Uuid,
}

impl IdError {
    /// The catalogue's key of what is expected.
    pub fn expected(&self) -> &'static str {
        match self {
            Self::FamilyNumber => "EXPECTED_FAMILY_NUMBER",
            Self::Code => "EXPECTED_CODE",
            Self::Uuid => "EXPECTED_UUID",
        }
    }
}

/// The family's number: 13 digits, also its login. Source: the guide (1001001010331).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct FamilyNumber(ArrayString<13>);

impl FamilyNumber {
    /// The thirteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FamilyNumber {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        if s.len() == 13 && s.bytes().all(|b| b.is_ascii_digit()) {
            ArrayString::from(s).map(Self).map_err(|_| IdError::FamilyNumber)
        } else {
            Err(IdError::FamilyNumber)
        }
    }
}

macro_rules! text_id {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(s: String) -> Result<Self, IdError> {
                s.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
text_id!(FamilyNumber);

macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> {
                let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if (1..=64).contains(&s.len()) && s.bytes().all(fits) {
                    Ok(Self(s.to_owned()))
                } else {
                    Err(IdError::Code)
                }
            }
        }
        text_id!($name);
    };
}

code!(
    /// A structure that receives children (a leisure centre, a canteen), by its code.
    StructureId
);
code!(
    /// An activity of a structure (a row of the planning), by its code.
    ActivityId
);

code!(
    /// A régie: a till of the town with its own series of invoice and payment numbers.
    RegieId
);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> {
                s.parse().map(Self).map_err(|_| IdError::Uuid)
            }
        }
    };
}

uuid_id!(
    /// A child, known to one or several families.
    ChildId
);
uuid_id!(
    /// One request of a parent; its days share it.
    RequestId
);
uuid_id!(
    /// One closure of days; reopening names it.
    ClosureId
);
uuid_id!(
    /// A conversation between a family and a structure.
    ConversationId
);
uuid_id!(
    /// A message of a conversation.
    MessageId
);
uuid_id!(
    /// A notice of the town.
    NoticeId
);
uuid_id!(
    /// A file sent with something, or offered for download.
    AttachmentId
);
uuid_id!(
    /// A billing run of a régie.
    RunId
);
uuid_id!(
    /// A batch of direct debits of a régie.
    BatchId
);
