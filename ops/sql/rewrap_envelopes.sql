-- The same bytes under a newer key; a row that was changed meanwhile is left alone. Index: primary key.
UPDATE payments_attempt a SET envelope = n.new
  FROM unnest(%(ids)s::uuid[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, new)
 WHERE a.id = n.id AND a.envelope = n.old
