//! The statements that write a batch of accounts.

use std::collections::BTreeMap;

use portail_domain::shared::amount::Amount;
use sqlx::PgConnection;

use super::{BilledKey, Written};

impl Written<'_> {
    pub(in crate::money::accounts) async fn flush(
        self,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
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
