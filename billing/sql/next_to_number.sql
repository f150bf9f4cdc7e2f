-- What a series numbers next, in order of issue. Index: invoices_to_number.
SELECT id FROM billing_invoice
 WHERE series = %(series)s AND number IS NULL AND issued_at IS NOT NULL
 ORDER BY issued_at, id
 LIMIT %(most)s
