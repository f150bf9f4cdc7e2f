# Everything needs only Python 3.11+ with venv and pip, make, and a package index.
# PYTHON=python3.12 chooses another Python; RUN_DIR, WEB_PORT, FLOWER_PORT, SOLANA_PORT, GATEWAYS_PORT, CYCLES are passed on.
# Tests and benchmarks empty a folder of their own (TEST_RUN_DIR), never RUN_DIR.
.DEFAULT_GOAL := help
.PHONY: help run dev test test-live fuzz prove bench bench-long lock env-example pictures clean reset
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
CYCLES ?=
PYTHON_FROM := $(origin PYTHON)
export PYTHON PYTHON_FROM CYCLES

PY := .venv/bin/python

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*##/\t/' | expand -t 14

run:  ## start everything and show it live; CYCLES=n ends after n billing cycles
	@bin/bootstrap run
	@exec $(PY) -m sandbox.run

dev:  ## like run, and web, workers and beat start again when a .py, .sql or .html file changes
	@bin/bootstrap dev
	@exec $(PY) -m sandbox.run.dev

test:  ## linters, import contracts, types and all tests, on servers of their own
	@bin/bootstrap dev
	@exec $(PY) -m sandbox.run.check $(ARGS)

test-live:  ## the conformance suite against the providers' own sandboxes, with your test keys (docs/test-live.md)
	@bin/bootstrap dev
	@exec $(PY) -m sandbox.run.testlive $(ARGS)

fuzz:  ## every endpoint of the API with generated requests, long; ARGS="--examples 200 --only payments"
	@bin/bootstrap dev
	@exec $(PY) -m sandbox.run.fuzz $(ARGS)

prove:  ## crash and simulation proofs, on servers of their own
	@bin/bootstrap dev
	@exec $(PY) -m sandbox.prove $(ARGS)

bench:  ## short measurements
	@bin/bootstrap dev
	@exec $(PY) -m benchmarks $(ARGS)

bench-long:  ## the long measurements
	@bin/bootstrap dev
	@exec $(PY) -m benchmarks --long $(ARGS)

pictures:  ## the pictures of README and docs, from a running product; needs a Chromium
	@bin/bootstrap run
	@exec bin/pictures

lock:  ## resolve requirements*.in again into the hashed locks
	@bin/bootstrap dev
	@exec bin/lock

env-example:  ## write .env.example again from the fields that validate it
	@bin/bootstrap dev
	@exec $(PY) -m config.env_example .env.example

reset:  ## forget the run's data, logs and secrets (RUN_DIR)
	@bin/bootstrap run
	@exec $(PY) -m sandbox.run.reset

clean: reset  ## reset, and remove the environment and caches
	@rm -rf .venv .venv.lock .venv-pictures .run-pictures .run-test .run-bench .run-prove .run-fuzz .run-test-live .mypy_cache .ruff_cache .import_linter_cache .hypothesis
