//! Everything about one family as one archive (RGPD article 15): the screens as it sees them, every
//! event that names it with what is sealed for it opened, and its files.

use std::collections::BTreeMap;

use flate2::{Compression, write::GzEncoder};
use portail_application::{
    Application,
    access::{AccountRole, Principal},
};
use portail_domain::{
    i18n::{Language, text},
    shared::sealed::{Place, Sealed},
};
use portail_event_store::{RecordedEvent, Search, VaultError, search};
use portail_projections::families::family;
use serde_json::{Value, json};
use strum::VariantArray;

use crate::{
    files::download::{Download, Failed, NOT_FOUND},
    graphql::PortalSchema,
    http::request_context::RequestContext,
};

/// How many events are read at once.
const PAGE: u32 = 1_000;

/// The screens of a family, as queries.
const SCREENS: [(&str, &str); 4] = [
    ("family", "{ myFamily { number title surname firstName children { id firstName surname birthDate } } }"),
    (
        "requests",
        "{ requests(first: 100, filter: { since: \"1970-01-01T00:00:00Z\" }) { totalCount edges { node { id typeLabel \
         statusLabel child activity date submittedAt decidedAt refusalReason refusalNote changes { label before proposed } } } } }",
    ),
    (
        "account",
        "{ accountStatement { familyNumber schoolYear balance operations { number date description debit credit } } }",
    ),
    ("notices", "{ notices { title text } }"),
];

/// The archive of a family.
///
/// # Errors
/// There is no such family, or something of it cannot be read.
pub(super) async fn archive(
    application: &Application,
    schema: &PortalSchema,
    number: &str,
    language: Language,
) -> Result<Download, Failed> {
    if family::family(application.pool(), number).await?.is_none() {
        return Err(NOT_FOUND);
    }
    let mut archive = tar::Builder::new(GzEncoder::new(vec![], Compression::default()));
    put(&mut archive, "LISEZMOI.txt", text("SUBJECT_ACCESS", language, &[]).as_bytes())?;
    for (name, query) in SCREENS {
        let principal = Principal { role: AccountRole::Parent, login: number.to_owned() };
        let context = RequestContext { principal: Some(principal), language, ..RequestContext::default() };
        let answer = schema.execute(async_graphql::Request::new(query).data(context)).await;
        if let Some(error) = answer.errors.first() {
            return Err(Failed::Broken(format!("{name}: {}", error.message)));
        }
        let shown = serde_json::to_vec_pretty(&answer.data)?;
        put(&mut archive, &format!("screens/{name}.json"), &shown)?;
    }
    let mut events = BTreeMap::new();
    let children = family::children(application.pool(), number).await?;
    let subjects = children.iter().map(|child| child.id.to_string()).chain([number.to_owned()]);
    for about in subjects {
        let asked = Search { about: Some(about), ..Search::default() };
        let mut after = 0;
        loop {
            let page = search(application.pool(), &asked, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            events.extend(page.into_iter().map(|event| (event.position, event)));
        }
    }
    let mut lines = vec![];
    for event in events.values() {
        serde_json::to_writer(&mut lines, &line(application, event).await?)?;
        lines.push(b'\n');
    }
    put(&mut archive, "events.jsonl", &lines)?;
    for id in application.attachments().ids_of_subject(number).await? {
        let (_, name, content) = application.attachments().read(id).await?;
        put(&mut archive, &format!("files/{id}-{}", name.replace(['/', '\\'], "-")), &content)?;
    }
    let content = archive.into_inner()?.finish()?;
    Ok(Download { media: "application/gzip", name: format!("{number}.tar.gz"), content })
}

fn put(archive: &mut tar::Builder<GzEncoder<Vec<u8>>>, name: &str, content: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, name, content)
}

/// An event to read, with what is sealed in it opened.
async fn line(application: &Application, event: &RecordedEvent) -> Result<Value, Failed> {
    let mut payload: Value = serde_json::from_str(event.payload.get())?;
    open(application, &mut payload).await?;
    Ok(
        json!({ "position": event.position, "at": event.recorded_at, "by": event.actor, "type": event.event_type,
        "stream": event.stream.to_string(), "payload": payload }),
    )
}

/// Opens every sealed value in a document; what was erased stays sealed.
async fn open(application: &Application, document: &mut Value) -> Result<(), Failed> {
    let mut waiting = vec![document];
    while let Some(value) = waiting.pop() {
        if let Ok(sealed) = serde_json::from_value::<Sealed>(value.clone()) {
            if let Some(text) = opened(application, &sealed).await? {
                *value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            }
            continue;
        }
        match value {
            Value::Object(fields) => waiting.extend(fields.values_mut()),
            Value::Array(items) => waiting.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    Ok(())
}

async fn opened(application: &Application, sealed: &Sealed) -> Result<Option<String>, Failed> {
    let bytes = family::sealed_bytes(sealed)?;
    for place in Place::VARIANTS {
        let context = place.context(&sealed.subject);
        let vault = application.vault();
        match vault.unseal(&sealed.subject, sealed.purpose.into(), &context, &bytes).await {
            Ok(text) => return Ok(Some(String::from_utf8(text)?)),
            Err(VaultError::Destroyed) => return Ok(None),
            Err(VaultError::Cannot) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
