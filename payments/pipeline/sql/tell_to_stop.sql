-- What can't be called back now (on its way, or money may have arrived for it) is told so: it is not signed, not signed
-- anew and not sent again; recall takes it back once nothing speaks against it. What its payer could still act on is
-- looked at now, and called back where its provider can (waited.py). The rows are locked by the caller.
-- Index: primary key.
UPDATE payments_payment
   SET stop_code = %(code)s, stop_reason = %(reason)s,
       next_action_at = CASE WHEN waiting = 'payer' AND parked_at IS NULL THEN %(now)s ELSE next_action_at END
 WHERE id = ANY(%(ids)s::uuid[]) AND state IN ('scheduled', 'in_flight')
