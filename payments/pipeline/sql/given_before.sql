-- I5: of what a look says was taken back, whether a person was asked about the same movement before; or its payer
-- disputes it, or had it back by a dispute; or a person gave some of its payment back by hand, or counted a refund of
-- another amount as given back (by its movement: payments/refund_differs.py, setup_differs.py). Others are left out.
-- Indexes: evidence_of_attempt, one_refund_per_number, one_transfer_per_fact; disputes are few.
SELECT id, CASE WHEN asked THEN 'asked' WHEN disputed THEN 'disputed' WHEN counted THEN 'counted' ELSE 'by_hand' END
  FROM (SELECT e.id,
               EXISTS (SELECT 1 FROM payments_evidence n
                        WHERE n.attempt_id = e.attempt_id AND n.id <> e.id AND n.movement_id = e.movement_id
                          AND n.verdict IN ('given_and_taken', 'counted, and taken back')) AS asked,
               EXISTS (SELECT 1 FROM payments_dispute d JOIN payments_attempt a ON a.provider = d.provider
                        WHERE a.id = e.attempt_id AND d.state <> 'won' AND d.charge_ref <> ''
                          AND EXISTS (SELECT 1 FROM payments_evidence n
                                       WHERE n.attempt_id = a.id AND d.charge_ref IN (n.movement_id, n.provider_ref)
                                         AND n.movement_id IN (e.movement_id, '', d.charge_ref))) AS disputed,
               EXISTS (SELECT 1 FROM payments_refund r
                        WHERE r.payment_id = e.payment_id AND r.attempt_id IS NULL AND r.state = 'succeeded'
                          AND r.recorded_by <> '') AS by_hand,
               EXISTS (SELECT 1 FROM payments_evidence n JOIN payments_attempt a ON a.id = n.attempt_id
                         JOIN payments_payment p ON p.id = n.payment_id
                        WHERE n.attempt_id = e.attempt_id AND n.verdict = 'amount differs' AND p.operation = 'refund'
                          AND e.movement_id IN (n.movement_id, '')
                          AND (EXISTS (SELECT 1 FROM payments_refund o
                                         JOIN payments_refund r ON r.payment_id = o.payment_id
                                        WHERE o.id = p.source_id AND r.recorded_by <> '' AND r.state = 'succeeded'
                                          AND n.movement_id = ANY(string_to_array(r.reference, ', ')))
                               OR EXISTS (SELECT 1 FROM engine_ledger_transfer t
                                           WHERE t.kind = 'setup.counted' AND t.source_id = md5(
                                             n.payment_id || ':' || coalesce(nullif(n.movement_id, ''), a.identity)
                                           )::uuid))
                      ) AS counted
          FROM payments_evidence e WHERE e.id = ANY(%(ids)s::uuid[])) q
 WHERE asked OR disputed OR by_hand OR counted
