-- I5: the bookings in suspense that a case is about and that nothing has taken out: the movements of its attempt that
-- differed, come or gone back (books.py, movement), or what its payment's source refused. Indexes: evidence_of_attempt,
-- one_transfer_per_fact.
WITH key AS (
  SELECT CASE p.operation WHEN 'refund' THEN 'refund.mismatch' ELSE 'payment.mismatch' END AS kind, md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid AS id
    FROM payments_case k
    JOIN payments_payment p ON p.id = k.payment_id
    JOIN payments_attempt a ON a.id = k.attempt_id
    JOIN payments_evidence e ON e.attempt_id = a.id AND e.verdict = 'amount differs'
   WHERE k.id = %(case)s AND k.kind = 'amount_differs'
  UNION
  SELECT 'payment.refused', k.payment_id FROM payments_case k WHERE k.id = %(case)s AND k.kind = 'source_refused'
)
SELECT t.source_id, t.seq, t.debit_id, t.credit_id, t.currency, t.amount_minor
  FROM key k JOIN engine_ledger_transfer t ON t.kind = k.kind AND t.source_id = k.id
 WHERE NOT EXISTS (SELECT 1 FROM engine_ledger_transfer o
                    WHERE o.kind IN ('suspense.applied', 'suspense.returned', 'payment.reversed') AND o.source_id = t.source_id)
 ORDER BY t.posted_at, t.source_id, t.seq
