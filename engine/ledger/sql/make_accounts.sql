-- Make the accounts that are missing; another transaction that makes them too is waited for and wins.
INSERT INTO engine_ledger_account (kind, currency, owner_id)
SELECT * FROM unnest(%(kinds)s::text[], %(currencies)s::text[], %(owners)s::uuid[])
ON CONFLICT DO NOTHING
