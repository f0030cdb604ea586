//! What a resolver knows of its request: who asks, in which language, how fresh the answer must
//! be. Deny by default: a root field without a guard does not compile into the schema's test.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use async_graphql::{Context, Error, ErrorExtensions, Guard, Result};
use portail_application::{Application, Caller, PATIENCE, Role, access::Principal};
use portail_domain::{
    i18n::{Language, text},
    shared::ids::ChildId,
};
use portail_projections::families::family::{self, Responsible};

use crate::http::request_context::{Consistency, RequestContext};

/// Where logging out leads.
#[derive(Debug, Clone)]
pub struct Site(pub String);

/// Shorthands of resolvers.
pub trait Ask {
    /// The application.
    fn application(&self) -> Result<&Arc<Application>>;
    /// The request.
    fn request(&self) -> Result<&RequestContext>;
    /// Who is signed in.
    ///
    /// # Errors
    /// Nobody is.
    fn principal(&self) -> Result<&Principal>;
    /// Who asks, as the application knows callers.
    ///
    /// # Errors
    /// Nobody is signed in.
    fn caller(&self) -> Result<Caller>;
    /// The caller's language.
    fn language(&self) -> Language;
}

impl Ask for Context<'_> {
    fn application(&self) -> Result<&Arc<Application>> {
        self.data()
    }
    fn request(&self) -> Result<&RequestContext> {
        self.data()
    }
    fn principal(&self) -> Result<&Principal> {
        let principal = self.request()?.principal.as_ref();
        principal.ok_or_else(|| coded("UNAUTHENTICATED", self.language()))
    }
    fn caller(&self) -> Result<Caller> {
        let (principal, at) = (self.principal()?, self.application()?.clock().now());
        Ok(Caller { role: principal.role.into(), login: principal.login.clone(), at })
    }
    fn language(&self) -> Language {
        self.data_opt::<RequestContext>().map_or(Language::Fr, |r| r.language)
    }
}

/// An error with its code in the extensions.
pub fn coded(code: &'static str, language: Language) -> Error {
    Error::new(text(code, language, &[])).extend_with(|_, e| e.set("code", code))
}

/// A refusal in words of its own, with its code in the extensions.
pub fn refused(code: &'static str, message: String) -> Error {
    Error::new(message).extend_with(|_, e| e.set("code", code))
}

/// A failure that is not the caller's: logged, not told.
pub fn unavailable(error: impl std::fmt::Display) -> Error {
    tracing::error!(%error, "a request failed");
    coded("UNAVAILABLE", Language::Fr)
}

/// Opens a field to roles. Staff roles include administrators.
#[derive(Debug, Clone, Copy)]
pub struct Open(pub &'static [Role]);

/// Parents, staff and auditors.
pub const EVERYBODY: Open = Open(&[Role::Parent, Role::Staff, Role::Administrator, Role::Auditor]);
/// Parents and staff.
pub const PARENTS: Open = Open(&[Role::Parent, Role::Staff, Role::Administrator]);
/// Staff.
pub const STAFF: Open = Open(&[Role::Staff, Role::Administrator]);
/// Staff and auditors.
pub const OFFICERS: Open = Open(&[Role::Staff, Role::Administrator, Role::Auditor]);
/// Auditors, and administrators.
pub const AUDITORS: Open = Open(&[Role::Administrator, Role::Auditor]);
/// Administrators.
pub const ADMINISTRATORS: Open = Open(&[Role::Administrator]);

impl Guard for Open {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let caller = ctx.caller()?;
        if self.0.contains(&caller.role) { Ok(()) } else { Err(coded("FORBIDDEN", ctx.language())) }
    }
}

/// A child the caller may see: their own for parents, any for staff and auditors. Unknown and
/// foreign children answer alike.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn visible_child(ctx: &Context<'_>, id: &str) -> Result<ChildId> {
    let not_found = || coded("NOT_FOUND", ctx.language());
    let child: ChildId = id.parse().map_err(|_| not_found())?;
    let caller = ctx.caller()?;
    let families = family::families_of(ctx.application()?.pool(), child).await;
    if is_visible(&caller, &families.map_err(unavailable)?) { Ok(child) } else { Err(not_found()) }
}

/// Whether a caller may see a child of these families.
pub fn is_visible(caller: &Caller, families: &[String]) -> bool {
    match caller.role {
        Role::Parent => families.contains(&caller.login),
        Role::Staff | Role::Administrator | Role::Auditor => !families.is_empty(),
        // Nobody looks at what the clock does.
        Role::Timer => false,
    }
}

/// Waits until the read models have reached the asked position, and notes what was reached.
///
/// # Errors
/// The application is not there.
pub async fn be_fresh(ctx: &Context<'_>, names: &[&str], asked: Option<u64>) -> Result<u64> {
    let (application, request) = (ctx.application()?, ctx.request()?);
    let required = asked.or(request.min_position);
    if let Some(required) = required {
        application.engine().wait_for(names, required, PATIENCE).await;
    }
    let actual = application.engine().position(names);
    if let Some(required) = required {
        let mut consistency = request.consistency.lock().unwrap_or_else(PoisonError::into_inner);
        *consistency = Some(Consistency { required, actual, not_shown_by: vec![] });
    }
    Ok(actual)
}

/// Several names at once, by family number.
///
/// # Errors
/// The database failed.
pub async fn payer_names(ctx: &Context<'_>, numbers: Vec<String>) -> Result<HashMap<String, String>> {
    let found = family::responsibles(ctx.application()?.pool(), &numbers).await;
    Ok(found.map_err(unavailable)?.into_iter().filter_map(|(n, r)| Some((n, full_name(&r?)))).collect())
}

/// Surname and first name.
pub fn full_name(responsible: &Responsible) -> String {
    format!("{} {}", responsible.surname, responsible.first_name)
}
