# Portail Famille. `make run` serves the guide's town; `make test` runs the whole suite.
.PHONY: run test test-postgres test-embedded torture lint schema schema-check bench fuzz fuzz-bytes postgres python

run:
	cargo run --release --locked --quiet --bin portail -- serve --demo

# Everything runs on a private PostgreSQL cluster; the suites, which use a database, on the embedded one too.
test: postgres python
	cargo build --locked --workspace --all-targets
	$(MAKE) test-postgres test-embedded

test-postgres: postgres
	PORTAIL_TEST_BACKEND=postgres cargo test --locked --workspace

test-embedded:
	PORTAIL_TEST_BACKEND=embedded cargo test --locked --workspace --test suite

# PostgreSQL's own processes are killed 60 times under load: what was acknowledged, lost, doubled.
torture: postgres
	PORTAIL_TEST_BACKEND=postgres cargo test --locked --workspace --test suite -- --ignored --nocapture torture::long_form

# The tests start a cluster of their own; they need PostgreSQL's programs.
postgres:
	@.ci/postgres

# An exported log is verified by a script that shares nothing with the server.
python:
	@.ci/python >/dev/null

lint:
	cargo fmt --all --check
	.ci/circles
	.ci/typos
	.ci/dependencies
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked -p portail-api --bin portail --no-default-features -- -D warnings

schema:
	cargo run --locked --quiet --bin portail -- schema > docs/schema.graphql

# With the suite's own build: another choice of packages would compile everything a second time.
schema-check:
	cargo test --locked --workspace --test suite -- the_published_schema_is_the_servers

bench: postgres
	cargo bench --locked -p portail-api --bench portail

# Every field and input of the schema, as every role, for ten minutes (decision 36).
fuzz: postgres
	PORTAIL_TEST_FUZZ_SECONDS=$${PORTAIL_TEST_FUZZ_SECONDS:-600} PORTAIL_TEST_FUZZ_SEED=$${PORTAIL_TEST_FUZZ_SEED:-$$(date +%s)} \
	cargo test --locked -p portail-api --test suite -- fuzz:: --nocapture

# What is read byte by byte, guided by coverage: needs cargo-fuzz and a nightly compiler.
fuzz-bytes:
	for target in canonical envelope events import document; do \
	  cargo +nightly fuzz run --features server $$target -- -max_total_time=60 || exit 1; \
	done
