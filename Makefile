PY ?= python3
BIN := .venv/bin
RUST := $(shell find kernel/native -name target -prune -o \( -name '*.rs' -o -name 'Cargo.*' \) -print)
ROOMS := kernel contracts circuits verifier prover client

.PHONY: demo test lint tests bench
.venv/made: pyproject.toml $(RUST)
	test -x $(BIN)/python || $(PY) -m venv .venv
	rm -f kernel/_native*.so
	$(BIN)/pip install -q -e '.[dev,evm]'
	touch $@
node_modules/made: package.json package-lock.json .npmrc
	npm ci --no-audit --no-fund --loglevel=error
	touch $@
build/tree: .venv/made
	mkdir -p $@/zkmargin && for r in $(ROOMS); do ln -sfn ../../../$$r $@/zkmargin/$$r; done
	touch $@
demo: .venv/made
	$(BIN)/zkmargin demo
lint: .venv/made build/tree
	$(BIN)/ruff check .
	$(BIN)/mypy -p zkmargin
	cargo fmt --manifest-path kernel/native/Cargo.toml --check
	cargo clippy --manifest-path kernel/native/Cargo.toml --locked -q -- -D warnings
tests: .venv/made build/tree node_modules/made
	ZKMARGIN_KERNEL=native $(BIN)/zkmargin doctor
	ZKMARGIN_KERNEL=native $(BIN)/python -m pytest -q
test: lint tests
bench: .venv/made node_modules/made
	$(BIN)/python benchmarks/prove_vs_snarkjs.py
