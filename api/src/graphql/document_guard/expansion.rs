//! How large a document is with every fragment put where it is spread, computed without putting them
//! there: each fragment is measured once.

use std::collections::HashMap;

use crate::graphql::document_guard::{
    limits::{
        DocumentLimits, INTROSPECTION_DEPTH, INTROSPECTION_LISTS, INTROSPECTION_LISTS_NESTED, LEVELS,
        OPERATIONS, TooLarge,
    },
    page_sizes::page_size,
};
use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet},
};

/// How many items of a page weigh as much as one.
const WEIGHED_TOGETHER: u64 = 10;

/// The long lists of introspection.
const INTROSPECTION: &[&str] =
    &["types", "fields", "inputFields", "enumValues", "interfaces", "possibleTypes"];

/// What a selection comes to, expanded. Numbers that overflow stay at their largest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    /// Fields, weighted by the pages they are in.
    cost: u64,
    /// Fields and fragments that stand at the level of the selection itself.
    wide: u64,
    /// Of those, the fields.
    roots: u64,
    aliases: u64,
    /// Fields in fields, those of introspection aside.
    depth: u64,
    /// Fields in fields, whatever they are.
    fields_deep: u64,
    /// Fields in fields below `__schema` and `__type`.
    introspection_depth: u64,
    /// Fields and fragments in one another.
    levels: u64,
    /// Names of introspection's lists in one another, and all of them.
    lists_nested: u64,
    lists: u64,
    /// Of those, the ones below `__schema` and `__type`.
    introspected_nested: u64,
    introspected: u64,
}

impl Size {
    /// Another selection beside this one.
    fn add(&mut self, other: Self) {
        self.cost = self.cost.saturating_add(other.cost);
        self.wide = self.wide.saturating_add(other.wide);
        self.roots = self.roots.saturating_add(other.roots);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
        self.fields_deep = self.fields_deep.max(other.fields_deep);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.levels = self.levels.max(other.levels);
        self.lists_nested = self.lists_nested.max(other.lists_nested);
        self.lists = self.lists.saturating_add(other.lists);
        self.introspected_nested = self.introspected_nested.max(other.introspected_nested);
        self.introspected = self.introspected.saturating_add(other.introspected);
    }

    /// The same as part of a fragment.
    fn in_fragment(self) -> Self {
        Self { wide: self.wide.saturating_add(1), levels: self.levels.saturating_add(1), ..self }
    }
}

enum Fragment {
    Measuring,
    Measured(Size),
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    limits: &'a DocumentLimits,
    /// The whole numbers variables stand for; an operation's default where the request names none.
    numbers: HashMap<&'a str, u64>,
    fragments: HashMap<&'a str, Fragment>,
    /// What validating all selections comes to.
    validated: u64,
}

/// Holds a document against the limits.
///
/// # Errors
/// It goes past one.
pub(super) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    limits: &DocumentLimits,
) -> Result<(), TooLarge> {
    let mut measuring = Measuring {
        document,
        limits,
        numbers: numbers(document, variables),
        fragments: HashMap::new(),
        validated: 0,
    };
    for (_, operation) in document.operations.iter() {
        measuring.directives(&operation.node.directives)?;
        let size = measuring.selections(&operation.node.selection_set.node, 0)?;
        within(size, limits)?;
        measuring.validates(size.cost)?;
    }
    // Those no operation spreads are validated as well.
    let mut fragments: Vec<&str> = document.fragments.keys().map(|name| name.as_str()).collect();
    fragments.sort_unstable();
    for name in fragments {
        measuring.fragment(name, 0)?;
    }
    Ok(())
}

fn within(size: Size, limits: &DocumentLimits) -> Result<(), TooLarge> {
    if size.depth > limits.depth {
        return Err(TooLarge::Depth(limits.depth));
    }
    if size.cost > limits.complexity {
        return Err(TooLarge::Complexity(limits.complexity));
    }
    if size.roots > limits.root_fields {
        return Err(TooLarge::RootFields(limits.root_fields));
    }
    if size.aliases > limits.aliases {
        return Err(TooLarge::Aliases(limits.aliases));
    }
    if size.introspection_depth > INTROSPECTION_DEPTH
        || size.introspected_nested > INTROSPECTION_LISTS_NESTED
        || size.introspected > INTROSPECTION_LISTS
    {
        return Err(TooLarge::Introspection);
    }
    if size.levels > LEVELS {
        return Err(TooLarge::Depth(LEVELS));
    }
    Ok(())
}

