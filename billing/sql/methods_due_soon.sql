-- What each payment method will be asked for in the span ahead, all its subscriptions together: the approval
-- on chain is one sum. `waiting`: how many there are in all, beyond the limit too. Index: subscriptions_due.
SELECT m.id, sum(v.price_minor), count(*) OVER () AS waiting
  FROM billing_subscription s
  JOIN billing_planversion v ON v.id = s.plan_version_id
  JOIN payments_paymentmethod m ON m.id = s.method_id AND m.state = 'active'
 WHERE s.clock_id = %(clock_id)s AND s.next_due_at > %(business_now)s AND s.next_due_at <= %(business_until)s
   AND s.auto_pay AND (m.checked_at IS NULL OR m.checked_at < %(looked_before)s)
 GROUP BY m.id, m.checked_at
 ORDER BY m.checked_at NULLS FIRST
 LIMIT %(most)s
