# askfirst: `make` builds it, `make test` tests it, `make demo` shows it. `make help` lists the rest.

BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
VERSION := 0.1.0

WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Wmissing-prototypes -Wpointer-arith
COMMON  := -std=gnu11 -O2 -g $(WARN) $(WERROR) -MMD -MP -DVERSION='"$(VERSION)"'
HARDEN  := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fstack-clash-protection
CFLAGS  ?=
LAUNCHER_CFLAGS := $(COMMON) -D_GNU_SOURCE $(HARDEN) $(SANITIZE) $(CFLAGS)
LAUNCHER_LDLIBS := -lyaml -lcjson
LAUNCHER_LDFLAGS := -pie -Wl,-z,relro,-z,now $(SANITIZE) $(LDFLAGS)
# The decider is freestanding: it is compiled for the launcher as it is for the shim.
FREE_CFLAGS := -std=gnu11 -O2 -g $(WARN) $(WERROR) -MMD -MP -ffreestanding -fno-builtin
SHIM_CFLAGS := $(FREE_CFLAGS) -fPIC -fvisibility=hidden -fno-stack-protector -U_FORTIFY_SOURCE \
               -fno-asynchronous-unwind-tables -fcf-protection=none
SHIM_LDFLAGS := -shared -nostdlib -Wl,--version-script=shim/exports.map -Wl,-z,relro,-z,now,-z,noexecstack \
                -Wl,-soname,libaskfirst.so -Wl,--no-undefined-version -Wl,--hash-style=both

# Files of policy/ that the shim shares: no allocation, no libc.
DECIDER := policy/decide.c policy/glob.c policy/image.c policy/words.c
POLICY  := $(filter-out $(DECIDER),$(wildcard policy/*.c))
LAUNCHER := $(filter-out launcher/main.c,$(wildcard launcher/*.c launcher/*/*.c))
SHIM    := $(wildcard shim/*.c shim/*/*.c)
UNIT    := $(wildcard tests/unit/test_*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
shimobj = $(patsubst %.c,$(BUILD)/shim/%.o,$(1))

.PHONY: all unit clean
all: $(BUILD)/askfirst $(BUILD)/libaskfirst.so

$(BUILD)/libpolicy.a: $(call obj,$(POLICY) $(DECIDER))
	rm -f $@; $(AR) rcs $@ $^
$(BUILD)/liblauncher.a: $(call obj,$(LAUNCHER))
	rm -f $@; $(AR) rcs $@ $^
$(BUILD)/askfirst: $(call obj,launcher/main.c) $(BUILD)/liblauncher.a $(BUILD)/libpolicy.a
	$(CC) $(LAUNCHER_LDFLAGS) -o $@ $^ $(LAUNCHER_LDLIBS)
$(BUILD)/libaskfirst.so: $(call shimobj,$(SHIM) $(DECIDER)) shim/exports.map
	$(CC) $(SHIM_LDFLAGS) -o $@ $(filter %.o,$^)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(LAUNCHER_CFLAGS) -c -o $@ $<
$(BUILD)/shim/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) -c -o $@ $<

# The YAML files are embedded by policy/builtin.c.
$(BUILD)/obj/policy/builtin.o: $(wildcard policy/*.yaml)

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/liblauncher.a $(BUILD)/libpolicy.a
	@mkdir -p $(@D)
	$(CC) $(LAUNCHER_CFLAGS) $(LAUNCHER_LDFLAGS) -o $@ $< $(BUILD)/liblauncher.a $(BUILD)/libpolicy.a \
		$(LAUNCHER_LDLIBS) -lcmocka

unit: $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT))
	@set -e; for t in $^; do echo "== $$t"; $$t; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
