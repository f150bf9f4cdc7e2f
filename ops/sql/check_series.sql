-- Design 3: the numbers of a series are 1 to its last, each once. Index: one_invoice_per_series_number.
SELECT coalesce(n.series, g.series) AS series, coalesce(n.last, 0) AS last, coalesce(g.given, 0) AS given, g.lowest,
       g.highest
  FROM (SELECT series, count(*) AS given, min(number) AS lowest, max(number) AS highest
          FROM billing_invoice WHERE number IS NOT NULL GROUP BY series) g
  FULL JOIN billing_numberseries n ON n.series = g.series
 WHERE coalesce(g.given, 0) <> coalesce(n.last, 0)
    OR coalesce(g.highest, 0) <> coalesce(n.last, 0)
    OR coalesce(g.lowest, 1) <> 1
 ORDER BY 1
