//! The set-based writes of accounts: a batch of events is a handful of statements.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use portail_domain::{
    account::{Allocation, DebitedAccount, InvoiceLine, PaymentMethod, Use, ledger::rejection_counts_from},
    amount::Amount,
    ids::{RegieId, RunId},
    tariff::Charge,
    time::school_year,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Detail, lines_text};
use crate::engine::projection::FoldError;

/// A column-wise batch of rows.
macro_rules! columns {
    ($name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        #[derive(Default)]
        struct $name<'a> { $($field: Vec<$kind>,)+ of: std::marker::PhantomData<&'a ()> }
    };
}

columns!(Operations {
    line: i64, family: &'a str, regie: String, number: i32, kind: &'static str, date: NaiveDate, year: i32,
    debit: String, credit: String, detail: String, counts_from: NaiveDate,
});
columns!(Invoices {
    regie: String, number: i32, family: &'a str, credit_note: bool, date: NaiveDate, due: NaiveDate,
    first: Option<NaiveDate>, last: Option<NaiveDate>, total: String, open: String, run: Option<Uuid>,
    lines: String, note: Option<String>, line: i64, taken_over: bool,
});
columns!(Payments {
    regie: String, number: i32, family: &'a str, date: NaiveDate, method: String, amount: String,
    reference: Option<String>, line: i64,
});
columns!(Allocations {
    line: i64, family: &'a str, regie: String, credit_note: bool, number: i32, invoice: Option<i32>,
    amount: String, date: NaiveDate,
});
columns!(Debits {
    batch: Uuid, regie: String, number: i32, family: &'a str, date: NaiveDate, amount: String, invoice: Option<i32>,
    mandate: String, first: bool, amended: bool, details: Option<String>,
});
columns!(Archives { family: &'a str, document: String, attachment: Uuid, sha256: String });

type BilledKey<'a> = (Uuid, NaiveDate, String, bool, &'a str);

/// What a batch writes.
#[derive(Default)]
pub(super) struct Written<'a> {
    operations: Operations<'a>,
    invoices: Invoices<'a>,
    payments: Payments<'a>,
    allocations: Allocations<'a>,
    debits: Debits<'a>,
    archives: Archives<'a>,
    /// What each invoice is settled by, more or less.
    settled: BTreeMap<(String, i32), Amount>,
    /// What of each payment is used, more or less.
    used: BTreeMap<(String, i32), Amount>,
    rejected: BTreeMap<(String, i32), NaiveDate>,
    billed: BTreeMap<BilledKey<'a>, (Amount, i64)>,
}

