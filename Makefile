# askfirst: `make` builds it, `make test` tests it, `make demo` shows it. `make help` lists the rest.

BUILD   ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX  ?= /usr/local
JOBS    ?= 2
VERSION := 0.1.0
# V=1 shows the commands whole.
Q       := $(if $(V),,@)

WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Wmissing-prototypes -Wpointer-arith
COMMON  := -std=gnu11 -O2 -g $(WARN) $(WERROR) -MMD -MP
HARDEN  := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE $(if $(CROSS),,-fstack-clash-protection)
LAUNCHER_CFLAGS := $(COMMON) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' $(HARDEN) $(SANITIZE) $(CFLAGS)
LAUNCHER_LDFLAGS := -pie -Wl,-z,relro,-z,now $(SANITIZE) $(LDFLAGS)
LAUNCHER_LDLIBS := -lyaml
# The shim is freestanding, and never sanitised: it lives in other programs.
SHIM_CFLAGS := $(COMMON) -ffreestanding -fno-builtin -fPIC -fvisibility=hidden -fno-stack-protector \
               -U_FORTIFY_SOURCE -fno-asynchronous-unwind-tables $(if $(CROSS),,-fcf-protection=none)
SHIM_LDFLAGS := -shared -nostdlib -Wl,-T,shim/layout.ld -Wl,--version-script=shim/exports.map \
                -Wl,-z,norelro,-z,now,-z,noexecstack -Wl,-soname,libaskfirst.so -Wl,--no-undefined-version \
                -Wl,--hash-style=both

# Files of policy/ that the shim shares: no allocation, no libc.
DECIDER  := $(addprefix policy/,decide.c glob.c image.c index.c line.c option.c runs.c turns.c words.c)
# The built-in YAML files are read and packed at build, by a program of its other files.
PACKER   := $(filter-out policy/builtin.c,$(wildcard policy/*.c))
POLICY   := $(filter-out $(DECIDER) policy/pack.c policy/pack_reading.c policy/pack_tools.c,$(wildcard policy/*.c))
LAUNCHER := $(filter-out launcher/main.c,$(wildcard launcher/*.c launcher/*/*.c))
SHIM     := $(wildcard shim/*.c shim/*/*.c)
UNIT     := $(wildcard tests/unit/test_*.c)
UNIT_AID := $(filter-out $(UNIT),$(wildcard tests/unit/*.c))
FUZZ     := $(wildcard tests/fuzz/fuzz_*.c)
BENCH    := $(wildcard tests/bench/*.c)
PROGRAMS := $(wildcard tests/programs/*.c)
PAGES    := $(wildcard docs/*.[1-8])
SOURCES  := $(wildcard policy/*.[ch] shim/*.[ch] shim/*/*.[ch] launcher/*.[ch] launcher/*/*.[ch] tests/*/*.[ch])
SCRIPTS  := $(wildcard .ci/* tests/*/*.sh)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
shimobj = $(patsubst %.c,$(BUILD)/shim/%.o,$(1))
SHIM_SO := $(if $(SHIM),$(BUILD)/libaskfirst.so)
LIBS := $(BUILD)/liblauncher.a $(BUILD)/libpolicy.a
UNIT_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(UNIT:tests/%=%))
AIDS := $(patsubst tests/programs/%.c,$(BUILD)/programs/%,$(PROGRAMS))

.PHONY: all help programs test unit e2e behaviour lint build-strictly cross asan fuzz bench demo deps \
        install uninstall format clean
all: $(BUILD)/askfirst $(SHIM_SO)

help:
	@echo 'make            build build/askfirst and build/libaskfirst.so'
	@echo 'make demo       install what is missing, build, and guard a small program'
	@echo 'make test       install what is missing, build, run all tests'
	@echo 'make unit       the unit tests alone; make e2e: the end-to-end tests alone (K=WORD: some of them)'
	@echo 'make behaviour  the default policy: questions in ordinary work, and danger stopped (K=WORD: some cases)'
	@echo 'make test-kernels  the guards on other kernels, from 5.10 on, each in an emulated machine (K=NAME: one)'
	@echo 'make lint       format, static analysis, gcc and clang with warnings as errors, aarch64, the fuzz targets'
	@echo '                for a moment, manual pages'
	@echo 'make asan       tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make fuzz T=60  every fuzz target for T seconds'
	@echo 'make bench      what it costs'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR=; make uninstall takes it away again'
	@echo 'make format     clang-format everything; make clean: remove what was built'
	@echo 'make deps       install what building and testing need (NEEDS="build test lint kernels")'

