"""Payments, their attempts and cases, and payment methods under /api/."""
