-- The fact is in the books: all of its legs, or the one of `seq`. Index: one_transfer_per_fact.
SELECT 1 FROM engine_ledger_transfer
 WHERE kind = %(kind)s AND source_id = %(source)s AND (%(seq)s::int IS NULL OR seq = %(seq)s) LIMIT 1
