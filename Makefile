# `make run` serves the games, `make test` checks everything; both begin by making .venv where there is none.

PYTHON ?= python3
LISTEN ?= tcp:8080
ARGS ?=
JOBS ?= 2

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
TRIAL := $(BIN)/python tests/run_trial.py --jobs=$(JOBS)
UNIT := $(subst /,.,$(patsubst %.py,%,$(wildcard tests/test_*.py)) \
	$(filter-out tests/e2e tests/look,$(patsubst %/__init__.py,%,$(wildcard tests/*/__init__.py))))

NATIVE := gameserver/websocket/native.c gameserver/websocket/native_build.py

# Without bytecode, each of the hundreds of servers that tests start would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint format unit e2e look evening crash attack fuzz js js-test bench bench-commit bench-patches growth needs clean

run: .venv/run.stamp
	@echo 'Open one of the addresses that the server names below; phones in the same network can, too.'
	exec $(BIN)/twistd -n --pidfile= gameserver --listen $(LISTEN) $(ARGS)

# The tests come last, so that the last line says how many passed.
test: needs
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint js-test
	@$(TRIAL) tests

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict gameserver
	@tests/needs.sh clients/js
	@$(call in_js,run lint)

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: .venv/dev.stamp
	@$(TRIAL) $(UNIT)

e2e: needs
	@$(TRIAL) tests.e2e

# Every scene of the sample games at eight sizes, with few and with the most players: nothing may be cut, or scroll on a
# TV; axe-core finds nothing; targets are 44 px. Pictures go to build/look. LOOK=tests.look.test_trivia for one game,
# SIZES="320x568 1280x720" for two of the sizes.
LOOK ?= tests.look
SIZES ?=
look: needs
	@GAMESERVER_LOOK=all GAMESERVER_LOOK_SIZES="$(SIZES)" GAMESERVER_LOOK_PICTURES=$(CURDIR)/build/look $(TRIAL) $(LOOK)

# Kills at KILLS random instants on each store, and a Redis frozen for FREEZE_S; takes minutes, and shows its counts.
KILLS ?= 200
FREEZE_S ?= 10
crash: .venv/dev.stamp
	@GAMESERVER_TEST_KILLS=$(KILLS) GAMESERVER_TEST_FREEZE_S=$(FREEZE_S) GAMESERVER_TEST_LONG=1 \
	  $(BIN)/trial tests.e2e.test_checker tests.e2e.test_crash.RandomKillTests tests.e2e.test_store_away \
	  tests.e2e.test_failover tests.node.test_failover_model

# A whole evening in browsers: a TV, six phones, three games, and all that may happen to phones meanwhile.
evening: needs
	@GAMESERVER_TEST_LONG=1 $(BIN)/trial tests.e2e.test_evening tests.e2e.test_rps

# Attacks on fresh servers, and what other players notice: times and memory. ARGS=--list names the attacks.
attack: .venv/dev.stamp
	@$(BIN)/python -m tests.attack $(ARGS)

# The fuzzers, SECONDS for each of their tests. They print a seed; SEED=… tries the same again.
SECONDS ?= 60
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom)
fuzz: .venv/dev.stamp
	@seed=$$(echo $(SEED)); echo "SEED=$$seed"; \
	  GAMESERVER_TEST_FUZZ_S=$(SECONDS) GAMESERVER_TEST_SEED=$$seed $(BIN)/trial tests.fuzz

# npm in clients/js, with the Node that is in .venv; does nothing if tests/needs.sh could not install the packages.
in_js = if [ -e clients/js/node_modules/.stamp ]; then PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix clients/js --silent $(1); fi

# The JavaScript client's tests.
js-test: needs
	@$(call in_js,test)

# Builds the files that pages load from their sources; they are committed, since `make run` has no Node.
js: .venv/dev.stamp
	@tests/needs.sh clients/js
	@$(call in_js,run build)

# Our server beside others: BENCH="fan --rounds 3 --only colyseus,ours-tell" for a part. Needs gcc, node 20, npm and two
# processors.
BENCH ?= fan rooms echo

bench: .venv/dev.stamp build/bench/peers/.stamp
	$(BIN)/python benchmarks/compare.py $(BENCH)

# What it costs to store each step, on SQLite and on a Redis of its own; and the bytes of a patch, beside Colyseus.
bench-commit: .venv/dev.stamp
	$(BIN)/python benchmarks/commit.py $(ARGS)

bench-patches: .venv/dev.stamp
	$(BIN)/python benchmarks/patches.py

# How costs grow; draws the plots of docs/speed.rst. 15,000 seats need as many open files on each side.
growth: .venv/dev.stamp
	$(BIN)/python benchmarks/growth.py $(ARGS)

# The docs as a site, with a reference of all public names and a search; served to this machine alone.
DOCS_PORT ?= 8000
.PHONY: docs
docs: .venv/dev.stamp
	$(BIN)/sphinx-build -q -W --keep-going docs build/docs
	@echo 'Open http://127.0.0.1:$(DOCS_PORT); Ctrl-C ends it.'
	exec $(BIN)/python -m http.server --bind 127.0.0.1 --directory build/docs $(DOCS_PORT)

build/bench/peers/.stamp: benchmarks/peers/package.json benchmarks/peers/package-lock.json $(wildcard benchmarks/peers/*.*js)
	mkdir -p build/bench/peers
	cp benchmarks/peers/*js* build/bench/peers/
	npm --prefix build/bench/peers --silent --legacy-peer-deps --no-audit --no-fund --ignore-scripts ci
	@touch $@

# What tests need besides .venv is installed if that is allowed, and otherwise named. The pages' files are compressed
# here once, and not by each of the servers that tests start.
needs: .venv/dev.stamp
	@tests/needs.sh
	@$(BIN)/python tests/compress_pages.py

# Removes what was built and cached; .venv and the rooms in gameserver-data stay.
clean:
	rm -rf build dist *.egg-info gameserver/web/_compressed _trial_temp* .hypothesis .mypy_cache .ruff_cache
	find gameserver games tests twisted -name __pycache__ -prune -exec rm -rf {} +
	rm -f twisted/plugins/dropin.cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "This needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo 'Making .venv, an environment for Python of this folder alone.'
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# Running twistd once writes Twisted's cache of plugins, while the user may write it.
.venv/run.stamp: setup.py pyproject.toml $(NATIVE) | .venv/bin/python
	@echo 'Installing the server and what it needs into .venv. The first time this takes a minute or two.'
	@$(PIP) install --editable .
	@$(BIN)/twistd --help > /dev/null
	@touch $@

.venv/dev.stamp: setup.py pyproject.toml $(NATIVE) | .venv/bin/python
	@echo 'Installing the server, what it needs, and what its tests need into .venv. The first time this takes minutes.'
	@$(PIP) install --editable '.[dev]'
	@$(BIN)/twistd --help > /dev/null
	@touch .venv/run.stamp $@
