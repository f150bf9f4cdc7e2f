-- Of these locked payments the ones whose method was removed. A statement of its own: its snapshot is younger than
-- the locks. What a removal does not see yet is seen by its second look. Index: primary keys.
SELECT p.id FROM payments_payment p JOIN payments_paymentmethod m ON m.id = p.method_id
 WHERE p.id = ANY(%(ids)s::uuid[]) AND m.state = 'removed'
