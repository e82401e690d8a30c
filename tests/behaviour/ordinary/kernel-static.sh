# A static program, which the shim cannot guard and guard shim refuses; what mount prints (a set-id program), ldd (tries a 32-bit loader)
# needs: gcc mount
# guards: kernel

set -e
printf '#include <stdio.h>\nint main(void) { puts("alone"); return 0; }\n' > main.c; gcc -static -o alone main.c && ./alone
ldd /bin/true | grep -c libc; mount > /dev/null; busybox echo applet 2>/dev/null || echo applet; rm alone
