//! What a file is, and what it may be called.

use portail_domain::shared::{attachment::MediaType, text::cleaned};

/// What a content is, if it is of a kind that is taken.
pub(super) fn recognise(content: &[u8]) -> Option<&'static str> {
    let media = match infer::get(content)?.mime_type() {
        "application/pdf" => MediaType::Pdf,
        "image/jpeg" => MediaType::Jpeg,
        "image/png" => MediaType::Png,
        "image/heif" => MediaType::Heic,
        _ => return None,
    };
    Some(media.into())
}

/// A name without its path and without characters that mean something to a shell, a header or a
/// file system.
pub(super) fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = cleaned(last, 200).chars().filter(|c| !"<>:\"|?*".contains(*c)).take(100).collect();
    let kept = kept.trim_matches(['.', ' ']);
    if kept.is_empty() { "document".to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_nothing_of_a_path() {
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("C:\\temp\\..\\certificat médical.pdf"), "certificat médical.pdf");
        assert_eq!(file_name("..."), "document");
    }

    #[test]
    fn only_documents_and_pictures_are_recognised_by_content() {
        assert_eq!(recognise(b"%PDF-1.7\n"), Some("application/pdf"));
        assert_eq!(recognise(b"\x89PNG\r\n\x1a\n"), Some("image/png"));
        assert_eq!(recognise(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(recognise(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), Some("image/heic"));
        assert_eq!(recognise(b"PK\x03\x04"), None);
        assert_eq!(recognise(b"<svg onload='x'>"), None);
        assert_eq!(recognise(b"MZ\x90\x00"), None);
    }
}
