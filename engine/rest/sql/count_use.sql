-- One call more in the bucket's window. The table is unlogged and may be lost; no rule rests on it.
-- Index: one_count_per_window.
INSERT INTO engine_rest_use (bucket, window_start)
VALUES (%(bucket)s, date_bin(make_interval(secs => %(seconds)s), machine_now(), timestamptz '2000-01-01 00:00:00+00'))
ON CONFLICT (bucket, window_start) DO UPDATE SET calls = engine_rest_use.calls + 1
RETURNING calls, extract(epoch FROM window_start + make_interval(secs => %(seconds)s) - machine_now())::float
