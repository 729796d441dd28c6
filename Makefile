# The commands of this project. `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check bench stampede timing faults gallery pictures lighthouse day generate fmt vuln

LINT := go tool -modfile=tools/go.mod golangci-lint
VULN := go tool -modfile=tools/go.mod govulncheck

# What to test: make test PKG=./booking
PKG ?= ./...

# With everything, the package that takes longest begins first, and what measures a
# browser's time runs when all else has ended.
MEASURES := ^Test(LighthouseFinds|AScannerIsHeard|TheCardIsThereBefore|ATimeCanBeChosenSoon)
ALONE := -count=1 -timeout 20m -run '$(MEASURES)' ./server/web
WHAT := $(if $(filter ./...,$(PKG)),-skip '$(MEASURES)' ./server/web ./... -- $(VET) -race $(ALONE),$(PKG))

# Compilers and tests collect garbage less often than they would by themselves.
ROOMY := GOGC=400 GOMEMLIMIT=3GiB

# The tests that break something on purpose and say in a line what came of it.
FAULTS := Guards|Flush|Failover|ClusterServesADesk|LossDoesNot|RedisThatIsAway|Canary|Restart|ARequestThatHasBegun|ProgramEndsWith
FAULTS := $(FAULTS)|BrokenInvariant|APanicIs|UnexpectedEnd|KilledParent|CutShort|HalfMade|Orphans|Strangers|Traps|DataOfAnotherVersion
FAULTS := $(FAULTS)|OutlivesACrash|NeverSentTwice|AnAnswerThatIsLost|NothingIsRepeated|ALeaseThat|AFailingEvent|KeepsFailing

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, then the program with demo data on http://127.0.0.1:8080
	@scripts/setup
	@go build -o bin/hunyue ./server
	@exec env HUNYUE_DEMO=1 bin/hunyue serve

test: ## install what tests need, then every test, ending with the counts
	@scripts/setup test
	@go build -o bin/ ./internal/testenv/with ./internal/testenv/count
	@$(ROOMY) bin/with bin/count -again $(VET) -race -shuffle=on -timeout 60m $(WHAT)

check: ## format, lint, vet, generated files, modules, other systems; then make test
	@CGO_ENABLED=0 go build -modfile=tools/go.mod -o bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint & lint=$$!; scripts/setup test; installed=$$?; \
		wait $$lint || { echo "check: golangci-lint (tools/go.mod) could not be built; is the Go module proxy in reach?" >&2; exit 1; }; exit $$installed
	@echo "check: format" && bin/golangci-lint fmt --diff ./...
	@echo "check: lint" && bin/golangci-lint run ./...
	@echo "check: vet" && go vet ./...
	@echo "check: generated files" && scripts/generated
	@echo "check: go.mod" && go mod tidy -diff
	@echo "check: builds for macOS" && CGO_ENABLED=0 GOOS=darwin go build -o /dev/null ./server
	@$(MAKE) --no-print-directory test VET=-vet=off # all of it has been vetted

bench: ## measure, each figure beside its floor in the same run
	@scripts/setup
	@go build -o bin/hunyue ./server
	@go run ./internal/testenv/with go run ./internal/bench
	@go test -run '^$$' -bench 'Start' -benchtime 5x ./internal/engines

stampede: ## the release minute: 64 couples on 10 places, at the desk and over HTTP, with the figures
	@scripts/setup
	@go build -o bin/ ./internal/testenv/with ./internal/testenv/count
	@bin/with bin/count -lines stampede -count=1 -p 1 -run 'TestStampede' ./booking ./server

timing: ## 2000 pairs of answers each: known and unknown, over budget and too late, in the same time
	@scripts/setup
	@go build -o bin/ ./internal/testenv/with ./internal/testenv/count
	@bin/with bin/count -count=1 -timeout 30m -run 'AnsweredLike' ./server/web -pairs 2000

faults: ## what is broken on purpose, a line each, and what came of it
	@scripts/setup
	@go build -o bin/ ./internal/testenv/with ./internal/testenv/count
	@bin/with bin/count -lines fault -count=1 -run '$(FAULTS)' ./booking ./notify ./server ./internal/engines

day: ## a day of 260 couples at the hall, ten times as fast as life (SPEED=10): an hour
	@scripts/setup
	@go build -o bin/ ./internal/testenv/with ./internal/testenv/count
	@bin/with bin/count -lines count -count=1 -timeout 12h -run 'TestADayAtTheHall' ./hall -speed $(or $(SPEED),10)

gallery: ## every screen in every state, at http://127.0.0.1:8081/_gallery
	@scripts/setup test
	@go run ./internal/testenv/with go test -tags gallery ./server/web -run 'TestTheGalleryIsServed' -v -count=1 -timeout 0 -gallery 127.0.0.1:8081

pictures: ## a picture of every screen in every way, and sheets of them, in bin/pictures
	@scripts/setup test
	@mkdir -p bin/pictures
	@go run ./internal/testenv/with go test ./server/web -run 'TestEveryPageIsSoundInEveryWay' -count=1 -timeout 0 -artifacts -outputdir $(CURDIR)/bin/pictures

lighthouse: ## what Lighthouse says of two pages; installs it from npm
	@scripts/setup test
	@go build -o bin/ ./internal/testenv/with ./internal/testenv/count
	@bin/with bin/count -count=1 -timeout 20m -run '^TestLighthouseFinds' ./server/web

generate: ## make the generated files anew
	go generate ./...

fmt: ## format all Go files
	$(LINT) fmt ./...

vuln: ## known vulnerabilities in what we use (asks vuln.go.dev)
	$(VULN) ./...
