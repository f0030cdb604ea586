//! What is said of sessions, their ends and the calendar they rest on.

/// Key, French, English.
pub(super) const SESSIONS: &[(&str, &str, &str)] = &[
    (
        "REFUSAL_CAPACITY_HELD",
        "Capacité d'accueil atteinte ({held} places occupées sur {capacity})",
        "Capacity reached ({held} of {capacity} places held)",
    ),
    (
        "REFUSAL_LIST_CLOSED",
        "Liste d'attente close avant qu'une place soit attribuée ({held} places occupées sur {capacity})",
        "Waiting list closed before a place was given ({held} of {capacity} places held)",
    ),
    (
        "REFUSAL_LIST_CLOSED_UNKNOWN",
        "Liste d'attente close avant qu'une place soit attribuée",
        "Waiting list closed before a place was given",
    ),
    ("RELEASED_ENROLMENT_ENDED", "L'inscription a pris fin", "The enrolment has ended"),
    ("RELEASED_LEFT_FAMILY", "L'enfant n'est plus rattaché à la famille", "The child has left the family"),
    ("RELEASED_ACTIVITY_ENDED", "L'activité n'est plus proposée", "The activity is no longer offered"),
    (
        "RELEASED_NOT_OFFERED",
        "L'activité n'est plus proposée ce jour-là",
        "The activity is no longer offered on that day",
    ),
    (
        "SESSION_NOT_FULL",
        "Des places sont libres ({held} occupées sur {capacity}) : un refus pour manque de place n'est pas possible. Acceptez la demande ou donnez un autre motif.",
        "Places are free ({held} of {capacity} held): a refusal for capacity is not possible. Grant the request or give another reason.",
    ),
    (
        "NO_CAPACITY_LIMIT",
        "L'activité n'a pas de capacité limitée : un refus pour manque de place n'est pas possible.",
        "The activity has no limit of places: a refusal for capacity is not possible.",
    ),
    (
        "CALENDAR_ENDS",
        "Le calendrier scolaire de ce jour n'est pas encore publié : les réservations s'arrêtent où il s'arrête.",
        "The school calendar of that day is not published yet: reservations end where it ends.",
    ),
    (
        "IMPOSSIBLE_SCHOOL_YEAR",
        "Année scolaire impossible : {@expected}.",
        "Impossible school year: {@expected}.",
    ),
    ("STRUCTURE_RETIRED", "La structure est fermée définitivement.", "The structure is closed for good."),
    ("NOT_RETIRED", "Rien à rouvrir : l'offre n'a pas pris fin.", "Nothing to reopen: it has not ended."),
    (
        "LAST_FAMILY",
        "C'est la seule famille de l'enfant : rattachez-le d'abord à une autre.",
        "This is the child's only family: link it to another one first.",
    ),
    (
        "CALENDAR_WARNING",
        "Le calendrier scolaire s'arrête le {date} : aucune réservation n'est possible au-delà. Saisissez l'année suivante dès qu'elle est publiée.",
        "The school calendar ends on {date}: nothing can be booked beyond. Enter the next year as soon as it is published.",
    ),
    (
        "SETTING_BATCH_EMPTY",
        "au moins un jour de la semaine par groupe de jours",
        "at least one weekday in each batch",
    ),
    (
        "SETTING_BATCH_CLOSES_AFTER",
        "des groupes de jours clos avant leurs jours, et non l'un d'eux",
        "batches that close before their weekdays, not on one of them",
    ),
    (
        "SETTING_BATCH_TWICE",
        "chaque jour de la semaine dans un seul groupe de jours",
        "each weekday in one batch only",
    ),
    (
        "SETTING_BATCH_GAP",
        "chaque jour de la semaine de l'activité dans un groupe de jours",
        "each weekday of the activity in a batch",
    ),
    ("SETTING_SCHOOL_YEAR", "une année scolaire de 2000 à 2199", "a school year from 2000 to 2199"),
    ("SETTING_HOLIDAYS_24", "24 périodes de vacances au plus", "at most 24 holiday periods"),
    (
        "SETTING_HOLIDAYS_WITHIN",
        "de petites ou grandes vacances du 1er septembre au 31 août de l'année scolaire",
        "small or summer holidays from 1 September to 31 August of the school year",
    ),
    (
        "SETTING_HOLIDAYS_ORDER",
        "des vacances dans l'ordre, sans chevauchement",
        "holidays in order that do not overlap",
    ),
    ("SETTING_HOLIDAYS_SUMMER", "les grandes vacances parmi elles", "the summer holidays among them"),
    (
        "MAIL_BOOKINGS_RELEASED_SUBJECT",
        "Portail Famille : Réservations annulées",
        "Portail Famille: Reservations released",
    ),
    (
        "MAIL_BOOKINGS_RELEASED_BODY",
        "Les réservations de {child} sont annulées et ne seront pas facturées : {activity}, {dates}. L'inscription ou l'activité a pris fin.",
        "The reservations of {child} are released and will not be billed: {activity}, {dates}. The enrolment or the activity has ended.",
    ),
    (
        "MAIL_BOOKINGS_RESTORED_SUBJECT",
        "Portail Famille : Réservations rétablies",
        "Portail Famille: Reservations restored",
    ),
    (
        "MAIL_BOOKINGS_RESTORED_BODY",
        "Des réservations de {child} sont rétablies : {activity}, {dates}. L'agenda montre où en est chaque jour.",
        "Reservations of {child} stand again: {activity}, {dates}. The planning shows where each day stands.",
    ),
];