impl<'a> Measuring<'a> {
    fn selections(&mut self, set: &'a SelectionSet, level: u64) -> Result<Size, TooLarge> {
        // A path this long is really there: a fragment is measured where it is first met.
        if level > LEVELS {
            return Err(TooLarge::Depth(LEVELS));
        }
        let mut size = Size::default();
        for selection in &set.items {
            size.add(match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives)?;
                    self.selections(&inline.node.selection_set.node, level + 1)?.in_fragment()
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives)?;
                    self.fragment(spread.node.fragment_name.node.as_str(), level)?.in_fragment()
                }
            });
        }
        self.validates(size.wide)?;
        Ok(size)
    }

    fn field(&mut self, field: &'a Field, level: u64) -> Result<Size, TooLarge> {
        self.directives(&field.directives)?;
        let below = self.selections(&field.selection_set.node, level + 1)?;
        let name = field.name.node.as_str();
        let is_introspection = matches!(name, "__schema" | "__type");
        let is_list = u64::from(INTROSPECTION.contains(&name));
        let (depth, introspection_depth) = if is_introspection {
            (1, 1 + below.fields_deep)
        } else {
            (1 + below.depth, below.introspection_depth)
        };
        let lists_nested = is_list + below.lists_nested;
        let lists = below.lists.saturating_add(is_list);
        Ok(Size {
            cost: self.weight(field).saturating_mul(below.cost).saturating_add(1),
            wide: 1,
            roots: 1,
            aliases: below.aliases.saturating_add(u64::from(field.alias.is_some())),
            depth,
            fields_deep: 1 + below.fields_deep,
            introspection_depth,
            levels: 1 + below.levels,
            lists_nested,
            lists,
            introspected_nested: if is_introspection { lists_nested } else { below.introspected_nested },
            introspected: if is_introspection { lists } else { below.introspected },
        })
    }

    /// A fragment that the document does not define is left to validation.
    fn fragment(&mut self, name: &'a str, level: u64) -> Result<Size, TooLarge> {
        match self.fragments.get(name) {
            Some(Fragment::Measured(size)) => return Ok(*size),
            Some(Fragment::Measuring) => return Err(TooLarge::FragmentCycle(name.to_owned())),
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.fragments.insert(name, Fragment::Measuring);
        self.directives(&fragment.node.directives)?;
        let size = self.selections(&fragment.node.selection_set.node, level + 1)?;
        self.fragments.insert(name, Fragment::Measured(size));
        Ok(size)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), TooLarge> {
        let most = self.limits.directives;
        if directives.len() as u64 > most { Err(TooLarge::Directives(most)) } else { Ok(()) }
    }

    fn validates(&mut self, work: u64) -> Result<(), TooLarge> {
        self.validated = self.validated.saturating_add(work);
        let most = self.limits.complexity;
        if self.validated > most.saturating_mul(OPERATIONS) {
            Err(TooLarge::Complexity(most))
        } else {
            Ok(())
        }
    }

    /// How often what is below a field counts.
    fn weight(&self, field: &Field) -> u64 {
        let asked = field.arguments.iter().find(|(name, _)| matches!(name.node.as_str(), "first" | "last"));
        let stands_for = |name: Name| {
            let number = self.numbers.get(name.as_str());
            number.map(|&number| Value::from(number)).ok_or(())
        };
        let asked = asked.and_then(|(_, value)| whole(&value.node.clone().into_const_with(stands_for).ok()?));
        let items = asked.or_else(|| page_size(&field.name.node)).unwrap_or(1);
        items.div_ceil(WEIGHED_TOGETHER).max(1)
    }
}

fn whole(value: &Value) -> Option<u64> {
    if let Value::Number(number) = value { number.as_u64() } else { None }
}

