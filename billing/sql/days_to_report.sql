-- Row 0.54: the days on which one was paid, or what had paid was taken back, or a payment ended, and whose report is
-- not there or was written before the day was over (with an hour for those that were ending). However long nobody
-- reported, none is left out: what is summed over the reports is the truth. From day to day of the ledger by the
-- primary key of transfers, whose ids begin with their milliseconds; scans the payments: once a day.
WITH RECURSIVE booked AS (
  SELECT (t.posted_at AT TIME ZONE 'UTC')::date AS day
    FROM (SELECT posted_at FROM engine_ledger_transfer WHERE kind = ANY(%(kinds)s) ORDER BY id LIMIT 1) t
  UNION ALL
  SELECT greatest((t.posted_at AT TIME ZONE 'UTC')::date, b.day + 1)
    FROM booked b
   CROSS JOIN LATERAL (
           SELECT posted_at FROM engine_ledger_transfer
            WHERE id >= rpad(lpad(to_hex(extract(epoch FROM (b.day + 1)::timestamp AT TIME ZONE 'UTC')::bigint * 1000),
                                  12, '0'), 32, '0')::uuid
              AND kind = ANY(%(kinds)s)
            ORDER BY id LIMIT 1
         ) t
), days AS (
  SELECT day FROM booked
  UNION
  SELECT DISTINCT (ended_at AT TIME ZONE 'UTC')::date
    FROM payments_payment WHERE source_kind = 'invoice' AND ended_at IS NOT NULL
)
SELECT days.day
  FROM days
  LEFT JOIN (SELECT day, min(computed_at) AS computed_at FROM billing_dailyreport GROUP BY day) report USING (day)
 WHERE report.computed_at IS NULL
    OR report.computed_at < (days.day + 1)::timestamp AT TIME ZONE 'UTC' + interval '1 hour'
 ORDER BY days.day
