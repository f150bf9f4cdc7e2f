-- I2: what could be neither applied nor parked is tried again at this moment, and not before. Index: primary key.
UPDATE payments_evidence SET tries = %(failed)s, try_at = %(at)s WHERE id = %(id)s AND applied_at IS NULL
