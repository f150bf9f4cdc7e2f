-- I2: a draft leaves the index in the transaction of its lines, posting and payment. The rows are locked by
-- take_drafts; the state is compared all the same. Index: primary key.
UPDATE billing_invoice i
   SET state = o.state, version = i.version + 1, due_minor = o.due, collecting_minor = o.collecting,
       payments_made = i.payments_made + (o.collecting > 0)::int, series = o.series,
       reason_code = o.reason_code, reason = o.reason, next_action_at = NULL, held_reason = '',
       issued_at = o.issued_at, paid_at = CASE WHEN o.state = 'paid' THEN o.issued_at END
  FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(dues)s::bigint[], %(collectings)s::bigint[],
              %(serieses)s::text[], %(reason_codes)s::text[], %(reasons)s::text[], %(issued_ats)s::timestamptz[])
       AS o(id, state, due, collecting, series, reason_code, reason, issued_at)
 WHERE i.id = o.id AND i.state = 'draft'
RETURNING i.id, i.version
