//! What is known of a request before it is answered.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use portail_application::access::Principal;
use portail_domain::i18n::Language;

/// How fresh the answer had to be and is: the answer's `extensions.consistency`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The asked position.
    pub required: u64,
    /// The position answered from.
    pub actual: u64,
    /// The read models that do not show what a command did, until they are mended: they have stopped, or
    /// set aside what it is about.
    pub not_shown_by: Vec<&'static str>,
}

/// A request.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// Who asks.
    pub principal: Option<Principal>,
    /// The token they came with.
    pub token: Option<String>,
    /// The address the request came from.
    pub address: Option<IpAddr>,
    /// Their language.
    pub language: Language,
    /// The position the answer must have reached (`X-Min-Position`).
    pub min_position: Option<u64>,
    /// Whether the answer may hold JSON that was written as text (decision 20).
    pub takes_raw_json: bool,
    /// What the answer will say of its freshness.
    pub consistency: Arc<Mutex<Option<Consistency>>>,
}
