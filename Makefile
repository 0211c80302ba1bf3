SHELL := /bin/bash
# What a developer runs; `make check` is what must pass before a change lands.
.PHONY: check test test-mysql test-mariadb lint bench bench-ranking bench-uploads bench-digests attack torture torture-jobs torture-hooks torture-mail streams media-move cognito fuzz fuzz-api client client-example console openapi openapi-changes lambda-check terraform-check ecs-deploy-check loadtest chaos container-check cover

# Formatting, linters, and all tests on SQLite, MariaDB and MySQL. Installs what it needs on Debian 12.
check:
	.ci/run

# All tests, on SQLite; with TEST_DATABASE_URL=mysql://user:password@host:port/ on that server.
test:
	go test ./...

# All tests on a MySQL or a MariaDB of its own, with both recorded sites. .ci/run uses one of them on each.
test-mysql test-mariadb:
	read -r url pid < <(.ci/$(@:test-%=%)) || exit 1; TEST_DATABASE_URL=$$url go test -timeout 40m ./...; status=$$?; kill $$pid; exit $$status

lint:
	golangci-lint run --allow-parallel-runners ./...

# Measures the API under load; BENCH_ARGS are the flags of tools/bench. The full run: BENCH_ARGS=--questions=10000,100000
bench:
	.ci/bench $(BENCH_ARGS)

# Measures the hourly rankings at a million posts and 20,000 users, and reads beside them. Seeding takes some minutes.
bench-ranking:
	.ci/bench --only ranking --questions 195000 --users 20000 --duration 10s $(BENCH_ARGS)

# Measures reads beside 200 uploads of photographs at once, and beside the making of their thumbnails.
bench-uploads:
	.ci/bench --only uploads --questions 10000 --duration 20s $(BENCH_ARGS)

# Measures the digests of 20,000 members who follow 50 tags each, killed in the middle: minutes, memory, and nobody twice. In SQLite, or
# on the server that TEST_DATABASE_URL names.
bench-digests:
	go test ./modules/mail -run '^$$' -bench Digests -benchtime 1x

# 64 clients send the worst bodies that are known, beside readers and writers: do those wait? ATTACK_ARGS are the flags of tools/attack.
attack:
	.ci/attack $(ATTACK_ARGS)

# Random writes by 64 clients, kill -9 of the server and a second writer like the old site, and then: is all there, and once?
# TORTURE_ARGS are the flags of tools/torture.
torture:
	.ci/torture $(TORTURE_ARGS)

# Three processes share a job that is due 1,000 times, while they are killed and paused: does each run happen, and once?
torture-jobs:
	.ci/torture-jobs $(TORTURE_ARGS)

# 10,000 deliveries of webhooks by three processes, which are killed 20 times: does each arrive, or is it given up by the rule, in order?
# TORTURE_ARGS are the flags of tools/torture-hooks; in a few minutes: TORTURE_ARGS="--deliveries 800 --kills 4"
torture-hooks:
	.ci/torture-tool torture-hooks $(TORTURE_ARGS)

# Three servers send 10,000 mails while they are killed 50 times: does each arrive, and twice only where that cannot be helped?
# TORTURE_ARGS are the flags of tools/torture-mail: --cause=mailing or --cause=digests for other mails; in a few minutes: --mails 1000 --kills 8
torture-mail:
	.ci/torture-tool torture-mail $(TORTURE_ARGS)

# 20,000 actions of 16 clients, who follow, mute, ask and answer here and as on the old site, and then: are all streams as
# they must be? STREAMS_ARGS are the flags of tools/streams; in seconds: STREAMS_ARGS="--actions 500"
streams:
	.ci/streams $(STREAMS_ARGS)

# 20,000 images (4 GB) leave the database while they are read and the move is killed twice: is each right everywhere, and copied once? It needs 12 GB of disk.
# MOVE_ARGS are the flags of tools/media-move; in seconds: MOVE_ARGS="--files 300 --bytes 20000 --hurry"
media-move:
	.ci/media-move $(MOVE_ARGS)

# People sign in through emulators of Amazon Cognito (cognito-local and moto, installed when first needed) and use the API.
# COGNITO_ARGS are flags of go test.
cognito:
	.ci/cognito $(COGNITO_ARGS)

# Every fuzz target for FUZZ_TIME each.
FUZZ_TIME ?= 30s
fuzz:
	.ci/fuzz $(FUZZ_TIME)

# Is a running server what its OpenAPI document says? FUZZ_ARGS are the flags of .ci/fuzz-api: --full, --seed N, --examples N.
fuzz-api:
	.ci/fuzz-api $(FUZZ_ARGS)

# Generates the TypeScript client in deploy/client, compiles it, and tests it against a server.
client:
	.ci/client

# Builds the client's example page, and drives it in Chromium against a server on another origin.
client-example:
	.ci/client-example

# Builds the console, checks that the build in modules/console/dist is of its sources, and drives it in Chromium. After a
# change of the sources: CONSOLE_ARGS=--write
console:
	.ci/console $(CONSOLE_ARGS)

# Does docs/openapi.json break clients of the last release? OPENAPI_ARGS=--release makes it the released one.
openapi-changes:
	.ci/openapi-changes $(OPENAPI_ARGS)

# The Lambda function: its tests, and its time from start to first response. LAMBDA_ARGS are the flags of tools/lambda-start.
lambda-check:
	.ci/lambda $(LAMBDA_ARGS)

# The Terraform modules: format, tests with mocked providers, checkov, and both examples applied to moto.
terraform-check:
	.ci/terraform

# Types, style and tests of deploy/ecs-deploy (against moto), and the example of a CI workflow.
ecs-deploy-check:
	.ci/ecs-deploy

# The site's day by Artillery against a server of its own, with thresholds. LOADTEST_ARGS are scenarios: readers members newsletter rankings
loadtest:
	.ci/loadtest $(LOADTEST_ARGS)

# Three servers while what they depend on breaks, one thing after the other; about ten minutes. CHAOS_ARGS are the flags of tools/chaos.
chaos:
	.ci/chaos $(CHAOS_ARGS)

# Writes the generated documents anew.
openapi:
	mkdir -p docs
	go run ./cmd/admin openapi -o docs/openapi.json
	go generate ./config

# Builds the image and starts it with docker-compose.yml's services, on this machine.
container-check:
	deploy/container-check

# Coverage of each function, and the sum.
cover:
	go test -coverpkg=./... -coverprofile=coverage.out ./...
	go tool cover -func=coverage.out
