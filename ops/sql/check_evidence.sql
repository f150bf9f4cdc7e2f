-- I2: what the world said and nobody applied yet, by age. Index: evidence_to_apply.
SELECT id AS evidence_id, payment_id, source, outcome, observed_at, tries
  FROM payments_evidence
 WHERE applied_at IS NULL AND observed_at < %(observed_before)s
 ORDER BY observed_at