fn numbers<'a>(document: &'a ExecutableDocument, variables: &'a Variables) -> HashMap<&'a str, u64> {
    let mut numbers = HashMap::new();
    for (_, operation) in document.operations.iter() {
        for variable in &operation.node.variable_definitions {
            let default = variable.node.default_value.as_ref().and_then(|value| whole(&value.node));
            let name = &variable.node.name.node;
            if let Some(number) = variables.get(name).and_then(whole).or(default) {
                let known = numbers.entry(name.as_str()).or_insert(number);
                *known = number.max(*known);
            }
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn verdict(document: &str) -> Result<(), TooLarge> {
        verdict_with(document, json!({}))
    }

    fn verdict_with(document: &str, variables: serde_json::Value) -> Result<(), TooLarge> {
        let document = parse_query(document).unwrap();
        check(&document, &Variables::from_json(variables), &DocumentLimits::default())
    }

    /// Fragments that spread the next one `times`, `levels` deep.
    fn doubling(levels: usize, spread: &str) -> String {
        let mut document = "{ ...F0 }".to_owned();
        for level in 0..levels {
            document += &format!(
                " fragment F{level} on Query {{ {} }}",
                spread.replace('#', &format!("F{}", level + 1))
            );
        }
        document + &format!(" fragment F{levels} on Query {{ __typename }}")
    }

    #[test]
    fn fragments_that_double_are_refused_however_many_levels() {
        for levels in [12, 20, 22, 25, 28] {
            assert!(verdict(&doubling(levels, "...# ...#")).is_err(), "{levels}");
        }
        assert_eq!(verdict(&doubling(40, "...# ...#")), Err(TooLarge::Depth(LEVELS)));
        assert_eq!(verdict(&doubling(13, "viewer { ...# }")), Err(TooLarge::Depth(12)));
        assert_eq!(verdict(&doubling(3, "...# ...#")), Ok(()), "eight fields");
    }

    #[test]
    fn wide_flat_fragments_count_as_often_as_they_are_spread() {
        let wide = |fields: usize, spreads: usize| {
            let fields: String = (0..fields).map(|_| " login").collect();
            let spreads = " ...F".repeat(spreads);
            format!("{{ viewer {{ {spreads} }} }} fragment F on Viewer {{ {fields} }}")
        };
        assert_eq!(verdict(&wide(100, 10)), Ok(()));
        assert_eq!(verdict(&wide(1_000, 10)), Err(TooLarge::Complexity(2_000)));
        // Fragments nobody spreads are validated as well.
        let unused: String =
            (0..40).map(|n| format!(" fragment G{n} on Viewer {{ {} }}", "...F ".repeat(20))).collect();
        let document =
            format!("{{ __typename }} fragment F on Viewer {{ {} }}{unused}", "login ".repeat(100));
        assert_eq!(verdict(&document), Err(TooLarge::Complexity(2_000)));
    }

    #[test]
    fn a_fragment_that_contains_itself_is_refused() {
        for document in [
            "{ ...A } fragment A on Query { ...A }",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { viewer { ...A } }",
            "{ __typename } fragment A on Query { ...A }",
        ] {
            assert!(matches!(verdict(document), Err(TooLarge::FragmentCycle(_))), "{document}");
        }
    }

    #[test]
    fn aliases_root_fields_and_directives_have_limits_of_their_own() {
        let aliases: String = (0..31).map(|n| format!(" a{n}: login")).collect();
        assert_eq!(verdict(&format!("{{ viewer {{ {aliases} }} }}")), Err(TooLarge::Aliases(30)));
        assert_eq!(verdict(&format!("{{ {} }}", "viewer ".repeat(21))), Err(TooLarge::RootFields(20)));
        assert_eq!(
            verdict("{ ...A ...A ...A } fragment A on Query { a b c d e f g }"),
            Err(TooLarge::RootFields(20)),
            "through fragments too"
        );
        for place in [
            "query #{ a }",
            "{ a # }",
            "{ ... # { a } }",
            "{ ...A # } fragment A on Q { a }",
            "{ a } fragment A on Q # { a }",
        ] {
            let with = |n: usize| place.replace('#', &"@x ".repeat(n));
            assert_eq!(verdict(&with(4)), Ok(()), "{place}");
            assert_eq!(verdict(&with(5)), Err(TooLarge::Directives(4)), "{place}");
        }
    }

    #[test]
    fn what_is_in_a_page_weighs_as_many_tens_as_the_page_holds() {
        let fields = "login ".repeat(30);
        let paged = |argument: &str| {
            format!(
                "query ($n: Int, $d: Int = 900) {{ logEvents{argument} {{ edges {{ node {{ {fields} }} }} }} x(a: $n, b: $d) }}"
            )
        };
        assert_eq!(verdict(&paged("(first: 500)")), Ok(()));
        assert_eq!(verdict(&paged("(first: 900)")), Err(TooLarge::Complexity(2_000)));
        assert_eq!(verdict(&paged("(first: $d)")), Err(TooLarge::Complexity(2_000)), "its default");
        assert_eq!(
            verdict_with(&paged("(first: $n)"), json!({ "n": 900 })),
            Err(TooLarge::Complexity(2_000))
        );
        assert_eq!(verdict_with(&paged("(first: $n)"), json!({ "n": 90 })), Ok(()));
        let nested = format!("{{ logEvents {{ logEvents {{ logEvents {{ {fields} }} }} }} }}");
        assert_eq!(verdict(&nested), Err(TooLarge::Complexity(2_000)), "the schema's own page of fifty");
    }

    #[test]
    fn introspection_is_deep_but_not_of_introspection() {
        let chain = |n: usize| {
            format!(
                "{{ __schema {{ types {{ fields {{ type {}{} }} }} }} }}",
                "{ ofType ".repeat(n),
                "{ name }".to_owned() + &" }".repeat(n)
            )
        };
        assert_eq!(verdict(&chain(14)), Ok(()));
        assert_eq!(verdict(&chain(20)), Err(TooLarge::Introspection));
        assert_eq!(verdict("{ __type(name: \"Query\") { fields { type { fields { name } } } } }"), Ok(()));
        for document in [
            "{ __schema { types { fields { type { fields { name } } } } } }".to_owned(),
            format!("{{ __schema {{ {} }} }}", (0..17).map(|n| format!("t{n}: types {{ name }} ")).collect::<String>()),
            "{ a { __schema { types { ...T } } } } fragment T on __Type { possibleTypes { fields { name } } }".to_owned(),
        ] {
            assert_eq!(verdict(&document), Err(TooLarge::Introspection), "{document}");
        }
        // Fields of these names that are the town's own count as others do.
        assert_eq!(verdict("{ a { fields { fields { fields { fields } } } } }"), Ok(()));
    }

    /// Cost, fields at the root, aliases and depth of a selection that is expanded for real.
    fn expanded(document: &ExecutableDocument, set: &SelectionSet) -> (u64, u64, u64, u64) {
        let mut total = (0, 0, 0, 0);
        for selection in &set.items {
            let (cost, roots, aliases, depth) = match &selection.node {
                Selection::Field(field) => {
                    let below = expanded(document, &field.node.selection_set.node);
                    (1 + below.0, 1, below.2 + u64::from(field.node.alias.is_some()), 1 + below.3)
                }
                Selection::InlineFragment(inline) => expanded(document, &inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = &document.fragments[&spread.node.fragment_name.node];
                    expanded(document, &fragment.node.selection_set.node)
                }
            };
            total = (total.0 + cost, total.1 + roots, total.2 + aliases, total.3.max(depth));
        }
        total
    }

    /// A selection that spreads fragments after `from` only.
    fn selection(random: &mut impl rand::Rng, from: usize, depth: usize) -> String {
        let one = |random: &mut _| match rand::Rng::random_range(random, 0..6) {
            0 | 1 if from < 6 => format!("...F{}", rand::Rng::random_range(random, from..6)),
            2 if depth < 3 => format!("... on T {{ {} }}", selection(random, from, depth + 1)),
            3 if depth < 3 => format!("b {{ {} }}", selection(random, from, depth + 1)),
            4 => "x: a".to_owned(),
            _ => "a".to_owned(),
        };
        (0..random.random_range(1..4)).map(|_| one(random)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_computed_is_what_expanding_would_give() {
        let mut random = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(13);
        for _ in 0..300 {
            let mut text = format!("{{ {} }}", selection(&mut random, 0, 0));
            for n in 0..6 {
                text += &format!(" fragment F{n} on T {{ {} }}", selection(&mut random, n + 1, 0));
            }
            let document = parse_query(&text).unwrap();
            let limits = DocumentLimits { complexity: u64::MAX, ..DocumentLimits::default() };
            let mut measuring = Measuring {
                document: &document,
                limits: &limits,
                numbers: HashMap::new(),
                fragments: HashMap::new(),
                validated: 0,
            };
            for (_, operation) in document.operations.iter() {
                let set = &operation.node.selection_set.node;
                let size = measuring.selections(set, 0).unwrap();
                let measured = (size.cost, size.roots, size.aliases, size.depth);
                assert_eq!(measured, expanded(&document, set), "{text}");
            }
        }
    }
}
