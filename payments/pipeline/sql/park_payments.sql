-- A parked payment leaves every index of due work and keeps its reservation.
UPDATE payments_payment SET parked_at = %(now)s, parked_reason = %(reason)s, next_action_at = NULL
 WHERE id = ANY(%(ids)s::uuid[]) AND parked_at IS NULL
RETURNING id
