# Ruhu 入户. `make` lists what can be made; `make run` is all that a newcomer needs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --silent

# The system's own Python is built with profiles of its use; one that was built at home often is not (an eighth slower).
# Asked once: what is exported is worked out for each line of a recipe, were it not `:=`.
ifndef PYTHON
PYTHON := $(shell /usr/bin/python3 -c "import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))" \
	2>/dev/null && echo /usr/bin/python3 || echo python3)
endif
export PYTHON
PORT ?= 8000
HELP_PORT ?= 8080
LAN_PORT ?= 8443
DEMO ?= 1
WORKERS ?= 2
VAR := $(or $(RUHU_VAR),var)
BIN := .venv/bin
START := --migrate --log $(VAR)/log/server.log $(if $(filter 0,$(DEMO)),,--demo)
STAGE := scripts/stage

CLIENT_SOURCES := $(shell find client/src client/build client/public client/console -type f 2>/dev/null) \
	client/index.html client/vite.config.ts client/tsconfig.json client/package.json

PYTHON_READY := .venv/.ready
CLIENT_READY := client/node_modules/.ready
CLIENT_BUILT := client/node_modules/.built

.PHONY: help setup run client check test test-fast bench soak mutations lan lock

help: ## 列出这些 · List these
	@echo "Ruhu 入户"
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8001 换端口 · another port    DEMO=0 不装演示数据 · no demo    RUHU_DATABASE_URL=… PostgreSQL"

setup: ## 装好所有需要的东西 · Install everything that is needed, for tests too
	@scripts/system run test
	@$(MAKE) $(PYTHON_READY) $(CLIENT_READY)

run: ## 启动（含演示数据） · Start it, with the demo county, on 127.0.0.1:$PORT
	@scripts/system run
	@$(MAKE) $(PYTHON_READY) client
	@exec $(BIN)/ruhu run --port $(PORT) $(START)

lan: ## 给同一 Wi-Fi 的手机用 · Serve to phones on the same Wi-Fi over HTTPS (listens on every interface)
	@scripts/system run
	@$(MAKE) $(PYTHON_READY) client
	@exec $(BIN)/ruhu lan --port $(LAN_PORT) --help-port $(HELP_PORT) $(START)

client: $(CLIENT_BUILT) ## 构建手机端和管理台 · Build the phone app and the console

check: $(PYTHON_READY) $(CLIENT_READY) ## 静态检查 · Lint, types, import directions
	@$(STAGE) "ruff" $(BIN)/ruff check .
	@$(STAGE) "mypy" $(BIN)/mypy
	@$(STAGE) "lint-imports" $(BIN)/lint-imports --no-logo
	@$(STAGE) "vue-tsc" npm --prefix client run --silent types

test: setup client check ## 全部测试 · Every check and every test: client, both databases, kill, real browser
	@$(STAGE) "vitest" npm --prefix client run --silent test
	@$(STAGE) "pytest" $(BIN)/python -m pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-fast: $(PYTHON_READY) $(CLIENT_READY) ## 快测 · SQLite only, no browser, no kill
	@$(STAGE) "vitest" npm --prefix client run --silent test
	@RUHU_TEST_DATABASES=sqlite $(STAGE) "pytest" $(BIN)/python -m pytest tests -m "not browser and not kill and not postgres"

bench: $(PYTHON_READY) client ## 性能 · Submissions per second on SQLite and PostgreSQL, time of a photo
	@scripts/system test
	@for bench in tests/bench/[!_]*.py; do $(BIN)/python -m "tests.bench.$$(basename "$$bench" .py)"; done

soak: $(PYTHON_READY) client ## 长时间反复测试 · Kill, browser, random and simulation tests for long, mutations (TIMES=5 SEEDS=2000)
	@scripts/system run test
	@for round in $$(seq $(or $(TIMES),5)); do \
		RUHU_LIVES=5 $(STAGE) "round $$round" $(BIN)/python -m pytest tests -m "browser or kill"; done
	@for seed in $$(seq $(or $(TIMES),5)); do \
		RUHU_DAY=whole RUHU_DAY_SEED=$$seed $(STAGE) "whole day $$seed" $(BIN)/python -m pytest tests/e2e/test_whole_day.py; done
	@$(STAGE) "bent photos" $(BIN)/python -m tests.evidence.fuzz $(or $(PHOTOS),20000)
	@RUHU_EXAMPLES=20000 $(STAGE) "random expressions" $(BIN)/python -m pytest tests/forms/xpath -k random
	@RUHU_EXAMPLES=300 $(STAGE) "model of sync" $(BIN)/python -m pytest tests/sync -k test_model
	@$(STAGE) "simulation" $(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),2000)
	@$(STAGE) "simulation on PostgreSQL" $(BIN)/python -m tests.simulation --database postgres --seeds $$(($(or $(SEEDS),2000) / 10))
	@for round in $$(seq $(or $(TIMES),5)); do \
		$(STAGE) "races $$round" $(BIN)/python -m pytest tests/sync -k "concurrency or race or published"; done
	@$(MAKE) mutations

mutations: $(PYTHON_READY) ## 拆掉每个防护，看测试是否发现 · Take each guard of sync away and see a test fail
	@scripts/system test
	@$(BIN)/python -m tests.mutations

lock: $(PYTHON_READY) ## 更新 requirements.lock · Pin the Python packages anew
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-annotate --no-header --no-emit-index-url --output-file requirements.lock

.venv/bin/python:
	@echo "· .venv"
	@$(PYTHON) -m venv .venv

$(PYTHON_READY): requirements.lock pyproject.toml | .venv/bin/python
	@$(STAGE) "Python 包 · Python packages" \
		$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(CLIENT_READY): client/package-lock.json client/package.json
	@$(STAGE) "npm 包 · npm packages" npm --prefix client ci --no-fund --no-audit --loglevel error
	@touch $@

$(CLIENT_BUILT): $(CLIENT_READY) $(CLIENT_SOURCES)
	@cd client && ../$(STAGE) "构建界面 · Building the apps" npx --no-install vite build --logLevel error
	@touch $@
