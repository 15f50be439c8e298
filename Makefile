# callswell: `make` builds, `make demo` shows the main job, `make check` proves it, `make help` lists all.
# SAN=1 builds with address and undefined-behaviour sanitizers, SAN=thread with ThreadSanitizer,
# SAN=chaos with nothing but places to be killed at, each in its own folder under build/; WERROR=1 makes warnings errors.
# Sources are found by wildcard: a new file needs no edit here.
CC       ?= cc
PREFIX   ?= /usr/local
UNITDIR  ?= $(PREFIX)/lib/systemd/system
VERSION  := 0.1.0
SAN      ?= 0
O        := build$(if $(filter 1,$(SAN)),/san)$(if $(filter thread,$(SAN)),/tsan)$(if $(filter fuzz,$(SAN)),/fuzz)$(if $(filter chaos,$(SAN)),/chaos)
comma    := ,
SAN_FLAGS := $(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer) \
            $(if $(filter thread,$(SAN)),-fsanitize=thread) \
            $(if $(filter fuzz,$(SAN)),-fsanitize=fuzzer-no-link$(comma)address$(comma)undefined -fno-sanitize-recover=all)
WARN     := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla
# Sanitizers and their tests want to be built soon rather than to run fast.
CFLAGS   ?= $(if $(filter 1 thread fuzz,$(SAN)),-O1 -g1,-O3 -g)
# The two programs are optimised over the borders of files; tests link what was compiled file by file.
# That is also where warnings belong: what the linker guesses about initialisation is mostly wrong.
GCC_LTO  := $(if $(filter 0,$(SAN)),$(if $(findstring gcc version,$(shell $(CC) -v 2>&1)),-flto=auto))
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) $(if $(WERROR),-Werror) $(SAN_FLAGS) -pthread -Iinclude -D_GNU_SOURCE \
           -DCALLSWELL_VERSION='"$(VERSION)"' $(if $(filter 1 thread chaos,$(SAN)),-DCALLSWELL_FAULTS)
LIBS     := -levent_openssl -levent_core -levent_pthreads -lhiredis -lsqlite3 -lpcre2-8 -lconfuse -lhttp_parser -lexpat -lssl -lcrypto -lcurl -lsystemd -lz -lzstd -lxxhash -lm

MAINS    := daemon/main.c daemon/ctl/main.c
SRC      := $(filter-out $(MAINS),$(wildcard parsers/*.c daemon/*.c daemon/*/*.c daemon/*/*/*.c))
OBJ      := $(SRC:%.c=$(O)/%.o) $(O)/formats_builtin.o $(O)/page_files.o
LIB      := $(O)/libcallswell.a
UNIT     := $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(O)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES  := $(patsubst tests/bench/%.c,$(O)/tests/%,$(wildcard tests/bench/bench_*.c))

# SAN=1 and SAN=thread are good for chaos, too.
CHAOS_SAN := $(or $(filter 1 thread,$(SAN)),chaos)
CHAOS_BUILD = --bin build/$(patsubst thread,tsan,$(patsubst 1,san,$(CHAOS_SAN))) --preload $(CURDIR)/build/preload.so --seed $(or $(SEED),1)

.PHONY: all fast help deps deps-test check tsan demo precision bench bench-quick bench-tools chaos chaos-build chaos-guards chaos-sweep fuzz fuzz-run unit tests benches fmt install deb deb-check clean
.SECONDARY:
all: $(O)/callswelld $(O)/callswell

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

$(O)/callswelld: $(O)/daemon/main.o $(LIB)
$(O)/callswell: $(O)/daemon/ctl/main.o $(LIB)
$(O)/callswelld $(O)/callswell:
	$(CC) $(ALL_CFLAGS) $(GCC_LTO:%=% -Wno-maybe-uninitialized) $(LDFLAGS) $^ $(LIBS) -o $@
