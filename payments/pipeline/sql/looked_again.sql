-- Only where the row is still this looker's own: a hint that came meanwhile stands. Index: primary key.
UPDATE payments_attempt a SET look_at = l.at
  FROM unnest(%(ids)s::uuid[], %(leases)s::timestamptz[], %(ats)s::timestamptz[]) AS l(id, lease, at)
 WHERE a.id = l.id AND a.look_at = l.lease
