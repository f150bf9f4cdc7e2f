-- This leg of the fact is in the books. Index: one_transfer_per_fact.
SELECT 1 FROM engine_ledger_transfer
 WHERE kind = %(kind)s AND source_id = %(source)s AND seq = %(seq)s LIMIT 1
