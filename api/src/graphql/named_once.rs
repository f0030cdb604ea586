//! How often a document names a field.

use async_graphql::{
    ContextBase,
    parser::types::{Selection, SelectionSet},
};

/// Whether a document names a field in one place only.
pub fn is_named_once<T>(ctx: &ContextBase<'_, T>, name: &str) -> bool {
    let fragments = ctx.query_env.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let sets = fragments.chain([&ctx.query_env.operation.node.selection_set.node]);
    sets.map(|set| mentions(set, name)).sum::<usize>() == 1
}

fn mentions(set: &SelectionSet, name: &str) -> usize {
    let of = |selection: &Selection| match selection {
        Selection::Field(field) => {
            usize::from(field.node.name.node == name) + mentions(&field.node.selection_set.node, name)
        }
        Selection::InlineFragment(fragment) => mentions(&fragment.node.selection_set.node, name),
        Selection::FragmentSpread(_) => 0,
    };
    set.items.iter().map(|selection| of(&selection.node)).sum()
}
