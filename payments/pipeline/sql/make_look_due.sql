-- A hint: an open attempt's payment is looked up now, any other attempt has a look of its own. So has an open one that
-- is told to have come back: a look that does not show that yet may close it as done. A charge that is told to be
-- declined has not come back. What was told before and is not shown yet stands. Locks payments in id order and then
-- their attempts, as apply does; it waits for whoever has them, for a hint that is lost is late. Index: primary keys.
WITH told AS (
  SELECT a.id, p.id AS payment_id, t.told_end, t.told_ref,
         a.state IN ('sent', 'pending', 'unknown') AND p.state = 'in_flight' AND p.parked_at IS NULL AS open,
         t.told_end = 'reversed' OR (t.told_end = 'declined' AND p.operation IN ('refund', 'payout')) AS back
    FROM unnest(%(attempt_id)s::uuid[], %(end)s::text[], %(ref)s::text[]) AS t(id, told_end, told_ref)
    JOIN payments_attempt a ON a.id = t.id
    JOIN payments_payment p ON p.id = a.payment_id
   ORDER BY p.id FOR UPDATE OF p, a
), sooner AS (
  UPDATE payments_payment p SET next_action_at = %(now)s FROM told t WHERE p.id = t.payment_id AND t.open
  RETURNING p.id
), anew AS (
  UPDATE payments_attempt a
     SET look_at = CASE WHEN t.open THEN %(later)s ELSE %(now)s END,
         told_at = coalesce(a.told_at, %(now)s),
         told_end = coalesce(nullif(t.told_end, ''), a.told_end),
         told_ref = coalesce(nullif(t.told_ref, ''), a.told_ref),
         told_looks = CASE WHEN t.told_end <> '' THEN %(looks)s ELSE a.told_looks END
    FROM told t WHERE a.id = t.id AND (NOT t.open OR t.back)
  RETURNING a.id, t.open
)
SELECT id FROM sooner UNION ALL SELECT id FROM anew WHERE NOT open
