-- I1: one_open_payment_per_source and one_payment_per_number refuse a second payment for what is owed once.
INSERT INTO payments_payment
  (id, operation, provider, source_kind, source_id, no, clock_id, method_id, queue_key, due_at, grace_until,
   settlement, currency, amount_minor, fee_minor, instructions, accounts, next_action_at, correlation_id, created_at)
SELECT c.id, 'charge', c.provider, c.source_kind, c.source_id, c.no, c.clock_id, c.method_id, c.queue_key,
       c.due_at, c.grace_until, c.settlement, c.currency, c.amount, c.fee, c.instructions,
       c.accounts, %(machine_at)s, c.correlation_id, %(machine_at)s
  FROM ROWS FROM (
         unnest(%(ids)s::uuid[], %(provider)s::text[], %(source_kind)s::text[], %(source_id)s::uuid[], %(no)s::int[],
                %(clock_id)s::bigint[], %(method_id)s::uuid[], %(queue_key)s::uuid[], %(due_at)s::timestamptz[],
                %(grace_until)s::timestamptz[], %(settlement)s::text[], %(currency)s::text[],
                %(amount_minor)s::bigint[], %(fee_minor)s::bigint[], %(correlation_id)s::uuid[]),
         jsonb_array_elements(%(instructions)s::jsonb),
         jsonb_array_elements(%(accounts)s::jsonb))
       AS c(id, provider, source_kind, source_id, no, clock_id, method_id, queue_key, due_at, grace_until,
            settlement, currency, amount, fee, correlation_id, instructions, accounts)
