//! What the portal says when somebody asks for more than it gives.

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
    (
        "TOO_MANY_ATTEMPTS",
        "Trop de tentatives de connexion : réessayez dans {minutes} min.",
        "Too many attempts to log in: try again in {minutes} min.",
    ),
    (
        "BUSY",
        "Trop de connexions en ce moment : réessayez dans quelques secondes.",
        "Too many people are logging in at this moment: try again in a few seconds.",
    ),
    (
        "ONE_LOG_IN",
        "Une requête ne peut ouvrir qu'une session.",
        "A request opens one session at the most: send `logIn` once.",
    ),
    (
        "INVALID_LOGIN",
        "L'identifiant comprend 1 à 64 caractères, sans espace au début ni à la fin.",
        "A login has 1 to 64 characters, without spaces at its ends.",
    ),
    (
        "LAST_ADMINISTRATOR",
        "C'est le dernier administrateur : créez-en un autre d'abord.",
        "This is the last administrator: make another one first.",
    ),
    (
        "TOO_OFTEN",
        "{most} envois au plus en {minutes} min : réessayez plus tard.",
        "At most {most} in {minutes} min: try again later.",
    ),
    (
        "TIMEOUT",
        "La requête a pris plus de {seconds} s : réessayez avec le même identifiant de commande.",
        "The request took longer than {seconds} s: try again with the same command identifier.",
    ),
    (
        "TRANSFER_TIMEOUT",
        "L'envoi ou le document a pris trop de temps : réessayez.",
        "The upload or the document took too long: try again.",
    ),
    (
        "TOO_MANY_CONNECTIONS",
        "Trop de connexions : réessayez dans un instant.",
        "Too many connections: try again in a moment.",
    ),
    (
        "TOO_MANY_SUBSCRIPTIONS",
        "{most} abonnements en cours au plus : terminez-en un.",
        "At most {most} operations run at once on your sockets: complete one first.",
    ),
    (
        "UPLOAD_QUOTA",
        "Vos fichiers qui ne sont joints à rien dépassent la limite : joignez-les, ou supprimez-en.",
        "Your files that are attached to nothing exceed the limit: attach them, or delete some.",
    ),
];
