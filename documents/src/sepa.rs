//! SEPA direct debits as the bank takes them: ISO 20022 pain.008.001.08, core scheme.
//!
//! Source: the message definition of ISO 20022 and the EPC's customer-to-bank implementation
//! guidelines (EPC130-08): which elements, in which order, at most how long, in which characters.

mod structure;

use std::io::Cursor;

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::{
    money::account::{Debtor, Obstacle},
    money::regie::{Creditor, Series},
    money::sepa::{NAME, Unspellable, bic_fits_iban, spelled},
    shared::amount::Amount,
};
use portail_projections::money::accounts::DebitRow;
use quick_xml::{Writer, escape::partial_escape, events::BytesText};
use uuid::Uuid;

/// The namespace of the message.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08";
/// The longest remittance text.
const REMITTANCE: usize = 140;

/// A batch ready for the bank.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Its id.
    pub id: Uuid,
    /// When it was ordered.
    pub created: DateTime<Utc>,
    /// The day the banks collect.
    pub collected: NaiveDate,
    /// Who collects.
    pub creditor: &'a Creditor,
    /// How the régie writes its numbers.
    pub series: &'a Series,
    /// The collections.
    pub collections: &'a [Collection],
}

/// One collection of a batch.
#[derive(Debug, Clone)]
pub struct Collection {
    /// The payment's number.
    pub number: u32,
    /// The invoice it settles.
    pub invoice: Option<u32>,
    /// How much.
    pub amount: Amount,
    /// Whether it is the mandate's first collection.
    pub first: bool,
    /// Whether the account is another than the mandate's collection before took from.
    pub amended: bool,
    /// Who pays.
    pub debtor: Debtor,
}

impl Collection {
    /// A recorded collection, from what was sealed with it.
    ///
    /// # Errors
    /// Its bank details were erased, or are from before they were checked and no bank takes them.
    pub fn of(row: &DebitRow) -> Result<Self, FileError> {
        let mut bank = row.details.as_ref().and_then(|d| d.as_object().cloned()).unwrap_or_default();
        bank.insert("mandate_reference".into(), row.mandate.clone().into());
        let number = row.number.unsigned_abs();
        let debtor = Debtor::of(&bank).map_err(|obstacle| FileError::Debtor { number, obstacle })?;
        let invoice = row.invoice.map(i32::unsigned_abs);
        let (amount, first, amended) = (row.amount, row.first, row.amended);
        Ok(Self { number, invoice, amount, first, amended, debtor })
    }
}

/// Why a batch has no file. Nothing of a person is in it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The bank details of a collection are no ones a bank takes.
    #[error("the collection {number} has {obstacle}")]
    Debtor {
        /// The payment's number.
        number: u32,
        /// What is wrong with them.
        obstacle: Obstacle,
    },
    /// The creditor's name cannot be spelled.
    #[error("the creditor's name {0}")]
    Creditor(#[from] Unspellable),
    /// The writer failed.
    #[error("the file could not be written: {0}")]
    Writing(#[from] std::io::Error),
    /// The file is not what the message definition asks.
    #[error("the file is not a {NAMESPACE}: {0}")]
    Structure(String),
}

type Sink = Writer<Cursor<Vec<u8>>>;
type Written = std::io::Result<()>;

/// The file of a batch, checked.
///
/// # Errors
/// It cannot be made, or is not what the message definition asks.
pub fn file(batch: &Batch<'_>) -> Result<Vec<u8>, FileError> {
    let creditor = spelled(&batch.creditor.name, NAME)?;
    let content = message(batch, &creditor)?;
    structure::check(&content).map_err(FileError::Structure)?;
    Ok(content)
}

fn message(batch: &Batch<'_>, creditor: &str) -> std::io::Result<Vec<u8>> {
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
                totals(out, batch.collections.iter())?;
                nested(out, &["InitgPty"], &|out| text(out, "Nm", creditor))
            })?;
            // A file holds a block for each kind of collection: first ones, then recurring ones.
            for first in [true, false] {
                let part: Vec<&Collection> = batch.collections.iter().filter(|c| c.first == first).collect();
                if !part.is_empty() {
                    block(out, batch, creditor, first, &part)?;
                }
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(out.into_inner().into_inner())
}

