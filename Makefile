PY ?= python3
BIN := .venv/bin
RUST := $(shell find kernel/native -name target -prune -o \( -name '*.rs' -o -name 'Cargo.*' \) -print)
ROOMS := kernel contracts circuits verifier prover client

.PHONY: demo test lint tests assurance bench bench-large docs wheel wheel-check sbom
.venv/made: pyproject.toml build_backend/zkmargin_build.py $(RUST)
	test -x $(BIN)/python || $(PY) -m venv .venv
	rm -f kernel/_native*.so
	$(BIN)/pip install -q -e '.[evm,risk]'
	touch $@
.venv/dev: .venv/made
	$(BIN)/pip install -q -e '.[dev,evm,risk]'
	touch $@
node_modules/made: package.json package-lock.json .npmrc
	npm ci --no-audit --no-fund --loglevel=error
	touch $@
build/tree: .venv/dev
	mkdir -p $@/zkmargin && for r in $(ROOMS); do ln -sfn ../../../$$r $@/zkmargin/$$r; done
	touch $@
demo: .venv/made
	$(BIN)/zkmargin demo
lint: .venv/dev build/tree
	$(BIN)/ruff check .
	$(BIN)/mypy -p zkmargin
	cargo fmt --manifest-path kernel/native/Cargo.toml --check
	cargo clippy --manifest-path kernel/native/Cargo.toml --locked -q -- -D warnings
tests: .venv/dev build/tree node_modules/made
	cargo test --manifest-path kernel/native/Cargo.toml --release --locked -q
	ZKMARGIN_KERNEL=native $(BIN)/zkmargin doctor --tests
	ZKMARGIN_KERNEL=native $(BIN)/python -m pytest -q -n auto --dist worksteal
test: lint tests
# Hours at full length. Stopped, it goes on where it was; the page can be written of what is done at any time.
# ZKMARGIN_ASSURANCE_SECONDS and ZKMARGIN_ASSURANCE_SHARE cut it short, and the page says so.
assurance: .venv/dev build/tree node_modules/made
	ZKMARGIN_KERNEL=native ZKMARGIN_ASSURANCE=long ZKMARGIN_TALLY=$(CURDIR)/build/tally.jsonl $(BIN)/python -m pytest -q
	$(BIN)/python docs/make_assurance.py build/tally.jsonl
bench: .venv/dev node_modules/made
	$(BIN)/python benchmarks/kernels.py --turns 2 --rounds 3
	$(BIN)/python benchmarks/prove.py --rounds 3
	$(BIN)/python benchmarks/prove_vs_snarkjs.py
# A quarter of an hour: one size more.
bench-large: .venv/dev node_modules/made
	$(BIN)/python benchmarks/prove.py --sizes 18 --turns 2 --rounds 3 --only gnark zkmargin
docs: .venv/dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
wheel: .venv/dev
	rm -f dist/zkmargin-*
	CARGO_TARGET_DIR=$(CURDIR)/kernel/native/target $(BIN)/python -m build --outdir dist .
# Installed where there is no compiler, no Node and no checkout: PATH holds the environment alone.
wheel-check: wheel
	rm -rf build/bare && $(PY) -m venv build/bare
	build/bare/bin/pip install -q "$$(ls dist/zkmargin-*.whl)[evm]"
	cd build/bare && env -i PATH="$$PWD/bin" HOME="$$PWD" ZKMARGIN_KERNEL=native zkmargin demo --json
sbom: .venv/dev
	$(BIN)/python docs/make_licences.py
