//! What is expected of what people enter: texts, dates, settings.

/// Key, French, English.
pub(super) const ENTRY: &[(&str, &str, &str)] = &[
    // Texts
    (
        "FORBIDDEN_CHARACTER",
        "Ce texte contient un caractère invisible ou interdit ({character}) : retirez-le.",
        "This text holds an invisible or forbidden character ({character}): remove it.",
    ),
    (
        "LINE_BREAK",
        "Une seule ligne est attendue ici : retirez les retours à la ligne.",
        "One line is expected here: remove the line breaks.",
    ),
    (
        "INVALID_REFERENCE",
        "Référence bancaire : lettres sans accent, chiffres, espaces et / - ? : ( ) . , ' + seulement.",
        "Bank reference: letters without accents, digits, spaces and / - ? : ( ) . , ' + only.",
    ),
    (
        "INVALID_BENEFICIARY_NUMBER",
        "Numéro d'allocataire incorrect : 5 à 15 chiffres, suivis au besoin d'une lettre.",
        "Wrong beneficiary number: 5 to 15 digits, with a letter if it has one.",
    ),
    (
        "INVALID_SHARES",
        "Nombre de parts incorrect : un multiple de 0,25, de 0,25 à 50.",
        "Wrong number of shares: a multiple of 0.25, from 0.25 to 50.",
    ),
    ("INVALID_YEAR", "Année incorrecte : de 2000 à {latest}.", "Wrong year: from 2000 to {latest}."),
    ("AMOUNT_TOO_LARGE", "Montant trop élevé : {most} € au plus.", "Too much: {most} € at the most."),
    // Dates
    (
        "DATE_TOO_EARLY",
        "Date trop ancienne : au plus tôt le {earliest}.",
        "Too early: {earliest} at the earliest.",
    ),
    ("DATE_TOO_LATE", "Date trop lointaine : au plus tard le {latest}.", "Too late: {latest} at the latest."),
    ("BAD_INPUT", "Valeur refusée ({place}) : {@expected}.", "This value is refused ({place}): {@expected}."),
    ("PAGE_SIZE", "Demandez une page de 1 à {most} éléments.", "Ask for a page of 1 to {most} items."),
    // Expected values
    ("EXPECTED_FAMILY_NUMBER", "un numéro de famille a 13 chiffres", "a family number is 13 digits"),
    (
        "EXPECTED_CODE",
        "un code compte 1 à 64 lettres minuscules, chiffres et tirets",
        "a code is 1 to 64 lower-case letters, digits and hyphens",
    ),
    ("EXPECTED_UUID", "un identifiant est un UUID", "an identifier is a UUID"),
    ("EXPECTED_CURSOR", "le curseur d'une page précédente", "the cursor of a page before"),
    ("EXPECTED_REQUESTS", "1 à 100 identifiants de demandes", "1 to 100 identifiers of requests"),
    ("EXPECTED_LINK", "une adresse https:// sans espace", "an https:// address without spaces"),
    (
        "EXPECTED_AMOUNT",
        "un montant en euros, deux décimales au plus",
        "an amount of euros, two decimals at the most",
    ),
    (
        "EXPECTED_OPERATION",
        "pour une facture sa période et son échéance, pour un règlement son mode",
        "the period and due date of an invoice, or the method of a payment",
    ),
    (
        "EXPECTED_DAY",
        "une date AAAA-MM-JJ entre 1900-01-01 et 2199-12-31",
        "a date YYYY-MM-DD between 1900-01-01 and 2199-12-31",
    ),
    (
        "EXPECTED_TEXT",
        "un texte sans caractère de contrôle ni de direction, de 20 000 caractères au plus",
        "a text without control or direction characters, 20,000 characters at the most",
    ),
    ("EXPECTED_FIELDS", "les champs de la rubrique", "the fields of the section"),
    ("NO_DATE", "sans date", "open-ended"),
    // Settings
    (
        "SETTING_NAME_120",
        "un nom de 1 à 120 caractères visibles, sur une ligne",
        "a name of 1 to 120 visible characters, on one line",
    ),
    ("SETTING_HOURS", "une fin après le début", "an end after the start"),
    ("SETTING_DAYS", "au moins un jour de la semaine et une période", "at least one weekday and one period"),
    ("SETTING_CAPACITY", "une capacité d'au moins 1, ou aucune", "a capacity of at least 1, or none"),
    (
        "SETTING_OFFER_HOURS",
        "1 à 720 heures pour accepter une place proposée",
        "1 to 720 hours to accept an offer",
    ),
    ("SETTING_BILLED_PERCENT", "un pourcentage facturé de 0 à 100", "a billed percentage of 0 to 100"),
    (
        "SETTING_NAME_80",
        "un nom de 1 à 80 caractères visibles, sur une ligne",
        "a name of 1 to 80 visible characters, on one line",
    ),
    ("SETTING_PREFIX", "un préfixe de 1 à 6 lettres majuscules", "a prefix of 1 to 6 capital letters"),
    ("SETTING_MINIMUM", "un minimum de 0 € ou plus", "a minimum of 0 euros or more"),
    (
        "SETTING_DEBTOR_ACCOUNT",
        "un compte débiteur de 1 à 12 chiffres ou lettres",
        "a debtor account of 1 to 12 digits or letters",
    ),
    ("SETTING_CONTACT", "8 lignes de 120 caractères visibles au plus", "at most 8 lines of 120 characters"),
    (
        "SETTING_CREDITOR_NAME",
        "un nom de créancier de 1 à 70 caractères visibles, sur une ligne",
        "a creditor's name of 1 to 70 characters",
    ),
    (
        "SETTING_CREDITOR_IDENTIFIER",
        "un identifiant créancier SEPA dont la clé de contrôle est juste",
        "a SEPA creditor identifier with valid check digits",
    ),
    ("SETTING_IBAN", "un IBAN", "an IBAN"),
    ("SETTING_BIC", "un BIC de 8 ou 11 caractères", "a BIC of 8 or 11 characters"),
    ("SETTING_SERIES", "des séries qui commencent à 1 ou plus", "series that begin at 1 or later"),
    ("SETTING_UNIT", "une unité de 5 à 240 minutes", "a unit of 5 to 240 minutes"),
    (
        "SETTING_SIBLINGS",
        "des réductions fratrie de 0 à 100 %, par rang croissant à partir du deuxième enfant",
        "sibling reductions of 0 to 100 % by rising rank, from the second child",
    ),
    ("SETTING_POSTCODES", "des codes postaux de cinq chiffres", "postcodes of five digits"),
    ("SETTING_DEDUCTIBLE", "une part déductible de 0 à 100 %", "a deductible share of 0 to 100 %"),
    (
        "SETTING_PRODUCT_ACCOUNT",
        "un compte de produit de 1 à 12 chiffres ou lettres",
        "a product account of 1 to 12 digits or letters",
    ),
    (
        "SETTING_PRICE",
        "des prix de 0 à 10 000 €, quatre décimales au plus",
        "prices of 0 to 10000 euros with at most four decimals",
    ),
    (
        "SETTING_FIRST_BAND",
        "des tranches dont la première commence à 0",
        "bands of which the first begins at 0",
    ),
    ("SETTING_BANDS", "des tranches par quotient croissant", "bands by rising quotient"),
    ("SETTING_FLOOR", "un plancher inférieur au plafond", "a floor below the ceiling"),
    (
        "SETTING_EFFORT_RATE",
        "un taux d'effort supérieur à 0 et de 100 % au plus",
        "an effort rate above 0 and up to 100 %",
    ),
    (
        "SETTING_SKIPPED_WEEKDAYS",
        "quatre jours de la semaine non comptés au plus",
        "at most four weekdays may be left out of the count",
    ),
    ("SETTING_DAYS_BEFORE", "365 jours avant au plus", "at most 365 days before"),
    ("SETTING_HOURS_BEFORE", "un an avant au plus", "at most a year before"),
    ("SETTING_WEEKS_BEFORE", "1 à 52 semaines avant", "1 to 52 weeks before"),
    ("SETTING_DAY_OF_MONTH", "un jour de 1 à 31", "a day from 1 to 31"),
    ("SETTING_WEEKS_BEFORE_HOLIDAYS", "52 semaines avant au plus", "at most 52 weeks before"),
    // Purposes of personal data
    ("PURPOSE_IDENTITY", "identité et coordonnées", "identity and contacts"),
    ("PURPOSE_TAX", "données fiscales", "tax data"),
    ("PURPOSE_CAF", "données CAF", "CAF data"),
    ("PURPOSE_BANK", "coordonnées bancaires", "bank details"),
    ("PURPOSE_HEALTH", "données sanitaires", "health data"),
    ("PURPOSE_MESSAGE", "messages", "messages"),
    ("PURPOSE_NOTE", "annotations", "notes"),
    ("PURPOSE_ATTACHMENT", "fichiers envoyés", "files sent"),
    ("PURPOSE_DOCUMENT", "documents édités", "printed documents"),
];
