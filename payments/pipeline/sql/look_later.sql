-- No news: only the next look moves, and only where the row is still this looker's own. A hint: who is locked
-- is left alone, in id order, so that it can't deadlock with apply.
WITH mine AS (
  SELECT p.id, l.at FROM payments_payment p
    JOIN unnest(%(ids)s::uuid[], %(leases)s::timestamptz[], %(ats)s::timestamptz[]) AS l(id, lease, at) ON l.id = p.id
   WHERE p.state = 'in_flight' AND p.parked_at IS NULL AND p.next_action_at = l.lease
   ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
)
UPDATE payments_payment p SET next_action_at = m.at, looks = p.looks + 1 FROM mine m WHERE p.id = m.id
RETURNING p.id
