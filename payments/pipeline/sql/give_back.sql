-- A regular end: the count goes back where the row is still this taker's own.
UPDATE payments_payment SET taken_count = taken_count - 1, next_action_at = %(now)s
 WHERE id = ANY(%(ids)s::uuid[]) AND state = 'scheduled' AND next_action_at = %(until)s AND taken_count > 0
   AND parked_at IS NULL
