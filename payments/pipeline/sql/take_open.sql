-- With each: what is known of it, its bookings by the provider's name for each movement, and since when nobody knows:
-- since what was said after it had last been seen, else since it was made. And until when its payer may act, and since
-- when they are asked.
-- Index: payments_to_act_on; unresolved attempt by one_unresolved_attempt_per_payment; evidence_of_attempt.
WITH due AS (
  SELECT p.id FROM payments_payment p
   WHERE p.provider = %(provider)s AND p.operation = %(operation)s AND p.state = 'in_flight'
     AND p.next_action_at <= %(now)s AND p.parked_at IS NULL
     AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
   ORDER BY p.next_action_at
   LIMIT %(most)s
     FOR UPDATE OF p SKIP LOCKED
), taken AS (
  UPDATE payments_payment p SET next_action_at = %(until)s FROM due WHERE p.id = due.id
  RETURNING p.id, p.amount_minor, p.fee_minor, p.currency, p.instructions, p.looks, p.stop_code <> '' AS stopped
)
SELECT a.id, t.id, a.state, a.identity, a.data::text, a.send_no, a.fence, a.send_by, a.created_at,
       t.amount_minor, t.fee_minor, t.currency, t.instructions::text, t.looks,
       coalesce(l.outcome, ''), coalesce(l.code, ''), coalesce(l.provisional, false),
       coalesce(l.park, false), coalesce(k.provider_ref, ''), coalesce(k.steps, '{}')::text, k.movements,
       coalesce(u.at, a.created_at), t.stopped, coalesce(k.act_by, ''), k.asked_since
  FROM taken t
  JOIN payments_attempt a ON a.payment_id = t.id AND a.state IN ('sent', 'pending', 'unknown')
  LEFT JOIN LATERAL (
    SELECT e.outcome, e.code, e.provisional, e.detail -> 'park' = 'true'::jsonb AS park FROM payments_evidence e
     WHERE e.attempt_id = a.id AND e.source = 'lookup' ORDER BY e.id DESC LIMIT 1
  ) l ON true
  LEFT JOIN LATERAL (
    SELECT (array_agg(e.provider_ref ORDER BY e.id DESC) FILTER (WHERE e.provider_ref <> ''))[1] AS provider_ref,
           jsonb_object_agg(e.code, e.detail ORDER BY e.id) FILTER (WHERE e.outcome = 'step') AS steps,
           (array_agg(e.detail #>> '{action,expires_at}' ORDER BY e.id DESC)
             FILTER (WHERE e.detail #>> '{action,expires_at}' IS NOT NULL))[1] AS act_by,
           min(e.observed_at) FILTER (WHERE e.outcome = 'pending' AND e.code = 'payer_action_needed') AS asked_since,
           coalesce(array_agg(e.movement_id ORDER BY e.applied_at, e.id) FILTER (WHERE e.applied_at IS NOT NULL
             AND e.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')), '{}') AS movements
      FROM payments_evidence e WHERE e.attempt_id = a.id
  ) k ON true
  LEFT JOIN LATERAL (
    SELECT e.id FROM payments_evidence e WHERE e.attempt_id = a.id AND e.outcome = 'pending' ORDER BY e.id DESC LIMIT 1
  ) s ON true
  LEFT JOIN LATERAL (
    SELECT min(e.observed_at) AS at FROM payments_evidence e WHERE e.attempt_id = a.id AND e.id > s.id
  ) u ON true