fn block(out: &mut Sink, batch: &Batch<'_>, name: &str, first: bool, part: &[&Collection]) -> Written {
    let sequence = if first { "FRST" } else { "RCUR" };
    let creditor = batch.creditor;
    let iban = compact(&creditor.iban);
    nested(out, &["PmtInf"], &|out| {
        // 32 digits and 3 letters: the longest an id may be.
        text(out, "PmtInfId", &format!("{}{}", batch.id.simple(), &sequence[..3]))?;
        text(out, "PmtMtd", "DD")?;
        text(out, "BtchBookg", "true")?;
        totals(out, part.iter().copied())?;
        nested(out, &["PmtTpInf"], &|out| {
            nested(out, &["SvcLvl"], &|out| text(out, "Cd", "SEPA"))?;
            nested(out, &["LclInstrm"], &|out| text(out, "Cd", "CORE"))?;
            text(out, "SeqTp", sequence)
        })?;
        text(out, "ReqdColltnDt", &batch.collected.to_string())?;
        nested(out, &["Cdtr"], &|out| text(out, "Nm", name))?;
        nested(out, &["CdtrAcct", "Id"], &|out| text(out, "IBAN", &iban))?;
        let bic = creditor.bic.as_deref().map(compact).filter(|bic| bic_fits_iban(bic, &iban));
        nested(out, &["CdtrAgt", "FinInstnId"], &|out| agent(out, bic.as_deref()))?;
        text(out, "ChrgBr", "SLEV")?;
        nested(out, &["CdtrSchmeId", "Id", "PrvtId", "Othr"], &|out| {
            text(out, "Id", &creditor.identifier)?;
            nested(out, &["SchmeNm"], &|out| text(out, "Prtry", "SEPA"))
        })?;
        part.iter().try_for_each(|collection| one(out, batch, collection))
    })
}

fn one(out: &mut Sink, batch: &Batch<'_>, collection: &Collection) -> Written {
    let number = batch.series.payment(collection.number);
    let debtor = &collection.debtor;
    nested(out, &["DrctDbtTxInf"], &|out| {
        nested(out, &["PmtId"], &|out| text(out, "EndToEndId", &number))?;
        out.create_element("InstdAmt")
            .with_attribute(("Ccy", "EUR"))
            .write_text_content(BytesText::new(&collection.amount.to_string()))?;
        nested(out, &["DrctDbtTx", "MndtRltdInf"], &|out| {
            // As it was signed, to the letter.
            text(out, "MndtId", &debtor.mandate)?;
            text(out, "DtOfSgntr", &debtor.signed.to_string())?;
            if collection.amended {
                text(out, "AmdmntInd", "true")?;
                // "Same mandate, new debtor account": at the same bank or another.
                nested(out, &["AmdmntInfDtls", "OrgnlDbtrAcct", "Id", "Othr"], &|out| {
                    text(out, "Id", "SMNDA")
                })?;
            }
            Ok(())
        })?;
        nested(out, &["DbtrAgt", "FinInstnId"], &|out| agent(out, debtor.bic.as_deref()))?;
        nested(out, &["Dbtr"], &|out| text(out, "Nm", &debtor.holder))?;
        nested(out, &["DbtrAcct", "Id"], &|out| text(out, "IBAN", &debtor.iban))?;
        let about = collection.invoice.map_or(number.clone(), |i| batch.series.invoice(i));
        let about = format!("Facture {about}");
        nested(out, &["RmtInf"], &|out| text(out, "Ustrd", about.get(..REMITTANCE).unwrap_or(&about)))
    })
}

/// A bank: its BIC, or that the IBAN alone names it (Regulation (EU) 260/2012).
fn agent(out: &mut Sink, bic: Option<&str>) -> Written {
    match bic {
        Some(bic) => text(out, "BICFI", bic),
        None => nested(out, &["Othr"], &|out| text(out, "Id", "NOTPROVIDED")),
    }
}

fn totals<'a>(out: &mut Sink, part: impl Iterator<Item = &'a Collection> + Clone) -> Written {
    text(out, "NbOfTxs", &part.clone().count().to_string())?;
    text(out, "CtrlSum", &part.map(|c| c.amount).sum::<Amount>().to_string())
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

#[cfg(test)]
mod tests;
