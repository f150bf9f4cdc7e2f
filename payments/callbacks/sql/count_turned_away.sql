-- Counts of an hour, in the order of their key: two processes never wait for each other crosswise.
-- Index: one_count_per_hour_and_reason.
INSERT INTO payments_callbacks_turnedaway AS t (provider, why, hour_start, count)
SELECT c.provider, c.why, date_bin('1 hour', machine_now(), timestamptz '2000-01-01 00:00:00+00'), c.count
  FROM unnest(%(providers)s::text[], %(whys)s::text[], %(counts)s::bigint[]) AS c(provider, why, count)
 ORDER BY c.provider, c.why
ON CONFLICT (hour_start, provider, why) DO UPDATE SET count = t.count + excluded.count
