# C: gcc in steps and at once, warnings, a static and a shared library, strip, nm, gdb-less debugging, preprocessed output
# needs: gcc ar

set -e
printf 'int twice(int n);\n' > t.h
printf '#include "t.h"\nint twice(int n) { return 2 * n; }\n' > t.c
printf '#include <stdio.h>\n#include "t.h"\nint main(void) { printf("%%d\\n", twice(21)); return 0; }\n' > main.c
gcc -Wall -O2 -c t.c main.c && ar rcs libt.a t.o && gcc -o static main.o -L. -lt && ./static
gcc -shared -fPIC -o libt.so t.c && gcc -o shared main.c -L. -lt -Wl,-rpath,"$PWD" && ./shared
gcc -E main.c | wc -l > /dev/null; gcc -S t.c; nm libt.a | grep -c twice; strip static; ./static
gcc -pipe -g -flto main.c t.c -o lto && ./lto; echo 'int main(void){return 3;}' | gcc -x c - -o three; ./three || echo $?
printf 'int main( {' > bad.c; gcc -c bad.c 2>/dev/null || echo refused by gcc
rm -f ./*.o ./*.a ./*.so static shared lto three ./*.s
