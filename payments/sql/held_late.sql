-- I5: the legs by which late money of an attempt lies in unapplied, if nothing has taken it out: neither a booking, nor a
-- refund that was not given up. Indexes: one_transfer_per_fact, refunds_of_late_money.
SELECT t.source_id, t.seq, t.debit_id, t.credit_id, t.currency, t.amount_minor
  FROM engine_ledger_transfer t
 WHERE t.kind = 'payment.succeeded_late' AND t.source_id = %(attempt)s
   AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer o
                    WHERE o.kind IN ('late.applied', 'late.returned', 'payment.reversed') AND o.source_id = t.source_id)
   AND NOT EXISTS (SELECT 1 FROM payments_refund r
                    WHERE r.attempt_id = t.source_id AND r.state NOT IN ('failed', 'canceled'))
 ORDER BY t.seq
