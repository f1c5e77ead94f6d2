# The only task runner. Every target finds its tools itself: libtorch, the Python readers, the build.

# `make setup TORCH=cuda` fetches libtorch for NVIDIA devices, and the other targets leave it there.
TORCH ?=
# Where `make demo` puts its dataset.
DEMO ?= target/demo/sweep
TARGET := $(or $(CARGO_TARGET_DIR),target)
ENGRAM := $(TARGET)/debug/engram

# An environment LIBTORCH wins; without one, .cargo/config.toml names .libtorch.
CARGO ?= cargo

.PHONY: help demo setup build test test-python check bench wheel python browser emulators
.DEFAULT_GOAL := help

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Train 64 networks, ask the dataset in SQL, and identify the learning rules
	@scripts/demo.sh "$(ENGRAM)" "$(DEMO)"

test: build python browser emulators test-python ## Run all tests
	ENGRAM_REQUIRE_PYTHON=1 ENGRAM_REQUIRE_BROWSER=1 ENGRAM_REQUIRE_EMULATORS=1 $(CARGO) test --workspace --no-fail-fast --quiet

test-python: setup python ## Run the tests of the Python package alone
	$(CARGO) build --workspace --bins --lib
	@scripts/test-python.sh "$(TARGET)"

check: setup ## Check format, lints and documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --keep-going --quiet

bench: setup ## Measure against named peers, in the release profile (the first build takes most of an hour)
	@scripts/setup-peers.sh
	$(CARGO) build --workspace --bins --release
	$(CARGO) bench --package engram-benches

wheel: python ## Build a wheel of the Python package into target/wheels (the first build takes most of an hour)
	"$(or $(ENGRAM_PYTHON_DIR),.python)/bin/maturin" build --release --manifest-path python/Cargo.toml --out "$(TARGET)/wheels"

build: setup ## Build the commands `engram` and `engram-trainer`
	$(CARGO) build --workspace --bins

setup: ## Fetch libtorch into .libtorch, unless LIBTORCH names one (TORCH=cuda for NVIDIA)
	@scripts/setup-libtorch.sh $(TORCH)

browser: ## Fetch the headless browser that the tests open the report with, into .browser
	@scripts/setup-browser.sh

emulators: ## Fetch the servers that the tests of object stores speak with, into .emulators
	@scripts/setup-emulators.sh

python: ## Fetch the independent Parquet readers that the tests compare with, into .python
	@scripts/setup-python.sh
