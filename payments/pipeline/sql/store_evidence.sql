-- Evidence first: nothing acts on what is not committed here.
INSERT INTO payments_evidence
  (id, attempt_id, payment_id, send_no, source, outcome, failure_class, code, message, provisional, provider_ref,
   movement_id, gross_minor, currency, fee_minor, network_fee_minor, network_currency, retry_seconds, digest,
   detail, observed_at)
SELECT e.id, e.attempt_id, e.payment_id, e.send_no, e.source, e.outcome, e.class, left(e.code, 60), e.message,
       e.provisional, left(e.provider_ref, 120), left(e.movement_id, 160), e.gross, e.currency, e.fee, e.network_fee,
       e.network_currency, e.retry_seconds, e.digest, e.detail, %(now)s
  FROM ROWS FROM (unnest(%(ids)s::uuid[], %(attempt_id)s::uuid[], %(payment_id)s::uuid[], %(send_no)s::int[],
              %(source)s::text[], %(outcomes)s::text[], %(classes)s::text[], %(code)s::text[], %(message)s::text[],
              %(provisional)s::bool[], %(provider_ref)s::text[], %(movement_id)s::text[], %(gross_minor)s::bigint[],
              %(currency)s::text[], %(fee_minor)s::bigint[], %(network_fee_minor)s::bigint[],
              %(network_currency)s::text[], %(retry_seconds)s::float8[], %(digests)s::text[]),
                  jsonb_array_elements(%(details)s::jsonb))
       AS e(id, attempt_id, payment_id, send_no, source, outcome, class, code, message, provisional, provider_ref,
            movement_id, gross, currency, fee, network_fee, network_currency, retry_seconds, digest, detail)
