"""Version 3: one secret key, references that may be used once, callbacks that carry a shared word."""
