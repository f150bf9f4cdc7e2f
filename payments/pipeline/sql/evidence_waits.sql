-- Index: evidence_to_apply.
SELECT 1 FROM payments_evidence WHERE applied_at IS NULL LIMIT 1
