-- I1: of these locked payments the refunds whose charge its payer disputes, and whether a dispute of it was lost which
-- left too little for all that is on its way back: given back as well, it would go twice. Of late money it is the
-- charge of its attempt, whichever payment bears the dispute. A statement of its own: its snapshot is younger than the
-- locks. Indexes: disputes_of_payment, evidence_of_attempt; disputes are few.
WITH asked AS (
  SELECT p.id, r.attempt_id, c.settled_minor - c.refunded_minor - c.refunding_minor AS left_minor, d.state, d.amount_minor
    FROM payments_payment p
    JOIN payments_refund r ON r.id = p.source_id
    JOIN payments_payment c ON c.id = r.payment_id
    JOIN payments_dispute d ON CASE WHEN r.attempt_id IS NULL THEN d.payment_id = c.id
         ELSE d.provider = c.provider AND d.charge_ref <> '' AND EXISTS (
                SELECT 1 FROM payments_evidence e
                 WHERE e.attempt_id = r.attempt_id AND d.charge_ref IN (e.movement_id, e.provider_ref)) END
   WHERE p.id = ANY(%(ids)s::uuid[]) AND p.source_kind = 'refund' AND d.state <> 'won'
  UNION ALL -- What was paid to set a method up: none of it is left beside a dispute.
  SELECT p.id, p.id, 0, d.state, d.amount_minor
    FROM payments_payment p
    JOIN payments_dispute d ON d.provider = p.provider AND d.charge_ref <> ''
     AND d.charge_ref IN (p.instructions->'charge'->>'movement_id', p.instructions->'charge'->>'provider_ref')
   WHERE p.id = ANY(%(ids)s::uuid[]) AND p.source_kind = 'payment_method' AND d.state <> 'won'
)
SELECT id, coalesce(sum(amount_minor) FILTER (WHERE state = 'lost'), 0)
           > CASE WHEN attempt_id IS NULL THEN greatest(left_minor, 0) ELSE 0 END AS gone
  FROM asked
 GROUP BY id, attempt_id, left_minor
HAVING bool_or(state <> 'lost') OR coalesce(sum(amount_minor) FILTER (WHERE state = 'lost'), 0)
           > CASE WHEN attempt_id IS NULL THEN greatest(left_minor, 0) ELSE 0 END
