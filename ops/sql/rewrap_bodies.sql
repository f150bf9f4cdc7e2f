-- The same bytes under a newer key; a row that was changed meanwhile is left alone. Index: primary key.
UPDATE payments_callbacks_callback c SET body = n.new
  FROM unnest(%(ids)s::uuid[], %(olds)s::bytea[], %(news)s::bytea[]) AS n(id, old, new)
 WHERE c.id = n.id AND c.body = n.old
