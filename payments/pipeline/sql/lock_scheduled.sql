-- I1: only what is still scheduled is signed; cancel and reprice lock the same row first. Id order.
SELECT id, version, clock_id, correlation_id FROM payments_payment
 WHERE id = ANY(%(ids)s::uuid[]) AND state = 'scheduled' AND parked_at IS NULL
 ORDER BY id FOR UPDATE
