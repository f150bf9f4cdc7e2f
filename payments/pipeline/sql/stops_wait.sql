-- Scheduled payments that were told to stop. Index: payments_told_to_stop.
SELECT 1 FROM payments_payment WHERE state = 'scheduled' AND stop_code <> '' AND parked_at IS NULL LIMIT 1
