-- Sealed bodies of callbacks in batches by key, so that many are never held at once. Index: primary key.
SELECT id, body FROM payments_callbacks_callback WHERE id > %(after)s ORDER BY id LIMIT %(most)s
