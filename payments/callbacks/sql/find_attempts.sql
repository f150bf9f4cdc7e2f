-- The attempt that each callback names: by the identity that we gave it, else by what evidence says its provider calls
-- it; and whether a send or apply is about to say more of it. Indexes: one_attempt_per_identity,
-- evidence_by_provider_ref, evidence_by_movement, evidence_to_apply.
SELECT c.id, a.id, a.state, a.resolved_at, p.id, p.operation,
       a.state = 'sent' OR EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
  FROM unnest(%(id)s::uuid[], %(provider)s::text[], %(identity)s::text[], %(provider_ref)s::text[])
       AS c(id, provider, identity, ref)
 CROSS JOIN LATERAL (
       SELECT 1 AS place, a.id, a.id AS newest FROM payments_attempt a
        WHERE c.identity <> '' AND a.provider = c.provider AND a.identity = c.identity
        UNION ALL
       SELECT 2, a.id, e.id FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
        WHERE c.ref <> '' AND e.provider_ref <> '' AND e.provider_ref = c.ref AND a.provider = c.provider
        UNION ALL
       SELECT 3, a.id, e.id FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
        WHERE c.ref <> '' AND e.movement_id <> '' AND e.movement_id = c.ref AND a.provider = c.provider
        ORDER BY 1, 3 DESC
        LIMIT 1
       ) named
  JOIN payments_attempt a ON a.id = named.id
  JOIN payments_payment p ON p.id = a.payment_id
