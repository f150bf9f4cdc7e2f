-- What became of each, only while it is still with the worker whose lease it is. Index: primary key.
UPDATE payments_callbacks_callback c
   SET state = m.state, said = m.said, attempt_id = coalesce(m.attempt, c.attempt_id),
       payment_id = coalesce(m.payment, c.payment_id), next_action_at = m.at, tries = c.tries - m.back,
       worked_at = CASE WHEN m.at IS NULL THEN %(now)s ELSE c.worked_at END
  FROM unnest(%(id)s::uuid[], %(lease)s::timestamptz[], %(state)s::text[], %(said)s::text[], %(attempt_id)s::uuid[],
              %(payment_id)s::uuid[], %(again_at)s::timestamptz[], %(back)s::int[])
       AS m(id, lease, state, said, attempt, payment, at, back)
 WHERE c.id = m.id AND c.state = 'waiting' AND c.next_action_at = m.lease
