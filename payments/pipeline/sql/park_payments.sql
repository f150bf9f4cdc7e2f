-- A parked payment leaves every index of due work and keeps its reservation. Its open case is told with it.
-- Indexes: primary key, one_case_per_matter.
UPDATE payments_payment p
   SET parked_at = %(now)s, parked_reason = %(reason)s, next_action_at = NULL, version = p.version + 1
 WHERE p.id = ANY(%(ids)s::uuid[]) AND p.parked_at IS NULL AND p.state = ANY(%(among)s)
RETURNING p.id, p.version, p.clock_id, p.correlation_id, p.state, p.source_kind, p.source_id,
          (SELECT c.kind FROM payments_case c WHERE c.payment_id = p.id AND c.closed_at IS NULL
            ORDER BY c.id DESC LIMIT 1)
