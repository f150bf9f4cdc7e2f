-- Compare-and-set of applying: whoever holds this row applies it, and nobody does so twice.
SELECT 1 FROM payments_evidence WHERE id = %(id)s AND applied_at IS NULL FOR UPDATE
