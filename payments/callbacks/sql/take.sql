-- I10: each waiting callback to one worker, who has it until its lease ends. What waits has a time, and nothing
-- else has (a_waiting_callback_has_its_time). Index: callbacks_to_work.
WITH due AS (
  SELECT id FROM payments_callbacks_callback
   WHERE next_action_at <= %(now)s
   ORDER BY next_action_at
   LIMIT %(most)s
     FOR UPDATE SKIP LOCKED
)
UPDATE payments_callbacks_callback c SET next_action_at = %(until)s, tries = c.tries + 1
  FROM due WHERE c.id = due.id
RETURNING c.id, c.provider, c.identity, c.provider_ref, c.dispute_ref, c.setup_ref, c.says, c.refusal,
          c.tries, c.received_at, c.next_action_at
