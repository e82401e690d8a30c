# C: programs built with AddressSanitizer and UndefinedBehaviorSanitizer, coverage and profiling
# needs: gcc
# varies: *.gcda *.gcno

set -e
printf '#include <stdlib.h>\nint main(int c, char **v) { (void)v; int *p = malloc(8); p[0] = c; c = p[0]; free(p); return c - 1; }\n' > m.c
printf '#include <stdlib.h>\nint main(int c, char **v) { (void)v; char *p = malloc(8); p[c > 1 ? 8 : 0] = 1; free(p); return 0; }\n' > a.c
gcc -fsanitize=address -o a a.c && ASAN_OPTIONS=detect_leaks=0 ./a && ASAN_OPTIONS=detect_leaks=0:exitcode=9 ./a wrong 2> /dev/null || echo "found: $?"
gcc -fsanitize=address,undefined -static-libasan -o a a.c && ./a && ./a 2> /dev/null
gcc -fsanitize=undefined -o u m.c && ./u && gcc --coverage -o c m.c && ./c && gcov -n c-m.gcda > /dev/null && gcc -pg -o p m.c && ./p && rm -f gmon.out u c p
