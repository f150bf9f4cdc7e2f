-- I5: what a provider took back is the mirror of what booked it (payments/pipeline/books.py, taken_back), whole; and
-- what is reversed was taken back, or given back by a person. What left twice is what had been put there, whole.
-- Indexes: one_transfer_per_fact, payments_not_paid, evidence_of_attempt.
WITH back AS (
  SELECT source_id, seq, kind <> 'payment.reversed' AS applied, debit_id, credit_id, amount_minor
    FROM engine_ledger_transfer WHERE kind IN ('payment.reversed', 'late.reversed', 'suspense.reversed')
), put AS (
  SELECT source_id, seq, kind IN ('late.applied', 'suspense.applied') AS applied, debit_id, credit_id, amount_minor
    FROM engine_ledger_transfer
   WHERE kind IN ('payment.succeeded', 'payment.refused', 'payment.succeeded_late', 'payment.mismatch',
                  'refund.succeeded', 'refund.succeeded_late', 'refund.mismatch', 'late.applied',
                  'suspense.applied')
     AND source_id IN (SELECT source_id FROM back)
)
SELECT 'not the mirror' AS what, source_id, seq, b.amount_minor AS back_minor, p.amount_minor AS put_minor
  FROM back b FULL JOIN put p USING (source_id, seq, applied)
 WHERE (b.debit_id, b.credit_id, b.amount_minor) IS DISTINCT FROM (p.credit_id, p.debit_id, p.amount_minor)
UNION ALL
SELECT 'left twice', t.source_id, t.seq, t.amount_minor, r.amount_minor
  FROM engine_ledger_transfer t
  LEFT JOIN engine_ledger_transfer r ON r.source_id = t.source_id AND r.seq = t.seq
   AND r.kind IN ('payment.succeeded_late', 'payment.mismatch', 'payment.refused')
 WHERE t.kind = 'payment.left_twice' AND (t.credit_id, t.amount_minor) IS DISTINCT FROM (r.debit_id, r.amount_minor)
UNION ALL
SELECT 'not booked', p.id, NULL, NULL, p.amount_minor
  FROM payments_payment p
 WHERE p.state = 'reversed'
   AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer t
                    WHERE t.kind IN ('payment.reversed', 'suspense.returned') AND t.source_id = p.id)
   AND NOT EXISTS (SELECT 1 FROM payments_attempt a JOIN payments_evidence e ON e.attempt_id = a.id
                     JOIN engine_ledger_transfer t ON t.kind = 'suspense.reversed'
                      AND t.source_id = md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid
                    WHERE a.payment_id = p.id AND e.verdict = 'amount differs')
 ORDER BY 2, 3
