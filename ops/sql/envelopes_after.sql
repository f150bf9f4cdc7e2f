-- Sealed columns in batches by key, so that a million rows are never held at once. Index: primary key.
SELECT id, envelope FROM payments_attempt WHERE id > %(after)s ORDER BY id LIMIT %(most)s
