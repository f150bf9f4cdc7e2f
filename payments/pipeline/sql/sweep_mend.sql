-- I2, I10: a next action for what has none; whoever works the row now mends it anyway. Index: primary key.
UPDATE payments_payment p SET next_action_at = %(now)s
  FROM (SELECT id FROM payments_payment WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED) free
 WHERE p.id = free.id AND p.state IN ('scheduled', 'in_flight')
   AND p.next_action_at IS NULL AND p.parked_at IS NULL
RETURNING p.id, p.state
