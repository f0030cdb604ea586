//! How large a document may be, and what is said to one that is larger.

use async_graphql::{ErrorExtensionValues, ServerError};
use portail_domain::i18n::{Args, Language, Rule};

/// How deep brackets may be nested in the text of a document: selections, lists, objects and types
/// alike. The parser calls itself once per bracket; its own limit is checked when it is done.
pub const BRACKETS: u64 = 64;

/// How deep fields and fragments together may be nested. The library's own limit is 32.
pub const LEVELS: u64 = 30;

/// How deep fields below `__schema` and `__type` may be nested: the usual query of developers' tools
/// has 14 levels.
pub const INTROSPECTION_DEPTH: u64 = 20;

/// How many of the long lists of introspection may stand one in another (`types` and their `fields`,
/// for example): each multiplies the answer.
pub const INTROSPECTION_LISTS_NESTED: u64 = 2;

/// How many of the long lists of introspection one operation may ask for; the usual query of
/// developers' tools asks for eight.
pub const INTROSPECTION_LISTS: u64 = 16;

/// A document as a whole (all its operations, and each of its selections with the fragments it
/// spreads) is validated; that is this many times the work of the most complex operation at most.
pub const OPERATIONS: u64 = 10;

/// How large a document may be. All limits but that of tokens hold on the expanded document: with
/// every fragment put where it is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Tokens of the text.
    pub tokens: u64,
    /// Fields one in another, in an operation; introspection has a limit of its own.
    pub depth: u64,
    /// Fields of an operation, each as often as the pages around it ask for ten items.
    pub complexity: u64,
    /// Aliases of an operation.
    pub aliases: u64,
    /// Fields at the root of an operation.
    pub root_fields: u64,
    /// Directives on one field, fragment or operation.
    pub directives: u64,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self { tokens: 4_000, depth: 12, complexity: 2_000, aliases: 30, root_fields: 20, directives: 4 }
    }
}

/// The limit a document goes past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TooLarge {
    /// Tokens.
    Tokens(u64),
    /// Brackets in brackets.
    Brackets,
    /// Fields in fields.
    Depth(u64),
    /// Fields, weighted by the pages they are in.
    Complexity(u64),
    /// Aliases.
    Aliases(u64),
    /// Fields at the root.
    RootFields(u64),
    /// Directives at one place.
    Directives(u64),
    /// A fragment that contains itself.
    FragmentCycle(String),
    /// Introspection of introspection.
    Introspection,
}

impl Rule for TooLarge {
    fn code(&self) -> &'static str {
        match self {
            Self::Tokens(_) => "TOO_MANY_TOKENS",
            Self::Brackets => "BRACKETS_TOO_DEEP",
            Self::Depth(_) => "QUERY_TOO_DEEP",
            Self::Complexity(_) => "QUERY_TOO_COMPLEX",
            Self::Aliases(_) => "TOO_MANY_ALIASES",
            Self::RootFields(_) => "TOO_MANY_ROOT_FIELDS",
            Self::Directives(_) => "TOO_MANY_DIRECTIVES",
            Self::FragmentCycle(_) => "FRAGMENT_CYCLE",
            Self::Introspection => "INTROSPECTION_TOO_LARGE",
        }
    }

    fn args(&self) -> Args {
        match self {
            Self::Tokens(most)
            | Self::Depth(most)
            | Self::Complexity(most)
            | Self::Aliases(most)
            | Self::RootFields(most)
            | Self::Directives(most) => vec![("limit", most.to_string())],
            Self::Brackets => vec![("limit", BRACKETS.to_string())],
            Self::FragmentCycle(name) => vec![("name", name.clone())],
            Self::Introspection => vec![
                ("depth", INTROSPECTION_DEPTH.to_string()),
                ("nested", INTROSPECTION_LISTS_NESTED.to_string()),
                ("lists", INTROSPECTION_LISTS.to_string()),
            ],
        }
    }
}

impl TooLarge {
    /// What the client is told.
    pub(super) fn error(&self, language: Language) -> ServerError {
        let mut error = ServerError::new(self.message(language), None);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", self.code());
        error.extensions = Some(extensions);
        error
    }
}
