//! What families are told by e-mail and text message.

/// Key, French, English.
pub(super) const MAIL: &[(&str, &str, &str)] = &[
    (
        "MAIL_RESERVATION_ACCEPTED_SUBJECT",
        "Portail Famille : Réservation acceptée",
        "Portail Famille: Reservation accepted",
    ),
    (
        "MAIL_RESERVATION_ACCEPTED_BODY",
        "La réservation de {child} est acceptée : {activity}, {dates}.",
        "The reservation for {child} is accepted: {activity}, {dates}.",
    ),
    (
        "MAIL_RESERVATION_REFUSED_SUBJECT",
        "Portail Famille : Réservation refusée",
        "Portail Famille: Reservation refused",
    ),
    (
        "MAIL_RESERVATION_REFUSED_BODY",
        "La réservation de {child} est refusée : {activity}, {dates}. Le motif figure dans la liste de vos demandes.",
        "The reservation for {child} is refused: {activity}, {dates}. The reason is in your list of requests.",
    ),
    (
        "MAIL_RESERVATION_WAITLISTED_SUBJECT",
        "Portail Famille : Liste d'attente",
        "Portail Famille: Waiting list",
    ),
    (
        "MAIL_RESERVATION_WAITLISTED_BODY",
        "La demande de {child} est sur liste d'attente : {activity}, {dates}. Un courriel suit dès qu'une place se libère.",
        "The request for {child} is on the waiting list: {activity}, {dates}. An e-mail follows as soon as a place is free.",
    ),
    (
        "MAIL_RESERVATION_CANCELLED_SUBJECT",
        "Portail Famille : Réservation annulée",
        "Portail Famille: Reservation cancelled",
    ),
    (
        "MAIL_RESERVATION_CANCELLED_BODY",
        "La mairie a annulé la réservation de {child} : {activity}, {dates}.",
        "The town hall has cancelled the reservation of {child}: {activity}, {dates}.",
    ),
    (
        "MAIL_PLACE_OFFERED_SUBJECT",
        "Portail Famille : Une place s'est libérée",
        "Portail Famille: A place has become free",
    ),
    (
        "MAIL_PLACE_OFFERED_BODY",
        "Une place est proposée à {child} : {activity}, {dates}. Acceptez-la sur le portail avant l'heure indiquée.",
        "A place is offered to {child}: {activity}, {dates}. Accept it on the portal before the time shown.",
    ),
    ("MAIL_ABSENCE_DECIDED_SUBJECT", "Portail Famille : Absence traitée", "Portail Famille: Absence settled"),
    (
        "MAIL_ABSENCE_DECIDED_BODY",
        "L'absence de {child} a été traitée : {activity}, {dates}. Le résultat figure dans son agenda.",
        "The absence of {child} has been settled: {activity}, {dates}. The result is in the planning.",
    ),
    ("MAIL_DAY_CLOSED_SUBJECT", "Portail Famille : Fermeture", "Portail Famille: Closed"),
    (
        "MAIL_DAY_CLOSED_BODY",
        "L'activité est fermée : {activity}, {dates}. Les réservations de {child} ne sont pas facturées.",
        "The activity is closed: {activity}, {dates}. The reservations of {child} are not billed.",
    ),
    (
        "MAIL_MODIFICATION_ACCEPTED_SUBJECT",
        "Portail Famille : Demande acceptée",
        "Portail Famille: Request accepted",
    ),
    (
        "MAIL_MODIFICATION_ACCEPTED_BODY",
        "Votre demande de modification est acceptée.",
        "Your request for a modification is accepted.",
    ),
    (
        "MAIL_MODIFICATION_REFUSED_SUBJECT",
        "Portail Famille : Demande refusée",
        "Portail Famille: Request refused",
    ),
    (
        "MAIL_MODIFICATION_REFUSED_BODY",
        "Votre demande de modification est refusée. Le motif figure dans la liste de vos demandes.",
        "Your request for a modification is refused. The reason is in your list of requests.",
    ),
    ("MAIL_MESSAGE_RECEIVED_SUBJECT", "Portail Famille : Nouveau message", "Portail Famille: New message"),
    (
        "MAIL_MESSAGE_RECEIVED_BODY",
        "Vous avez un nouveau message dans votre boîte de réception.",
        "You have a new message in your inbox.",
    ),
    (
        "MAIL_END",
        "Connectez-vous au Portail Famille pour en savoir plus. Vous pouvez retirer votre accord aux courriels dans la rubrique « Mon compte ».",
        "Sign in to the Portail Famille to learn more. You can withdraw your consent to e-mail under \"My account\".",
    ),
];
