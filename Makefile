# `make test` is all a fresh machine needs; the other targets are for working on the program.

GO        ?= go
TESTFLAGS ?=
FUZZFLAGS ?=
CHAOS     ?= 10m

# The linter of this version, if it is installed; else built from source, which takes some minutes once.
LINT_VERSION  := 2.15.0
GOLANGCI_LINT ?= $(shell golangci-lint version --short 2>/dev/null | grep -qx '$(LINT_VERSION)' && echo golangci-lint || \
                   echo $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION))

# What the tests run against and with: nginx says how a server should answer, a browser looks at the welcome page, and the
# tools of nginx's administrators have to go on working.
TEST_TOOLS    := nginx chromium gcc certbot /usr/lib/python3/dist-packages/certbot_nginx fail2ban-regex goaccess logrotate pgrep /usr/sbin/php-fpm* uwsgi_python3 memcached /usr/lib/python3/dist-packages/flask haproxy
TEST_PACKAGES := nginx chromium gcc libc6-dev certbot python3-certbot-nginx fail2ban goaccess logrotate procps php-fpm uwsgi uwsgi-plugin-python3 memcached python3-flask haproxy
# What regular expressions are compared with.
PCRE_TOOLS    := /usr/include/pcre2.h gcc
PCRE_PACKAGES := libpcre2-dev gcc libc6-dev
# What the benchmark compares with.
BENCH_TOOLS    := nginx haproxy wrk taskset
BENCH_PACKAGES := nginx haproxy wrk util-linux

# The Debian package: its version, and the architecture by Debian's name.
VERSION        ?= $(shell sed -n 's/^var version = "\(.*\)"/\1/p' cmd/sluice/version.go)
DEB_ARCH       ?= $(shell dpkg --print-architecture)
GOARCH_i386    := 386
GOARCH_armhf   := arm
GOARCH_ppc64el := ppc64le
DEB_PROGRAM     = bin/debian-$(DEB_ARCH)/nginx
DEB             = bin/sluice_$(VERSION)_$(DEB_ARCH).deb

# The tests of integration/debian have machines of their own, which takes root.
MACHINES := $(if $(filter 0,$(shell id -u)),-tags=machines)

.PHONY: all build deb test race integration pcre fuzz-pcre soak chaos fuzz-nginx bench pgo lint fmt deps bench-deps pcre-deps clean

all: build

build: ## bin/sluice, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/sluice ./cmd/sluice

deb: ## bin/sluice_VERSION_ARCH.deb, to be installed in nginx's place, see docs/debian.md
	CGO_ENABLED=0 GOOS=linux GOARCH=$(or $(GOARCH_$(DEB_ARCH)),$(DEB_ARCH)) $(GO) build -trimpath \
	    -ldflags '-s -w -X main.version=$(VERSION) -X main.layoutName=debian' -o $(DEB_PROGRAM) ./cmd/sluice
	packaging/debian/build $(VERSION) $(DEB_ARCH) $(DEB_PROGRAM) $(DEB)

test: deps ## every test, those against nginx included
	$(GO) test $(MACHINES) $(TESTFLAGS) -timeout 15m ./...

# integration/debian is left out: it tests the package, and takes its time for what is not the program's.
# A program with the race detector sleeps for a second before it ends, to see what other threads still do; here it is
# started thousands of times, and told to be quicker.
race: deps ## the tests under the race detector, which the server under test is built with, too
	GORACE=atexit_sleep_ms=20 SLUICE_BUILDFLAGS='-race -pgo=off' \
	    $(GO) test $(TESTFLAGS) -race -pgo=off -timeout 17m ./...

integration: deps ## only the tests that run the program beside nginx
	$(GO) test $(MACHINES) $(TESTFLAGS) -count=1 -timeout 10m ./integration/...

# libpcre2 itself is what the engine of regular expressions is compared with, in time and in answers: over the same patterns
# each time, or by a fuzzer.
pcre: pcre-deps ## package regex beside libpcre2
	CGO_ENABLED=1 $(GO) test -tags pcre $(TESTFLAGS) -run PCRE ./runtime/regex

fuzz-pcre: pcre ## a minute of fuzzing beside it
	CGO_ENABLED=1 $(GO) test -tags pcre $(TESTFLAGS) -run '^$$' -fuzz FuzzAgainstPCRE -fuzztime 60s ./runtime/regex

soak: deps bench-deps ## reloads, changes of the binary and signals under load, in full: a minute and a half
	SLUICE_SOAK=full $(GO) test $(MACHINES) $(TESTFLAGS) -count=1 -v -timeout 30m ./integration/soak
	SLUICE_SOAK=full $(GO) test $(MACHINES) $(TESTFLAGS) -count=1 -v -run ManyReloads ./integration/limits

chaos: deps ## peers that are killed, frozen and restarted at random, under load: CHAOS is for how long, SLUICE_SOAK_SEED another order
	SLUICE_CHAOS=$(CHAOS) $(GO) test $(TESTFLAGS) -count=1 -v -timeout 60m -run Chaos ./integration/soak

fuzz-nginx: deps ## random configurations and requests, beside nginx: ten minutes, or FUZZFLAGS='-time 1h -seed 7 -j 1'
	$(GO) run ./integration/fuzz $(FUZZFLAGS)

bench: bench-deps ## CPU per request beside nginx and HAProxy, about a minute and a half
	$(GO) run ./integration/bench

pgo: bench-deps ## cmd/sluice/default.pgo anew, see docs/adr/0011
	$(GO) run -trimpath ./integration/profile

lint:
	$(GOLANGCI_LINT) run ./...

fmt:
	$(GOLANGCI_LINT) fmt ./...

deps:
	@$(if $(MACHINES),:,echo 'integration/debian takes root and is left out')
	@.ci/packages "$(TEST_TOOLS)" "$(TEST_PACKAGES)"

pcre-deps:
	@.ci/packages "$(PCRE_TOOLS)" "$(PCRE_PACKAGES)"

bench-deps:
	@.ci/packages "$(BENCH_TOOLS)" "$(BENCH_PACKAGES)"

clean:
	rm -rf bin
