-- Locks in id order. Index: one_open_payment_per_source.
SELECT id FROM payments_payment
 WHERE source_kind = %(kind)s AND source_id = ANY(%(sources)s::uuid[]) AND state IN ('scheduled', 'in_flight')
 ORDER BY id FOR UPDATE
