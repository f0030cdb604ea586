//! The structure of the message, checked before a batch is recorded and whenever its file is made:
//! which elements we may write, how often and in which order, which texts they hold, and that the
//! totals are those of the collections. Transcribed by hand from the message definition; the tests
//! check the same files against the schema itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use portail_domain::shared::amount::Amount;
use quick_xml::{Reader, events::Event};

/// A child element: how often it stands there, at least and at most.
type Child = (&'static str, usize, usize);

const MANY: usize = usize::MAX;

/// Every element we may write that holds others: its children in order.
const ELEMENTS: &[(&str, &[Child])] = &[
    ("Document", &[("CstmrDrctDbtInitn", 1, 1)]),
    ("CstmrDrctDbtInitn", &[("GrpHdr", 1, 1), ("PmtInf", 1, MANY)]),
    (
        "GrpHdr",
        &[("MsgId", 1, 1), ("CreDtTm", 1, 1), ("NbOfTxs", 1, 1), ("CtrlSum", 1, 1), ("InitgPty", 1, 1)],
    ),
    ("InitgPty", &[("Nm", 1, 1)]),
    (
        "PmtInf",
        &[
            ("PmtInfId", 1, 1),
            ("PmtMtd", 1, 1),
            ("BtchBookg", 1, 1),
            ("NbOfTxs", 1, 1),
            ("CtrlSum", 1, 1),
            ("PmtTpInf", 1, 1),
            ("ReqdColltnDt", 1, 1),
            ("Cdtr", 1, 1),
            ("CdtrAcct", 1, 1),
            ("CdtrAgt", 1, 1),
            ("ChrgBr", 1, 1),
            ("CdtrSchmeId", 1, 1),
            ("DrctDbtTxInf", 1, MANY),
        ],
    ),
    ("PmtTpInf", &[("SvcLvl", 1, 1), ("LclInstrm", 1, 1), ("SeqTp", 1, 1)]),
    ("SvcLvl", &[("Cd", 1, 1)]),
    ("LclInstrm", &[("Cd", 1, 1)]),
    ("Cdtr", &[("Nm", 1, 1)]),
    ("CdtrAcct", &[("Id", 1, 1)]),
    ("CdtrAgt", &[("FinInstnId", 1, 1)]),
    ("FinInstnId", &[("BICFI", 0, 1), ("Othr", 0, 1)]),
    ("CdtrSchmeId", &[("Id", 1, 1)]),
    ("PrvtId", &[("Othr", 1, 1)]),
    ("Othr", &[("Id", 1, 1), ("SchmeNm", 0, 1)]),
    ("SchmeNm", &[("Prtry", 1, 1)]),
    (
        "DrctDbtTxInf",
        &[
            ("PmtId", 1, 1),
            ("InstdAmt", 1, 1),
            ("DrctDbtTx", 1, 1),
            ("DbtrAgt", 1, 1),
            ("Dbtr", 1, 1),
            ("DbtrAcct", 1, 1),
            ("RmtInf", 1, 1),
        ],
    ),
    ("PmtId", &[("EndToEndId", 1, 1)]),
    ("DrctDbtTx", &[("MndtRltdInf", 1, 1)]),
    ("MndtRltdInf", &[("MndtId", 1, 1), ("DtOfSgntr", 1, 1), ("AmdmntInd", 0, 1), ("AmdmntInfDtls", 0, 1)]),
    ("AmdmntInfDtls", &[("OrgnlDbtrAcct", 1, 1)]),
    ("OrgnlDbtrAcct", &[("Id", 1, 1)]),
    ("DbtrAgt", &[("FinInstnId", 1, 1)]),
    ("Dbtr", &[("Nm", 1, 1)]),
    ("DbtrAcct", &[("Id", 1, 1)]),
    ("RmtInf", &[("Ustrd", 1, 1)]),
];

/// Whether a text may stand in an element: the longest, and its form.
fn is_text(name: &str, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(c);
    let length = |most: usize| (1..=most).contains(&text.len()) && text.chars().all(plain);
    match name {
        "MsgId" | "PmtInfId" | "EndToEndId" | "MndtId" | "Id" | "Prtry" => length(35),
        "Nm" => length(70),
        "Ustrd" => length(140),
        "CreDtTm" => text.parse::<chrono::NaiveDateTime>().is_ok(),
        "ReqdColltnDt" | "DtOfSgntr" => text.parse::<NaiveDate>().is_ok(),
        "NbOfTxs" => length(15) && text.bytes().all(|b| b.is_ascii_digit()),
        "CtrlSum" | "InstdAmt" => text.parse::<Amount>().is_ok_and(|a| a.is_positive()) && length(18),
        "PmtMtd" => text == "DD",
        "BtchBookg" | "AmdmntInd" => matches!(text, "true" | "false"),
        "Cd" => matches!(text, "SEPA" | "CORE"),
        "SeqTp" => matches!(text, "FRST" | "RCUR"),
        "ChrgBr" => text == "SLEV",
        "IBAN" => portail_domain::families::family_file::iban(text).is_ok(),
        "BICFI" => matches!(text.len(), 8 | 11) && text.bytes().all(|b| b.is_ascii_alphanumeric()),
        _ => false,
    }
}

/// An element being read.
#[derive(Debug, Default)]
struct Open {
    name: String,
    children: Vec<String>,
    text: String,
}

/// The number and the sum of collections: said, and counted.
#[derive(Debug, Default)]
struct Totals {
    said: (Option<usize>, Option<Amount>),
    counted: (usize, Amount),
}

impl Totals {
    fn say(&mut self, name: &str, text: &str) {
        match name {
            "NbOfTxs" => self.said.0 = text.parse().ok(),
            "CtrlSum" => self.said.1 = text.parse().ok(),
            "InstdAmt" => {
                self.counted.0 += 1;
                self.counted.1 += text.parse().unwrap_or_default();
            }
            _ => {}
        }
    }

    fn agree(&self) -> bool {
        self.said == (Some(self.counted.0), Some(self.counted.1))
    }
}

/// Checks a message.
///
/// # Errors
/// The first thing wrong with it; no text of a person is in it.
pub fn check(xml: &[u8]) -> Result<(), String> {
    let mut reader = Reader::from_reader(xml);
    let rules: BTreeMap<&str, &[Child]> = ELEMENTS.iter().copied().collect();
    let mut open: Vec<Open> = vec![];
    let (mut whole, mut block) = (Totals::default(), Totals::default());
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                if let Some(parent) = open.last_mut() {
                    parent.children.push(name.clone());
                }
                if name == "PmtInf" {
                    block = Totals::default();
                }
                open.push(Open { name, ..Open::default() });
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::GeneralRef(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) | Event::Empty(_) => {
                return Err("a kind of content that we never write".into());
            }
            Event::End(_) => {
                let Open { name, children, text } = open.pop().unwrap_or_default();
                element(&rules, &name, &children, text.trim())?;
                let in_header = open.iter().any(|o| o.name == "GrpHdr");
                if !in_header {
                    block.say(&name, text.trim());
                }
                if in_header || name == "InstdAmt" {
                    whole.say(&name, text.trim());
                }
                if name == "PmtInf" && !block.agree() {
                    return Err("a block's totals are not those of its collections".into());
                }
            }
            Event::Decl(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if whole.agree() { Ok(()) } else { Err("the file's totals are not those of its collections".into()) }
}

fn element(
    rules: &BTreeMap<&str, &[Child]>,
    name: &str,
    children: &[String],
    text: &str,
) -> Result<(), String> {
    if name == "Id" && !children.is_empty() {
        // Of an account, or of a party: one way to say who it is.
        let known = matches!(children, [one] if matches!(one.as_str(), "IBAN" | "PrvtId" | "Othr"));
        return if known { Ok(()) } else { Err("Id: one identification is expected".into()) };
    }
    let Some(rules) = rules.get(name) else {
        let fits = children.is_empty() && is_text(name, text);
        return if fits { Ok(()) } else { Err(format!("{name}: not a text that may stand there")) };
    };
    let mut rest = children;
    for (child, least, most) in *rules {
        let count = rest.iter().take_while(|c| c == child).count();
        if !(*least..=*most).contains(&count) {
            return Err(format!("{name}: {count} times {child}"));
        }
        rest = rest.get(count..).unwrap_or_default();
    }
    match rest.first() {
        Some(other) => Err(format!("{name}: {other} may not stand there")),
        None if name == "FinInstnId" && children.len() != 1 => Err(format!("{name}: one bank is expected")),
        None => Ok(()),
    }
}
