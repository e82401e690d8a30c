# make -j: many files, a generated header, a sub-make, a test that runs what was built, clean
# needs: make gcc

set -e
mkdir -p lib; n=0
while [ $n -lt 8 ]; do printf '#include "made.h"\nint f%d(void) { return %d + MADE; }\n' $n $n > lib/f$n.c; n=$((n + 1)); done
cat > lib/Makefile <<'END'
OBJECTS := $(patsubst %.c,build/%.o,$(wildcard *.c))
build/libf.a: $(OBJECTS) ; $(AR) rcs $@ $^
build/%.o: %.c made.h ; @mkdir -p build; $(CC) -O1 -c -o $@ $<
made.h: ; echo "#define MADE 100" > $@
clean: ; rm -rf build made.h
END
cat > Makefile <<'END'
all: run
run: run.c lib ; $(CC) -o $@ $< -Llib/build -lf
lib: ; +$(MAKE) -C lib
test: all ; ./run && echo passed
clean: ; $(MAKE) -C lib clean && rm -rf run
.PHONY: all lib test clean
END
printf 'int f7(void); int main(void) { return f7() != 107; }\n' > run.c
make -s -j4 test; make -n clean | tail -1; make -s clean; test ! -e run
