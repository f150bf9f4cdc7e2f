-- Payments whose attempts may be sent again, and whether each was told to stop. Locked in id order, as everywhere. What
-- was stopped is left alone where its absence can be proved in the end. Index: primary key.
SELECT p.id, p.stop_code <> '' FROM payments_payment p
 WHERE p.id = ANY(%(ids)s::uuid[]) AND p.state = 'in_flight' AND p.parked_at IS NULL
   AND (p.stop_code = '' OR NOT %(absence_certain)s)
 ORDER BY p.id FOR UPDATE OF p
