-- I5: of what a look says was taken back, whether a person was asked about the same movement before, or else gave some of
-- its payment back by hand. Those of neither are left out. Indexes: evidence_of_attempt, one_refund_per_number.
SELECT id, CASE WHEN asked THEN 'asked' ELSE 'given' END
  FROM (SELECT e.id,
               EXISTS (SELECT 1 FROM payments_evidence n
                        WHERE n.attempt_id = e.attempt_id AND n.id <> e.id AND n.movement_id = e.movement_id
                          AND n.verdict = 'given_and_taken') AS asked,
               EXISTS (SELECT 1 FROM payments_refund r
                        WHERE r.payment_id = e.payment_id AND r.attempt_id IS NULL AND r.state = 'succeeded'
                          AND r.recorded_by <> '') AS given
          FROM payments_evidence e WHERE e.id = ANY(%(ids)s::uuid[])) q
 WHERE asked OR given
