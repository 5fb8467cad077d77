# easgate: one Makefile for everything. Each folder is compiled with only the include
# paths it may use (DESIGN: gateway -> backends -> proto), so a wrong arrow does not build.
# `make help` lists the targets: those with a comment behind ##.

# `make asan` builds with sanitizers into a folder of its own; `make asan check` runs the checks there.
ifneq ($(filter asan,$(MAKECMDGOALS)),)
  B     := build-asan
  SAN   := address,undefined
  export UBSAN_OPTIONS ?= print_stacktrace=1
endif
B       ?= build
SAN     ?=
CC      ?= gcc
PREFIX  ?= /usr/local

PKGS     = libevent libevent_openssl openssl hiredis libxml-2.0 inih jansson zlib
CSTD     = -std=c11 -D_GNU_SOURCE
WARN     = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wformat=2 -Wundef -Werror
OPT     ?= -O3 -g
HARDEN   = -fstack-protector-strong -D_FORTIFY_SOURCE=2
# The gateway itself is optimised as a whole: a quarter less time for each mail. Objects hold both forms, so that tests
# link as fast as ever.
LTO     ?= -flto=auto -ffat-lto-objects
ifneq ($(SAN),)
  LTO    =
  OPT    = -O1 -g -fno-omit-frame-pointer
  HARDEN = -fsanitize=$(SAN) -fno-sanitize-recover=all
  WARN  += -Wno-conversion -Wno-sign-conversion # what gcc's checks insert looks like a conversion of ours
endif
CFLAGS  += $(CSTD) $(WARN) $(OPT) $(LTO) $(HARDEN) -MMD -MP
# Headers of libraries are not ours to warn about.
LIBINC  := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
LDLIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread -lm
LDFLAGS += $(HARDEN) -fno-lto

# A command is shown in short; V=1 shows it whole.
short = $(if $(V),,@echo "  $(1)  $@"; )

INC_proto    = -Iproto
INC_backends = -Iproto -Ibackends
INC_gateway  = -Iproto -Ibackends -Igateway
INC_phone    = -Iproto -Itests/phone
INC_tests    = -Iproto -Ibackends -Igateway -Itests -Itests/phone

