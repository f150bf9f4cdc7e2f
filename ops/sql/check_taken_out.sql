-- I5: what a person took out of suspense is what was put in, once, whole, one way: given back as the mirror of its legs,
-- or applied to the accounts that the chart names (handed in), with the fee's share of what was due of it
-- (payments/pipeline/in_suspense.py). Index: one_transfer_per_fact. Reads the evidence of what differed.
WITH put AS (
  SELECT source_id, seq, debit_id, credit_id, amount_minor FROM engine_ledger_transfer
   WHERE kind IN ('payment.mismatch', 'payment.refused')
), taken AS (
  SELECT source_id, kind, seq::int, debit_id, credit_id, amount_minor FROM engine_ledger_transfer
   WHERE kind IN ('suspense.applied', 'suspense.returned')
), source AS (
  SELECT DISTINCT e.payment_id, md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid AS key
    FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
   WHERE e.verdict = 'amount differs'
  UNION ALL SELECT id, id FROM payments_payment WHERE id IN (SELECT source_id FROM taken)
), chart AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(settlements)s::text[], %(seqs)s::int[], %(debits)s::text[],
                       %(credits)s::text[]) AS c(kind, settlement, seq, debit, credit)
   WHERE kind = 'suspense.applied'
), sums AS (
  SELECT t.source_id, count(DISTINCT t.kind) AS ways,
         sum(t.amount_minor) FILTER (WHERE t.seq < 2) AS taken_minor,
         (SELECT sum(p.amount_minor) FROM put p WHERE p.source_id = t.source_id) AS put_minor
    FROM taken t GROUP BY t.source_id
), fees AS (
  SELECT p.id AS payment_id, p.settlement, p.amount_minor, p.fee_minor,
         coalesce(sum(t.amount_minor) FILTER (WHERE t.seq = 0), 0) AS due,
         coalesce(sum(t.amount_minor) FILTER (WHERE t.seq = 2), 0) AS fee,
         coalesce(sum(t.amount_minor) FILTER (WHERE t.seq = 3), 0) AS payees
    FROM taken t JOIN source s ON s.key = t.source_id JOIN payments_payment p ON p.id = s.payment_id
   WHERE t.kind = 'suspense.applied'
   GROUP BY p.id
)
SELECT 'another amount or twice' AS what, source_id, NULL::int AS seq, taken_minor, put_minor
  FROM sums WHERE ways <> 1 OR taken_minor IS DISTINCT FROM put_minor
UNION ALL
SELECT 'not the mirror', t.source_id, t.seq, t.amount_minor, p.amount_minor
  FROM taken t LEFT JOIN put p ON p.source_id = t.source_id AND p.seq = t.seq
 WHERE t.kind = 'suspense.returned'
   AND (t.debit_id, t.credit_id, t.amount_minor) IS DISTINCT FROM (p.credit_id, p.debit_id, p.amount_minor)
UNION ALL
SELECT 'on another account', t.source_id, t.seq, t.amount_minor, NULL
  FROM taken t
  LEFT JOIN source s ON s.key = t.source_id
  LEFT JOIN payments_payment p ON p.id = s.payment_id
  LEFT JOIN chart c ON c.settlement = p.settlement AND c.seq = t.seq
 WHERE t.kind = 'suspense.applied'
   AND (t.debit_id, t.credit_id)
       IS DISTINCT FROM ((p.accounts->>c.debit)::bigint, (p.accounts->>c.credit)::bigint)
UNION ALL
SELECT 'another fee', payment_id, 2, fee, div(fee_minor::numeric * due, amount_minor)
  FROM fees
 WHERE fee <> div(fee_minor::numeric * due, amount_minor)
    OR payees <> CASE settlement WHEN 'platform' THEN due - fee ELSE 0 END
 ORDER BY 2, 3
