.DEFAULT_GOAL := help
.PHONY: help setup demo test ci format assets lock screenshots

help: ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Install what a clone needs
	@bin/setup

demo: ## Run Cornerspot with two demo teams
	@bin/demo

test: ## Run the tests; ARGS="-k finalize" goes to pytest
	@bin/test $(ARGS)

ci: ## Run the linters and the tests
	@bin/ci

format: ## Put the code into shape
	@.venv/bin/python -m ruff check --fix . ; .venv/bin/python -m ruff format .

assets: ## Collect the front-end packages
	@bin/assets

lock: ## Lock the Python packages anew; ARGS=--upgrade takes the newest
	@bin/lock $(ARGS)

screenshots: ## Take the screenshots in docs/ anew
	@bin/screenshots
