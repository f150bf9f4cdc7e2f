-- I5: what a payer paid to set a method up is booked once, as the chart says (handed in), with the fee that the gateway
-- kept, and a payment of its amount gives it back; by hand a person does, once, whom a case asks, or counts what went
-- back of another amount (payments/setup_differs.py). Those payments are one per movement (payments/setup_charge.py,
-- key_of). Index: one_payment_per_number, one_transfer_per_fact.
WITH chart AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(seqs)s::int[], %(debits)s::text[], %(credits)s::text[])
             AS c(kind, seq, debit, credit)
   WHERE starts_with(kind, 'setup.')
), paid AS (
  SELECT p.id, md5(p.provider || ':' || (p.instructions->'charge'->>'movement_id'))::uuid AS key, p.provider, p.currency,
         p.amount_minor, (p.instructions->'charge'->>'amount_minor')::bigint AS charged_minor,
         (p.instructions->'charge'->>'fee_minor')::bigint AS fee_minor, p.state
    FROM payments_payment p WHERE p.source_kind = 'payment_method'
), expected AS (
  SELECT key AS source_id, 'setup.paid' AS kind, 0 AS seq, provider, currency, charged_minor AS minor FROM paid
  UNION ALL SELECT key, 'setup.paid', 1, provider, currency, fee_minor FROM paid WHERE fee_minor > 0
), legs AS (
  SELECT e.*, replace(c.debit, 'clearing', 'clearing:' || e.provider) AS debit,
         replace(c.credit, 'clearing', 'clearing:' || e.provider) AS credit
    FROM expected e JOIN chart c USING (kind, seq)
), booked AS (
  SELECT t.source_id, t.kind, t.seq::int, t.currency, t.amount_minor AS minor, d.kind AS debit, c.kind AS credit
    FROM engine_ledger_transfer t
    JOIN engine_ledger_account d ON d.id = t.debit_id
    JOIN engine_ledger_account c ON c.id = t.credit_id
   WHERE t.kind = 'setup.paid'
), differing AS (
  -- What a person took out of suspense of it.
  SELECT p.id, t.source_id, t.amount_minor AS minor
    FROM paid p
    JOIN payments_evidence e ON e.payment_id = p.id AND e.verdict = 'amount differs'
    JOIN payments_attempt a ON a.id = e.attempt_id
    JOIN engine_ledger_transfer t ON t.kind = 'suspense.returned'
     AND t.source_id = md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid
), counted AS (
  SELECT source_id, sum(amount_minor) AS minor, coalesce(sum(amount_minor) FILTER (WHERE seq = 0), 0) AS back
    FROM engine_ledger_transfer WHERE kind = 'setup.counted' GROUP BY source_id
), given AS (
  SELECT p.id, p.amount_minor, t.id IS NOT NULL AS by_hand,
         coalesce(t.amount_minor, 0) + coalesce((SELECT sum(n.back) FROM counted n JOIN differing d USING (source_id)
                                                  WHERE d.id = p.id), 0) AS minor
    FROM paid p LEFT JOIN engine_ledger_transfer t ON t.source_id = p.id AND t.kind = 'setup.by_hand'
)
SELECT 'not as the chart says' AS what, source_id, b.minor AS booked_minor, l.minor AS expected_minor
  FROM legs l FULL JOIN booked b USING (source_id, kind, seq)
 WHERE (b.debit, b.credit, b.currency, b.minor) IS DISTINCT FROM (l.debit, l.credit, l.currency, l.minor)
UNION ALL
SELECT 'not given back whole', id, amount_minor, charged_minor FROM paid WHERE amount_minor <> charged_minor
UNION ALL
SELECT 'by hand, and nobody was asked', t.source_id, t.amount_minor, p.amount_minor
  FROM engine_ledger_transfer t LEFT JOIN paid p ON p.id = t.source_id
 WHERE t.kind = 'setup.by_hand'
   AND (p.id IS NULL
        OR NOT EXISTS (SELECT 1 FROM payments_case k WHERE k.payment_id = t.source_id AND k.kind = 'setup_not_returned'
                          AND k.closed_at IS NOT NULL))
UNION ALL
-- By hand all that was left of it is given back; what counted before is never more than was paid.
SELECT 'more or less than was left', g.id, g.minor, g.amount_minor
  FROM given g WHERE g.minor > g.amount_minor OR (g.by_hand AND g.minor <> g.amount_minor)
UNION ALL
SELECT 'counted, and went back otherwise', source_id, n.minor, m.minor
  FROM counted n LEFT JOIN differing m USING (source_id)
 WHERE n.minor IS DISTINCT FROM m.minor
UNION ALL
-- Nobody gives it back, and nobody is asked to.
SELECT 'forgotten', p.id, p.amount_minor, NULL
  FROM paid p JOIN given g USING (id)
 WHERE g.minor < p.amount_minor
   AND (p.state IN ('failed', 'canceled', 'reversed')
        OR p.state = 'succeeded_late'
           AND EXISTS (SELECT 1 FROM payments_attempt a JOIN engine_ledger_transfer t ON t.source_id = a.id
                        WHERE a.payment_id = p.id AND t.kind = 'payment.reversed'))
   AND NOT EXISTS (SELECT 1 FROM payments_case k WHERE k.payment_id = p.id AND k.kind = 'setup_not_returned'
                      AND k.closed_at IS NULL)
 ORDER BY 1, 2
