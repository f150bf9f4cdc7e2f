-- Gapless: the counter and the numbers move in one statement, under the series' advisory lock, so a rollback
-- undoes both. In order of issue; the rows are locked in id order, as everywhere. Index: invoices_to_number.
WITH chosen AS (
  SELECT id, row_number() OVER (ORDER BY issued_at, id) AS place
    FROM (SELECT id, issued_at FROM billing_invoice
           WHERE series = %(series)s AND number IS NULL AND issued_at IS NOT NULL
           ORDER BY issued_at, id LIMIT %(most)s) oldest
), locked AS (
  SELECT id FROM billing_invoice WHERE id IN (SELECT id FROM chosen) ORDER BY id FOR UPDATE
), counter AS (
  INSERT INTO billing_numberseries AS n (series, last)
  SELECT %(series)s, count(*) FROM chosen HAVING count(*) > 0
  ON CONFLICT (series) DO UPDATE SET last = n.last + excluded.last
  RETURNING n.last - (SELECT count(*) FROM chosen) AS before
)
UPDATE billing_invoice i SET number = counter.before + chosen.place
  FROM chosen JOIN locked ON locked.id = chosen.id CROSS JOIN counter
 WHERE i.id = chosen.id
RETURNING i.id
