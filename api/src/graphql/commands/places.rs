//! Places in a mutation's input: what `userErrors.path` may name. Rules name the place of a command;
//! what a mutation's input does not have is cut off, so that a client can always follow the path.

use async_graphql::{
    Context,
    registry::{MetaType, MetaTypeName, Registry},
};
use portail_application::{CommandOutcome, Rejection};

/// Cuts off of every error's path what the mutation's input does not have.
pub fn keep_real(ctx: &Context<'_>, outcome: &mut CommandOutcome) {
    let days = outcome.days.iter_mut().filter_map(|day| day.error.as_mut());
    let items = outcome.items.iter_mut().filter_map(|item| item.error.as_mut());
    for error in outcome.errors.iter_mut().chain(days).chain(items) {
        shorten(ctx, error);
    }
}

fn shorten(ctx: &Context<'_>, error: &mut Rejection) {
    let (registry, mutation) = (&ctx.schema_env.registry, ctx.field().name());
    let real = real_steps(registry, mutation, &error.path);
    if real < error.path.len() {
        tracing::warn!(
            mutation,
            code = error.code,
            path = error.path.join("."),
            "no such place in the input"
        );
        error.path.truncate(real);
    }
}

/// How many steps of a path lead into the arguments of a mutation.
fn real_steps(registry: &Registry, mutation: &str, path: &[String]) -> usize {
    let root = registry.mutation_type.as_deref().and_then(|name| registry.types.get(name));
    let field = match root {
        Some(MetaType::Object { fields, .. }) => fields.get(mutation),
        _ => None,
    };
    let (Some(field), Some((first, below))) = (field, path.split_first()) else { return 0 };
    let Some(argument) = field.args.get(first) else { return 0 };
    let mut kind = argument.ty.as_str();
    let mut real = 1;
    for step in below {
        if let MetaTypeName::NonNull(inner) = MetaTypeName::create(kind) {
            kind = inner;
        }
        let next = match MetaTypeName::create(kind) {
            MetaTypeName::List(item) => step.parse::<usize>().is_ok().then_some(item),
            MetaTypeName::NonNull(inner) | MetaTypeName::Named(inner) => match registry.types.get(inner) {
                Some(MetaType::InputObject { input_fields, .. }) => {
                    input_fields.get(step).map(|f| f.ty.as_str())
                }
                _ => None,
            },
        };
        let Some(next) = next else { break };
        kind = next;
        real += 1;
    }
    real
}

#[cfg(test)]
mod tests {
    use async_graphql::OutputType;

    use super::*;

    #[test]
    fn a_path_is_followed_as_far_as_the_input_goes() {
        let mut registry = Registry::default();
        <crate::graphql::Mutation as OutputType>::create_type_info(&mut registry);
        registry.mutation_type = Some("Mutation".to_owned());
        let real = |mutation: &str, path: &str| {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            real_steps(&registry, mutation, &path)
        };
        assert_eq!(real("requestReservations", "input.dates.3"), 3);
        assert_eq!(real("requestReservations", "input.dates.2015-04-06"), 2);
        assert_eq!(real("requestReservations", "input.pattern.from"), 3);
        assert_eq!(real("requestNewChild", "input.change.childIdentity"), 1);
        assert_eq!(real("requestNewChild", "input.identity.birthDate"), 3);
        assert_eq!(real("requestModification", "input.change.bank.iban"), 4);
        assert_eq!(real("recordRollCall", "input.entries.0.childId"), 4);
        assert_eq!(real("logIn", "login"), 0);
    }
}
