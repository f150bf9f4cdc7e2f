-- The series in which an issued invoice has no number yet. Index: invoices_to_number.
SELECT DISTINCT series FROM billing_invoice WHERE number IS NULL AND issued_at IS NOT NULL ORDER BY series
