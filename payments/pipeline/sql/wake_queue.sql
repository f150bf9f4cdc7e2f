-- The next of each queue whose head has ended. Index: open_payments_in_queue.
UPDATE payments_payment SET next_action_at = %(now)s, waiting = ''
 WHERE queue_key = ANY(%(keys)s::uuid[]) AND state = 'scheduled' AND waiting = 'queue' AND parked_at IS NULL
