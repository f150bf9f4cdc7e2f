-- I2: what waits for a person, oldest first. Index: parked_payments.
SELECT id AS payment_id, state, amount_minor, currency, parked_reason, parked_at
  FROM payments_payment WHERE parked_at IS NOT NULL
 ORDER BY parked_at
