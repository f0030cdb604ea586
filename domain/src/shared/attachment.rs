//! Files sent with something, or offered for download: the log holds what they are and their hash,
//! never their content.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::shared::ids::AttachmentId;

/// What kind of file it is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr)]
pub enum MediaType {
    /// PDF.
    #[serde(rename = "application/pdf")]
    #[strum(serialize = "application/pdf")]
    Pdf,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    #[strum(serialize = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    #[strum(serialize = "image/png")]
    Png,
    /// HEIC, as telephones take pictures.
    #[serde(rename = "image/heic")]
    #[strum(serialize = "image/heic")]
    Heic,
}

impl MediaType {
    /// The ending of its files' names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Heic => "heic",
        }
    }
}

/// A file as the log names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// What it is.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content, 64 hexadecimal digits.
    pub sha256: String,
}
