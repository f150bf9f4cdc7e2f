-- Gapless: the counter moves in the transaction that gives the numbers, under the series' advisory lock, so a
-- rollback undoes both.
INSERT INTO billing_numberseries AS n (series, last) VALUES (%(series)s, %(count)s)
ON CONFLICT (series) DO UPDATE SET last = n.last + excluded.last
RETURNING n.last
