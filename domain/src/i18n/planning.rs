//! The planning and the list of requests; the French labels are the guide's own.

/// Key, French, English.
pub(super) const PLANNING: &[(&str, &str, &str)] = &[
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
];
