-- I2: what named nothing of ours and does now (its provider's id was learned later) is worked after all; the newest
-- %(most)s of %(since)s on are asked about. Indexes: callbacks_not_done, evidence_by_provider_ref.
WITH lost AS (
  SELECT id, provider, provider_ref FROM payments_callbacks_callback
   WHERE state = 'unknown' AND id >= %(since)s AND provider_ref <> ''
   ORDER BY id DESC LIMIT %(most)s
)
UPDATE payments_callbacks_callback c
   SET state = 'waiting', next_action_at = %(now)s, tries = 0, said = 'what it names has become known'
  FROM lost l
 WHERE c.id = l.id AND c.state = 'unknown'
   AND EXISTS (SELECT 1 FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
                WHERE e.provider_ref <> '' AND e.provider_ref = l.provider_ref AND a.provider = l.provider)
