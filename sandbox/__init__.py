"""The outside world for development and proof. The product never imports it."""
