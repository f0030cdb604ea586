//! Sets documents as PDF from Typst templates. A document is a template and data: the same data
//! gives the same bytes, so that a document can be archived by its hash.

use std::sync::LazyLock;

use serde::Serialize;
use typst::foundations::{Dict, Smart, Value};
use typst_as_lib::TypstEngine;
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

/// The templates, by their file name.
const TEMPLATES: &[(&str, &str)] = &[
    ("house.typ", include_str!("templates/house.typ")),
    ("registration_form.typ", include_str!("templates/registration_form.typ")),
    ("sheet.typ", include_str!("templates/sheet.typ")),
];

static ENGINE: LazyLock<TypstEngine> = LazyLock::new(|| {
    TypstEngine::builder()
        .fonts(typst_assets::fonts())
        .with_static_source_file_resolver(TEMPLATES.iter().copied())
        .comemo_evict_max_age(Some(8))
        .build()
});

/// Why a document could not be set.
#[derive(Debug, thiserror::Error)]
#[error("the document {template} could not be set: {reason}")]
pub struct TypesetError {
    template: &'static str,
    reason: String,
}

/// Sets a document: A4, tagged for screen readers.
///
/// # Errors
/// The template does not fit the data.
pub async fn pdf(
    template: &'static str,
    title: String,
    data: &impl Serialize,
) -> Result<Vec<u8>, TypesetError> {
    let failed = |reason: String| TypesetError { template, reason };
    let inputs = serde_json::to_value(data).and_then(serde_json::from_value::<Value>);
    let inputs = inputs.map_err(|e| failed(e.to_string()))?;
    let set = move || set(template, title, inputs);
    let done = tokio::task::spawn_blocking(set).await.map_err(|e| failed(e.to_string()))?;
    done.map_err(failed)
}

fn set(template: &'static str, title: String, data: Value) -> Result<Vec<u8>, String> {
    let mut inputs = Dict::new();
    inputs.insert("data".into(), data);
    inputs.insert("title".into(), Value::Str(title.as_str().into()));
    let set = ENGINE.compile_with_input::<_, _, PagedDocument>(template, inputs);
    let document = set.output.map_err(|e| format!("{e:?}"))?;
    let options = PdfOptions { ident: Smart::Custom(title.clone()), ..PdfOptions::default() };
    typst_pdf::pdf(&document, &options).map_err(|e| format!("{e:?}"))
}
