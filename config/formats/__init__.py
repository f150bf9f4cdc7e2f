"""How moments and days are written for people, by language (FORMAT_MODULE_PATH)."""
