//! Files that are sent, and who may do what.

/// Key, French, English.
pub(super) const ACCESS: &[(&str, &str, &str)] = &[
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
