-- Nothing was signed: the payment stays scheduled and says whom it waits for. A regular end: count back.
-- The grace window is the payer's: what waits for anyone else does not use it up.
WITH held AS (
  SELECT p.id, h.kind, h.code, h.message, h.seconds FROM payments_payment p
    JOIN unnest(%(ids)s::uuid[], %(kinds)s::text[], %(codes)s::text[], %(messages)s::text[], %(seconds)s::float8[])
         AS h(id, kind, code, message, seconds) ON h.id = p.id
   WHERE p.state = 'scheduled' AND p.parked_at IS NULL
   ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
)
UPDATE payments_payment p
   SET waiting = h.kind, failure_code = h.code, failure_message = h.message, taken_count = 0,
       grace_until = p.grace_until + make_interval(secs => CASE WHEN h.kind = 'funds' THEN 0 ELSE h.seconds END),
       next_action_at = %(now)s + make_interval(secs => h.seconds)
  FROM held h WHERE p.id = h.id
