"""Measurements on real servers: they print and write figures beside their aims, and assert nothing."""
