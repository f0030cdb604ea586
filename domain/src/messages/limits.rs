//! What is said to a request that is too large.

/// Key, French, English.
pub(super) const LIMITS: &[(&str, &str, &str)] = &[
    (
        "TOO_MANY_TOKENS",
        "Le document GraphQL compte plus de {limit} éléments : demandez moins de champs à la fois.",
        "The GraphQL document has more than {limit} tokens: ask for fewer fields at a time.",
    ),
    (
        "BRACKETS_TOO_DEEP",
        "Le document GraphQL imbrique plus de {limit} accolades, crochets ou parenthèses.",
        "The GraphQL document nests more than {limit} brackets.",
    ),
    (
        "QUERY_TOO_DEEP",
        "La requête GraphQL imbrique plus de {limit#niveau|niveaux} de champs, fragments compris : \
         demandez moins profond.",
        "The GraphQL operation nests more than {limit#level|levels} of fields, fragments included: \
         ask less deep.",
    ),
    (
        "QUERY_TOO_COMPLEX",
        "La requête GraphQL demande plus de {limit} champs, fragments et pages compris : demandez \
         moins de champs ou de plus petites pages.",
        "The GraphQL operation asks for more than {limit} fields, fragments and pages included: \
         ask for fewer fields or smaller pages.",
    ),
    (
        "TOO_MANY_ALIASES",
        "La requête GraphQL emploie plus de {limit} alias, fragments compris.",
        "The GraphQL operation uses more than {limit} aliases, fragments included.",
    ),
    (
        "TOO_MANY_ROOT_FIELDS",
        "La requête GraphQL demande plus de {limit} champs à la racine : faites plusieurs requêtes.",
        "The GraphQL operation asks for more than {limit} fields at its root: send several requests.",
    ),
    (
        "TOO_MANY_DIRECTIVES",
        "Le document GraphQL met plus de {limit} directives au même endroit.",
        "The GraphQL document has more than {limit} directives at one place.",
    ),
    ("FRAGMENT_CYCLE", "Le fragment {name} se contient lui-même.", "The fragment {name} contains itself."),
    (
        "INTROSPECTION_TOO_LARGE",
        "L'introspection est limitée à {depth} niveaux, {lists} listes et {nested} listes imbriquées.",
        "Introspection is limited to {depth} levels, {lists} lists and {nested} lists in one another.",
    ),
    (
        "BATCH_NOT_ACCEPTED",
        "Une requête HTTP porte une seule opération GraphQL : envoyez-les une à une.",
        "An HTTP request carries one GraphQL operation: send them one by one.",
    ),
];
