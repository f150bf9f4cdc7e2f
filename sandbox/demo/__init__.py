"""The demo of `make run`: creators, plans of about 20 seconds, healthy and unlucky subscribers."""