$(LIB): $(OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^
$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(GCC_LTO:%=% -ffat-lto-objects) -MMD -MP -c $< -o $@
$(O)/formats_builtin.o $(O)/page_files.o: $(O)/%.o: $(O)/%.c
	$(CC) $(ALL_CFLAGS) -c $< -o $@
$(O)/formats_builtin.c: $(wildcard config/formats.d/*.conf) packaging/embed.sh
	@mkdir -p $(@D)
	sh packaging/embed.sh formats_builtin $(wildcard config/formats.d/*.conf) > $@.new && mv $@.new $@
$(O)/page_files.c: $(wildcard daemon/web/*) build/npm/charts.js packaging/page.sh packaging/embed.sh
	@mkdir -p $(@D)
	sh packaging/page.sh $(wildcard daemon/web/*) build/npm/charts.js build/npm/charts.css > $@.new && mv $@.new $@
build/npm/charts.js: packaging/charts.sh packaging/npm/package-lock.json
	sh packaging/charts.sh build/npm
$(O)/tests/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) $^ $(LIBS) -o $@
$(O)/tests/bench_%: $(O)/tests/bench/bench_%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(GCC_LTO:%=-fno-lto) $(LDFLAGS) $^ $(LIBS) -o $@
build/tests/yardstick build/tests/load build/tests/spray: build/tests/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g $(WARN) $(if $(WERROR),-Werror) -D_GNU_SOURCE $< -o $@
build/preload.so: tests/chaos/preload.c
	@mkdir -p $(@D)
	$(CC) -O2 -g $(WARN) -D_GNU_SOURCE -shared -fPIC $< -o $@ -ldl
$(O)/tests/test_%: $(O)/tests/unit/test_%.o $(O)/tests/unit/test.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(GCC_LTO:%=-fno-lto) $(LDFLAGS) $^ $(LIBS) -o $@

deps: ## install what building and running need and is missing
	@sh packaging/deps.sh build
deps-test: ## the same for the tests
	@sh packaging/deps.sh test
tests: $(UNIT)
fuzz-run: $(FUZZERS)
	bash tests/fuzz/run.sh $(or $(SECONDS_EACH),60) $^
benches: $(BENCHES)
unit: $(UNIT)
	@for t in $^; do CALLSWELL_PROJECT=$(CURDIR) $$t || exit 1; done
check: deps deps-test ## build with sanitizers, run all tests, the short form of tsan, a few seconds of each fuzzer
	@bash tests/check.sh
tsan: deps deps-test ## the tests and a minute of chaos with ThreadSanitizer
	@bash tests/check.sh thread
fast: deps ## the programs once more, in build/fast, arranged by a profile of their own work; gcc
	@CC="$(CC)" MAKE="$(MAKE)" sh packaging/fast.sh
demo: deps ## the main job on real input, in a temporary folder
	@$(MAKE) -s -j2 all
	@sh tests/tools/demo.sh
precision: ## what is found in a hundred worlds with a cause, what is told where there is none
	@$(MAKE) -s -j2 $(O)/tests/test_why $(O)/tests/test_change_population
	@for t in why change_population; do CALLSWELL_PROJECT=$(CURDIR) $(O)/tests/test_$$t || exit 1; done
bench: deps ## every goal of speed and size measured; ROWS="csv ndjson": those whose names begin so
	@$(MAKE) -s -j2 all bench-tools
	@python3 -B tests/bench/bench.py $(ROWS)
bench-quick: deps ## the usual ones in under two minutes, beside DuckDB where npm has it
	@$(MAKE) -s -j2 all bench-tools
	@python3 -B tests/bench/bench.py --quick $(ROWS)
bench-tools: build/tests/yardstick build/tests/load build/tests/spray $(O)/tests/bench_analyst
chaos: ## SECONDS=600 SEED=1: real senders while everything fails around them; TRIAL=n: one of them
	@$(MAKE) -s chaos-build
	@python3 tests/chaos/chaos.py $(CHAOS_BUILD) --seconds $(or $(SECONDS),600) $(if $(TRIAL),--trial $(TRIAL))
chaos-guards: ## the same with each guard of the protocol taken out: it must be missed
	@$(MAKE) -s chaos-build
	@python3 tests/chaos/guards.py $(CHAOS_BUILD) $(GUARD)
chaos-sweep: ## a short run killed or hindered at every named place, every system call, every power cut
	@$(MAKE) -s chaos-build
	@python3 tests/chaos/sweep.py $(CHAOS_BUILD) points
	@python3 tests/chaos/powerloss.py $(CHAOS_BUILD)
	@python3 tests/chaos/sweep.py $(CHAOS_BUILD) $(if $(SAMPLE),--sample $(SAMPLE)) calls
chaos-build: deps deps-test build/preload.so
	@$(MAKE) -s -j2 SAN=$(CHAOS_SAN) all
fuzz: deps-test ## a minute of every fuzzer
	@$(MAKE) -s -j2 SAN=fuzz CC=clang fuzz-run
fmt: ## clang-format over all sources
	clang-format -i $(wildcard include/*.h parsers/*.[ch] daemon/*.[ch] daemon/*/*.[ch] daemon/*/*/*.[ch] tests/*/*.[ch])
install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)/etc/callswell $(DESTDIR)$(PREFIX)/share/callswell
	install -m 755 $(O)/callswelld $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(O)/callswell $(DESTDIR)$(PREFIX)/bin/
	install -m 640 config/callswelld.conf $(DESTDIR)/etc/callswell/callswelld.conf.example
	install -m 644 config/prometheus/callswell.rules.yml config/grafana/callswell.json $(DESTDIR)$(PREFIX)/share/callswell/
	install -D -m 644 packaging/callswell.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/callswell
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' packaging/callswelld.service > $(DESTDIR)$(UNITDIR)/callswelld.service
	for m in man/*.[1578]; do d=$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; install -d $$d && install -m 644 $$m $$d/; done
deb: ## a Debian package in build/deb
	@sh packaging/deps.sh package
	@sh packaging/deb.sh $(VERSION)
deb-check: deb ## that package installed, upgraded and purged in a root of its own; lintian
	@sh tests/tools/deb_check.sh
clean: ## remove build/
	rm -rf build

-include $(shell find $(O)/daemon $(O)/parsers $(O)/tests -name '*.d' -type f 2>/dev/null)
