-- A day's figures from its rows; run again, it writes the same (one_report_per_day). Never counted up (D22).
-- Scans the payments: once a day, under the reports' advisory lock. A sum beyond 64 bits is written as the most that
-- the column holds, and returned: it must not stop the report, nor pass in silence. The fee is that on what was
-- settled: less than was asked may have been taken for it, or nothing, where it was given back (payments/suspense.py).
INSERT INTO billing_dailyreport
  (day, currency, succeeded, succeeded_minor, failed, failed_minor, canceled, canceled_minor, fee_minor,
   average_seconds, computed_at)
SELECT %(day)s, p.currency,
       count(*) FILTER (WHERE p.state IN ('succeeded', 'reversed') AND p.settled_minor > 0),
       least(coalesce(sum(p.settled_minor) FILTER (WHERE p.state IN ('succeeded', 'reversed')), 0), 9223372036854775807),
       count(*) FILTER (WHERE p.state = 'failed'),
       least(coalesce(sum(p.amount_minor) FILTER (WHERE p.state = 'failed'), 0), 9223372036854775807),
       count(*) FILTER (WHERE p.state = 'canceled'),
       least(coalesce(sum(p.amount_minor) FILTER (WHERE p.state = 'canceled'), 0), 9223372036854775807),
       least(coalesce(sum(div(p.fee_minor::numeric * p.settled_minor, p.amount_minor))
                        FILTER (WHERE p.state IN ('succeeded', 'reversed')), 0), 9223372036854775807),
       avg(extract(epoch FROM p.ended_at - p.created_at)) FILTER (WHERE p.state IN ('succeeded', 'reversed')),
       %(machine_at)s
  FROM payments_payment p
 WHERE p.source_kind = 'invoice' AND p.ended_at >= %(starts_at)s AND p.ended_at < %(ends_at)s
 GROUP BY p.currency
ON CONFLICT (day, currency) DO UPDATE
   SET succeeded = excluded.succeeded, succeeded_minor = excluded.succeeded_minor, failed = excluded.failed,
       failed_minor = excluded.failed_minor, canceled = excluded.canceled,
       canceled_minor = excluded.canceled_minor, fee_minor = excluded.fee_minor,
       average_seconds = excluded.average_seconds, computed_at = excluded.computed_at
RETURNING currency, 9223372036854775807 IN (succeeded_minor, failed_minor, canceled_minor, fee_minor)
