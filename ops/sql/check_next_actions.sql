-- I2: an open payment has a next action, evidence that waits to be applied, or a person. The sweep mends what
-- this finds. Indexes: open_payments_in_queue, evidence_to_apply.
SELECT p.id AS payment_id, p.state, p.provider, p.due_at
  FROM payments_payment p
 WHERE p.state IN ('scheduled', 'in_flight') AND p.next_action_at IS NULL AND p.parked_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
 ORDER BY p.id
