-- I5: what invoices were paid in a span of machine time, and the platform's fee on it, by currency: from the transfers,
-- which are append-only. What was taken back, or came late and paid all the same, counts on the day on which that was
-- booked; so a day says the same whenever it is asked (rows 0.52 to 0.56). Net: a day on which more was taken back than
-- paid is below zero. The average is of those that were paid at once, from scheduled to settled; each counts by its
-- first leg, since a direct one may have another for its fee, or that one alone.
-- `floor` and `ceiling` are the ids of that span with some room, since an id is made a moment before it is booked.
-- Indexes: primary key of transfers, one_transfer_per_fact, primary key of accounts, primary key of payments.
SELECT t.currency,
       count(DISTINCT t.source_id) FILTER (WHERE k.sign > 0 AND a.kind = 'receivable'),
       coalesce(sum(k.sign * t.amount_minor) FILTER (WHERE a.kind = 'receivable'), 0),
       coalesce(sum(k.sign * t.amount_minor) FILTER (WHERE a.kind = 'fee_income'), 0),
       avg(extract(epoch FROM t.posted_at - p.created_at)) FILTER (
         WHERE a.kind = 'receivable' AND (t.seq = 0 OR NOT EXISTS (
           SELECT 1 FROM engine_ledger_transfer f
            WHERE f.source_id = t.source_id AND f.kind = t.kind AND f.seq < t.seq)))::float8
  FROM engine_ledger_transfer t
  JOIN unnest(%(kinds)s::text[], %(signs)s::int[]) AS k(kind, sign) ON k.kind = t.kind
  JOIN engine_ledger_account a
    ON a.id = CASE WHEN k.sign > 0 THEN t.credit_id ELSE t.debit_id END AND a.kind IN ('receivable', 'fee_income')
  LEFT JOIN payments_payment p ON p.id = t.source_id AND t.kind = 'payment.succeeded'
 WHERE t.id >= %(floor)s AND t.id < %(ceiling)s AND t.posted_at >= %(since)s AND t.posted_at < %(until)s
 GROUP BY t.currency
 ORDER BY t.currency
