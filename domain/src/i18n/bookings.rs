//! What is in the way of a reservation, an absence, a roll-call or an enrolment.

/// Key, French, English.
pub(super) const BOOKINGS: &[(&str, &str, &str)] = &[
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
];
