-- I5: of what a look says was taken back, whether a person was asked about the same movement before; or its payer
-- disputes it, or had it back by a dispute; or a person gave some of its payment back by hand. The others are left out.
-- Indexes: evidence_of_attempt, one_refund_per_number; disputes are few.
SELECT id, CASE WHEN asked THEN 'asked' WHEN disputed THEN 'disputed' ELSE 'by_hand' END
  FROM (SELECT e.id,
               EXISTS (SELECT 1 FROM payments_evidence n
                        WHERE n.attempt_id = e.attempt_id AND n.id <> e.id AND n.movement_id = e.movement_id
                          AND n.verdict = 'given_and_taken') AS asked,
               EXISTS (SELECT 1 FROM payments_dispute d JOIN payments_attempt a ON a.provider = d.provider
                        WHERE a.id = e.attempt_id AND d.state <> 'won' AND d.charge_ref <> ''
                          AND EXISTS (SELECT 1 FROM payments_evidence n
                                       WHERE n.attempt_id = a.id AND d.charge_ref IN (n.movement_id, n.provider_ref)
                                         AND n.movement_id IN (e.movement_id, '', d.charge_ref))) AS disputed,
               EXISTS (SELECT 1 FROM payments_refund r
                        WHERE r.payment_id = e.payment_id AND r.attempt_id IS NULL AND r.state = 'succeeded'
                          AND r.recorded_by <> '') AS by_hand
          FROM payments_evidence e WHERE e.id = ANY(%(ids)s::uuid[])) q
 WHERE asked OR disputed OR by_hand
