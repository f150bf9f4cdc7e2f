-- I1, I5: by which attempts a payment that was given up has paid its debt after all, and how much: a person applied
-- what came late (late.applied), and its provider has not taken that back since. Indexes: one_attempt_per_number,
-- one_transfer_per_fact.
SELECT t.source_id, t.amount_minor
  FROM payments_attempt a JOIN engine_ledger_transfer t ON t.source_id = a.id AND t.kind = 'late.applied' AND t.seq = 0
 WHERE a.payment_id = %(payment)s
   AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer o WHERE o.kind = 'late.reversed' AND o.source_id = t.source_id)
