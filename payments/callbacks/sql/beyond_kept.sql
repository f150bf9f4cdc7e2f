-- Refused callbacks beyond the newest %(kept)s of each provider: strangers can't fill the table. Index:
-- callbacks_not_done.
SELECT id FROM (
  SELECT id, row_number() OVER (PARTITION BY provider ORDER BY id DESC) AS place
    FROM payments_callbacks_callback WHERE state = 'refused'
) r WHERE place > %(kept)s
 LIMIT %(most)s
