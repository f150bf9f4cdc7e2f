-- I5: every movement once. one_transfer_per_fact refuses the same (source, kind, seq) a second time. A leg whose
-- accounts are missing or of another currency finds no partner here: posting.py counts, and refuses them all.
INSERT INTO engine_ledger_transfer
  (id, kind, source_id, seq, debit_id, credit_id, currency, amount_minor, business_at, posted_at)
SELECT t.id, t.kind, t.source_id, t.seq, t.debit, t.credit, t.currency, t.amount, t.business_at, %(machine_at)s
  FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(sources)s::uuid[], %(seqs)s::int[],
              %(debits)s::bigint[], %(credits)s::bigint[], %(currencies)s::text[],
              %(amounts)s::bigint[], %(business_ats)s::timestamptz[])
       AS t(id, kind, source_id, seq, debit, credit, currency, amount, business_at)
  JOIN engine_ledger_account d ON d.id = t.debit AND d.currency = t.currency
  JOIN engine_ledger_account c ON c.id = t.credit AND c.currency = t.currency
