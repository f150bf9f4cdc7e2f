-- Index: one_transfer_per_fact.
SELECT 1 FROM engine_ledger_transfer WHERE source_id = %(source)s AND kind = %(kind)s LIMIT 1
