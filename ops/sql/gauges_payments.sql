-- Open payments that the pipeline still acts on, by state and provider: how many (to %(most)s for each), and the
-- earliest moment at which one was to be acted on. Index: payments_to_act_on (provider, operation, state,
-- next_action_at).
SELECT state, provider, count(due.at), min(due.at)
  FROM unnest(%(providers)s::text[]) AS provider
 CROSS JOIN unnest(%(operations)s::text[]) AS operation
 CROSS JOIN unnest(%(states)s::text[]) AS state
  LEFT JOIN LATERAL (
       SELECT p.next_action_at AS at
         FROM payments_payment p
        WHERE p.provider = provider.provider AND p.operation = operation.operation AND p.state = state.state
          AND p.next_action_at IS NOT NULL
        ORDER BY p.next_action_at
        LIMIT %(most)s
       ) due ON true
 GROUP BY state, provider
 ORDER BY state, provider
