-- I5: the legs that booked the money of an attempt, by the verdict that booked it: a success by its payment, late money
-- by its attempt, another amount by its movement (books.py, movement); with those by which a person applied it since.
-- Where the evidence names one of several movements that were booked under the attempt it is that one, else the first.
-- What was taken back is left out, and late money that is refunded whole; what a person returned is told apart.
-- Indexes: evidence_of_attempt, one_transfer_per_fact, refunds_of_late_money.
SELECT e.id, t.kind, t.source_id, t.seq, t.debit_id, t.credit_id, t.currency, t.amount_minor,
       EXISTS (SELECT 1 FROM engine_ledger_transfer o
                WHERE o.kind IN ('suspense.returned', 'late.returned') AND o.source_id = t.source_id) AS returned
  FROM payments_evidence e
  JOIN payments_attempt a ON a.id = e.attempt_id
  JOIN LATERAL (
    SELECT CASE b.verdict WHEN 'succeeded' THEN b.payment_id
                          WHEN 'amount differs' THEN md5(b.payment_id || ':' || coalesce(nullif(b.movement_id, ''), a.identity))::uuid
                          ELSE b.attempt_id END AS source
      FROM payments_evidence b
     WHERE b.attempt_id = a.id AND b.applied_at IS NOT NULL
       AND b.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')
     ORDER BY (b.movement_id = e.movement_id AND e.movement_id <> '') DESC, b.applied_at, b.id LIMIT 1
  ) b ON true
  JOIN engine_ledger_transfer t ON t.source_id = b.source
   AND t.kind IN ('payment.succeeded', 'payment.refused', 'payment.succeeded_late', 'payment.mismatch',
                  'refund.succeeded', 'refund.succeeded_late', 'refund.mismatch', 'late.applied',
                  'suspense.applied')
 WHERE e.id = ANY(%(ids)s::uuid[])
   AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer o
                    WHERE o.kind IN ('payment.reversed', 'payment.left_twice') AND o.source_id = t.source_id)
   AND ((SELECT sum(r.amount_minor) FROM payments_refund r
          WHERE r.attempt_id = t.source_id AND r.state NOT IN ('failed', 'canceled'))
        >= (SELECT sum(l.amount_minor) FROM engine_ledger_transfer l
             WHERE l.kind = 'payment.succeeded_late' AND l.source_id = t.source_id)) IS NOT TRUE
 ORDER BY e.id, t.kind, t.seq
