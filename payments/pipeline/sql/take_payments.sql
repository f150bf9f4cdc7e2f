-- The taken rows leave the index range until `until`, so the next poll does not scan them again.
UPDATE payments_payment
   SET taken_count = taken_count + 1, next_action_at = %(until)s
 WHERE id = ANY(%(ids)s::uuid[])
RETURNING id, amount_minor, fee_minor, currency, instructions::text, clock_id, grace_until, grace_start,
          taken_count