$(BUILD)/libpolicy.a: $(call obj,$(POLICY) $(DECIDER)) $(BUILD)/obj/packed.o $(BUILD)/sources
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)
$(BUILD)/liblauncher.a: $(call obj,$(LAUNCHER)) $(BUILD)/sources
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)
$(BUILD)/libunit.a: $(call obj,$(UNIT_AID)) $(BUILD)/sources
	@rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)
$(BUILD)/askfirst: $(call obj,launcher/main.c) $(LIBS)
	$(call say,LD)
	$(Q)$(CC) $(LAUNCHER_LDFLAGS) -o $@ $^ $(LAUNCHER_LDLIBS)
$(BUILD)/libaskfirst.so: $(call shimobj,$(SHIM) $(DECIDER)) $(BUILD)/sources shim/exports.map shim/layout.ld
	$(call say,LD)
	$(Q)$(CC) $(SHIM_LDFLAGS) -o $@ $(filter %.o,$^)

# Other flags build everything anew, and a file that came or went what it belonged to.
define remember
	@mkdir -p $(@D)
	@echo '$(subst ','"'"',$(1))' > $@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv -f $@.new $@
endef
$(BUILD)/flags: FORCE
	$(call remember,$(CC) $(LAUNCHER_CFLAGS) $(LAUNCHER_LDFLAGS) $(SHIM_CFLAGS) $(SHIM_LDFLAGS))
$(BUILD)/sources: FORCE
	$(call remember,$(POLICY) $(DECIDER) $(LAUNCHER) $(SHIM) $(UNIT_AID))
.PHONY: FORCE
FORCE:

say = $(if $(V),,@echo '  $(1) $@')
$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(LAUNCHER_CFLAGS) -c -o $@ $<
$(BUILD)/shim/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SHIM_CFLAGS) -c -o $@ $<

$(BUILD)/pack: $(PACKER) $(wildcard policy/*.h) $(BUILD)/flags
	$(call say,CC)
	$(Q)$(CC) -std=gnu11 -O0 -g $(WARN) $(WERROR) -D_GNU_SOURCE -o $@ $(PACKER) -lyaml
$(BUILD)/packed.c: $(BUILD)/pack $(wildcard policy/*.yaml)
	$(call say,PACK)
	$(Q)$(BUILD)/pack $(wildcard policy/*.yaml) > $@.new
	@mv -f $@.new $@
$(BUILD)/obj/packed.o: $(BUILD)/packed.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(LAUNCHER_CFLAGS) -I. -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libunit.a $(LIBS)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -MT $@ -MF $@.d $(LAUNCHER_CFLAGS) $(LAUNCHER_LDFLAGS) -o $@ $< $(BUILD)/libunit.a $(LIBS) \
		$(LAUNCHER_LDLIBS) -lcjson -lcmocka
$(BUILD)/bench/%: tests/bench/%.c $(LIBS)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -MT $@ -MF $@.d $(LAUNCHER_CFLAGS) $(LAUNCHER_LDFLAGS) -o $@ $< $(LIBS) $(LAUNCHER_LDLIBS)
$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIBS)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -MT $@ -MF $@.d $(LAUNCHER_CFLAGS) $(LAUNCHER_LDFLAGS) -fsanitize=fuzzer -o $@ $< $(LIBS) \
		$(LAUNCHER_LDLIBS) -lcjson
# Programs that tests guard.
$(BUILD)/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -MT $@ -MF $@.d -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra $(WERROR) -MMD -MP -pthread -o $@ $< -ldl

programs: $(AIDS)
unit: $(UNIT_PROGRAMS)
	tests/run --jobs $(JOBS) $^
e2e: all programs
	ASKFIRST=$(BUILD)/askfirst tests/run --jobs $(JOBS) -k '$(K)'

behaviour: all
	ASKFIRST=$(BUILD)/askfirst tests/behaviour/run --jobs $(JOBS) -k '$(K)'

test:
	@.ci/deps build test
	$(MAKE) -j$(JOBS) all programs $(UNIT_PROGRAMS)
	ASKFIRST=$(BUILD)/askfirst tests/run --jobs $(JOBS) --limit 900 $(UNIT_PROGRAMS) $(wildcard tests/*/test_*.py)

# Not part of `test`: it needs the network, and half an hour.
KERNEL_UNITS := $(addprefix $(BUILD)/unit/,test_filter test_floor test_guard_missing)
.PHONY: test-kernels
test-kernels:
	@.ci/deps build test kernels
	$(MAKE) -j$(JOBS) all programs $(KERNEL_UNITS)
	tests/kernels/run --jobs $(JOBS) $(addprefix -k ,$(K)) $(BUILD)

# Everything, with warnings as errors; for `lint`, which says with what.
build-strictly: all programs $(UNIT_PROGRAMS) $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH))
cross: $(BUILD)/libaskfirst.so

