-- What is on its way can't be stopped; this says what becomes of it if it turns out not to have left: it is called
-- back instead of signed anew (decide.py). The rows are locked by lock_open or lock_of_method. Index: primary key.
UPDATE payments_payment SET stop_code = %(code)s, stop_reason = %(reason)s
 WHERE id = ANY(%(ids)s::uuid[]) AND state = 'in_flight'
