"""Flutterwave in both versions of its API that are alive: one provider, two dialects, a sheet for each."""
