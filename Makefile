.DEFAULT_GOAL := help

help: ## Show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: ## Run the server on http://localhost:8080
	cargo run --release

fleet: ## Run three nodes behind a proxy on http://localhost:8080, with a Postgres and a Redis of their own, until Ctrl-C
	./scripts/fleet.sh

test: ## Run everything that CI runs: lint, unit, contract, black-box, browser and Postman tests
	./scripts/test.sh

faults: ## Run the fault suite in its long form, with real times and several rounds; what it shows belongs into docs/FAULTS.md
	./scripts/install-backends.sh
	FAULTS=long cargo test --locked --package app --test faults -- --nocapture --test-threads 2

lint: ## Check format, clippy and rustdoc
	./scripts/lint.sh

fmt: ## Format the code
	cargo fmt --all

api: ## Write api/openapi.yaml anew from the code
	cargo run --quiet -- openapi > api/openapi.yaml.new
	mv api/openapi.yaml.new api/openapi.yaml

config-docs: ## Write docs/CONFIGURATION.md anew from the code
	UPDATE_DOCS=1 cargo test --quiet -p app --lib config

bench-local: ## Measure messages sent and delivered a second by a release server on this machine
	./scripts/bench-local.sh

bench: bench-fanout bench-sockets bench-resume bench-durable bench-readers bench-metrics bench-timing ## Measure all that follows, one after the other: about an hour

bench-fanout: ## Measure how fast messages reach all who are told, beside servers that do nothing else
	./scripts/bench-servers.sh fanout --latencies

bench-sockets: ## Measure how fast sockets are let in and what memory each takes, beside other servers
	./scripts/bench-servers.sh sockets

bench-resume: ## Measure how soon ten thousand clients that were away have what they missed
	./scripts/bench-servers.sh resume

bench-readers: ## Measure what those who read notice of peers that never read, and when such peers are gone
	./scripts/bench-readers.sh

bench-metrics: ## Measure what it costs to time deliveries and to tell of them, in rooms of several sizes
	./scripts/bench-metrics.sh

bench-durable: ## Measure durable sends on SQLite and Postgres, with and without group commit, beside bare loops
	cargo bench --package repository --bench durable_sends

bench-timing: ## Measure what timing a delivery costs between the bus and the queues of the sockets
	cargo bench --package realtime --bench delivery_timing

check-analytics: ## Count the activity of a million messages on SQLite and Postgres, and compare it with a recount
	./scripts/check-analytics.sh

.PHONY: help run fleet test faults lint fmt api config-docs bench bench-local bench-fanout bench-sockets bench-resume bench-readers bench-metrics bench-timing bench-durable check-analytics
