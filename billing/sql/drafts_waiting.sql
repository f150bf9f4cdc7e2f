-- I2: a draft is never forgotten; the tick asks every two seconds. Index: invoices_to_finalize.
SELECT 1 FROM billing_invoice WHERE next_action_at <= %(machine_now)s LIMIT 1
