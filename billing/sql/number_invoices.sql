-- The rows are locked in id order first, as everywhere, so that no hook and no numbering wait for each other.
-- Index: primary key.
UPDATE billing_invoice i SET number = n.number, version = i.version + 1
  FROM unnest(%(ids)s::uuid[], %(numbers)s::bigint[]) AS n(id, number),
       (SELECT id FROM billing_invoice WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE) locked
 WHERE i.id = n.id AND locked.id = n.id AND i.number IS NULL
RETURNING i.id, i.version, i.clock_id, i.correlation_id, i.subscription_id, i.customer_id, i.creator_id, i.series,
          i.number
