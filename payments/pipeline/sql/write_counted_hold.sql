-- Nothing was signed, by a fault of this row's own: its take goes on counting, as one without a result.
-- The grace window is the payer's: what waits for anyone else does not use it up.
UPDATE payments_payment
   SET waiting = %(kind)s, failure_code = %(code)s, failure_message = %(message)s,
       grace_until = grace_until + make_interval(secs => CASE WHEN %(kind)s = 'funds' THEN 0 ELSE %(seconds)s END),
       next_action_at = %(now)s + make_interval(secs => %(seconds)s)
 WHERE id = %(id)s AND state = 'scheduled' AND parked_at IS NULL
RETURNING taken_count
