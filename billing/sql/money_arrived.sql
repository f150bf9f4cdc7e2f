-- I1: which of these invoices is not asked for again until a person decided (the view payments_undecided), and whether
-- money for it came late. A statement of its own after take_open: its snapshot is younger than the lock, so it sees
-- what was committed while that one waited. Index: one_payment_per_number.
SELECT u.source_id, bool_or(u.late)
  FROM payments_undecided u
 WHERE u.source_kind = 'invoice' AND u.source_id = ANY(%(ids)s::uuid[])
 GROUP BY u.source_id
