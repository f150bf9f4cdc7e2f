-- The only change evidence ever sees: that it was applied, and what that did.
UPDATE payments_evidence e SET applied_at = %(now)s, verdict = left(m.verdict, 60)
  FROM unnest(%(ids)s::uuid[], %(verdicts)s::text[]) AS m(id, verdict)
 WHERE e.id = m.id AND e.applied_at IS NULL
