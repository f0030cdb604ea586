//! Every rule of every aggregate says what is wrong, in both languages, with nothing left to fill.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Language, Rule};
use crate::{
    attendance::session::SessionError,
    catalogue::activity::ActivityError,
    catalogue::calendar::CalendarError,
    catalogue::structure::StructureError,
    correspondence::conversation::ConversationError,
    correspondence::notice::NoticeError,
    families::child::ChildError,
    families::family::FamilyError,
    families::family_file::{FieldProblem, Problem},
    governance::dual_control::DualControlError,
    governance::policy::PolicyError,
    money::account::AccountError,
    money::regie::RegieError,
    money::tariff::TariffError,
    privacy::erasure::{ErasureError, Kept, KeptReason},
    shared::amount::Amount,
    shared::plausibility::DateError,
    shared::sealed::Purpose,
    shared::text::TextError,
};

/// Every variant of an error: one that is missing here does not compile.
macro_rules! every {
    ($kind:ident { $($unit:ident),* $(,)? } { $($with:ident($($value:expr),+)),* $(,)? }) => {
        every!($kind { $($unit),* } { $($with($($value),+)),* } {})
    };
    ($kind:ident { $($unit:ident),* $(,)? } { $($with:ident($($value:expr),+)),* $(,)? }
        { $($named:ident { $($field:ident: $part:expr),+ $(,)? }),* $(,)? }) => {{
        let complete = |error: &$kind| match error {
            $($kind::$unit => {})*
            $($kind::$with { .. } => {})*
            $($kind::$named { .. } => {})*
        };
        let all: Vec<$kind> = vec![$($kind::$unit,)* $($kind::$with($($value),+),)* $($kind::$named { $($field: $part),+ },)*];
        all.iter().for_each(complete);
        all
    }};
}

fn spoken(rule: &impl Rule) {
    assert!(super::has(rule.code()), "{}", rule.code());
    let args = rule.args();
    for language in [Language::Fr, Language::En] {
        // Debug builds stop in here where a placeholder stays empty.
        let text = rule.message(language);
        assert!(!text.is_empty() && !text.contains(['{', '}', '…']), "{}: {text}", rule.code());
    }
    for (name, value) in &args {
        assert!(!value.is_empty(), "{}: {name}", rule.code());
    }
    if rule.code() != "ALREADY_EXISTS" {
        assert_ne!(rule.message(Language::Fr), rule.message(Language::En), "{}", rule.code());
    }
}

fn all_spoken<R: Rule>(rules: &[R]) {
    rules.iter().for_each(spoken);
}

