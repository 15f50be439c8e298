# callswell: make builds; make demo shows the main job; make check proves it; make help lists the rest.
# SAN=1 builds with address and undefined-behaviour sanitizers, SAN=thread with ThreadSanitizer,
# each in a folder of its own; WERROR=1 makes warnings errors. Sources are found by wildcard: a
# new file needs no edit here. Needed packages: packaging/deps (make deps installs what is missing).
CC       ?= cc
PREFIX   ?= /usr/local
SAN      ?= 0
O        := build$(if $(filter 1,$(SAN)),/san)$(if $(filter thread,$(SAN)),/tsan)
WARN     := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS   ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) $(if $(WERROR),-Werror) -pthread -Iinclude -I$(O) $(SAN_FLAGS) \
           -D_GNU_SOURCE -DCALLSWELL_VERSION='"$(VERSION)"'
comma    := ,
SAN_FLAGS := $(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)$(if $(filter thread,$(SAN)),-fsanitize=thread)
VERSION  := 0.1.0
LIBS     := -levent_core -levent_extra -levent_pthreads -lhiredis -lsqlite3 -lpcre2-8 -lconfuse \
           -lhttp_parser -lz -lzstd -lxxhash -lm

MAINS    := daemon/main.c daemon/ctl/main.c
SRC      := $(filter-out $(MAINS),$(wildcard parsers/*.c daemon/*/*.c))
OBJ      := $(SRC:%.c=$(O)/%.o) $(O)/formats_builtin.o
TESTS    := $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c))
LIB      := $(O)/libcallswell.a

.PHONY: all deps deps-test check demo bench fuzz fmt install clean help unit
all: $(O)/callswelld $(O)/callswell

$(O)/callswelld: $(O)/daemon/main.o $(LIB)
$(O)/callswell: $(O)/daemon/ctl/main.o $(LIB)
$(O)/callswelld $(O)/callswell:
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(LIB): $(OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(O)/formats_builtin.o: $(O)/formats_builtin.c
	$(CC) $(ALL_CFLAGS) -c $< -o $@
# The shipped formats, compiled in: one string of all files in config/formats.d, in name order.
$(O)/formats_builtin.c: $(wildcard config/formats.d/*.conf) packaging/embed.sh
	@mkdir -p $(@D)
	sh packaging/embed.sh formats_builtin $(wildcard config/formats.d/*.conf) > $@.new && mv $@.new $@

unit: $(TESTS)
	@for t in $^; do CALLSWELL_PROJECT=$(CURDIR) $$t || exit 1; done
$(O)/tests/%: $(O)/tests/unit/%.o $(O)/tests/unit/test.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
.PRECIOUS: $(O)/%.o

fmt:
	clang-format -i $(wildcard include/*.h parsers/*.[ch] daemon/*.[ch] daemon/*/*.[ch] tests/*/*.[ch])
clean:
	rm -rf build

-include $(shell find $(O) -name '*.d' 2>/dev/null)
