-- I10: any number of takers; SKIP LOCKED gives each row to one. With each: what is known of it, its bookings by the
-- provider's name for each movement and those that it took back, whether its last look was in vain, and what was told
-- of it. Indexes: attempts_to_look_at, evidence_of_attempt.
WITH due AS (
  SELECT a.id FROM payments_attempt a JOIN payments_payment p ON p.id = a.payment_id
   WHERE a.provider = %(provider)s AND a.look_at <= %(now)s AND p.operation = %(operation)s
     AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = a.payment_id AND e.applied_at IS NULL)
   ORDER BY a.look_at
   LIMIT %(most)s
     FOR UPDATE OF a SKIP LOCKED
), taken AS (
  UPDATE payments_attempt a SET look_at = %(until)s, told_at = coalesce(a.told_at, %(now)s) FROM due WHERE a.id = due.id
  RETURNING a.id, a.payment_id, a.state, a.identity, a.data, a.send_no, a.told_at, a.told_end, a.told_ref, a.told_looks
)
SELECT t.id, t.payment_id, t.state, t.identity, t.data::text, t.send_no,
       p.amount_minor, p.fee_minor, p.currency, p.instructions::text,
       coalesce(k.provider_ref, ''), coalesce(k.steps, '{}')::text, k.movements,
       coalesce(l.outcome = 'unknown' AND l.code <> %(gave_up)s, false),
       t.told_at, t.told_end, t.told_ref, t.told_looks, k.taken_back
  FROM taken t
  JOIN payments_payment p ON p.id = t.payment_id
  LEFT JOIN LATERAL (
    SELECT (array_agg(e.provider_ref ORDER BY e.id DESC) FILTER (WHERE e.provider_ref <> ''))[1] AS provider_ref,
           jsonb_object_agg(e.code, e.detail ORDER BY e.id) FILTER (WHERE e.outcome = 'step') AS steps,
           coalesce(array_agg(e.movement_id ORDER BY e.applied_at, e.id) FILTER (WHERE e.applied_at IS NOT NULL
             AND e.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')), '{}') AS movements,
           coalesce(array_agg(e.movement_id ORDER BY e.id) FILTER (WHERE e.movement_id <> ''
             AND e.verdict IN ('reversed', 'taken back', 'declined: taken back', 'given_and_taken',
                               'counted, and taken back', 'refused: nothing of it is booked')), '{}') AS taken_back
      FROM payments_evidence e WHERE e.attempt_id = t.id
  ) k ON true
  LEFT JOIN LATERAL (
    SELECT e.outcome, e.code FROM payments_evidence e
     WHERE e.attempt_id = t.id AND e.source = 'lookup' ORDER BY e.id DESC LIMIT 1
  ) l ON true
