-- I5: what a person took out of suspense, or out of unapplied where it had come late, is what was put in, once, whole
-- but for what refunds of it took before, one way: given back as the mirror of its legs, or applied to the accounts
-- that the chart names (handed in), with the fee's share of what was due of it (payments/pipeline/in_suspense.py,
-- payments/late.py).
-- Indexes: one_transfer_per_fact, refunds_of_late_money. Reads the evidence of what differed.
WITH put AS (
  SELECT source_id, seq, debit_id, credit_id, amount_minor FROM engine_ledger_transfer
   WHERE kind IN ('payment.mismatch', 'refund.mismatch', 'payment.refused', 'payment.succeeded_late')
), taken AS (
  SELECT source_id, kind, seq::int, debit_id, credit_id, amount_minor FROM engine_ledger_transfer
   WHERE kind IN ('suspense.applied', 'suspense.returned', 'late.applied', 'late.returned')
), source AS (
  SELECT DISTINCT e.payment_id, md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid AS key
    FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
   WHERE e.verdict = 'amount differs'
  UNION ALL SELECT id, id FROM payments_payment WHERE id IN (SELECT source_id FROM taken)
  UNION ALL SELECT payment_id, id FROM payments_attempt WHERE id IN (SELECT source_id FROM taken)
), chart AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(settlements)s::text[], %(seqs)s::int[], %(debits)s::text[],
                       %(credits)s::text[]) AS c(kind, settlement, seq, debit, credit)
   WHERE kind IN ('suspense.applied', 'late.applied')
), sums AS (
  SELECT t.source_id, count(DISTINCT t.kind) AS ways,
         sum(t.amount_minor) FILTER (WHERE t.seq < CASE t.kind WHEN 'late.applied' THEN 1 ELSE 2 END) AS taken_minor,
         (SELECT sum(p.amount_minor) FROM put p WHERE p.source_id = t.source_id)
           - coalesce((SELECT sum(CASE l.kind WHEN 'late.refund_requested' THEN l.amount_minor ELSE -l.amount_minor END)
                         FROM payments_refund r JOIN engine_ledger_transfer l ON l.source_id = r.id
                        WHERE r.attempt_id = t.source_id
                          AND l.kind IN ('late.refund_requested', 'late.refund_released')), 0) AS put_minor
    FROM taken t GROUP BY t.source_id
), fees AS (
  SELECT p.id AS payment_id, p.settlement, p.amount_minor, p.fee_minor,
         coalesce(sum(t.amount_minor) FILTER (WHERE c.credit = 'receivable'), 0) AS due,
         coalesce(sum(t.amount_minor) FILTER (WHERE c.credit = 'fee_income'), 0) AS fee,
         coalesce(sum(t.amount_minor) FILTER (WHERE c.credit = 'payable'), 0) AS payees
    FROM taken t
    JOIN source s ON s.key = t.source_id
    JOIN payments_payment p ON p.id = s.payment_id
    JOIN chart c ON (c.kind, c.settlement, c.seq) = (t.kind, 'platform', t.seq) -- which names every leg
   GROUP BY p.id
)
SELECT 'another amount or twice' AS what, source_id, NULL::int AS seq, taken_minor, put_minor
  FROM sums WHERE ways <> 1 OR taken_minor IS DISTINCT FROM put_minor
UNION ALL
SELECT 'not the mirror', t.source_id, t.seq, t.amount_minor, p.amount_minor
  FROM taken t LEFT JOIN put p ON p.source_id = t.source_id AND p.seq = t.seq
 WHERE t.kind IN ('suspense.returned', 'late.returned')
   AND (t.debit_id, t.credit_id, t.amount_minor) IS DISTINCT FROM (p.credit_id, p.debit_id, p.amount_minor)
UNION ALL
SELECT 'on another account', t.source_id, t.seq, t.amount_minor, NULL
  FROM taken t
  LEFT JOIN source s ON s.key = t.source_id
  LEFT JOIN payments_payment p ON p.id = s.payment_id
  LEFT JOIN chart c ON (c.kind, c.settlement, c.seq) = (t.kind, p.settlement, t.seq)
 WHERE t.kind IN ('suspense.applied', 'late.applied')
   AND (t.debit_id, t.credit_id)
       IS DISTINCT FROM ((p.accounts->>c.debit)::bigint, (p.accounts->>c.credit)::bigint)
UNION ALL
SELECT 'another fee', payment_id, NULL, fee, div(fee_minor::numeric * due, amount_minor)
  FROM fees
 WHERE fee <> div(fee_minor::numeric * due, amount_minor)
    OR payees <> CASE settlement WHEN 'platform' THEN due - fee ELSE 0 END
 ORDER BY 2, 3
