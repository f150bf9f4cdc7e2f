-- Nothing was signed: the payment stays scheduled and says whom it waits for. A regular end: count back.
-- The grace window is the payer's: it counts from the first look that found them short (`since`, null for the rest),
-- once. What was waited for anyone else before that is none of it.
WITH held AS (
  SELECT p.id, h.kind, h.code, h.message, h.seconds, h.since FROM payments_payment p
    JOIN unnest(%(ids)s::uuid[], %(kinds)s::text[], %(codes)s::text[], %(messages)s::text[], %(seconds)s::float8[],
                %(since)s::timestamptz[])
         AS h(id, kind, code, message, seconds, since) ON h.id = p.id
   WHERE p.state = 'scheduled' AND p.parked_at IS NULL
   ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
)
UPDATE payments_payment p
   SET waiting = h.kind, failure_code = h.code, failure_message = h.message, taken_count = 0,
       grace_start = coalesce(p.grace_start, h.since),
       grace_until = CASE WHEN p.grace_start IS NULL
                          THEN greatest(p.grace_until, h.since + make_interval(secs => %(grace)s))
                          ELSE p.grace_until END,
       next_action_at = %(now)s + make_interval(secs => h.seconds)
  FROM held h WHERE p.id = h.id
