-- The attempt that each callback names: by the identity that we gave it, else by what evidence says its provider calls
-- it, else of a set-up's charge by who gives it back, the newest; whether that is what is known to have succeeded; the
-- newest attempt of each refund of that payment; and whether a send or apply is about to say more of any.
-- Indexes: one_attempt_per_identity, evidence_by_provider_ref, evidence_by_movement, evidence_to_apply,
-- evidence_of_attempt, one_refund_per_number, one_payment_per_number, one_attempt_per_number.
SELECT c.id, a.id, a.state, a.resolved_at, p.id, p.operation,
       c.ref <> '' AND EXISTS (
           SELECT 1 FROM payments_evidence e
            WHERE e.attempt_id = a.id AND e.outcome = 'succeeded' AND c.ref IN (e.provider_ref, e.movement_id)),
       a.state = 'sent' OR given.busy
       OR EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL),
       given.attempts, given.states
  FROM unnest(%(id)s::uuid[], %(provider)s::text[], %(identity)s::text[], %(provider_ref)s::text[],
              %(method)s::uuid[])
       AS c(id, provider, identity, ref, method)
 CROSS JOIN LATERAL (
       SELECT 1 AS place, a.id, a.id AS newest FROM payments_attempt a
        WHERE c.identity <> '' AND a.provider = c.provider AND a.identity = c.identity
        UNION ALL
       SELECT 2, a.id, e.id FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
        WHERE c.ref <> '' AND e.provider_ref <> '' AND e.provider_ref = c.ref AND a.provider = c.provider
        UNION ALL
       SELECT 3, a.id, e.id FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
        WHERE c.ref <> '' AND e.movement_id <> '' AND e.movement_id = c.ref AND a.provider = c.provider
        UNION ALL
       SELECT 4, a.id, a.id FROM payments_payment back JOIN payments_attempt a ON a.payment_id = back.id
        WHERE c.identity <> '' AND back.source_kind = 'payment_method' AND back.source_id = c.method
          AND back.provider = c.provider AND back.instructions->'charge'->>'identity' = c.identity
        ORDER BY 1, 3 DESC
        LIMIT 1
       ) named
  JOIN payments_attempt a ON a.id = named.id
  JOIN payments_payment p ON p.id = a.payment_id
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(last.id ORDER BY last.id), '{}') AS attempts,
              coalesce(array_agg(last.state ORDER BY last.id), '{}') AS states, coalesce(bool_or(last.busy), false) AS busy
         FROM payments_refund r
         JOIN payments_payment carried ON carried.source_kind = 'refund' AND carried.source_id = r.id
        CROSS JOIN LATERAL (
              SELECT t.id, t.state, t.state = 'sent' OR EXISTS (SELECT 1 FROM payments_evidence e
                                                        WHERE e.payment_id = carried.id AND e.applied_at IS NULL) AS busy
                FROM payments_attempt t WHERE t.payment_id = carried.id
               ORDER BY t.seq DESC
               LIMIT 1
              ) last
        WHERE r.payment_id = p.id
       ) given
