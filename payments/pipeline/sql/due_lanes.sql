-- Two probes a lane of the one partial index payments_to_act_on, however many rows are due, and one of the few
-- attempts_to_look_at.
SELECT l.operation, l.provider,
       EXISTS (SELECT 1 FROM payments_payment p WHERE p.provider = l.provider AND p.operation = l.operation
                  AND p.state = 'scheduled' AND p.next_action_at <= %(now)s AND p.stop_code = ''),
       EXISTS (SELECT 1 FROM payments_payment p WHERE p.provider = l.provider AND p.operation = l.operation
                  AND p.state = 'in_flight' AND p.next_action_at <= %(now)s)
       OR EXISTS (SELECT 1 FROM payments_attempt a JOIN payments_payment p ON p.id = a.payment_id
                   WHERE a.provider = l.provider AND a.look_at <= %(now)s AND p.operation = l.operation)
  FROM unnest(%(operations)s::text[], %(providers)s::text[]) AS l(operation, provider)
