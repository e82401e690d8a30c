# Pseudo-terminals: pty.fork, openpty, a terminal's size

import fcntl, os, pty, struct, subprocess, termios

pid, fd = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", "test -t 0 && test -t 1 && echo terminal > /dev/tty && stty size"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
said = b""
try:
    while more := os.read(fd, 1000): said += more
except OSError: pass
print(b"terminal" in said, os.waitpid(pid, 0)[1])
main, other = pty.openpty(); print(os.isatty(other), os.ttyname(other).startswith("/dev/pts/"))
child = subprocess.run(["sh", "-c", "tty >/dev/null && echo yes"], stdin=other, stdout=other, start_new_session=True); print(os.read(main, 99))
