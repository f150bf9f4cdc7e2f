-- Two probes a lane of the one partial index payments_to_act_on, however many rows are due.
SELECT l.operation, l.provider,
       EXISTS (SELECT 1 FROM payments_payment p WHERE p.provider = l.provider AND p.operation = l.operation
                  AND p.state = 'scheduled' AND p.next_action_at <= %(now)s AND p.stop_code = ''),
       EXISTS (SELECT 1 FROM payments_payment p WHERE p.provider = l.provider AND p.operation = l.operation
                  AND p.state = 'in_flight' AND p.next_action_at <= %(now)s)
  FROM unnest(%(operations)s::text[], %(providers)s::text[]) AS l(operation, provider)
