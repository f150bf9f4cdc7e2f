-- Locks in id order. Index: open_payments_in_queue, read whole: an operator removes a method now and then.
SELECT id, source_kind FROM payments_payment
 WHERE method_id = %(method)s AND state IN ('scheduled', 'in_flight')
 ORDER BY id FOR UPDATE
