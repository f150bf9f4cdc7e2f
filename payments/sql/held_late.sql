-- I5: the legs by which late money of an attempt lies in unapplied, if no booking has taken it out, less what its
-- refunds took that were not given up: one that went back in another amount than was asked leaves a rest, or nothing.
-- What has a refund was settled on the platform and is one leg. Indexes: one_transfer_per_fact, refunds_of_late_money.
SELECT t.source_id, t.seq, t.debit_id, t.credit_id, t.currency, t.amount_minor - back.minor
  FROM engine_ledger_transfer t
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.amount_minor), 0)::bigint AS minor FROM payments_refund r
     WHERE r.attempt_id = t.source_id AND r.state NOT IN ('failed', 'canceled')
  ) back
 WHERE t.kind = 'payment.succeeded_late' AND t.source_id = %(attempt)s AND t.amount_minor > back.minor
   AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer o
                    WHERE o.kind IN ('late.applied', 'late.returned', 'payment.reversed') AND o.source_id = t.source_id)
 ORDER BY t.seq
