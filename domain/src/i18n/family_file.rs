//! What is in the way of a change of the family file.

/// Key, French, English.
pub(super) const FAMILY_FILE: &[(&str, &str, &str)] = &[
    (
        "STALE_FORM",
        "Le dossier a changé depuis l'ouverture du formulaire : rechargez-le et recommencez.",
        "The file has changed since the form was opened: load it again.",
    ),
    (
        "ALREADY_DECIDED",
        "Cette demande est déjà traitée ou retirée.",
        "This request has been decided or withdrawn.",
    ),
    (
        "TOO_MANY_PENDING",
        "{most} demandes en attente au plus : attendez une réponse ou retirez-en.",
        "{most} undecided requests at the most: wait for an answer or withdraw some.",
    ),
    (
        "CONFLICTING_FIELDS",
        "Modifié entre-temps : {@fields}. Comparez, puis confirmez l'écrasement ou refusez.",
        "Changed meanwhile: {@fields}. Compare, then confirm overwriting or refuse.",
    ),
    (
        "WRONG_SECTION",
        "Cette rubrique n'appartient pas à ce dossier : indiquez l'enfant pour une rubrique d'enfant, aucun pour une rubrique de la famille.",
        "This section does not belong to that file: name the child for a child's section, none for the family's.",
    ),
    ("UNKNOWN_FIELD", "Ce champ n'existe pas dans cette rubrique.", "This section has no such field."),
    (
        "INVALID_FAMILY_NUMBER",
        "Numéro de famille incorrect : 13 chiffres.",
        "Wrong family number: 13 digits.",
    ),
    ("FIELD_REQUIRED", "Ce champ est obligatoire.", "This field may not be empty."),
    ("FIELD_TOO_LONG", "{most#caractère|caractères} au plus.", "{most#character|characters} at the most."),
    ("FIELD_TOO_MANY", "{most#ligne|lignes} au plus.", "{most#entry|entries} at the most."),
    (
        "INVALID_IBAN",
        "IBAN incorrect : vérifiez chaque caractère, la clé de contrôle ne correspond pas.",
        "Wrong IBAN: check every character, its checksum does not fit.",
    ),
    (
        "IBAN_OUTSIDE_SEPA",
        "Ce compte est hors de l'espace SEPA : il ne peut pas être prélevé.",
        "This account is outside the SEPA area: it cannot be debited.",
    ),
    (
        "INVALID_BIC",
        "BIC incorrect : 8 ou 11 caractères, dont le pays. Laissez vide si vous ne le connaissez pas.",
        "Wrong BIC: 8 or 11 characters with the country among them. Leave it empty if you do not know it.",
    ),
    (
        "BIC_OF_ANOTHER_COUNTRY",
        "Ce BIC n'est pas celui d'une banque du pays de l'IBAN : corrigez-le ou laissez-le vide.",
        "This BIC is not of a bank of the IBAN's country: correct it or leave it empty.",
    ),
    (
        "INVALID_MANDATE_REFERENCE",
        "Référence de mandat incorrecte : 1 à 35 lettres sans accent, chiffres, espaces et / - ? : ( ) . , ' +, sans / au début ni à la fin, ni //.",
        "Wrong mandate reference: 1 to 35 letters without accents, digits, spaces and / - ? : ( ) . , ' +, no / at the start or end, no //.",
    ),
    (
        "NOT_LATIN",
        "Écrivez ce nom en lettres latines, comme sur le relevé d'identité bancaire.",
        "Write this name in Latin letters, as the bank does.",
    ),
    (
        "LATIN_SPELLING_REQUIRED",
        "Les banques ne lisent pas toutes les lettres de ce nom : indiquez le titulaire en lettres latines.",
        "Banks cannot read every letter of this name: give the account holder in Latin letters.",
    ),
    (
        "INVALID_POSTCODE",
        "Code postal incorrect : 5 chiffres en France ; ailleurs, indiquez aussi le pays.",
        "Wrong postcode: 5 digits in France; elsewhere, give the country as well.",
    ),
    (
        "INVALID_COUNTRY",
        "Pays inconnu : indiquez son nom ou son code à deux lettres.",
        "Unknown country: give its name or its code of two letters.",
    ),
    (
        "INVALID_PHONE",
        "Numéro de téléphone incorrect : 10 chiffres, ou + et l'indicatif du pays.",
        "Wrong telephone number: 10 digits, or + and the country code.",
    ),
    ("INVALID_EMAIL", "Adresse électronique incorrecte.", "Wrong e-mail address."),
    (
        "UNDELIVERABLE_EMAIL",
        "Aucun courriel n'arrive à cette adresse : indiquez une adresse complète, par exemple nom@exemple.fr.",
        "No e-mail reaches this address: give a complete one, for example name@example.org.",
    ),
    ("INVALID_TAX_NUMBER", "Numéro fiscal incorrect : 13 chiffres.", "Wrong tax number: 13 digits."),
    (
        "INVALID_DATE",
        "Date impossible : JJ/MM/AAAA ou AAAA-MM-JJ.",
        "Impossible date: DD/MM/YYYY or YYYY-MM-DD.",
    ),
    ("DATE_IN_THE_FUTURE", "Cette date est dans le futur.", "This date is in the future."),
    ("ENDS_BEFORE_START", "La fin précède le début.", "The end comes before the start."),
    (
        "INVALID_AMOUNT",
        "Nombre incorrect : positif, deux décimales au plus.",
        "Wrong number: positive, two decimals at the most.",
    ),
    ("INVALID_CHOICE", "Choix possibles : {choices}.", "Possible choices: {choices}."),
    ("INVALID_TEXT", "Valeur d'un autre type que celui du champ.", "The value is not of the field's type."),
];
