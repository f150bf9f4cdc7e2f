"""The source documents' own endpoints: their paths, envelopes, camelCase keys and texts, over our verbs."""
