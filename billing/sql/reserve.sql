-- I1: another payment for an open invoice takes its reservation in the same transaction; the check constraint
-- invoice_never_overcollected bounds it. The rows are locked by take_open. Index: primary key.
UPDATE billing_invoice i
   SET collecting_minor = i.collecting_minor + r.collecting,
       payments_made = i.payments_made + (r.collecting > 0)::int,
       reason_code = r.reason_code, reason = r.reason
  FROM unnest(%(ids)s::uuid[], %(collectings)s::bigint[], %(reason_codes)s::text[], %(reasons)s::text[])
       AS r(id, collecting, reason_code, reason)
 WHERE i.id = r.id AND i.state = 'open'
RETURNING i.id
