-- I8: the postings of these invoices. Index: one_transfer_per_fact.
SELECT kind, currency, count(*), sum(amount_minor)
  FROM engine_ledger_transfer WHERE source_id = ANY(%(invoices)s::uuid[])
 GROUP BY kind, currency
