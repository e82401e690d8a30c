# C: programs built with AddressSanitizer and UndefinedBehaviorSanitizer, coverage and profiling
# needs: gcc
# varies: *.gcda *.gcno

set -e
printf '#include <stdlib.h>\nint main(int c, char **v) { (void)v; int *p = malloc(8); p[0] = c; c = p[0]; free(p); return c - 1; }\n' > m.c
gcc -fsanitize=undefined -o u m.c && ./u && gcc --coverage -o c m.c && ./c && gcov -n c-m.gcda > /dev/null && gcc -pg -o p m.c && ./p && rm -f gmon.out u c p
