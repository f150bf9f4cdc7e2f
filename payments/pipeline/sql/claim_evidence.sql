-- Unapplied evidence, each row to one applier. Index: evidence_to_apply.
SELECT id, payment_id FROM payments_evidence
 WHERE applied_at IS NULL
 ORDER BY payment_id, id
 LIMIT %(most)s
   FOR UPDATE SKIP LOCKED
