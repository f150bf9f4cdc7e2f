-- Design 3: what was issued gets its number after finalize and before anything of it is sent. Issued longer ago than
-- the limit, by the machine time of its event: the moments on an invoice are its customer's. An invoice that was opened
-- without the moment of its issue is never numbered. Reads all invoices once. Index for these few:
-- one_event_per_version.
SELECT i.id AS invoice_id, i.subscription_id, i.series, i.state, i.issued_at
  FROM billing_invoice i
 WHERE i.number IS NULL AND (i.issued_at IS NOT NULL OR i.state NOT IN ('draft', 'void'))
   AND NOT EXISTS (SELECT 1 FROM engine_outbox_event e
                    WHERE e.object_id = i.id AND e.object_kind = 'invoice' AND e.type = 'invoice.finalized'
                      AND e.created_at >= %(observed_before)s)
 ORDER BY i.series, i.issued_at, i.id
