-- I2: told to stop, due long ago, and not taken back: something speaks against it, or no recall runs. Nobody takes it
-- for sending, so its next action stands still. Index: payments_told_to_stop.
SELECT p.id AS payment_id, p.stop_code, p.stop_reason, p.next_action_at
  FROM payments_payment p
 WHERE p.state = 'scheduled' AND p.stop_code <> '' AND p.parked_at IS NULL AND p.next_action_at < %(observed_before)s
 ORDER BY p.id
