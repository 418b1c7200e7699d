# make help lists what there is to make.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-hub test demo lint format types soak bench client lock upgrade translations clean

export PIP_DISABLE_PIP_VERSION_CHECK = 1
BIN := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## .venv with everything that development and the tests need
	@scripts/setup dev

setup-hub: ## .venv with what it takes to run the observer's app and headquarters
	@scripts/setup hub

test: setup ## linter, types and all tests with coverage, in a real browser too
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM \
	&& $(MAKE) --no-print-directory lint types \
	&& $(BIN)/python -m pytest --cov --cov-report=term

demo: setup-hub ## a practice mission with fictional records, in your browser
	@$(BIN)/python scripts/demo.py

client: setup ## bundle the offline client
	@$(BIN)/python scripts/client.py

lint: setup ## the linters and the formatter's check, and the types of the client
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . \
	|| { echo "lint: some files are not formatted; run make format" >&2; exit 1; }
	@$(BIN)/python scripts/client.py check

format: setup ## let the formatter and the linter mend what they can
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

types: setup ## the type checker, strict
	@$(BIN)/mypy

soak: setup ## kills, torn logs, full disks and long random runs; goes on where it was cut off
	@CHROMIUM="$$(scripts/chromium)" && export CHROMIUM \
	&& HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -m soak --capture=sys

bench: setup ## the measurements
	@$(BIN)/python -m bench

lock: ## write requirements/ anew from pyproject.toml, keeping pins that still fit
	@[ -x $(BIN)/python ] || scripts/setup dev
	@$(BIN)/python scripts/lock.py && scripts/setup dev

upgrade: ## likewise, with the newest releases
	@[ -x $(BIN)/python ] || scripts/setup dev
	@$(BIN)/python scripts/lock.py --upgrade && scripts/setup dev

translations: setup ## extract the strings, update and compile the catalogues
	@$(BIN)/python scripts/catalogues.py update

clean: ## remove what tools made; instance/ is left alone
	@rm -rf .venv build dist observer/static/client observer/client/node_modules .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache \
	.ruff_cache test-results
	@find . -path ./.git -prune -o -path ./instance -prune -o \( -name __pycache__ -o -name '*.mo' \) -prune -exec rm -rf {} +
