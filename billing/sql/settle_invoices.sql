-- I1: invoice_never_overcollected bounds what is written here. The rows are locked by lock_invoices.
-- Index: primary key.
UPDATE billing_invoice i
   SET state = c.state, collecting_minor = c.collecting, collected_minor = c.collected, version = c.version,
       reason_code = c.reason_code, reason = c.reason, failure_class = c.failure_class,
       first_failed_at = c.first_failed_at, paid_at = c.paid_at, refunded_minor = c.refunded
  FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(collectings)s::bigint[], %(collecteds)s::bigint[],
              %(versions)s::int[], %(reason_codes)s::text[], %(reasons)s::text[], %(failure_classes)s::text[],
              %(first_failed_ats)s::timestamptz[], %(paid_ats)s::timestamptz[], %(refundeds)s::bigint[])
       AS c(id, state, collecting, collected, version, reason_code, reason, failure_class, first_failed_at, paid_at,
            refunded)
 WHERE i.id = c.id
