use std::collections::BTreeMap;

use quick_xml::{Reader, events::Event};
use serde_json::json;

use super::*;

/// A child element: how often it stands there, at least and at most.
type Child = (&'static str, usize, usize);

/// The elements of the message we may write, transcribed by hand from its definition: parent, then each child
/// with how often it stands there, in order.
const SCHEMA: &[(&str, &[Child])] = &[
    ("Document", &[("CstmrDrctDbtInitn", 1, 1)]),
    ("CstmrDrctDbtInitn", &[("GrpHdr", 1, 1), ("PmtInf", 1, usize::MAX)]),
    (
        "GrpHdr",
        &[("MsgId", 1, 1), ("CreDtTm", 1, 1), ("NbOfTxs", 1, 1), ("CtrlSum", 0, 1), ("InitgPty", 1, 1)],
    ),
    ("InitgPty", &[("Nm", 0, 1)]),
    (
        "PmtInf",
        &[
            ("PmtInfId", 1, 1),
            ("PmtMtd", 1, 1),
            ("BtchBookg", 0, 1),
            ("NbOfTxs", 0, 1),
            ("CtrlSum", 0, 1),
            ("PmtTpInf", 0, 1),
            ("ReqdColltnDt", 1, 1),
            ("Cdtr", 1, 1),
            ("CdtrAcct", 1, 1),
            ("CdtrAgt", 1, 1),
            ("ChrgBr", 0, 1),
            ("CdtrSchmeId", 0, 1),
            ("DrctDbtTxInf", 1, usize::MAX),
        ],
    ),
    ("PmtTpInf", &[("SvcLvl", 0, usize::MAX), ("LclInstrm", 0, 1), ("SeqTp", 0, 1)]),
    ("SvcLvl", &[("Cd", 1, 1)]),
    ("LclInstrm", &[("Cd", 1, 1)]),
    ("Cdtr", &[("Nm", 0, 1)]),
    ("CdtrAcct", &[("Id", 1, 1)]),
    ("CdtrAgt", &[("FinInstnId", 1, 1)]),
    ("CdtrSchmeId", &[("Id", 0, 1)]),
    ("PrvtId", &[("Othr", 0, usize::MAX)]),
    ("SchmeNm", &[("Prtry", 1, 1)]),
    (
        "DrctDbtTxInf",
        &[
            ("PmtId", 1, 1),
            ("InstdAmt", 1, 1),
            ("DrctDbtTx", 0, 1),
            ("DbtrAgt", 1, 1),
            ("Dbtr", 1, 1),
            ("DbtrAcct", 1, 1),
            ("RmtInf", 0, 1),
        ],
    ),
    ("PmtId", &[("EndToEndId", 1, 1)]),
    ("DrctDbtTx", &[("MndtRltdInf", 0, 1)]),
    ("MndtRltdInf", &[("MndtId", 0, 1), ("DtOfSgntr", 0, 1)]),
    ("DbtrAgt", &[("FinInstnId", 1, 1)]),
    ("Dbtr", &[("Nm", 0, 1)]),
    ("DbtrAcct", &[("Id", 1, 1)]),
    ("RmtInf", &[("Ustrd", 0, usize::MAX)]),
];

/// What a text may be, by its element: the longest, and whether it is of the right form.
fn is_text(name: &str, text: &str) -> bool {
    let length = |most: usize| (1..=most).contains(&text.chars().count());
    let upper = |part: &str| part.bytes().all(|b| b.is_ascii_uppercase());
    let mixed = |part: &str| part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    match name {
        "MsgId" | "PmtInfId" | "EndToEndId" | "MndtId" | "Id" | "Prtry" => length(35),
        "Nm" | "Ustrd" => length(140),
        "CreDtTm" => text.parse::<chrono::NaiveDateTime>().is_ok(),
        "ReqdColltnDt" | "DtOfSgntr" => text.parse::<NaiveDate>().is_ok(),
        "NbOfTxs" => length(15) && text.bytes().all(|b| b.is_ascii_digit()),
        "CtrlSum" | "InstdAmt" => {
            let (whole, cents) = text.split_once('.').unwrap_or((text, ""));
            whole.bytes().chain(cents.bytes()).all(|b| b.is_ascii_digit()) && cents.len() <= 2 && length(18)
        }
        "PmtMtd" => text == "DD",
        "BtchBookg" => matches!(text, "true" | "false"),
        "Cd" => length(4),
        "SeqTp" => matches!(text, "FRST" | "RCUR" | "FNAL" | "OOFF" | "RPRE"),
        "ChrgBr" => matches!(text, "DEBT" | "CRED" | "SHAR" | "SLEV"),
        "IBAN" => {
            text.len() >= 5
                && text.len() <= 34
                && upper(&text[..2])
                && text.bytes().all(|b| b.is_ascii_alphanumeric())
        }
        "BICFI" => matches!(text.len(), 8 | 11) && mixed(text),
        _ => false,
    }
}

/// Reads a message and checks it; every element's texts.
fn validated(xml: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut reader = Reader::from_reader(xml);
    let mut open: Vec<(String, Vec<String>)> = vec![];
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rules: BTreeMap<&str, &[Child]> = SCHEMA.iter().copied().collect();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                if let Some((_, children)) = open.last_mut() {
                    children.push(name.clone());
                }
                if name == "InstdAmt" {
                    assert_eq!(&*start.try_get_attribute("Ccy").unwrap().unwrap().value, "EUR");
                }
                open.push((name, vec![]));
            }
            Event::Text(text) => {
                let text = text.trim().to_owned();
                if !text.is_empty() {
                    let (name, _) = open.last().unwrap();
                    assert!(is_text(name, &text), "{name}: {text}");
                    texts.entry(name.clone()).or_default().push(text);
                }
            }
            Event::End(_) => {
                let (name, children) = open.pop().unwrap();
                let Some(rules) = rules.get(name.as_str()) else { continue };
                let mut rest = &children[..];
                for (child, least, most) in *rules {
                    let count = rest.iter().take_while(|c| c == child).count();
                    assert!((*least..=*most).contains(&count), "{name}: {count} × {child} in {children:?}");
                    rest = &rest[count..];
                }
                assert!(rest.is_empty(), "{name}: {rest:?} must not stand there");
            }
            Event::Eof => return texts,
            _ => {}
        }
    }
}

