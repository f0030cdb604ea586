# Portail Famille. `make run` serves the guide's town; `make test` runs the whole suite.
.PHONY: run test test-postgres test-embedded lint schema schema-check bench postgres python

run:
	cargo run --release --locked --quiet --bin portail -- serve --demo

# The suite runs on a private PostgreSQL cluster, then on the embedded database.
test: postgres python
	cargo build --locked --workspace --all-targets
	$(MAKE) test-postgres test-embedded

test-postgres: postgres
	PORTAIL_TEST_BACKEND=postgres cargo test --locked --workspace

test-embedded:
	PORTAIL_TEST_BACKEND=embedded cargo test --locked --workspace

# The tests start a cluster of their own; they need PostgreSQL's programs.
postgres:
	@.ci/postgres

# An exported log is verified by a script that shares nothing with the server.
python:
	@.ci/python

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

schema:
	cargo run --locked --quiet --bin portail -- schema > docs/schema.graphql

# With the suite's own build: another choice of packages would compile everything a second time.
schema-check:
	cargo test --locked --workspace --test suite -- the_published_schema_is_the_servers

bench: postgres
	cargo bench --locked -p portail-api --bench portail