# Where cppcheck is wrong: an approver fills in `reason` and does not keep its address; read(2) fills `scrap`;
# *place may have changed meanwhile; a search is over before the command line that it points to is gone; what is
# sorted was filled as far as `known`; and a cleanup_file closes itself.
MISTAKEN := $(addprefix --suppress=,returnDanglingLifetime:launcher/approve/approve.c \
            legacyUninitvar:launcher/approve/tty_keys.c uninitvar:launcher/approve/tty_keys.c \
            identicalInnerCondition:policy/plant.c identicalInnerCondition:policy/seen.c autoVariables:policy/decide.c \
            uninitvar:launcher/filter/filter.c resourceLeak:launcher/watch/file.c)
lint:
	@echo '  clang-format'
	@clang-format --dry-run --Werror $(SOURCES)
	@echo '  lines beyond 110 columns, which clang-format leaves to comments'
	@! LC_ALL=C.UTF-8 grep -nE '^.{111}' $(SOURCES)
	$(MAKE) -j$(JOBS) BUILD=build-gcc CC=gcc WERROR=-Werror build-strictly
	$(MAKE) -j$(JOBS) BUILD=build-clang CC=clang WERROR=-Werror build-strictly
	$(if $(SHIM),$(MAKE) -j$(JOBS) BUILD=build-aarch64 CC=aarch64-linux-gnu-gcc CROSS=1 WERROR=-Werror cross)
	cppcheck --quiet -j$(JOBS) --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
		-D_GNU_SOURCE -D__x86_64__ -DVERSION='""' $(MISTAKEN) policy launcher shim
	$(MAKE) fuzz T=3
	$(if $(PAGES),mandoc -Tlint -Wwarning $(PAGES))
	$(if $(SCRIPTS),shellcheck $(SCRIPTS))
	python3 -m compileall -q tests

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# What the launcher does under its sanitizers; what counts its descriptors, its memory or its milliseconds is left out.
ASAN_E2E := $(addprefix tests/e2e/test_,check.py policy_command.py door.py door_programs.py questions.py run.py)
asan:
	$(MAKE) -j$(JOBS) BUILD=build-asan SANITIZE='$(ASAN)' all programs unit
	ASKFIRST=build-asan/askfirst tests/run --jobs $(JOBS) $(ASAN_E2E)

T ?= 60
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%.c,build-fuzz/fuzz/%,$(FUZZ))
.PHONY: fuzz-programs
fuzz-programs: $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ))
fuzz:
	$(MAKE) -j$(JOBS) BUILD=build-fuzz CC=clang fuzz-programs \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
	@set -e; for target in $(FUZZ_PROGRAMS); do \
		name=$${target##*/}; corpus=$(BUILD)/corpus/$$name; mkdir -p $$corpus; \
		seeds=$$(ls -d tests/fuzz/$$name.seeds 2>/dev/null || true); \
		dict=$$(ls tests/fuzz/$$name.dict 2>/dev/null || true); \
		echo "== $$name, $(T) s"; \
		$$target -max_total_time=$(T) -timeout=10 -artifact_prefix=$(BUILD)/corpus/$$name- \
			$${dict:+-dict=$$dict} -verbosity=0 -print_final_stats=1 $$corpus $$seeds; \
	done

bench: all programs $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH))
	@set -e; for b in $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH)); do echo "== $${b##*/}"; $$b; done
	@set -e; for b in $(wildcard tests/bench/*.py); do \
		echo "== $${b##*/}"; ASKFIRST=$(BUILD)/askfirst python3 $$b; done

NEEDS ?= build test
deps:
	@.ci/deps $(NEEDS)
demo:
	@.ci/deps build demo
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@tests/demo/run $(BUILD)/askfirst

bindir := $(DESTDIR)$(PREFIX)/bin
libdir := $(DESTDIR)$(PREFIX)/lib/askfirst
mandir := $(DESTDIR)$(PREFIX)/share/man
install: all
	install -d $(bindir) $(libdir) $(foreach p,$(PAGES),$(mandir)/man$(subst .,,$(suffix $(p))))
	install -m 755 $(BUILD)/askfirst $(bindir)/askfirst
	install -m 755 $(BUILD)/libaskfirst.so $(libdir)/libaskfirst.so
	$(foreach p,$(PAGES),install -m 644 $(p) $(mandir)/man$(subst .,,$(suffix $(p)))/ && ) true
uninstall:
	rm -f $(bindir)/askfirst $(libdir)/libaskfirst.so \
		$(foreach p,$(PAGES),$(mandir)/man$(subst .,,$(suffix $(p)))/$(notdir $(p)))
	if [ -d $(libdir) ]; then rmdir $(libdir); fi

format:
	clang-format -i $(SOURCES)
clean:
	rm -rf build build-gcc build-clang build-aarch64 build-asan build-fuzz

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
