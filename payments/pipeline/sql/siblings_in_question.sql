-- I1: of these locked payments the ones whose source has another payment that a person decides about (true: the view
-- payments_undecided), or of which evidence is not applied yet (false): sending would collect twice. `own`: asked about
-- the payment itself, too, and whether an attempt of it was paid. A statement of its own: its snapshot is younger than
-- the locks. OFFSET: without it the view is planned three times over, which takes longer than all the rest.
-- Indexes: one_payment_per_number, one_attempt_per_number, evidence_to_apply.
SELECT q.id, bool_or(q.decided)
  FROM (SELECT p.id,
               EXISTS (SELECT 1 FROM payments_undecided u WHERE u.payment_id = o.id)
                 OR (o.id = p.id AND EXISTS (SELECT 1 FROM payments_attempt a
                                              WHERE a.payment_id = o.id AND a.state = 'succeeded')) AS decided,
               EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = o.id AND e.applied_at IS NULL) AS told
          FROM payments_payment p
          JOIN payments_payment o ON o.source_kind = p.source_kind AND o.source_id = p.source_id
                                 AND (o.id <> p.id OR %(own)s)
         WHERE p.id = ANY(%(ids)s::uuid[])
        OFFSET 0) q
 WHERE q.decided OR q.told
 GROUP BY q.id
