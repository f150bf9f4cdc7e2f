-- A hint: an open attempt's payment is looked up now, any other attempt has a look of its own. Locks payments in id
-- order and then their attempts, as apply does; it waits for whoever has them, for a hint that is lost is late.
-- Index: primary keys.
WITH told AS (
  SELECT a.id, p.id AS payment_id,
         a.state IN ('sent', 'pending', 'unknown') AND p.state = 'in_flight' AND p.parked_at IS NULL AS open
    FROM payments_attempt a JOIN payments_payment p ON p.id = a.payment_id
   WHERE a.id = ANY(%(ids)s::uuid[])
   ORDER BY p.id FOR UPDATE OF p, a
), sooner AS (
  UPDATE payments_payment p SET next_action_at = %(now)s FROM told t WHERE p.id = t.payment_id AND t.open
  RETURNING p.id
), anew AS (
  UPDATE payments_attempt a SET look_at = %(now)s FROM told t WHERE a.id = t.id AND NOT t.open
  RETURNING a.id
)
SELECT id FROM sooner UNION ALL SELECT id FROM anew
