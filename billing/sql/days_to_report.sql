-- Row 0.54: the days on which a payment ended and whose report is not there, or was written before the day was over
-- (with an hour for those that were ending). However long nobody reported, none is left out: what is summed over the
-- reports is the truth. Scans the payments: once a day.
SELECT ended.day
  FROM (SELECT DISTINCT (ended_at AT TIME ZONE 'UTC')::date AS day
          FROM payments_payment WHERE source_kind = 'invoice' AND ended_at IS NOT NULL) ended
  LEFT JOIN (SELECT day, min(computed_at) AS computed_at FROM billing_dailyreport GROUP BY day) report USING (day)
 WHERE report.computed_at IS NULL
    OR report.computed_at < (ended.day + 1)::timestamp AT TIME ZONE 'UTC' + interval '1 hour'
 ORDER BY ended.day
