-- Lock order: payments by id, each with its attempt; what is decided is decided on locked rows.
SELECT e.id, e.source, e.outcome, e.failure_class, e.code, e.message, e.provisional, e.movement_id, e.gross_minor,
       e.currency, e.fee_minor, e.network_fee_minor, e.network_currency, e.retry_seconds,
       coalesce(e.detail -> 'park' = 'true'::jsonb, false),
       CASE WHEN e.outcome = 'not_left' THEN
         (SELECT count(DISTINCT n.send_no) FROM payments_evidence n
           WHERE n.attempt_id = e.attempt_id AND n.outcome = 'not_left')
       ELSE 0 END,
       CASE WHEN e.outcome = 'declined' THEN
         (SELECT count(*) FROM payments_attempt d WHERE d.payment_id = e.payment_id AND d.state = 'declined')
       ELSE 0 END, e.send_no, e.observed_at,
       a.id, a.state, a.send_no, a.send_by, a.provider, a.identity,
       p.id, p.state, p.version, p.operation, p.settlement, p.amount_minor, p.fee_minor, p.currency, p.accounts::text,
       p.clock_id, p.source_kind, p.source_id, p.no, p.queue_key, p.short_tries, p.looks, p.next_action_at,
       p.provisional_at, p.parked_at IS NOT NULL AS parked, p.correlation_id,
       p.waiting, CASE WHEN e.outcome = 'pending' THEN (e.detail -> 'action')::text END, p.stop_code, p.stop_reason
  FROM payments_evidence e
  JOIN payments_attempt a ON a.id = e.attempt_id
  JOIN payments_payment p ON p.id = e.payment_id
 WHERE e.id = ANY(%(ids)s::uuid[])
 ORDER BY p.id
   FOR UPDATE OF p, a
