-- Locks in id order, then compare-and-set. Index: one_open_payment_per_source.
WITH locked AS (
  SELECT id FROM payments_payment
   WHERE source_kind = %(kind)s AND source_id = ANY(%(sources)s::uuid[]) AND state IN ('scheduled', 'in_flight')
   ORDER BY id FOR UPDATE
)
UPDATE payments_payment p
   SET state = 'canceled', version = p.version + 1, next_action_at = NULL, waiting = '', ended_at = %(now)s,
       failure_code = 'canceled', failure_message = %(reason)s
  FROM locked l
 WHERE p.id = l.id AND p.state = 'scheduled'
RETURNING p.id, p.source_id, p.version, p.clock_id, p.correlation_id
