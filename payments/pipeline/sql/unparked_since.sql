-- I2: which of these payments a person let go on since `since`. Index: one_event_per_version.
SELECT DISTINCT object_id FROM engine_outbox_event
 WHERE object_kind = 'payment' AND object_id = ANY(%(ids)s::uuid[])
   AND type = 'payment.unparked' AND created_at > %(since)s
