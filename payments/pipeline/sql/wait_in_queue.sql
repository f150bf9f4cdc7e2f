-- Behind an older open payment of the same source: out of the way until that one ends (apply wakes it) or,
-- should that be missed, until `again`.
UPDATE payments_payment SET waiting = 'queue', next_action_at = %(again)s WHERE id = ANY(%(ids)s::uuid[])
