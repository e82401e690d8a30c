# A C library and program: ninja, pkg-config, static and shared libraries, a configure script, make install with DESTDIR, make clean and distclean
# needs: gcc ar make ninja pkg-config
# varies: *.o *.a *.so* */prog */stage/* */.ninja_log */.ninja_deps

set -e
printf 'int twice(int n) { return 2 * n; }\n' > l.c; printf 'int twice(int);\nint main(void) { return twice(21) - 42; }\n' > m.c
cat > configure <<'END'
#!/bin/sh
for c in cc gcc clang; do command -v $c > /dev/null && break; done
echo 'int main(void){return 0;}' > conftest.c; $c -o conftest conftest.c && ./conftest && echo "checking for $c... yes" | sed 's/for .*\.\.\./for a compiler.../'; rm -f conftest*
sed "s|@prefix@|${1#--prefix=}|; s|@CC@|gcc|" Makefile.in > Makefile
END
printf 'prefix = @prefix@\nCC = @CC@\nprog: m.o libl.a\n\t$(CC) -o $@ m.o -L. -ll\nlibl.a: l.o\n\tar rcs $@ $^\nlibl.so: l.c\n\t$(CC) -shared -fPIC -o $@ $<\ninstall: prog libl.so\n\tinstall -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib\n\tinstall -m 755 prog $(DESTDIR)$(prefix)/bin\n\tln -sf libl.so.1 $(DESTDIR)$(prefix)/lib/libl.so\nclean:\n\trm -rf *.o *.a *.so prog\ndistclean: clean\n\trm -f Makefile\n' > Makefile.in
chmod +x configure; ./configure --prefix=/opt/none; make -s -j2; make -s install DESTDIR="$PWD/stage"; stage/opt/none/bin/prog; find stage | sort; LD_LIBRARY_PATH=. ./prog; make -s distclean
printf 'rule cc\n  command = gcc -MD -MF $out.d -c $in -o $out\n  depfile = $out.d\nbuild l.o: cc l.c\n' > build.ninja; ninja --quiet; ninja -t clean > /dev/null; pkg-config --version > /dev/null; rm -rf stage
