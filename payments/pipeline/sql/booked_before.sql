-- I5: a movement is booked once per payment. The first booking of what this evidence speaks of: by the provider's
-- movement id, or of the attempt where either of the two names none. Indexes: evidence_by_movement,
-- evidence_of_attempt.
SELECT DISTINCT ON (e.id) e.id, b.verdict, b.attempt_id, b.network_fee_minor
  FROM payments_evidence e
  CROSS JOIN LATERAL (
    SELECT * FROM payments_evidence n
     WHERE n.movement_id = e.movement_id AND n.movement_id <> '' AND n.payment_id = e.payment_id
    UNION ALL
    SELECT * FROM payments_evidence n
     WHERE n.attempt_id = e.attempt_id AND (n.movement_id = '' OR e.movement_id = '')
  ) b
 WHERE e.id = ANY(%(ids)s::uuid[]) AND b.applied_at IS NOT NULL
   AND b.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')
 ORDER BY e.id, b.applied_at, b.id