impl<'a> Written<'a> {
    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn operation(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        kind: &'static str,
        date: NaiveDate,
        amount: Amount,
        detail: &Detail,
    ) -> Result<(), FoldError> {
        let rows = &mut self.operations;
        let is_debit = matches!(kind, "INVOICE" | "REJECTION" | "REFUND");
        let (debit, credit) =
            if is_debit { (amount, Amount::default()) } else { (Amount::default(), amount) };
        rows.line.push(event.position.cast_signed());
        rows.family.push(&event.stream.id);
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.kind.push(kind);
        rows.date.push(date);
        rows.counts_from.push(date);
        rows.year.push(school_year(date));
        rows.debit.push(debit.to_string());
        rows.credit.push(credit.to_string());
        rows.detail.push(serde_json::to_string(detail).map_err(|e| FoldError::poison(event, e))?);
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn invoice(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        (date, due): (NaiveDate, NaiveDate),
        period: Option<(NaiveDate, NaiveDate)>,
        total: Amount,
        run: Option<RunId>,
        lines: &[InvoiceLine],
    ) -> Result<(), FoldError> {
        let rows = &mut self.invoices;
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.family.push(&event.stream.id);
        rows.credit_note.push(false);
        rows.date.push(date);
        rows.due.push(due);
        rows.first.push(period.map(|p| p.0));
        rows.last.push(period.map(|p| p.1));
        rows.total.push(total.to_string());
        rows.open.push(total.to_string());
        rows.run.push(run.map(|r| r.0));
        rows.lines.push(lines_text(lines, event)?);
        rows.note.push(None);
        rows.line.push(event.position.cast_signed());
        rows.taken_over.push(false);
        Ok(())
    }

    /// The invoice written last is of the software before.
    pub(super) fn is_taken_over(&mut self) {
        if let Some(taken_over) = self.invoices.taken_over.last_mut() {
            *taken_over = true;
        }
    }

    /// The operation written last is a rejection, which counts from its payment at the earliest.
    pub(super) async fn counts_from_payment(
        &mut self,
        regie: &RegieId,
        payment: u32,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        let (code, number) = (regie.as_str(), payment.cast_signed());
        let new = self
            .payments
            .regie
            .iter()
            .zip(&self.payments.number)
            .position(|(r, n)| r == code && *n == number);
        let paid: Option<NaiveDate> = match new.and_then(|at| self.payments.date.get(at)) {
            Some(date) => Some(*date),
            None => {
                let query = "SELECT date FROM payment WHERE regie = $1 AND number = $2";
                sqlx::query_scalar(query).bind(code).bind(number).fetch_optional(connection).await?
            }
        };
        let rows = &mut self.operations;
        if let (Some(paid), Some(counts), Some(year)) =
            (paid, rows.counts_from.last_mut(), rows.year.last_mut())
        {
            *counts = rejection_counts_from(paid, *counts);
            *year = school_year(*counts);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn credit_note(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        date: NaiveDate,
        total: Amount,
        run: Option<Uuid>,
        lines: &[InvoiceLine],
        note: Option<String>,
    ) -> Result<(), FoldError> {
        self.invoice(event, regie, number, (date, date), None, total, run.map(RunId), lines)?;
        let rows = &mut self.invoices;
        if let (Some(credit_note), Some(open), Some(kept)) =
            (rows.credit_note.last_mut(), rows.open.last_mut(), rows.note.last_mut())
        {
            *credit_note = true;
            *open = Amount::default().to_string();
            *kept = note;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn payment(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        number: u32,
        date: NaiveDate,
        method: PaymentMethod,
        amount: Amount,
        reference: Option<String>,
    ) -> Result<(), FoldError> {
        let method = serde_json::to_value(method).map_err(|e| FoldError::poison(event, e))?;
        let rows = &mut self.payments;
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.family.push(&event.stream.id);
        rows.date.push(date);
        rows.method.push(method.as_str().unwrap_or_default().to_owned());
        rows.amount.push(amount.to_string());
        rows.reference.push(reference);
        rows.line.push(event.position.cast_signed());
        Ok(())
    }

    pub(super) fn allocate(
        &mut self,
        event: &'a RecordedEvent,
        regie: &RegieId,
        (credit_note, number): (bool, u32),
        date: NaiveDate,
        allocations: &[Allocation],
    ) {
        for allocation in allocations {
            let rows = &mut self.allocations;
            rows.line.push(event.position.cast_signed());
            rows.family.push(&event.stream.id);
            rows.regie.push(regie.to_string());
            rows.credit_note.push(credit_note);
            rows.number.push(number.cast_signed());
            rows.invoice.push(Some(allocation.invoice.cast_signed()));
            rows.amount.push(allocation.amount.to_string());
            rows.date.push(date);
            let key = (regie.to_string(), allocation.invoice.cast_signed());
            *self.settled.entry(key).or_default() += allocation.amount;
            if !credit_note {
                *self.used.entry((regie.to_string(), number.cast_signed())).or_default() += allocation.amount;
            }
        }
    }

    /// What is paid back settles no invoice.
    pub(super) fn spend(&mut self, event: &'a RecordedEvent, regie: &RegieId, date: NaiveDate, uses: &[Use]) {
        for used in uses {
            let rows = &mut self.allocations;
            rows.line.push(event.position.cast_signed());
            rows.family.push(&event.stream.id);
            rows.regie.push(regie.to_string());
            rows.credit_note.push(used.credit_note);
            rows.number.push(used.number.cast_signed());
            rows.invoice.push(None);
            rows.amount.push(used.amount.to_string());
            rows.date.push(date);
        }
        for used in uses.iter().filter(|u| !u.credit_note) {
            *self.used.entry((regie.to_string(), used.number.cast_signed())).or_default() += used.amount;
        }
    }

    pub(super) fn reject(&mut self, regie: &RegieId, payment: u32, date: NaiveDate) {
        self.rejected.insert((regie.to_string(), payment.cast_signed()), date);
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a row")]
    pub(super) fn debit(
        &mut self,
        event: &'a RecordedEvent,
        batch: Uuid,
        regie: &RegieId,
        number: u32,
        date: NaiveDate,
        amount: Amount,
        invoice: Option<u32>,
        account: &DebitedAccount,
        details: Option<String>,
    ) {
        let rows = &mut self.debits;
        rows.batch.push(batch);
        rows.regie.push(regie.to_string());
        rows.number.push(number.cast_signed());
        rows.family.push(&event.stream.id);
        rows.date.push(date);
        rows.amount.push(amount.to_string());
        rows.invoice.push(invoice.map(u32::cast_signed));
        rows.mandate.push(account.mandate.clone());
        rows.first.push(account.first);
        rows.amended.push(account.amended);
        rows.details.push(details);
    }

    pub(super) fn archive(
        &mut self,
        event: &'a RecordedEvent,
        document: String,
        attachment: Uuid,
        sha256: String,
    ) {
        let rows = &mut self.archives;
        rows.family.push(&event.stream.id);
        rows.document.push(document);
        rows.attachment.push(attachment);
        rows.sha256.push(sha256);
    }

    pub(super) fn bill(&mut self, event: &'a RecordedEvent, lines: &[InvoiceLine], seen: u64) {
        for line in lines {
            let month = line.charge == Charge::Month;
            for date in &line.dates {
                let key = (line.child.0, *date, line.activity.to_string(), month, event.stream.id.as_str());
                let entry = self.billed.entry(key).or_default();
                entry.0 += line.unit;
                entry.1 = entry.1.max(seen.cast_signed());
            }
        }
    }

    pub(super) async fn flush(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows = self.operations;
        if !rows.line.is_empty() {
            sqlx::query(
                "INSERT INTO operation SELECT l, f, r, n, k, d, y, a::numeric, c::numeric, t, o FROM unnest($1::bigint[], \
                 $2::text[], $3::text[], $4::int[], $5::text[], $6::date[], $7::int[], $8::text[], $9::text[], \
                 $10::text[], $11::date[]) AS x (l, f, r, n, k, d, y, a, c, t, o)",
            )
            .bind(rows.line)
            .bind(rows.family)
            .bind(rows.regie)
            .bind(rows.number)
            .bind(rows.kind)
            .bind(rows.date)
            .bind(rows.year)
            .bind(rows.debit)
            .bind(rows.credit)
            .bind(rows.detail)
            .bind(rows.counts_from)
            .execute(&mut *connection)
            .await?;
        }
        let rows = self.invoices;
        if !rows.line.is_empty() {
            sqlx::query(
                "INSERT INTO invoice SELECT r, n, f, c, d, u, a, b, t::numeric, o::numeric, x, l, w, p, z \
                 FROM unnest($1::text[], $2::int[], $3::text[], $4::boolean[], $5::date[], $6::date[], $7::date[], \
                    $8::date[], $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::bigint[], \
                    $15::boolean[]) AS i (r, n, f, c, d, u, a, b, t, o, x, l, w, p, z)",
            )
            .bind(rows.regie)
            .bind(rows.number)
            .bind(rows.family)
            .bind(rows.credit_note)
            .bind(rows.date)
            .bind(rows.due)
            .bind(rows.first)
            .bind(rows.last)
            .bind(rows.total)
            .bind(rows.open)
            .bind(rows.run)
            .bind(rows.lines)
            .bind(rows.note)
            .bind(rows.line)
            .bind(rows.taken_over)
            .execute(&mut *connection)
            .await?;
        }
        let rows = self.payments;
        if !rows.line.is_empty() {
            sqlx::query(
                "INSERT INTO payment SELECT r, n, f, d, m, a::numeric, a::numeric, e, NULL, l FROM unnest($1::text[], \
                 $2::int[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[], $8::bigint[]) \
                 AS p (r, n, f, d, m, a, e, l)",
            )
            .bind(rows.regie)
            .bind(rows.number)
            .bind(rows.family)
            .bind(rows.date)
            .bind(rows.method)
            .bind(rows.amount)
            .bind(rows.reference)
            .bind(rows.line)
            .execute(&mut *connection)
            .await?;
        }
        let rows = self.allocations;
        if !rows.line.is_empty() {
            sqlx::query(
                "INSERT INTO allocation SELECT l, f, r, c, n, i, a::numeric, d, CASE WHEN i IS NULL THEN d ELSE greatest(d, \
                    (SELECT v.date FROM invoice v WHERE v.regie = x.r AND v.number = x.i), CASE WHEN c \
                    THEN (SELECT v.date FROM invoice v WHERE v.regie = x.r AND v.number = x.n) \
                    ELSE (SELECT p.date FROM payment p WHERE p.regie = x.r AND p.number = x.n) END) END FROM unnest($1::bigint[], $2::text[], \
                 $3::text[], $4::boolean[], $5::int[], $6::int[], $7::text[], $8::date[]) AS x (l, f, r, c, n, i, a, d)",
            )
            .bind(rows.line)
            .bind(rows.family)
            .bind(rows.regie)
            .bind(rows.credit_note)
            .bind(rows.number)
            .bind(rows.invoice)
            .bind(rows.amount)
            .bind(rows.date)
            .execute(&mut *connection)
            .await?;
        }
        let settle = "UPDATE invoice i SET open = open - x.a::numeric \
            FROM unnest($1::text[], $2::int[], $3::text[]) AS x (r, n, a) WHERE i.regie = x.r AND i.number = x.n";
        lessen(self.settled, settle, connection).await?;
        let spend = "UPDATE payment p SET free = free - x.a::numeric \
            FROM unnest($1::text[], $2::int[], $3::text[]) AS x (r, n, a) WHERE p.regie = x.r AND p.number = x.n";
        lessen(self.used, spend, connection).await?;
        for ((regie, number), date) in self.rejected {
            sqlx::query("UPDATE payment SET rejected = $3, free = 0 WHERE regie = $1 AND number = $2")
                .bind(regie)
                .bind(number)
                .bind(date)
                .execute(&mut *connection)
                .await?;
        }
        let rows = self.debits;
        if !rows.batch.is_empty() {
            sqlx::query(
                "INSERT INTO debit SELECT b, r, n, f, d, a::numeric, i, m, s, c, t FROM unnest($1::uuid[], $2::text[], \
                 $3::int[], $4::text[], $5::date[], $6::text[], $7::int[], $8::text[], $9::boolean[], \
                 $10::boolean[], $11::text[]) AS x (b, r, n, f, d, a, i, m, s, c, t)",
            )
            .bind(rows.batch)
            .bind(rows.regie)
            .bind(rows.number)
            .bind(rows.family)
            .bind(rows.date)
            .bind(rows.amount)
            .bind(rows.invoice)
            .bind(rows.mandate)
            .bind(rows.first)
            .bind(rows.amended)
            .bind(rows.details)
            .execute(&mut *connection)
            .await?;
        }
        let rows = self.archives;
        if !rows.family.is_empty() {
            sqlx::query(
                "INSERT INTO archive SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[])",
            )
            .bind(rows.family)
            .bind(rows.document)
            .bind(rows.attachment)
            .bind(rows.sha256)
            .execute(&mut *connection)
            .await?;
        }
        bill(self.billed, connection).await
    }
}

async fn lessen(
    by: BTreeMap<(String, i32), Amount>,
    update: &'static str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if by.is_empty() {
        return Ok(());
    }
    let (mut regies, mut numbers, mut amounts) = (vec![], vec![], vec![]);
    for ((regie, number), amount) in by {
        regies.push(regie);
        numbers.push(number);
        amounts.push(amount.to_string());
    }
    sqlx::query(update).bind(regies).bind(numbers).bind(amounts).execute(connection).await?;
    Ok(())
}

async fn bill(
    billed: BTreeMap<BilledKey<'_>, (Amount, i64)>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if billed.is_empty() {
        return Ok(());
    }
    let (mut children, mut dates, mut activities, mut months) = (vec![], vec![], vec![], vec![]);
    let (mut families, mut amounts, mut seen) = (vec![], vec![], vec![]);
    for ((child, date, activity, month, family), (amount, position)) in billed {
        children.push(child);
        dates.push(date);
        activities.push(activity);
        months.push(month);
        families.push(family);
        amounts.push(amount.to_string());
        seen.push(position);
    }
    sqlx::query(
        "INSERT INTO billed SELECT c, d, a, m, f, x::numeric, s FROM unnest($1::uuid[], $2::date[], $3::text[], \
         $4::boolean[], $5::text[], $6::text[], $7::bigint[]) AS b (c, d, a, m, f, x, s) \
         ON CONFLICT (child, date, activity, month, family) \
         DO UPDATE SET amount = billed.amount + EXCLUDED.amount, seen = greatest(billed.seen, EXCLUDED.seen)",
    )
    .bind(children)
    .bind(dates)
    .bind(activities)
    .bind(months)
    .bind(families)
    .bind(amounts)
    .bind(seen)
    .execute(connection)
    .await?;
    Ok(())
}
