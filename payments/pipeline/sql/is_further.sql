-- I5: whether what booked this attempt's money first was another movement than this one. Index: evidence_of_attempt.
SELECT 1
  FROM (SELECT e.movement_id FROM payments_evidence e
         WHERE e.attempt_id = %(attempt)s AND e.applied_at IS NOT NULL
           AND e.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')
         ORDER BY e.applied_at, e.id LIMIT 1) first
 WHERE first.movement_id NOT IN ('', %(movement)s)
