-- What can't be called back now (on its way, or money may have arrived for it) is told so: it is not signed, not signed
-- anew and not sent again; recall takes it back once nothing speaks against it. The rows are locked by the caller.
-- Index: primary key.
UPDATE payments_payment SET stop_code = %(code)s, stop_reason = %(reason)s
 WHERE id = ANY(%(ids)s::uuid[]) AND state IN ('scheduled', 'in_flight')
