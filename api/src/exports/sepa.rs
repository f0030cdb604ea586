//! SEPA direct debits as the bank takes them: ISO 20022 pain.008.001.08, core scheme.
//!
//! Source: the message definition of ISO 20022 and the EPC's customer-to-bank implementation
//! guidelines (EPC130-08): which elements, in which order, at most how long, in which characters.

use std::io::Cursor;

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{amount::Amount, regie::Creditor};
use portail_projections::accounts::DebitRow;
use quick_xml::{Writer, escape::partial_escape, events::BytesText};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// The namespace of the message.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08";

/// A batch ready for the bank.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Its id.
    pub id: Uuid,
    /// When the file is made.
    pub created: DateTime<Utc>,
    /// The day the banks collect.
    pub collected: NaiveDate,
    /// Who collects.
    pub creditor: &'a Creditor,
    /// The prefix of the régie's numbers.
    pub prefix: &'a str,
    /// The collections.
    pub debits: &'a [DebitRow],
}

type Sink = Writer<Cursor<Vec<u8>>>;
type Written = std::io::Result<()>;

/// The file of a batch.
///
/// # Errors
/// The writer failed, or a collection has lost its bank details.
pub fn file(batch: &Batch<'_>) -> std::io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Cursor::new(vec![]), b' ', 2);
    out.write_event(quick_xml::events::Event::Decl(quick_xml::events::BytesDecl::new(
        "1.0",
        Some("UTF-8"),
        None,
    )))?;
    out.create_element("Document").with_attribute(("xmlns", NAMESPACE)).write_inner_content(|out| {
        out.create_element("CstmrDrctDbtInitn").write_inner_content(|out| {
            out.create_element("GrpHdr").write_inner_content(|out| {
                text(out, "MsgId", &batch.id.simple().to_string())?;
                text(out, "CreDtTm", &batch.created.format("%Y-%m-%dT%H:%M:%S").to_string())?;
                totals(out, batch.debits.iter())?;
                nested(out, &["InitgPty"], &|out| text(out, "Nm", &latin(&batch.creditor.name, 70)))
            })?;
            // A file holds a block for each kind of collection: first ones, then recurring ones.
            for first in [true, false] {
                let part: Vec<&DebitRow> = batch.debits.iter().filter(|d| d.first == first).collect();
                if !part.is_empty() {
                    block(out, batch, first, &part)?;
                }
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(out.into_inner().into_inner())
}

fn block(out: &mut Sink, batch: &Batch<'_>, first: bool, debits: &[&DebitRow]) -> Written {
    let sequence = if first { "FRST" } else { "RCUR" };
    let creditor = batch.creditor;
    nested(out, &["PmtInf"], &|out| {
        // 32 digits and 3 letters: the longest an id may be.
        text(out, "PmtInfId", &format!("{}{}", batch.id.simple(), &sequence[..3]))?;
        text(out, "PmtMtd", "DD")?;
        text(out, "BtchBookg", "true")?;
        totals(out, debits.iter().copied())?;
        nested(out, &["PmtTpInf"], &|out| {
            nested(out, &["SvcLvl"], &|out| text(out, "Cd", "SEPA"))?;
            nested(out, &["LclInstrm"], &|out| text(out, "Cd", "CORE"))?;
            text(out, "SeqTp", sequence)
        })?;
        text(out, "ReqdColltnDt", &batch.collected.to_string())?;
        nested(out, &["Cdtr"], &|out| text(out, "Nm", &latin(&creditor.name, 70)))?;
        nested(out, &["CdtrAcct", "Id"], &|out| text(out, "IBAN", &compact(&creditor.iban)))?;
        nested(out, &["CdtrAgt", "FinInstnId"], &|out| text(out, "BICFI", &compact(&creditor.bic)))?;
        text(out, "ChrgBr", "SLEV")?;
        nested(out, &["CdtrSchmeId", "Id", "PrvtId", "Othr"], &|out| {
            text(out, "Id", &creditor.identifier)?;
            nested(out, &["SchmeNm"], &|out| text(out, "Prtry", "SEPA"))
        })?;
        debits.iter().try_for_each(|debit| collection(out, batch, debit))
    })
}

fn collection(out: &mut Sink, batch: &Batch<'_>, debit: &DebitRow) -> Written {
    let details = debit.details.as_ref().ok_or_else(|| lost(debit, "bank details"))?;
    let field = |name: &str| details[name].as_str().map(str::trim).filter(|value| !value.is_empty());
    let iban = field("iban").ok_or_else(|| lost(debit, "IBAN"))?;
    let signed = field("mandate_signed_on").ok_or_else(|| lost(debit, "mandate's day"))?;
    let number = format!("{}-{}", batch.prefix, debit.number);
    nested(out, &["DrctDbtTxInf"], &|out| {
        nested(out, &["PmtId"], &|out| text(out, "EndToEndId", &number))?;
        out.create_element("InstdAmt")
            .with_attribute(("Ccy", "EUR"))
            .write_text_content(BytesText::new(&debit.amount.to_string()))?;
        nested(out, &["DrctDbtTx", "MndtRltdInf"], &|out| {
            text(out, "MndtId", &latin(&debit.mandate, 35))?;
            text(out, "DtOfSgntr", signed)
        })?;
        nested(out, &["DbtrAgt", "FinInstnId"], &|out| match field("bic") {
            Some(bic) => text(out, "BICFI", &compact(bic)),
            None => nested(out, &["Othr"], &|out| text(out, "Id", "NOTPROVIDED")),
        })?;
        let holder = field("account_holder").ok_or_else(|| lost(debit, "account holder"))?;
        nested(out, &["Dbtr"], &|out| text(out, "Nm", &latin(holder, 70)))?;
        nested(out, &["DbtrAcct", "Id"], &|out| text(out, "IBAN", &compact(iban)))?;
        let about = debit.invoice.map_or(number.clone(), |invoice| format!("{}-{invoice}", batch.prefix));
        nested(out, &["RmtInf"], &|out| text(out, "Ustrd", &latin(&format!("Facture {about}"), 140)))
    })
}

fn lost(debit: &DebitRow, what: &str) -> std::io::Error {
    std::io::Error::other(format!("collection {} has no {what}", debit.number))
}

fn totals<'a>(out: &mut Sink, debits: impl Iterator<Item = &'a DebitRow> + Clone) -> Written {
    text(out, "NbOfTxs", &debits.clone().count().to_string())?;
    text(out, "CtrlSum", &debits.map(|d| d.amount).sum::<Amount>().to_string())
}

fn text(out: &mut Sink, name: &str, value: &str) -> Written {
    let value = BytesText::from_escaped(partial_escape(value));
    out.create_element(name).write_text_content(value).map(|_| ())
}

fn nested(out: &mut Sink, names: &[&str], inner: &dyn Fn(&mut Sink) -> Written) -> Written {
    match names {
        [] => inner(out),
        [name, rest @ ..] => {
            out.create_element(*name).write_inner_content(|out| nested(out, rest, inner)).map(|_| ())
        }
    }
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A text in the characters every SEPA bank takes (EPC217-08): accents are dropped, the rest is a
/// space; neither begins nor ends with a slash.
pub fn latin(words: &str, most: usize) -> String {
    let plain = |c: char| match c {
        'Œ' => "OE".to_owned(),
        'œ' => "oe".to_owned(),
        'Æ' => "AE".to_owned(),
        'æ' => "ae".to_owned(),
        '’' => "'".to_owned(),
        c if c.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(c) => c.to_string(),
        c if ('\u{300}'..='\u{36f}').contains(&c) => String::new(),
        _ => " ".to_owned(),
    };
    let spelled: String = words.nfd().map(plain).collect();
    let single: Vec<&str> = spelled.split_whitespace().collect();
    let cut: String = single.join(" ").replace("//", "/").chars().take(most).collect();
    cut.trim_matches(['/', ' ']).to_owned()
}

#[cfg(test)]
#[path = "sepa_tests.rs"]
mod tests;
