"""The inbox under /api/: the door that providers knock at, and what operators see of it."""
