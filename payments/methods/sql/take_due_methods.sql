-- I10: methods whose set-up is to be looked at, or which a gateway is to forget, leased to one worker. A hint that
-- comes meanwhile changes next_action_at, which is how the worker knows that its answer is older.
-- Index: methods_to_act_on.
WITH due AS (
  SELECT id FROM payments_paymentmethod
   WHERE next_action_at <= %(now)s
   ORDER BY next_action_at LIMIT %(most)s
     FOR UPDATE SKIP LOCKED
)
UPDATE payments_paymentmethod m SET next_action_at = %(until)s FROM due WHERE m.id = due.id
RETURNING m.id
