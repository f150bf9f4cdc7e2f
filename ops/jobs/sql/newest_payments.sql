-- The newest payments that billing made, of a state or of all, among the newest `depth`. Index: primary key, backwards.
SELECT id
  FROM (SELECT id, source_kind, state, waiting, parked_at FROM payments_payment
         WHERE id < %(before)s ORDER BY id DESC LIMIT %(depth)s) p
 WHERE source_kind = 'invoice' AND (%(status)s = '' OR %(status)s = CASE
         WHEN state IN ('succeeded', 'succeeded_late') THEN 'completed'
         WHEN state IN ('failed', 'canceled', 'reversed') THEN 'failed'
         WHEN parked_at IS NOT NULL OR (state = 'scheduled' AND waiting <> '') THEN 'delayed'
         WHEN state = 'scheduled' THEN 'waiting'
         ELSE 'active' END)
 ORDER BY id DESC LIMIT %(most)s
