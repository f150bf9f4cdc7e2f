-- Whether any evidence is to be applied now (claim_evidence.sql). Indexes: evidence_to_apply, evidence_to_try.
SELECT 1 FROM payments_evidence e
 WHERE e.applied_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM payments_evidence l
                    WHERE l.payment_id = e.payment_id AND l.applied_at IS NULL AND l.try_at > %(now)s)
 LIMIT 1
