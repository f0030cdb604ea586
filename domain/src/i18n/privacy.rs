//! The words of personal data: what is kept and why, what is erased.

/// Key, French, English.
pub(super) const PRIVACY: &[(&str, &str, &str)] = &[
    ("ALREADY_ERASED", "Ces données sont déjà effacées.", "These data are erased already."),
    (
        "NOT_OF_SUBJECT",
        "Cette personne n'a pas de données de cette nature.",
        "This person has no data of this kind.",
    ),
    (
        "ERASED",
        "Les données de cette personne ont été effacées : enregistrez un nouveau dossier.",
        "The data of this person were erased: register a new file.",
    ),
    (
        "RETENTION_TOO_SHORT",
        "La loi impose de conserver ces données ({@purpose}) au moins {months#mois|mois}.",
        "The law asks for these data ({@purpose}) to be kept {months#month|months} at least.",
    ),
    (
        "INVALID_MOMENT",
        "Moment inconnu : position=123, date=2015-04-10, before=ID ou after=ID d'un événement.",
        "Unknown moment: position=123, date=2015-04-10, before=ID or after=ID of an event.",
    ),
    (
        "REPLAY_UNFINISHED",
        "Le journal est en cours de relecture jusqu'à ce moment : redemandez dans quelques instants.",
        "The log is being replayed to that moment: ask again in a while.",
    ),
    (
        "REPLAY_FAILED",
        "Le journal n'a pas pu être relu jusqu'à ce moment.",
        "The log could not be replayed to that moment.",
    ),
    ("NOT_A_QUERY", "Le passé se consulte, il ne se change pas.", "The past can be asked, not changed."),
    (
        "SECOND_NEEDED",
        "Enregistré comme proposition : une autre personne doit faire la même chose.",
        "Recorded as a proposal: another person has to do the same.",
    ),
    (
        "SAME_PERSON",
        "Vous l'avez proposé vous-même : une autre personne doit le confirmer.",
        "You proposed it yourself: another person has to confirm it.",
    ),
    (
        "SUBJECT_ACCESS",
        "Toutes les données que le portail conserve sur votre famille (RGPD, article 15).\n\n\
         screens/ : ce que le portail vous montre.\n\
         events.jsonl : tout ce qui a été enregistré à votre sujet, ligne par ligne : quand, par qui, quoi.\n\
         files/ : les fichiers que vous avez envoyés et les documents qui vous ont été remis.\n",
        "Everything the portal keeps about your family (GDPR, article 15).\n\n\
         screens/: what the portal shows you.\n\
         events.jsonl: everything that was recorded about you, line by line: when, by whom, what.\n\
         files/: the files you sent and the documents you were given.\n",
    ),
    (
        "KEPT_ENROLLED",
        "Conservé : un enfant est inscrit (fin : {@until}).",
        "Kept: a child is enrolled (end: {@until}).",
    ),
    (
        "KEPT_OPEN_BALANCE",
        "Conservé : le compte n'est pas soldé. Soldez-le d'abord.",
        "Kept: the account is not settled. Settle it first.",
    ),
    (
        "KEPT_ACCOUNTING",
        "Conservé : pièces comptables, jusqu'au {until}.",
        "Kept: accounting evidence, until {until}.",
    ),
    (
        "KEPT_DIRECT_DEBIT",
        "Conservé : un prélèvement peut être contesté jusqu'au {until}.",
        "Kept: a direct debit can be disputed until {until}.",
    ),
    (
        "KEPT_RETENTION",
        "Conservé : la durée fixée par la ville court jusqu'au {until}.",
        "Kept: the town's own time for it runs until {until}.",
    ),
];
