-- I4: after send_by + total deadline without evidence, sent is unknown; it is never failed.
UPDATE payments_attempt SET state = 'unknown' WHERE id = ANY(%(ids)s::uuid[]) AND state = 'sent'
