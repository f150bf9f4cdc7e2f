-- I5, I6: every leg lies where the chart of accounts says (engine/ledger/chart.py, handed in), with the amount that
-- it says: none missing, none elsewhere. A mismatch has no payment as its source: of it the kinds alone, its
-- amounts by check_clearing. Reads all of the ledger once.
WITH chart AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(settlements)s::text[], %(seqs)s::int[], %(debits)s::text[],
                       %(credits)s::text[], %(amounts)s::text[])
             AS c(kind, settlement, seq, debit, credit, amount)
), booked AS (
  SELECT t.source_id, t.kind, t.seq::int, t.amount_minor, t.debit_id, t.credit_id,
         split_part(d.kind, ':', 1) AS debit, split_part(c.kind, ':', 1) AS credit
    FROM engine_ledger_transfer t
    JOIN engine_ledger_account d ON d.id = t.debit_id
    JOIN engine_ledger_account c ON c.id = t.credit_id
   WHERE t.kind IN (SELECT kind FROM chart)
), settled AS (
  SELECT DISTINCT b.source_id, b.kind, CASE p.source_kind WHEN 'payment_method' THEN 'setup' ELSE p.settlement END AS settlement, p.accounts, p.amount_minor, p.fee_minor
    FROM booked b
    LEFT JOIN payments_attempt a ON a.id = b.source_id
    JOIN payments_payment p ON p.id = coalesce(a.payment_id, b.source_id)
   WHERE b.kind IN ('payment.succeeded', 'payment.refused', 'payment.succeeded_late', 'refund.succeeded',
                    'refund.succeeded_late')
), expected AS (
  SELECT source_id, kind, seq, debit, credit, debit_id, credit_id, amount_minor
    FROM (SELECT s.source_id, s.kind, c.seq, c.debit, c.credit, (s.accounts->>c.debit)::bigint AS debit_id,
                 (s.accounts->>c.credit)::bigint AS credit_id,
                 CASE c.amount WHEN 'gross' THEN s.amount_minor WHEN 'fee' THEN s.fee_minor
                               ELSE s.amount_minor - s.fee_minor END AS amount_minor
            FROM settled s JOIN chart c ON c.kind = s.kind AND c.settlement = s.settlement) legs
   WHERE amount_minor > 0
)
SELECT kind, source_id, seq, b.debit, b.credit, b.amount_minor, e.debit AS chart_debit, e.credit AS chart_credit,
       e.amount_minor AS chart_minor
  FROM expected e FULL JOIN booked b USING (source_id, kind, seq)
 WHERE (e.amount_minor IS NOT NULL
        AND (b.debit_id, b.credit_id, b.amount_minor) IS DISTINCT FROM (e.debit_id, e.credit_id, e.amount_minor))
    OR (e.amount_minor IS NULL
        AND EXISTS (SELECT 1 FROM settled s WHERE s.source_id = b.source_id AND s.kind = b.kind))
    OR (b.amount_minor IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM chart c
                         WHERE (c.kind, c.seq, c.debit, c.credit) = (b.kind, b.seq, b.debit, b.credit)))
 ORDER BY source_id, seq
