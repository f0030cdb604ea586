//! What holds of any bytes that come in from outside. Panics where it does not.

use async_graphql::{Request, parser::parse_query};
use futures::FutureExt;
use portail_api::graphql::document_guard::DocumentGuard;
use portail_application::import::table;
use portail_domain::{families::family_file::Section, i18n::Language};
use strum::VariantArray;

/// Any file is refused or read: each row has a cell for every column, and a section has only fields of
/// its own.
pub fn import(bytes: &[u8]) {
    let Ok(table) = table::read(bytes, &[]) else { return };
    for row in &table.rows {
        for column in &table.columns {
            let cell = row.cell(column);
            assert!(cell.is_none_or(|text| !text.is_empty() && text == text.trim()));
        }
        for section in Section::VARIANTS {
            for (name, _) in row.section(*section, "") {
                assert!(section.fields().iter().any(|field| field.name == name), "{name}");
            }
        }
    }
}

/// Any text is refused as a document, or let in: then the parser takes it, and its depth is bounded.
pub fn document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A long one is parsed on a thread of its own, which asks for a runtime.
    if text.len() > 8 * 1024 {
        return;
    }
    let admitted = DocumentGuard::default().admit(Request::new(text), Language::En).now_or_never();
    if admitted.expect("nothing is waited for").is_ok() {
        assert!(parse_query(text).is_ok());
    }
}
