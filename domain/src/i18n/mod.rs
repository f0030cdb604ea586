//! The one translation catalogue: every text a person sees, in French and English.
//!
//! A key is a stable code; what `{name}` and its like in a text mean is told in `template`.

mod entry;
mod labels;
mod limits;
mod mail;
mod money;
mod privacy;
#[cfg(test)]
mod rules;
mod sessions;
mod template;

use std::{collections::HashMap, sync::LazyLock};

/// The caller's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// French, the default.
    #[default]
    Fr,
    /// English.
    En,
}

impl Language {
    /// The first supported language of an `Accept-Language` header; French otherwise.
    pub fn negotiate(header: &str) -> Self {
        let mut wanted: Vec<(f32, Self)> = header
            .split(',')
            .filter_map(|part| {
                let mut fields = part.trim().split(';');
                let tag = fields.next()?.trim().to_ascii_lowercase();
                let language = match tag.split('-').next()? {
                    "fr" | "*" => Self::Fr,
                    "en" => Self::En,
                    _ => return None,
                };
                let weight = fields.find_map(|f| f.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
                Some((weight, language))
            })
            .collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        wanted.first().map_or(Self::Fr, |(_, language)| *language)
    }
}

/// The named arguments of a message.
pub type Args = Vec<(&'static str, String)>;

/// A rule that was broken: a stable code, and what to say about it.
pub trait Rule {
    /// The stable code; it never changes meaning.
    fn code(&self) -> &'static str;
    /// The arguments of its message.
    fn args(&self) -> Args {
        vec![]
    }
    /// The message for a person.
    fn message(&self, language: Language) -> String {
        text(self.code(), language, &self.args())
    }
}

/// The text of a key with its arguments; the key itself when the catalogue lacks it (a test forbids
/// that).
pub fn text(key: &str, language: Language, args: &[(&'static str, String)]) -> String {
    text_with(key, language, |name| args.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str()))
}

/// The text of a key with arguments found by their name.
pub fn text_with<'a>(key: &str, language: Language, argument: impl Fn(&str) -> Option<&'a str>) -> String {
    match template_of(key, language) {
        Some(template) => {
            template::filled(key, template, language, argument, |key| template_of(key, language))
        }
        None => key.to_owned(),
    }
}

fn template_of(key: &str, language: Language) -> Option<&'static str> {
    let (fr, en) = BY_KEY.get(key)?;
    Some(match language {
        Language::Fr => fr,
        Language::En => en,
    })
}

/// The names of the arguments a key's text takes.
pub fn parameters(key: &str) -> Vec<&'static str> {
    let template = template_of(key, Language::Fr).unwrap_or_default();
    let name = |piece| match piece {
        template::Piece::Placeholder(placeholder) => Some(placeholder.name),
        template::Piece::Words(_) => None,
    };
    template::pieces(template).filter_map(name).collect()
}

/// Whether the catalogue has a key.
pub fn has(key: &str) -> bool {
    BY_KEY.contains_key(key)
}

static BY_KEY: LazyLock<HashMap<&'static str, (&'static str, &'static str)>> =
    LazyLock::new(|| entries().map(|(key, fr, en)| (*key, (*fr, *en))).collect());

fn entries() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    let all = CATALOGUE.iter().chain(entry::ENTRY).chain(labels::LABELS);
    all.chain(mail::MAIL)
        .chain(money::MONEY)
        .chain(privacy::PRIVACY)
        .chain(limits::LIMITS)
        .chain(sessions::SESSIONS)
}

