//! User errors: what a person can do something about, by a stable code.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::Enum;
use portail_application::Rejection;
use portail_domain::{
    attendance::session::SessionError,
    i18n::{Language, Rule},
    shared::ids::ActivityId,
};

use crate::graphql::{eager_list::eager_object, mirrored_enum::written_by_name};

macro_rules! codes {
    ($($name:ident = $code:literal),+ $(,)?) => {
        /// The code of a user error; it never changes meaning. The message says what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
        #[allow(missing_docs, reason = "the message catalogue says what each means")]
        pub enum UserErrorCode { $(#[graphql(name = $code)] $name),+ }

        impl UserErrorCode {
            /// The code of a rejection, if it is one of the schema's.
            pub fn of(code: &str) -> Option<Self> {
                static CODES: LazyLock<HashMap<&str, UserErrorCode>> =
                    LazyLock::new(|| HashMap::from([$(($code, UserErrorCode::$name)),+]));
                CODES.get(code).copied()
            }
            /// Every code.
            pub const ALL: &'static [&'static str] = &[$($code),+];
        }
    };
}

codes! {
    BillingRunOpen = "BILLING_RUN_OPEN",
    BillingRunStage = "BILLING_RUN_STAGE",
    BillingRunNotReady = "BILLING_RUN_NOT_READY",
    CashDayClosed = "CASH_DAY_CLOSED",
    NumberTaken = "NUMBER_TAKEN",
    NoCreditor = "NO_CREDITOR",
    AmountNotPositive = "AMOUNT_NOT_POSITIVE",
    MoreThanInvoice = "MORE_THAN_INVOICE",
    MoreThanPaid = "MORE_THAN_PAID",
    MoreThanFree = "MORE_THAN_FREE",
    PaymentRejected = "PAYMENT_REJECTED",
    RejectionBeforePayment = "REJECTION_BEFORE_PAYMENT",
    AlreadyBilled = "ALREADY_BILLED",
    CreditBeforeInvoice = "CREDIT_BEFORE_INVOICE",
    LinesSum = "LINES_SUM",
    LineOutsidePeriod = "LINE_OUTSIDE_PERIOD",
    PostcodeIsShared = "POSTCODE_IS_SHARED",
    PrefixInUse = "PREFIX_IN_USE",
    PrefixTaken = "PREFIX_TAKEN",
    SharesNotWhole = "SHARES_NOT_WHOLE",
    NothingToDebit = "NOTHING_TO_DEBIT",
    DebitFileInvalid = "DEBIT_FILE_INVALID",
    DebitNoAccount = "DEBIT_NO_ACCOUNT",
    DebitOutsideSepa = "DEBIT_OUTSIDE_SEPA",
    DebitNoMandate = "DEBIT_NO_MANDATE",
    DebitMandateReference = "DEBIT_MANDATE_REFERENCE",
    DebitHolder = "DEBIT_HOLDER",
    DebitMandateRevoked = "DEBIT_MANDATE_REVOKED",
    DebitAccountRefused = "DEBIT_ACCOUNT_REFUSED",
    CollectionTooSoon = "COLLECTION_TOO_SOON",
    CollectionTooLate = "COLLECTION_TOO_LATE",
    NotABankDay = "NOT_A_BANK_DAY",
    NotFound = "NOT_FOUND",
    AlreadyExists = "ALREADY_EXISTS",
    ImpossibleDateRange = "IMPOSSIBLE_DATE_RANGE",
    NoDays = "NO_DAYS",
    TooManyDays = "TOO_MANY_DAYS",
    InvalidValue = "INVALID_VALUE",
    NotOffered = "NOT_OFFERED",
    DayClosed = "DAY_CLOSED",
    PublicHoliday = "PUBLIC_HOLIDAY",
    NotEnrolled = "NOT_ENROLLED",
    DeadlinePassed = "DEADLINE_PASSED",
    OverlappingReservation = "OVERLAPPING_RESERVATION",
    AlreadyRequested = "ALREADY_REQUESTED",
    AlreadyReserved = "ALREADY_RESERVED",
    SessionFull = "SESSION_FULL",
    SessionNotFull = "SESSION_NOT_FULL",
    NoCapacityLimit = "NO_CAPACITY_LIMIT",
    CalendarEnds = "CALENDAR_ENDS",
    ImpossibleSchoolYear = "IMPOSSIBLE_SCHOOL_YEAR",
    StructureRetired = "STRUCTURE_RETIRED",
    NotRetired = "NOT_RETIRED",
    LastFamily = "LAST_FAMILY",
    WaitingListClosed = "WAITING_LIST_CLOSED",
    NotPending = "NOT_PENDING",
    NotReserved = "NOT_RESERVED",
    NotOfferedAPlace = "NOT_OFFERED_A_PLACE",
    OfferExpired = "OFFER_EXPIRED",
    NotFirstInLine = "NOT_FIRST_IN_LINE",
    NothingToWithdraw = "NOTHING_TO_WITHDRAW",
    RollCalled = "ROLL_CALLED",
    SessionStarted = "SESSION_STARTED",
    ConfirmationRequired = "CONFIRMATION_REQUIRED",
    NoAbsence = "NO_ABSENCE",
    NoCertificateExpected = "NO_CERTIFICATE_EXPECTED",
    NoExcuseExpected = "NO_EXCUSE_EXPECTED",
    CertificateTooLate = "CERTIFICATE_TOO_LATE",
    NoLeave = "NO_LEAVE",
    LeaveQuotaUsed = "LEAVE_QUOTA_USED",
    ReasonRequired = "REASON_REQUIRED",
    DayNotReached = "DAY_NOT_REACHED",
    NothingToCorrect = "NOTHING_TO_CORRECT",
    AlreadyClosed = "ALREADY_CLOSED",
    NotClosed = "NOT_CLOSED",
    NotDue = "NOT_DUE",
    OtherPayer = "OTHER_PAYER",
    ImpossibleHours = "IMPOSSIBLE_HOURS",
    ImpossibleSettings = "IMPOSSIBLE_SETTINGS",
    ActivityRetired = "ACTIVITY_RETIRED",
    AlreadyEnrolled = "ALREADY_ENROLLED",
    AlreadyLinked = "ALREADY_LINKED",
    NotLinked = "NOT_LINKED",
    NothingChanged = "NOTHING_CHANGED",
    StaleForm = "STALE_FORM",
    AlreadyDecided = "ALREADY_DECIDED",
    TooManyPending = "TOO_MANY_PENDING",
    ConflictingFields = "CONFLICTING_FIELDS",
    WrongSection = "WRONG_SECTION",
    UnknownField = "UNKNOWN_FIELD",
    FieldRequired = "FIELD_REQUIRED",
    FieldTooLong = "FIELD_TOO_LONG",
    FieldTooMany = "FIELD_TOO_MANY",
    InvalidIban = "INVALID_IBAN",
    IbanOutsideSepa = "IBAN_OUTSIDE_SEPA",
    InvalidBic = "INVALID_BIC",
    BicOfAnotherCountry = "BIC_OF_ANOTHER_COUNTRY",
    InvalidMandateReference = "INVALID_MANDATE_REFERENCE",
    NotLatin = "NOT_LATIN",
    LatinSpellingRequired = "LATIN_SPELLING_REQUIRED",
    InvalidCountry = "INVALID_COUNTRY",
    InvalidPostcode = "INVALID_POSTCODE",
    InvalidCommune = "INVALID_COMMUNE",
    InvalidPhone = "INVALID_PHONE",
    InvalidEmail = "INVALID_EMAIL",
    UndeliverableEmail = "UNDELIVERABLE_EMAIL",
    InvalidTaxNumber = "INVALID_TAX_NUMBER",
    InvalidDate = "INVALID_DATE",
    DateInTheFuture = "DATE_IN_THE_FUTURE",
    EndsBeforeStart = "ENDS_BEFORE_START",
    InvalidAmount = "INVALID_AMOUNT",
    InvalidChoice = "INVALID_CHOICE",
    InvalidText = "INVALID_TEXT",
    ForbiddenCharacter = "FORBIDDEN_CHARACTER",
    LineBreak = "LINE_BREAK",
    InvalidBeneficiaryNumber = "INVALID_BENEFICIARY_NUMBER",
    InvalidShares = "INVALID_SHARES",
    InvalidYear = "INVALID_YEAR",
    AmountTooLarge = "AMOUNT_TOO_LARGE",
    DateTooEarly = "DATE_TOO_EARLY",
    DateTooLate = "DATE_TOO_LATE",
    SecondNeeded = "SECOND_NEEDED",
    SamePerson = "SAME_PERSON",
    AlreadyErased = "ALREADY_ERASED",
    NotOfSubject = "NOT_OF_SUBJECT",
    Erased = "ERASED",
    RetentionTooShort = "RETENTION_TOO_SHORT",
    KeptEnrolled = "KEPT_ENROLLED",
    KeptOpenBalance = "KEPT_OPEN_BALANCE",
    KeptAccounting = "KEPT_ACCOUNTING",
    KeptDirectDebit = "KEPT_DIRECT_DEBIT",
    KeptRetention = "KEPT_RETENTION",
    Unauthenticated = "UNAUTHENTICATED",
    Forbidden = "FORBIDDEN",
    BadCredentials = "BAD_CREDENTIALS",
    TooManyAttempts = "TOO_MANY_ATTEMPTS",
    Busy = "BUSY",
    WeakPassword = "WEAK_PASSWORD",
    InvalidLogin = "INVALID_LOGIN",
    LastAdministrator = "LAST_ADMINISTRATOR",
    TooOften = "TOO_OFTEN",
    CommandReused = "COMMAND_REUSED",
    Conflict = "CONFLICT",
    Unavailable = "UNAVAILABLE",
}

/// Where an error's words come from: they are put together only for who asks for them, since a
/// planning has an error for nearly every past cell.
#[derive(Debug, Clone)]
enum Source {
    Rejection(Rejection),
    Session(SessionError),
}

eager_object! {
    /// Something a person asked for that was not done, and why.
    UserError { source: Source, language: Language }
    answers |error| {
        /// What is wrong.
        code: UserErrorCode = error.code_of(),
        /// What to do about it, in the caller's language.
        message: String = error.words(),
        /// Where in the input it is.
        path: Vec<String> = error.place().to_vec(),
    }
}

impl UserError {
    /// A rejection in a language.
    pub fn of(rejection: &Rejection, language: Language) -> Self {
        Self { source: Source::Rejection(rejection.clone()), language }
    }

    /// A session's rule that is in the way, in a language; `name` knows activities as families do.
    pub fn of_session(
        rule: SessionError,
        language: Language,
        name: impl Fn(&ActivityId) -> Option<String>,
    ) -> Self {
        let source = if matches!(rule, SessionError::OverlappingReservation(_)) {
            let args = rule.args_named(name).into_iter().map(|(key, value)| (key.to_owned(), value));
            Source::Rejection(Rejection { args: args.collect(), ..Rejection::of(&rule) })
        } else {
            Source::Session(rule)
        };
        Self { source, language }
    }
}

impl UserError {
    fn code_of(&self) -> UserErrorCode {
        let code = match &self.source {
            Source::Rejection(rejection) => &rejection.code,
            Source::Session(rule) => rule.code(),
        };
        UserErrorCode::of(code).unwrap_or_else(|| {
            // A test looks for such codes. It is no fault of whoever asks.
            tracing::error!(code, "a user error has no code of the schema");
            UserErrorCode::Unavailable
        })
    }

    fn words(&self) -> String {
        match &self.source {
            Source::Rejection(rejection) => rejection.message(self.language),
            Source::Session(rule) => rule.message(self.language),
        }
    }

    fn place(&self) -> &[String] {
        match &self.source {
            Source::Rejection(rejection) => &rejection.path,
            Source::Session(_) => &[],
        }
    }
}

written_by_name!(UserErrorCode);

#[cfg(test)]
mod tests {
    use portail_domain::attendance::session::SessionError;
    use strum::VariantNames;

    use super::UserErrorCode;

    /// The codes a source names: of rules that are broken, and of rejections.
    fn codes(source: &str) -> Vec<String> {
        let text = |at: &str| at.split('"').next().unwrap_or_default().to_owned();
        let of_rules = source.split("fn code(&self) -> &'static str {").skip(1).flat_map(|body| {
            let body = body.split("\n    }\n").next().unwrap_or_default();
            body.split("=> \"").skip(1).map(text).collect::<Vec<_>>()
        });
        of_rules.chain(source.split("of_code(\"").skip(1).map(text)).collect()
    }

    #[test]
    fn every_code_that_is_named_is_of_the_schema() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders = ["domain/src", "application/src", "api/src/graphql"].map(|f| root.join(f)).to_vec();
        let mut named: Vec<String> = SessionError::VARIANTS.iter().map(|code| (*code).to_owned()).collect();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                // Their codes are those of top-level errors.
                if path.ends_with("document_guard") || path.ends_with("audit/past") {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    named.extend(codes(&std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        assert!(named.len() > 200, "{}", named.len());
        // So are those of arguments.
        let elsewhere = ["BAD_INPUT", "PAGE_SIZE"];
        let unknown = named.iter().filter(|code| UserErrorCode::of(code).is_none());
        let unknown: Vec<&String> = unknown.filter(|code| !elsewhere.contains(&code.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn every_code_has_its_message_in_the_catalogue() {
        for code in UserErrorCode::ALL {
            assert!(portail_domain::i18n::has(code), "{code}");
        }
    }
}