fn debit(number: i32, cents: i64, first: bool, bic: Option<&str>) -> DebitRow {
    DebitRow {
        regie: "al".into(),
        number,
        family: "1001001010331".into(),
        date: "2015-05-20".parse().unwrap(),
        amount: Amount::cents(cents),
        invoice: Some(37),
        mandate: "RUM-2015-0001".into(),
        first,
        details: Some(json!({
            "account_holder": "Mme Éloïse D’Œuvre & fils", "iban": "FR76 3000 6000 0112 3456 7890 189",
            "bic": bic, "mandate_signed_on": "2015-01-05",
        })),
    }
}

fn creditor() -> Creditor {
    Creditor {
        name: "Régie garderie ALSH".into(),
        identifier: "FR72ZZZ123456".into(),
        iban: "FR76 3000 6000 0112 3456 7890 189".into(),
        bic: "AGRIFRPP".into(),
    }
}

fn batch<'a>(creditor: &'a Creditor, debits: &'a [DebitRow]) -> Batch<'a> {
    Batch {
        id: Uuid::from_u128(7),
        created: "2015-05-10T08:00:00Z".parse().unwrap(),
        collected: "2015-05-20".parse().unwrap(),
        creditor,
        prefix: "AL",
        debits,
    }
}

#[test]
fn a_file_is_what_the_message_definition_asks() {
    let debits = [
        debit(231, 12_060, true, Some("PSSTFRPP")),
        debit(232, 500, false, None),
        debit(233, 40, false, None),
    ];
    let creditor = creditor();
    let texts = validated(&file(&batch(&creditor, &debits)).unwrap());
    assert_eq!(texts["CtrlSum"], ["126.00", "120.60", "5.40"], "the whole file, first ones, recurring ones");
    assert_eq!(texts["NbOfTxs"], ["3", "1", "2"]);
    assert_eq!(texts["SeqTp"], ["FRST", "RCUR"]);
    assert_eq!(texts["EndToEndId"], ["AL-231", "AL-232", "AL-233"]);
    assert!(texts["Nm"].contains(&"Mme Eloise D'OEuvre fils".to_owned()), "{texts:?}");
    assert_eq!(texts["Id"].iter().filter(|id| *id == "NOTPROVIDED").count(), 2, "banks that are not known");
}

#[test]
fn a_collection_without_its_bank_details_makes_no_file() {
    let lost = DebitRow { details: None, ..debit(1, 100, true, None) };
    let creditor = creditor();
    assert!(file(&batch(&creditor, &[lost])).is_err());
}

#[test]
fn texts_keep_to_the_characters_every_bank_takes() {
    assert_eq!(latin("  //Crèche « Les Œillets » n° 4 ", 70), "Creche Les OEillets n 4");
    assert_eq!(latin("abcdef", 3), "abc");
}
