//! What a document selects of an eager object, read once per list.

use std::cell::OnceCell;

use async_graphql::{
    ContextSelectionSet, Name,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
};

use super::{EagerObject, value::write_json};

/// What is selected of an object.
#[derive(Debug, Default)]
pub struct Selected {
    fields: Vec<SelectedField>,
}

#[derive(Debug)]
struct SelectedField {
    /// The answer's key as it is written: quoted, with its colon.
    key: String,
    name: Name,
    /// Where the object has the field, known once the first object is written.
    place: OnceCell<usize>,
    /// What is selected of it.
    selected: Selected,
}

impl Selected {
    /// What the field that is resolved selects of a type.
    pub(super) fn of(ctx: &ContextSelectionSet<'_>, type_name: &str) -> Self {
        Self::of_sets(ctx, &[&ctx.item.node], type_name)
    }

    /// The selections on an object of one type, merged. Skipped fields are gone by then.
    fn of_sets(ctx: &ContextSelectionSet<'_>, sets: &[&SelectionSet], type_name: &str) -> Self {
        let mut merged: IndexMap<Name, (Name, Vec<&SelectionSet>)> = IndexMap::new();
        for set in sets {
            collect(ctx, set, type_name, &mut merged);
        }
        let field = |(key, (name, sets)): (Name, (Name, Vec<&SelectionSet>))| SelectedField {
            key: format!("\"{key}\":"),
            name,
            place: OnceCell::new(),
            // Nested objects are told apart by their fields, which validation has checked: no
            // fragment of another type can stand there.
            selected: Self::of_sets(ctx, &sets, ""),
        };
        Self { fields: merged.into_iter().map(field).collect() }
    }

    /// Writes the answer of an object.
    pub fn write<T: EagerObject>(&self, object: &T, out: &mut Vec<u8>) {
        out.push(b'{');
        for (n, SelectedField { key, name, place, selected }) in self.fields.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(key.as_bytes());
            let find = || T::FIELDS.iter().position(|field| is_named(field, name)).unwrap_or(usize::MAX);
            match *place.get_or_init(find) {
                usize::MAX if name.as_str() == "__typename" => write_json(T::NAME, out),
                place => object.write_field(place, selected, out),
            }
        }
        out.push(b'}');
    }
}

/// Whether a field of the schema is this field of Rust: `statusLabel` is `status_label`.
fn is_named(field: &str, name: &str) -> bool {
    let mut letters = name.bytes();
    let mut starts_word = false;
    for letter in field.bytes() {
        if letter == b'_' {
            starts_word = true;
            continue;
        }
        let expected = if starts_word { letter.to_ascii_uppercase() } else { letter };
        if letters.next() != Some(expected) {
            return false;
        }
        starts_word = false;
    }
    letters.next().is_none()
}

fn collect<'a>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    type_name: &str,
    merged: &mut IndexMap<Name, (Name, Vec<&'a SelectionSet>)>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let Field { name, selection_set, .. } = &field.node;
                let key = field.node.response_key().node.clone();
                merged.entry(key).or_insert_with(|| (name.node.clone(), vec![])).1.push(&selection_set.node);
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref().map(|c| c.node.on.node.as_str());
                if on.is_none_or(|on| type_name.is_empty() || on == type_name) {
                    collect(ctx, &fragment.node.selection_set.node, type_name, merged);
                }
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) {
                    collect(ctx, &fragment.node.selection_set.node, type_name, merged);
                }
            }
        }
    }
}
