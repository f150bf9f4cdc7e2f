-- Only where the row is still this looker's own: a hint that came meanwhile stands. Who is locked is left alone, so
-- that it can't deadlock with apply; its lease ends by itself. Index: primary key.
WITH mine AS (
  SELECT a.id, l.at FROM payments_attempt a
    JOIN unnest(%(ids)s::uuid[], %(leases)s::timestamptz[], %(ats)s::timestamptz[]) AS l(id, lease, at) ON l.id = a.id
   WHERE a.look_at = l.lease
   ORDER BY a.id FOR UPDATE OF a SKIP LOCKED
)
UPDATE payments_attempt a SET look_at = m.at FROM mine m WHERE a.id = m.id
