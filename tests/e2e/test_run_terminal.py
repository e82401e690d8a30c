"""askfirst run as a job of an interactive shell: it stops, goes on and is interrupted as the bare command is."""
import os
import pty
import re
import select
import signal
import termios
import time

import support
from test_run import RunCase

PROMPT = "=ready= "


class Terminal:
    """A bash on a terminal of its own, typed at and read as a person does."""

    def __init__(self, env, cwd):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            env.update(PS1=PROMPT, TERM="dumb", HISTFILE="/dev/null")
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], env)
        self.expect(PROMPT)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            self.seen += os.read(self.fd, 65536).decode(errors="replace")
        except OSError:
            return False
        return True

    def expect(self, pattern, limit=15):
        """Reads until the pattern comes; returns all that came before and with it."""
        until = time.monotonic() + limit
        while not (found := re.search(pattern, self.seen)):
            if time.monotonic() > until:
                raise AssertionError(f"{pattern!r} did not come: {self.seen!r}")
            self.read(0.1)
        before = self.seen[: found.end()]
        self.seen = self.seen[found.end():]
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def run(self, line, limit=15):
        """One line at the prompt, and what it printed."""
        self.type(line + "\n")
        return self.expect(PROMPT, limit)


class Jobs(RunCase):
    def setUp(self):
        super().setUp()
        self.terminal = Terminal(self.environment(), self.workspace)
        self.addCleanup(self.terminal.close)
        self.guarded = f"{support.ASKFIRST} run --quiet --policy {self.permissive} --"

    def test_stopped_at_the_keyboard_it_is_a_stopped_job_and_goes_on_in_the_foreground(self):
        shell = self.terminal
        shell.type(f"{self.guarded} sh -c 'echo begin-$((1+1)); sleep 1; echo end-$((1+1))'\n")
        shell.expect("begin-2")
        time.sleep(0.3)  # a shell that is just starting a child (vfork) does not stop before the child does
        shell.type("\x1a")
        shell.expect("Stopped")
        shell.expect(PROMPT)
        self.assertIn("Stopped", shell.run("jobs"))
        time.sleep(1.5)
        shell.type("fg\n")
        self.assertIn("end-2", shell.expect(PROMPT))
        self.assertIn("status 0", shell.run("echo status $?"))

    def test_in_the_background_it_goes_on_too(self):
        shell = self.terminal
        shell.type(f"{self.guarded} sh -c 'echo begin-$((1+1)); sleep 1; echo end > done'\n")
        shell.expect("begin-2")
        time.sleep(0.3)  # a shell that is just starting a child (vfork) does not stop before the child does
        shell.type("\x1a")
        shell.expect("Stopped")
        shell.expect(PROMPT)
        shell.run("bg")
        self.assertEqual(self.lines("done"), ["end"])
        shell.run("wait")

    def test_interrupted_at_the_keyboard_it_ends(self):
        shell = self.terminal
        shell.type(f"{self.guarded} sh -c 'echo begin-$((1+1)); exec sleep 50'\n")
        shell.expect("begin-2")
        shell.type("\x03")
        shell.expect(PROMPT)
        self.assertIn("status 130", shell.run("echo status $?"))

    def test_a_command_that_handles_the_interrupt_decides_how_it_ends(self):
        shell = self.terminal
        shell.type(f"{self.guarded} sh -c 'trap \"echo caught-$((1+1)); exit 7\" INT; echo begin-$((1+1)); sleep 50'\n")
        shell.expect("begin-2")
        time.sleep(0.3)
        shell.type("\x03")
        self.assertEqual(shell.expect(PROMPT).count("caught-2"), 1)
        self.assertIn("status 7", shell.run("echo status $?"))

    def test_interrupted_at_the_prompt_the_whole_run_ends(self):
        shell = self.terminal
        before = termios.tcgetattr(shell.fd)
        shell.type(f"{self.guarded} sh -c 'touch asked; sleep 50; touch later'\n")
        shell.expect("Your answer")
        shell.type("\x03")
        shell.expect(PROMPT)
        self.assertEqual(list(self.workspace.iterdir()), [])
        self.assertEqual(termios.tcgetattr(shell.fd), before)
        self.assertIn("status 130", shell.run("echo status $?"))

    def test_interrupted_at_the_prompt_a_script_gets_no_further(self):
        shell = self.terminal
        loop = "for i in $(seq 99); do touch asked; echo on-$((i+1)); /bin/true; done; echo end-$((1+1)); exit 0"
        for script in loop, "touch asked; echo on-$((1+1)); /bin/echo more-$((1+1))":
            for guarded in "bash", "sh":
                with self.subTest(f"{guarded}: {script}"):
                    self.file("home/work/script", script)
                    shell.type(f"{self.guarded} {guarded} script\n")
                    shell.expect("Your answer")
                    time.sleep(0.4)
                    begin = time.monotonic()
                    shell.type("\x03")
                    seen = shell.expect(PROMPT)
                    self.assertLess(time.monotonic() - begin, 2)
                    self.assertNotRegex(seen, "on-|more-|end-")
                    self.assertIn("status 130", shell.run("echo status $?"))

    def test_a_command_that_does_not_heed_the_interrupt_is_ended_all_the_same(self):
        shell = self.terminal
        shell.type(f"{self.guarded} sh -c 'trap : INT TERM; touch asked; while :; do sleep 1; done'\n")
        shell.expect("Your answer")
        shell.type("\x03")
        shell.expect(PROMPT)
        self.assertIn("status 130", shell.run("echo status $?"))

    def test_interrupted_before_the_command_began_it_never_does(self):
        shell = self.terminal
        shell.type(f"{self.guarded} touch asked\n")
        shell.expect("Your answer")
        shell.type("\x03")
        shell.expect(PROMPT)
        self.assertIn("status 130", shell.run("echo status $?"))
        self.assertEqual(list(self.workspace.iterdir()), [])

    def test_quit_at_the_keyboard_is_131(self):
        shell = self.terminal
        shell.run("ulimit -c 0")
        shell.type(f"{self.guarded} sh -c 'echo begin-$((1+1)); exec sleep 50'\n")
        shell.expect("begin-2")
        shell.type("\x1c")
        shell.expect(PROMPT)
        self.assertIn("status 131", shell.run("echo status $?"))

    def test_in_the_background_it_may_not_read_the_terminal(self):
        shell = self.terminal
        shell.run(f"{self.guarded} cat &")
        self.wait_for(lambda: "Stopped" in shell.run("jobs"), "a stopped job")
        shell.type("fg\n")
        shell.expect("-- cat\r\n")
        shell.type("some-words\n")
        shell.expect("some-words\r\nsome-words\r\n")
        shell.type("\x04")
        shell.expect(PROMPT)
        self.assertIn("status 0", shell.run("echo status $?"))

    def test_a_shell_in_it_has_jobs_of_its_own(self):
        shell = self.terminal
        shell.run(f"{self.guarded} bash --norc --noprofile --noediting -i")
        shell.type("sleep 50\n")
        time.sleep(0.5)
        shell.type("\x1a")
        shell.expect("Stopped")
        shell.expect(PROMPT)
        shell.type("fg\n")
        shell.expect("sleep 50")
        time.sleep(0.3)
        shell.type("\x03")
        shell.expect(PROMPT)
        self.assertIn("status 130", shell.run("echo status $?"))
        shell.type("suspend\n")
        shell.expect("Stopped")
        shell.expect(PROMPT)
        self.assertIn("Stopped", shell.run("jobs"))
        shell.run("fg")
        shell.run("exit 5")
        self.assertIn("status 5", shell.run("echo status $?"))

    def test_the_terminal_is_left_as_it_was(self):
        before = termios.tcgetattr(self.terminal.fd)
        for line in ("true", "sh -c 'kill -9 $$'", "no-such-command", "stty -a > /dev/null"):
            self.terminal.run(f"{self.guarded} {line}")
        self.terminal.run("")
        self.assertEqual(termios.tcgetattr(self.terminal.fd), before)

    def test_the_command_has_the_terminal(self):
        self.assertIn("/dev/pts/", self.terminal.run(f"{self.guarded} tty"))
        self.assertIn("yes yes yes", self.terminal.run(
            f"{self.guarded} sh -c 'for i in 0 1 2; do test -t $i && printf \"yes \"; done'"))

    def test_a_hangup_ends_it(self):
        shell = self.terminal
        shell.type(f"{self.guarded} sh -c 'echo $$ > pids; exec sleep 50'\n")
        pid = int(self.lines("pids")[0])
        os.kill(shell.pid, signal.SIGHUP)
        self.wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "the end of the command")


if __name__ == "__main__":
    support.main()
