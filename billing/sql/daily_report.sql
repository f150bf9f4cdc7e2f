-- A day's figures from its rows; run again, it writes the same (one_report_per_day). Never counted up (D22). What was
-- paid and the fee on it come from the ledger (settled.sql), what failed or was called off from the payments that stand
-- so. Scans the payments: once a day, under the reports' advisory lock. A sum beyond 64 bits is written as the most
-- that the column holds, and returned: it must not stop the report, nor pass in silence.
WITH paid AS (
  SELECT * FROM unnest(%(currencies)s::text[], %(paids)s::int[], %(minors)s::numeric[], %(fees)s::numeric[],
                       %(averages)s::float8[]) AS s(currency, succeeded, minor, fee, average)
), ended AS (
  SELECT p.currency,
         count(*) FILTER (WHERE p.state = 'failed') AS failed,
         coalesce(sum(p.amount_minor) FILTER (WHERE p.state = 'failed'), 0) AS failed_minor,
         count(*) FILTER (WHERE p.state = 'canceled') AS canceled,
         coalesce(sum(p.amount_minor) FILTER (WHERE p.state = 'canceled'), 0) AS canceled_minor
    FROM payments_payment p
   WHERE p.source_kind = 'invoice' AND p.state IN ('failed', 'canceled')
     AND p.ended_at >= %(starts_at)s AND p.ended_at < %(ends_at)s
   GROUP BY p.currency
)
INSERT INTO billing_dailyreport
  (day, currency, succeeded, succeeded_minor, failed, failed_minor, canceled, canceled_minor, fee_minor,
   average_seconds, computed_at)
SELECT %(day)s, currency, coalesce(paid.succeeded, 0),
       greatest(least(coalesce(paid.minor, 0), 9223372036854775807), -9223372036854775807),
       coalesce(ended.failed, 0), least(coalesce(ended.failed_minor, 0), 9223372036854775807),
       coalesce(ended.canceled, 0), least(coalesce(ended.canceled_minor, 0), 9223372036854775807),
       greatest(least(coalesce(paid.fee, 0), 9223372036854775807), -9223372036854775807),
       paid.average, %(machine_at)s
  FROM paid
  FULL JOIN ended USING (currency)
  FULL JOIN (SELECT currency FROM billing_dailyreport WHERE day = %(day)s) written USING (currency)
ON CONFLICT (day, currency) DO UPDATE
   SET succeeded = excluded.succeeded, succeeded_minor = excluded.succeeded_minor, failed = excluded.failed,
       failed_minor = excluded.failed_minor, canceled = excluded.canceled,
       canceled_minor = excluded.canceled_minor, fee_minor = excluded.fee_minor,
       average_seconds = excluded.average_seconds, computed_at = excluded.computed_at
RETURNING currency, 9223372036854775807 IN (abs(succeeded_minor), failed_minor, canceled_minor, abs(fee_minor))
