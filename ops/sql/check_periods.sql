-- I1, I2: a subscription's invoices are its periods 0 to n-1 but for those skipped in a pause, each beginning
-- where the one before it ended. Index: one_invoice_per_period.
WITH neighbours AS (
  SELECT subscription_id, period_no, period_start, period_end, lead(period_no) OVER w AS next_no,
         lead(period_start) OVER w AS next_start
    FROM billing_invoice
  WINDOW w AS (PARTITION BY subscription_id ORDER BY period_no)
), billed AS (
  SELECT subscription_id, count(*) AS invoices, max(period_no) AS highest,
         count(*) FILTER (WHERE period_end <= period_start
                             OR (next_no = period_no + 1 AND next_start <> period_end)
                             OR (next_no > period_no + 1 AND next_start < period_end)) AS breaks
    FROM neighbours GROUP BY subscription_id
)
SELECT s.id AS subscription_id, s.period_no, s.periods_skipped, coalesce(b.invoices, 0) AS invoices,
       b.highest AS highest_period_no, coalesce(b.breaks, 0) AS breaks
  FROM billing_subscription s LEFT JOIN billed b ON b.subscription_id = s.id
 WHERE coalesce(b.invoices, 0) + s.periods_skipped <> s.period_no
    OR b.highest >= s.period_no
    OR b.breaks > 0
 ORDER BY s.id
