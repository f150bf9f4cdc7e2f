-- The rows are locked by lock_subscriptions; the trigger refuses a move that states.py does not list.
-- Index: primary key.
UPDATE billing_subscription s
   SET state = c.state, version = c.version, payments_made = c.made, payments_failed = c.failed,
       last_payment_at = c.last_payment_at, reason_code = c.reason_code, reason = c.reason
  FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(versions)s::int[], %(mades)s::int[], %(faileds)s::int[],
              %(last_payment_ats)s::timestamptz[], %(reason_codes)s::text[], %(reasons)s::text[])
       AS c(id, state, version, made, failed, last_payment_at, reason_code, reason)
 WHERE s.id = c.id
