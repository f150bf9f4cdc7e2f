-- I3: the attempt with its identity is committed before a byte leaves.
-- I1: one_unresolved_attempt_per_payment refuses a second one while the first may still act.
WITH new AS (
  SELECT * FROM ROWS FROM (unnest(%(ids)s::uuid[], %(payments)s::uuid[], %(identities)s::text[],
                                  %(envelopes)s::bytea[], %(fences)s::bigint[]),
                           jsonb_array_elements(%(data)s::jsonb))
         AS n(id, payment_id, identity, envelope, fence, data)
), moved AS (
  UPDATE payments_payment p
     SET state = 'in_flight', version = p.version + 1, next_action_at = %(look_at)s, taken_count = 0, waiting = '',
         looks = 0
    FROM new n WHERE p.id = n.payment_id AND p.state = 'scheduled'
  RETURNING p.id
)
INSERT INTO payments_attempt
  (id, payment_id, seq, provider, identity, envelope, data, fence, send_by, task_id, created_at)
SELECT n.id, n.payment_id,
       1 + coalesce((SELECT max(a.seq) FROM payments_attempt a WHERE a.payment_id = n.payment_id), 0),
       %(provider)s, n.identity, n.envelope, n.data, n.fence, %(send_by)s, %(task_id)s,
       %(now)s
  FROM new n JOIN moved m ON m.id = n.payment_id
