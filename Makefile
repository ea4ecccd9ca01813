# Everything a person does here is a target; what takes more than a line is in scripts/.
STACK ?= dev
export STACK

.DEFAULT_GOAL := help
.PHONY: help setup preview plan up down test check fmt lock schema docs policy bench rehearsal clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  STACK=dev is the stack that preview, plan, up and down mean.'

setup: ## make .venv from the lock; needs only python3 (3.11 or newer) and make
	@sh scripts/setup.sh

preview: setup ## what `up` would change; the offline plan where Pulumi or Docker is missing
	@sh scripts/stack.sh preview

plan: setup ## the resources of the stack, with no engine, no network and no host
	@.venv/bin/stackgraph plan --stack $(STACK)

up: setup ## provision the stack: dev as containers on this machine
	@sh scripts/stack.sh up

down: setup ## take the stack down; protected volumes and the stack itself stay
	@sh scripts/stack.sh down

test: ## the whole suite and all checks, as CI runs it
	@bash scripts/test.sh

check: setup ## format, lint, types, imports, shell, files, hooks, schema, docs, audit; no tests
	@sh scripts/check.sh

fmt: setup ## format the code and mend what the linter can
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format .

lock: setup ## pin all dependencies anew from pyproject.toml; UPGRADE=1 takes the newest
	@.venv/bin/python scripts/lock.py $(if $(UPGRADE),--upgrade)

schema: setup ## write the JSON Schema of system.yaml
	@.venv/bin/stackgraph schema

docs: setup ## write the pages of systems and rules
	@.venv/bin/stackgraph docs

policy: setup ## the environment of the policy pack: `pulumi preview --policy-pack policy`
	@sh scripts/policy.sh

rehearsal: setup ## play prod on this machine: test hosts, stand-ins of clouds; ARGS="SYSTEM --stand-in --keep"
	@.venv/bin/python -m rehearsal $(if $(filter-out dev,$(STACK)),--stack $(STACK)) $(ARGS)

bench: setup ## the numbers in the README
	@.venv/bin/python -m bench

clean: ## remove environments and caches; the dev stack's state stays
	@rm -rf .venv policy/.venv .tools uv.lock dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d .pulumi-state ]; then echo 'kept: .pulumi-state (what `make down` needs to know)' >&2; fi
