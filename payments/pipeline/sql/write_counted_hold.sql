-- Nothing was signed, by a fault of this row's own: its take goes on counting, as one without a result.
UPDATE payments_payment
   SET waiting = %(kind)s, failure_code = %(code)s, failure_message = %(message)s,
       next_action_at = %(now)s + make_interval(secs => %(seconds)s)
 WHERE id = %(id)s AND state = 'scheduled' AND parked_at IS NULL
RETURNING taken_count