#[test]
fn every_rule_is_said_whole_in_both_languages() {
    let at: DateTime<Utc> = "2015-04-08T09:00:00Z".parse().unwrap();
    let day: NaiveDate = "2015-04-08".parse().unwrap();
    all_spoken(&every!(SessionError {
        NotOffered, DayClosed, PublicHoliday, NotEnrolled, AlreadyRequested, AlreadyReserved, NoCapacityLimit,
        CalendarEnds, WaitingListClosed, NotPending, NotReserved, NotOfferedAPlace, NothingToWithdraw, RollCalled,
        SessionStarted, ConfirmationRequired, NoAbsence, NoCertificateExpected, NoExcuseExpected, NoLeave, ReasonRequired,
        DayNotReached, NothingToCorrect, AlreadyClosed, NotClosed, NotDue, OtherPayer, ImpossibleHours
    } {
        DeadlinePassed(at), OverlappingReservation(vec!["garderie".parse().unwrap()]), SessionFull(1),
        OfferExpired(at), NotFirstInLine(2), CertificateTooLate(at), LeaveQuotaUsed(1)
    } { SessionNotFull { held: 1, capacity: 2 } }));
    all_spoken(&every!(AccountError { Unknown, NotPositive, AlreadyRejected, ImpossiblePeriod } {
        MoreThanInvoice(Amount::cents(1)), MoreThanPaid(Amount::cents(1)), MoreThanFree(Amount::cents(1)),
        RejectedBeforePaid(day), CreditedBeforeInvoiced(day), LinesSum(Amount::cents(1)), LineOutsidePeriod(day)
    }));
    all_spoken(
        &every!(ActivityError { AlreadyDefined, Unknown, Retired, NotRetired } { Settings("SETTING_HOURS") }),
    );
    all_spoken(
        &every!(CalendarError { ImpossibleRange, UnknownClosure, AlreadyClosed } { SchoolYear("SETTING_DAYS") }),
    );
    all_spoken(&every!(ChildError {
        AlreadyRegistered, Unknown, AlreadyLinked, NotLinked, LastFamily, InTheFuture, AlreadyEnrolled, NotEnrolled, ImpossibleRange,
        StaleForm, SharesNotWhole
    } { LeaveQuotaUsed(3) }));
    all_spoken(&every!(ConversationError { AlreadyOpened, Unknown, NothingChanged, StaffOnly } {}));
    let kept = |reason, until| Kept { purpose: Purpose::Tax, reason, until };
    use KeptReason as K;
    for reason in [K::Enrolled, K::OpenBalance, K::Accounting, K::DirectDebit, K::Retention] {
        all_spoken(
            &every!(ErasureError { AlreadyErased, NotOfSubject } { StillNeeded(kept(reason, Some(day))) }),
        );
    }
    spoken(&ErasureError::StillNeeded(kept(K::Enrolled, None)));
    all_spoken(&every!(FamilyError {
        AlreadyRegistered, Unknown, StaleForm, NothingChanged, UnknownRequest, AlreadyDecided, ReasonRequired
    } { TooManyPending(20), Conflicting(vec!["town".into(), "email".into()]) }));
    all_spoken(&every!(NoticeError { AlreadyPublished, Unknown, ImpossibleRange } {}));
    all_spoken(&every!(DateError { Future } { TooEarly(day), TooLate(day) }));
    let PolicyError::TooShort { .. } = PolicyError::TooShort { purpose: Purpose::Bank, least: 1 };
    spoken(&PolicyError::TooShort { purpose: Purpose::Bank, least: 1 });
    all_spoken(&every!(RegieError {
        AlreadyDefined, Unknown, ImpossibleRange, RunOpen, RunStage, NumberTaken, PrefixInUse, NoCreditor
    } { Settings("SETTING_PREFIX"), CashDayClosed(day), CollectionTooSoon(day), CollectionTooLate(day), NotABankDay(day) }));
    all_spoken(&every!(DualControlError { SamePerson, NothingProposed } {}));
    all_spoken(&every!(StructureError { AlreadyDefined, Unknown, Retired, NotRetired } {}));
    all_spoken(&every!(TariffError {} { Settings("SETTING_BANDS"), SharedPostcode("62138".into()) }));
    all_spoken(&every!(TextError { Empty, LineBreak } { TooLong(120), Character('\0') }));
    let problems = every!(Problem {
        Unknown, Required, Iban, IbanOutsideSepa, Bic, BicOfAnotherCountry, MandateReference, NotLatin, LatinSpelling,
        Postcode, Commune, Country, Phone, Email, Unreachable, TaxNumber, Day, EndsBeforeStart, Amount, Shares,
        BeneficiaryNumber, Type
    } {
        TooLong(1), TooMany(20), Implausible(DateError::Future), Year(2015), TooMuch(9), Choice("F, M"),
        Text(TextError::LineBreak)
    });
    for problem in problems {
        spoken(&FieldProblem { field: "surname".into(), problem });
    }
}

/// The keys that settings name as expected stand in the sources as they are.
#[test]
fn every_expected_value_named_anywhere_is_in_the_catalogue() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = ["src", "../documents/src", "../application/src", "../api/src"];
    let mut folders = crates.map(|folder| root.join(folder)).to_vec();
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for literal in source.split('"').skip(1) {
                let is_key = (literal.starts_with("EXPECTED_") || literal.starts_with("SETTING_"))
                    && !literal.ends_with('_')
                    && literal.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
                if is_key {
                    assert!(super::has(literal), "{}: {literal}", path.display());
                    found += 1;
                }
            }
        }
    }
    assert!(found > 40, "{found}");
}
