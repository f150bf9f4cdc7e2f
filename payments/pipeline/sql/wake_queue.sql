-- The head of each queue whose former head has ended, and nobody else: its followers still wait. Parked, or
-- waiting for the payee, is no head. A hint: a locked row is left to the next look. Index: open_payments_in_queue.
WITH heads AS (
  SELECT DISTINCT ON (queue_key) id FROM payments_payment
   WHERE queue_key = ANY(%(keys)s::uuid[]) AND state IN ('scheduled', 'in_flight')
     AND parked_at IS NULL AND (state = 'in_flight' OR waiting <> 'payee')
   ORDER BY queue_key, due_at, id
), free AS (
  SELECT p.id FROM payments_payment p JOIN heads h ON h.id = p.id
   WHERE p.state = 'scheduled' AND p.waiting = 'queue' AND p.parked_at IS NULL
   ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
)
UPDATE payments_payment p SET next_action_at = %(now)s, waiting = '' FROM free f WHERE p.id = f.id
