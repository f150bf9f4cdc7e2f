-- Compare-and-set on locked rows, by a statement of its own: its snapshot is younger than the locks. A payment
-- for which money arrived (an attempt that succeeded after all, an open case, evidence to apply) is no longer
-- the payer's to call back: asking again would collect twice (I1).
UPDATE payments_payment p
   SET state = 'canceled', version = p.version + 1, next_action_at = NULL, waiting = '', ended_at = %(now)s,
       parked_at = NULL, parked_reason = '', failure_code = %(code)s, failure_message = %(reason)s
 WHERE p.id = ANY(%(ids)s::uuid[]) AND p.state = 'scheduled'
   AND NOT EXISTS (SELECT 1 FROM payments_attempt a WHERE a.payment_id = p.id AND a.state = 'succeeded')
   AND NOT EXISTS (SELECT 1 FROM payments_case c WHERE c.payment_id = p.id AND c.closed_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
RETURNING p.id, p.source_id, p.version, p.clock_id, p.correlation_id, p.source_kind, p.no, p.currency, p.amount_minor
