-- I1: one_invoice_line_per_number refuses a second set of lines for an invoice.
INSERT INTO billing_invoiceline (id, invoice_id, no, description, quantity, unit_minor, amount_minor)
SELECT * FROM unnest(%(ids)s::uuid[], %(invoice_ids)s::uuid[], %(nos)s::int[], %(descriptions)s::text[],
                     %(quantities)s::int[], %(unit_minors)s::bigint[], %(amount_minors)s::bigint[])
