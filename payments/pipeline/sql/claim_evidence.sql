-- Unapplied evidence, each row to one applier. What is to be tried later keeps its place before what was said of the
-- same payment after it, and before nobody else: it takes no room in the batch. Indexes: evidence_to_apply,
-- evidence_to_try.
SELECT e.id, e.payment_id, e.tries FROM payments_evidence e
 WHERE e.applied_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM payments_evidence l
                    WHERE l.payment_id = e.payment_id AND l.applied_at IS NULL AND l.try_at > %(now)s)
 ORDER BY e.payment_id, e.id
 LIMIT %(most)s
   FOR UPDATE OF e SKIP LOCKED
