-- I2: open payments whose next look lies beyond the longest gap are looked up now; whoever works a row has it anyway.
-- In id order, as apply locks. Index: payments_to_act_on.
UPDATE payments_payment p SET next_action_at = %(now)s
  FROM (SELECT id FROM payments_payment
         WHERE provider = ANY(%(providers)s::text[]) AND operation = ANY(%(operations)s::text[]) AND state = 'in_flight'
           AND next_action_at > %(beyond)s AND parked_at IS NULL
         ORDER BY id FOR UPDATE SKIP LOCKED) far
 WHERE p.id = far.id