objs = $(patsubst %.c,$(B)/%.o,$(1))
PROTO_SRC    := $(sort $(wildcard proto/*/*.c))
BACKENDS_SRC := $(sort $(wildcard backends/*/*.c))
GATEWAY_SRC  := $(filter-out gateway/main.c,$(sort $(wildcard gateway/*.c gateway/*/*.c)))
PHONE_SRC    := $(filter-out tests/phone/main.c,$(sort $(wildcard tests/phone/*.c)))

LIBPROTO    = $(B)/libproto.a
LIBBACKENDS = $(B)/libbackends.a
LIBGATEWAY  = $(B)/libgateway.a
LIBPHONE    = $(B)/libphone.a

.PHONY: all help deps deps-build deps-tools check check-unit check-integration demo demo-stop bench asan valgrind fuzz install format tidy clean
.DEFAULT_GOAL := all
.SECONDARY:

PROGRAMS = $(if $(wildcard gateway/main.c),$(B)/easgate) $(if $(wildcard tests/phone/main.c),$(B)/easphone)
all: $(LIBPROTO) $(LIBBACKENDS) $(LIBGATEWAY) $(PROGRAMS) ## build the gateway and the phone tool

# What only tests needn't be fast: half of the time that `make check` takes to build them.
ifeq ($(SAN),)
$(B)/tests/unit/%.o $(B)/tests/wire/%.o $(B)/tests/integration/test_%.o: OPT = -O1 -g
$(B)/tests/unit/%.o $(B)/tests/wire/%.o $(B)/tests/integration/test_%.o: LTO =
endif

$(B)/proto/%.o: proto/%.c
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(CFLAGS) $(INC_proto) $(LIBINC) -c -o $@ $<
$(B)/backends/%.o: backends/%.c
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(CFLAGS) $(INC_backends) $(LIBINC) -c -o $@ $<
$(B)/gateway/%.o: gateway/%.c
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(CFLAGS) $(INC_gateway) $(LIBINC) -c -o $@ $<
$(B)/tests/phone/%.o: tests/phone/%.c
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(CFLAGS) $(INC_phone) $(LIBINC) -c -o $@ $<
$(B)/tests/unit/proto/%.o: tests/unit/proto/%.c
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(CFLAGS) -Itests $(INC_proto) $(LIBINC) -c -o $@ $<
$(B)/tests/unit/backends/%.o: tests/unit/backends/%.c
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(CFLAGS) -Itests $(INC_backends) $(LIBINC) -c -o $@ $<
$(B)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call short,CC)$(CC) $(CFLAGS) $(INC_tests) $(LIBINC) -c -o $@ $<

$(LIBPROTO):    $(call objs,$(PROTO_SRC))
$(LIBBACKENDS): $(call objs,$(BACKENDS_SRC))
$(LIBGATEWAY):  $(call objs,$(GATEWAY_SRC))
$(LIBPHONE):    $(call objs,$(PHONE_SRC))
$(B)/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(call short,AR)ar rcs $@ $^

$(B)/easgate: $(B)/gateway/main.o $(LIBGATEWAY) $(LIBBACKENDS) $(LIBPROTO)
	$(call short,LD)$(CC) $(filter-out -fno-lto,$(LDFLAGS)) $(OPT) $(LTO) -o $@ $^ $(LDLIBS)
$(B)/easphone: $(B)/tests/phone/main.o $(LIBPHONE) $(LIBPROTO)
	$(call short,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# --- tests: one program per file; each layer links only with what stands below it ---
UNIT_PROTO    := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/proto/test_*.c tests/wire/test_*.c)))
UNIT_BACKENDS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/backends/test_*.c)))
UNIT_GATEWAY  := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/gateway/test_*.c)))
INTEGRATION   := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/integration/test_*.c)))
INTEGRATION_LIB := $(call objs,$(filter-out tests/integration/test_%.c,$(sort $(wildcard tests/integration/*.c))))
BENCH         := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/bench_*.c)))

$(UNIT_PROTO): $(B)/%: $(B)/%.o $(LIBPROTO)
	$(call short,LD)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
$(UNIT_BACKENDS): $(B)/%: $(B)/%.o $(LIBBACKENDS) $(LIBPROTO)
	$(call short,LD)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
$(UNIT_GATEWAY): $(B)/%: $(B)/%.o $(LIBGATEWAY) $(LIBBACKENDS) $(LIBPROTO)
	$(call short,LD)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
$(INTEGRATION): $(B)/%: $(B)/%.o $(INTEGRATION_LIB) $(LIBPHONE) $(LIBPROTO)
	$(call short,LD)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
$(BENCH): $(B)/%: $(B)/%.o $(B)/tests/bench/bench.o $(INTEGRATION_LIB) $(LIBPHONE) $(LIBGATEWAY) $(LIBBACKENDS) $(LIBPROTO)
	$(call short,LD)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# The gateway with a clock that tests can put forward.
$(B)/easgate-late: $(B)/gateway/main.o $(B)/tests/integration/late/late.o $(LIBGATEWAY) $(LIBBACKENDS) $(LIBPROTO)
	$(call short,LD)$(CC) $(LDFLAGS) -Wl,--wrap=time -o $@ $^ $(LDLIBS)
LATE := ageing ageing_old conversation_mode conversation_mode_old unreadable unreadable_copies
$(LATE:%=$(B)/tests/integration/test_%): | $(B)/easgate-late

UNIT = $(UNIT_PROTO) $(UNIT_BACKENDS) $(UNIT_GATEWAY)
check: all $(UNIT) $(INTEGRATION) ## unit, wire and integration tests
	@B=$(B) tests/run $(UNIT) $(INTEGRATION)
check-unit: all $(UNIT) ## only those that need no server
	@B=$(B) tests/run $(UNIT)
check-integration: all $(INTEGRATION) ## only those against real servers
	@B=$(B) tests/run $(INTEGRATION)

# One after the other: each has the machine to itself. BENCH_ONLY=phones runs one.
bench: all $(BENCH) ## the figures of the README, each beside its raw limit
	@for b in $(if $(BENCH_ONLY),$(B)/tests/bench/bench_$(BENCH_ONLY),$(BENCH)); do B=$(B) $$b || exit 1; done

asan: all ## build with ASan and UBSan; "make asan check" runs the tests so

# The unit tests again, under valgrind: slow, but it sees reads of memory that was never written. One at a time, since
# tests with a deadline are some thirty times slower as well.
VALGRIND = valgrind -q --error-exitcode=9 --suppressions=tests/valgrind.supp --leak-check=full --show-leak-kinds=definite,possible \
           --errors-for-leak-kinds=definite,possible --child-silent-after-fork=yes
valgrind: all $(UNIT) ## unit tests under valgrind
	@B=$(B) TEST_JOBS=1 TEST_SECONDS=1200 TEST_WRAPPER="$(VALGRIND)" tests/run $(UNIT)

# --- fuzz: each target for FUZZ_SECONDS, or one: make fuzz-wbxml. Corpora grow in build-fuzz/corpus ---
FUZZ_SECONDS ?= 60
FUZZ_SAN      = address,undefined
FUZZERS      := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

fuzz: $(addprefix fuzz-,$(FUZZERS)) ## each fuzz target for FUZZ_SECONDS; one: make fuzz-NAME
$(addprefix fuzz-,$(FUZZERS)): fuzz-%:
	@$(MAKE) --no-print-directory B=build-fuzz CC=clang WARN=-w SAN=fuzzer-no-link,$(FUZZ_SAN) build-fuzz/fuzz/$*
	@mkdir -p build-fuzz/corpus/$* tests/fuzz/seeds/$*
	@[ $* != wbxml ] || python3 tests/fuzz/wire_seeds.py build-fuzz/corpus/wbxml
	@build-fuzz/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -artifact_prefix=build-fuzz/$*- \
	    build-fuzz/corpus/$* tests/fuzz/seeds/$* >build-fuzz/$*.log 2>&1 || { tail -40 build-fuzz/$*.log; exit 1; }
	@printf '%-24s %s\n' $* "$$(tail -n 1 build-fuzz/$*.log)"
$(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(LIBGATEWAY) $(LIBBACKENDS) $(LIBPROTO)
	@mkdir -p $(@D)
	$(call short,LD)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# --- this machine ---
deps: ## install what the build and the tests need (Debian 12; as root, or with sudo)
	@deploy/deps.sh
deps-build: ## only what building and running needs: no mail server
	@deploy/deps.sh build
deps-tools: ## as deps, and what fuzz, format, tidy and valgrind need
	@deploy/deps.sh tools
demo: ## private mail servers, the gateway and a simulated phone, with explanations
	@MAKE=$(MAKE) deploy/demo/demo.sh start
demo-stop: ## end what "make demo" left running
	@deploy/demo/demo.sh stop

SYSCONFDIR ?= /etc
UNITDIR    ?= /etc/systemd/system
DOCDIR      = $(PREFIX)/share/doc/easgate
CONF        = $(DESTDIR)$(SYSCONFDIR)/easgate/easgate.conf
install: all ## into PREFIX (/usr/local), SYSCONFDIR (/etc) and UNITDIR, all below DESTDIR; keeps your easgate.conf
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(PROGRAMS)
	install -D -m 644 -t $(DESTDIR)$(DOCDIR) README.md LICENSE deploy/redis-schema.md deploy/easgate.conf
	[ -e $(CONF) ] || install -D -m 640 deploy/easgate.conf $(CONF)
	install -d $(DESTDIR)$(UNITDIR)
	sed -e 's|/usr/local/bin|$(PREFIX)/bin|; s|/usr/local/share/doc/easgate|$(DOCDIR)|; s|/etc/easgate|$(SYSCONFDIR)/easgate|' \
	    deploy/systemd/easgate.service >$(DESTDIR)$(UNITDIR)/easgate.service

C_FILES = $(wildcard $(addsuffix /*.[ch],proto/* backends/* gateway gateway/* tests tests/* tests/*/*))
format: ## clang-format over all C files
	clang-format -i $(filter-out proto/wbxml/codepages.c proto/wbxml/tags.h,$(C_FILES)) # those are generated
tidy: ## clang-tidy over all C files
	@printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P $$(nproc) -I{} \
	    clang-tidy --quiet {} -- $(CSTD) $(INC_tests) $(LIBINC)

help: ## this list
	@sed -nE 's/^([a-z][a-z-]*):.*## (.*)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
	    printf '%-24s %s\n' "$$name" "$$text"; done

clean: ## remove what was built
	rm -rf build build-asan build-fuzz

-include $(shell find $(B) -name '*.d' 2>/dev/null)
