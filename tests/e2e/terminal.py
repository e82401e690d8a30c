"""A terminal under a test's control: a program in a session of its own on a pseudo-terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

TIME = 20
QUIET = 0.4  # the prompt takes a key only after 0.3 s without any


class Terminal:
    """`argv` on a terminal of its own. What it writes is collected in self.text."""

    def __init__(self, case, argv, env, cwd, columns=100, rows=40, stdin=None):
        self.case = case
        self.text = ""
        self.passed = 0  # of plain text, by expect()
        self.status = None
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                if stdin is not None:
                    os.dup2(stdin, 0)
                os.chdir(cwd)
                os.execvpe(os.fspath(argv[0]), [os.fspath(a) for a in argv], env)
            finally:
                os._exit(99)
        case.addCleanup(self.close)

    def close(self):
        if self.status is None:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def read(self, seconds):
        """Collects what comes within that time; False when nothing will come any more."""
        ready, _, _ = select.select([self.master], [], [], max(0, seconds))
        if not ready:
            return True
        try:
            more = os.read(self.master, 1 << 16)
        except OSError:
            more = b""
        self.text += more.decode("utf-8", "replace")
        return bool(more)

    def plain(self):
        """What was written and not yet passed by expect(), without the escape sequences of drawing."""
        whole = re.sub(r"\x1b[^A-Za-z]*$", "", self.text)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", whole).replace("\r\n", "\n")[self.passed:]

    def expect(self, pattern, limit=TIME):
        """Waits until the pattern has been written, and passes it; what stood before it is in self.before."""
        until = time.monotonic() + limit
        while True:
            match = re.search(pattern, self.plain())
            if match:
                self.before = match.string[:match.end()]
                self.passed += match.end()
                return match
            if time.monotonic() > until or not self.read(until - time.monotonic()):
                self.case.fail(f"{pattern!r} did not come:\n{self.plain()}")

    def stays(self, seconds=0.6):
        """What is written within that time."""
        until = time.monotonic() + seconds
        start = len(self.text)
        while time.monotonic() < until and self.read(until - time.monotonic()):
            pass
        return self.text[start:]

    def type(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def press(self, key):
        """A key as a person presses it: after a look at what is there."""
        time.sleep(QUIET)
        self.type(key)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def settings(self):
        return termios.tcgetattr(self.master)

    def wait(self, limit=TIME):
        """The exit status, 128+N for a signal, once it has ended."""
        until = time.monotonic() + limit
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                self.status = 128 - self.status if self.status < 0 else self.status
            elif time.monotonic() > until:
                self.case.fail(f"it does not end:\n{self.plain()}")
            else:
                self.read(0.05)
        while self.read(0.05) and select.select([self.master], [], [], 0)[0]:
            pass
        return self.status
