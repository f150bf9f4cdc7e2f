-- I1: only what is still scheduled is signed; cancel and reprice lock the same row first. Id order. What was
-- said of an earlier attempt and is not applied yet goes first: it may be that this one is paid. `busy`: one of
-- the same source went in flight since the take. The provider's row is locked, so no two can both not see it.
SELECT p.id, p.version, p.clock_id, p.correlation_id,
       EXISTS (SELECT 1 FROM payments_payment o
                WHERE o.queue_key = p.queue_key AND o.state IN ('scheduled', 'in_flight')
                  AND o.state = 'in_flight' AND o.parked_at IS NULL) AS busy
  FROM payments_payment p
 WHERE p.id = ANY(%(ids)s::uuid[]) AND p.state = 'scheduled' AND p.parked_at IS NULL AND p.stop_code = ''
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
 ORDER BY p.id FOR UPDATE OF p
