-- Only where the row is still this looker's own: a hint that came meanwhile stands. Who is looked at no more has
-- nothing told of it any more. Who is locked is left alone, so that it can't deadlock with apply; its lease ends by
-- itself.
-- Index: primary key.
WITH mine AS (
  SELECT a.id, l.at, l.looks FROM payments_attempt a
    JOIN unnest(%(ids)s::uuid[], %(leases)s::timestamptz[], %(ats)s::timestamptz[], %(looks)s::int[])
         AS l(id, lease, at, looks) ON l.id = a.id
   WHERE a.look_at = l.lease
   ORDER BY a.id FOR UPDATE OF a SKIP LOCKED
)
UPDATE payments_attempt a
   SET look_at = m.at, told_looks = m.looks,
       told_at = CASE WHEN m.at IS NOT NULL THEN a.told_at END,
       told_end = CASE WHEN m.at IS NOT NULL THEN a.told_end ELSE '' END,
       told_ref = CASE WHEN m.at IS NOT NULL THEN a.told_ref ELSE '' END
  FROM mine m WHERE a.id = m.id