/// Key, French, English. The French labels of the planning are the guide's own.
const CATALOGUE: &[(&str, &str, &str)] = &[
    // Planning legend
    ("CELL_RESERVATION_PENDING", "Réservation en cours de traitement", "Reservation being processed"),
    ("CELL_WAITLISTED", "Demande en attente", "On the waiting list"),
    ("CELL_RESERVED", "Réservé", "Reserved"),
    ("CELL_RESERVATION_REFUSED", "Réservation refusée", "Reservation refused"),
    ("CELL_ABSENCE_PENDING", "Absence en cours de traitement", "Absence being processed"),
    ("CELL_ABSENT_EXCUSED", "Absent excusé", "Absent, excused"),
    ("CELL_ABSENT_BILLED", "Absent facturé", "Absent, billed"),
    ("CELL_LEAVE", "Congé", "Leave"),
    ("CELL_OUTSIDE_CONTRACT", "Heure hors contrat Régulier", "Hours outside the contract"),
    ("CELL_PRESENT", "Présent", "Present"),
    ("CELL_PRESENT_AS_RESERVED", "Présent sur réservation", "Present as reserved"),
    ("CELL_CLOSED", "Fermeture", "Closed"),
    ("CELL_ERROR", "Erreur", "Error"),
    ("MARKER_SMALL_HOLIDAYS", "Petites vacances", "Small holidays"),
    ("MARKER_SUMMER_HOLIDAYS", "Grandes vacances", "Summer holidays"),
    ("MARKER_PUBLIC_HOLIDAY", "Jour férié", "Public holiday"),
    ("MARKER_CLOSURE", "Fermeture", "Closed"),
    // Request list
    ("REQUEST_RESERVATION", "Réservations", "Reservations"),
    ("REQUEST_ABSENCE", "Absences", "Absences"),
    ("STATUS_PENDING", "En attente de traitement", "Pending"),
    ("STATUS_ACCEPTED", "Acceptée", "Accepted"),
    ("STATUS_REFUSED", "Refusée", "Refused"),
    ("STATUS_WITHDRAWN", "Retirée", "Withdrawn"),
    // Refusal reasons
    (
        "REFUSAL_CAPACITY",
        "Capacité d'accueil atteinte ({capacity#place|places})",
        "Capacity reached ({capacity#place|places})",
    ),
    ("REFUSAL_INCOMPLETE_FILE", "Dossier incomplet", "Incomplete file"),
    ("REFUSAL_NOT_ELIGIBLE", "Conditions d'accès non remplies", "Conditions of access not met"),
    ("REFUSAL_LATE", "Demande hors délai", "Asked after the deadline"),
    ("REFUSAL_CERTIFICATE", "Justificatif non reçu ou refusé", "Certificate missing or rejected"),
    ("REFUSAL_CERTIFICATE_REFUSED", "Justificatif refusé", "Certificate not accepted"),
    ("REFUSAL_OTHER", "Autre motif", "Other reason"),
    // Absence reasons
    ("ABSENCE_MEDICAL", "Raison médicale", "Medical reason"),
    ("ABSENCE_STRIKE", "Grève", "Strike"),
    ("ABSENCE_TEACHER_ABSENT", "Enseignant absent", "Teacher absent"),
    ("ABSENCE_SCHOOL_TRIP", "Sortie scolaire", "School trip"),
    ("ABSENCE_SENT_HOME", "Enfant renvoyé à la maison par l'école", "Child sent home by the school"),
    ("ABSENCE_FAMILY_EVENT", "Événement familial grave", "Serious family event"),
    ("ABSENCE_PERSONAL", "Raison personnelle", "Personal reason"),
    // Errors shown in a cell
    ("ERROR_CLOSED_DAY", "Présence pointée un jour de fermeture", "Attendance recorded on a closed day"),
    ("ERROR_NOT_ENROLLED", "Présence pointée sans inscription", "Attendance recorded without enrolment"),
    (
        "ERROR_OVERLAP",
        "Activités incompatibles aux mêmes heures",
        "Incompatible activities at the same hours",
    ),
    // Rules
    ("NOT_FOUND", "Introuvable : vérifiez l'identifiant.", "Not found: check the identifier."),
    (
        "ALREADY_EXISTS",
        "Existe déjà : choisissez un autre identifiant.",
        "Already exists: choose another identifier.",
    ),
    (
        "IMPOSSIBLE_DATE_RANGE",
        "La période doit aller d'un jour au même jour ou à un jour suivant, sur {days} jours au plus.",
        "The range must run from a day to the same or a later one, {days} days at the most.",
    ),
    ("NO_DAYS", "Indiquez au moins un jour.", "Give at least one day."),
    (
        "TOO_MANY_DAYS",
        "{days#jour|jours} au plus par demande.",
        "{days#day|days} at the most in one request.",
    ),
    ("INVALID_VALUE", "Valeur incorrecte : {@expected}.", "Invalid value: {@expected}."),
    ("NOT_OFFERED", "L'activité n'est pas proposée ce jour-là.", "The activity is not offered on that day."),
    ("DAY_CLOSED", "L'activité est fermée ce jour-là.", "The activity is closed on that day."),
    ("PUBLIC_HOLIDAY", "Ce jour est férié.", "That day is a public holiday."),
    (
        "NOT_ENROLLED",
        "L'enfant n'est pas inscrit à cette activité ce jour-là : demandez d'abord son inscription à la mairie.",
        "The child is not enrolled in this activity on that day: ask the town for the enrolment first.",
    ),
    (
        "DEADLINE_PASSED",
        "Le délai est dépassé depuis le {deadline} : contactez la structure.",
        "The deadline passed on {deadline}: contact the structure.",
    ),
    (
        "OVERLAPPING_RESERVATION",
        "L'enfant a déjà une réservation aux mêmes heures : {activities}. Annulez-la d'abord.",
        "The child already has a reservation at the same hours: {activities}. Cancel it first.",
    ),
    (
        "ALREADY_REQUESTED",
        "Une demande est déjà enregistrée pour ce jour.",
        "A request is already recorded for that day.",
    ),
    ("ALREADY_RESERVED", "Ce jour est déjà réservé.", "That day is already reserved."),
    (
        "SESSION_FULL",
        "Il n'y a plus de place ce jour-là ({capacity#place|places}).",
        "There is no place left on that day ({capacity#place|places}).",
    ),
    (
        "WAITING_LIST_CLOSED",
        "La liste d'attente de ce jour est close.",
        "The waiting list of that day is closed.",
    ),
    (
        "NOT_PENDING",
        "Aucune demande à décider pour cet enfant ce jour-là.",
        "No request to decide for this child on that day.",
    ),
    ("NOT_RESERVED", "Ce jour n'est pas réservé.", "That day is not reserved."),
    (
        "NOT_OFFERED_A_PLACE",
        "Aucune place n'est proposée à cet enfant ce jour-là.",
        "No place is offered to this child on that day.",
    ),
    (
        "OFFER_EXPIRED",
        "La place proposée devait être acceptée avant le {deadline}.",
        "The offered place had to be accepted before {deadline}.",
    ),
    (
        "NOT_FIRST_IN_LINE",
        "D'autres enfants attendent avant lui (rang {rank}).",
        "Other children wait before this one (rank {rank}).",
    ),
    ("NOTHING_TO_WITHDRAW", "Aucune demande à retirer ce jour-là.", "Nothing to withdraw on that day."),
    (
        "ROLL_CALLED",
        "L'appel a été fait : contactez la structure pour une correction.",
        "The roll has been called: contact the structure for a correction.",
    ),
    ("SESSION_STARTED", "La séance a commencé.", "The session has started."),
    ("CONFIRMATION_REQUIRED", "Confirmez l'absence.", "Confirm the absence."),
    ("NO_ABSENCE", "Aucune absence n'est déclarée ce jour-là.", "No absence is declared on that day."),
    (
        "NO_CERTIFICATE_EXPECTED",
        "Aucun justificatif n'est attendu pour ce jour.",
        "No certificate is expected for that day.",
    ),
    (
        "NO_EXCUSE_EXPECTED",
        "Aucun motif d'absence à confirmer pour ce jour.",
        "No reason of an absence to confirm for that day.",
    ),
    (
        "CERTIFICATE_TOO_LATE",
        "Le justificatif devait parvenir avant le {deadline}.",
        "The certificate had to arrive before {deadline}.",
    ),
    ("NO_LEAVE", "Cette activité ne prévoit pas de congés.", "This activity has no leave."),
    (
        "LEAVE_QUOTA_USED",
        "Le quota de congés est épuisé ({quota#jour|jours} par année scolaire).",
        "The leave quota is used up ({quota#day|days} per school year).",
    ),
    ("REASON_REQUIRED", "Indiquez un motif.", "Give a reason."),
    (
        "DAY_NOT_REACHED",
        "L'appel ne peut pas être fait avant le jour même.",
        "The roll cannot be called before the day itself.",
    ),
    (
        "NOTHING_TO_CORRECT",
        "Aucun pointage ni réservation à corriger.",
        "No attendance or reservation to correct.",
    ),
    ("ALREADY_CLOSED", "La séance est déjà fermée.", "The session is closed already."),
    ("NOT_CLOSED", "La séance n'est pas fermée.", "The session is not closed."),
    ("NOT_DUE", "L'échéance n'est pas atteinte.", "It is not due yet."),
    (
        "OTHER_PAYER",
        "Cette réservation appartient à l'autre famille de l'enfant.",
        "This reservation belongs to the child's other family.",
    ),
    (
        "IMPOSSIBLE_HOURS",
        "Les heures de fin doivent suivre les heures de début.",
        "The end must come after the start.",
    ),
    ("IMPOSSIBLE_SETTINGS", "Réglage impossible : {@expected}.", "Impossible setting: {@expected}."),
    ("ACTIVITY_RETIRED", "L'activité n'est plus proposée.", "The activity is no longer offered."),
    (
        "ALREADY_ENROLLED",
        "L'enfant est déjà inscrit à cette activité sur cette période.",
        "The child is already enrolled in this activity over that period.",
    ),
    (
        "ALREADY_LINKED",
        "L'enfant est déjà rattaché à cette famille.",
        "The child already belongs to this family.",
    ),
    (
        "NOT_LINKED",
        "L'enfant n'est pas rattaché à cette famille.",
        "The child does not belong to this family.",
    ),
    ("NOTHING_CHANGED", "Rien ne change.", "Nothing changes."),
    // The family file
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
    // Files
    (
        "FILE_TOO_LARGE",
        "Fichier trop volumineux : {most} Mo au plus.",
        "File too large: {most} MB at the most.",
    ),
    ("FILE_EMPTY", "Fichier vide ou absent.", "Empty or missing file."),
    (
        "FILE_TYPE",
        "Format refusé : envoyez un PDF ou une image JPEG, PNG ou HEIC.",
        "This kind of file is refused: send a PDF, or a JPEG, PNG or HEIC picture.",
    ),
    (
        "TOO_MANY_UPLOADS",
        "Trop d'envois inachevés : terminez-les ou supprimez-les.",
        "Too many unfinished uploads: finish them or delete some.",
    ),
    (
        "UPLOAD_OFFSET",
        "L'envoi reprend à la position indiquée par Upload-Offset.",
        "The upload goes on at the position Upload-Offset tells.",
    ),
    // Portal
    ("UNAUTHENTICATED", "Connectez-vous.", "Sign in."),
    ("FORBIDDEN", "Cette opération ne vous est pas ouverte.", "This operation is not open to you."),
    ("BAD_CREDENTIALS", "Identifiant ou mot de passe incorrect.", "Wrong number or password."),
    (
        "WEAK_PASSWORD",
        "Le mot de passe doit comprendre au moins 8 caractères, 1 majuscule, 1 minuscule et 1 chiffre.",
        "The password needs at least 8 characters, 1 upper case, 1 lower case and 1 digit.",
    ),
    (
        "COMMAND_REUSED",
        "Cet identifiant de commande a déjà servi pour une autre demande : utilisez-en un nouveau.",
        "This command identifier was already used for another request: use a new one.",
    ),
    ("CONFLICT", "Les données ont changé entre-temps : réessayez.", "The data changed meanwhile: try again."),
    (
        "UNAVAILABLE",
        "Le service est momentanément indisponible : réessayez avec le même identifiant de commande.",
        "The service is unavailable for a moment: try again with the same command identifier.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_both_languages_take_the_same_arguments() {
        let mut seen = std::collections::BTreeSet::new();
        for (key, fr, en) in entries() {
            assert!(seen.insert(key), "{key} twice");
            let arguments = |text: &'static str| {
                let of = |piece| match piece {
                    template::Piece::Placeholder(p) => Some((p.name, p.is_key, p.noun.is_some())),
                    template::Piece::Words(_) => None,
                };
                let mut names: Vec<_> = template::pieces(text).filter_map(of).collect();
                names.sort_unstable();
                names
            };
            assert_eq!(arguments(fr), arguments(en), "{key}");
        }
    }

    #[test]
    fn no_text_of_the_catalogue_leaves_with_a_brace() {
        for (key, ..) in entries() {
            for language in [Language::Fr, Language::En] {
                let text = text_with(key, language, |_| Some("VALUE_YES"));
                assert!(!text.contains(['{', '}', '#', '|']), "{key}: {text}");
            }
        }
    }

    #[test]
    fn placeholders_are_values_keys_and_counted_nouns() {
        let said =
            |language, capacity: &str| text("SESSION_FULL", language, &[("capacity", capacity.to_owned())]);
        assert_eq!(said(Language::Fr, "1"), "Il n'y a plus de place ce jour-là (1 place).");
        assert_eq!(said(Language::En, "0"), "There is no place left on that day (0 places).");
        let fields = [("fields", "FIELD_TOWN,FIELD_EMAIL".to_owned())];
        assert!(
            text("CONFLICTING_FIELDS", Language::Fr, &fields)
                .starts_with("Modifié entre-temps : Ville, Email.")
        );
        let hostile = [("activities", "{capacity}".to_owned())];
        assert!(
            text("OVERLAPPING_RESERVATION", Language::En, &hostile).contains("{capacity}"),
            "not filled again"
        );
    }

    #[test]
    fn every_field_and_section_of_the_file_has_its_label() {
        for section in crate::families::family_file::Section::ALL {
            assert!(has(&format!("REQUEST_{section}")), "{section}");
            for field in section.fields() {
                assert!(has(&format!("FIELD_{}", field.name.to_uppercase())), "{}", field.name);
            }
        }
    }

    #[test]
    fn the_language_is_negotiated_by_weight() {
        assert_eq!(Language::negotiate(""), Language::Fr);
        assert_eq!(Language::negotiate("en-GB,en;q=0.9"), Language::En);
        assert_eq!(Language::negotiate("en;q=0.2, fr;q=0.9"), Language::Fr);
        assert_eq!(Language::negotiate("de, en;q=0.5"), Language::En);
    }
}
