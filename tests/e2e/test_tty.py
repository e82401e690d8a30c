"""The prompt on the terminal: one key answers, nothing else does, and the terminal is as it was afterwards."""
import os
import pathlib
import re
import signal
import subprocess
import termios
import time

import support
from terminal import QUIET, Terminal

POLICY = """
read:
  - allow: "/**"
write:
  - allow: ["${workspace}/**", "/dev/**"]
exec:
  - ask: {program: rm}
    because: it removes
  - ask: touch
  - allow: "/**"
"""
ASKED = r"Your answer: "


class TtyCase(support.Case):
    def argv(self, *command, options=("--approve=tty",), policy=POLICY):
        return [support.ASKFIRST, "run", "--guard=shim", f"--audit={self.tmp}/audit", f"--policy={self.policy(policy)}",
                *options, "--", *command]

    def environment(self, **more):
        return super().environment(**{"TERM": "xterm", "PS1": "$ ", "HISTFILE": "", **more})

    def terminal(self, *command, options=("--approve=tty",), policy=POLICY, env=None, **more):
        return Terminal(self, self.argv(*command, options=options, policy=policy),
                        self.environment() if env is None else env, self.workspace, **more)

    def python(self, text, **more):
        return self.terminal("/usr/bin/python3", "-c", text, **more)

    def shell(self):
        """An interactive shell with job control, as most people have around their commands."""
        shell = Terminal(self, ["bash", "--norc", "--noprofile", "-i"], self.environment(), self.workspace)
        shell.expect(r"\$ ")
        return shell

    def line(self, *command, **more):
        return " ".join("'" + os.fspath(a).replace("'", "'\\''") + "'" for a in self.argv(*command, **more))

    def children(self, pid, name):
        """The processes below `pid` that run a program of this name."""
        found = []
        for child in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == name:
                found.append(int(child))
            found += self.children(child, name)
        return found

    def prompter(self, launcher):
        """The launcher's child that has the terminal's foreground."""
        return os.tcgetpgrp(launcher.master)


class Answers(TtyCase):
    def test_yes_once(self):
        self.file("home/work/out")
        terminal = self.python("import subprocess\nfor i in 1, 2: print('rm', subprocess.call(['rm', '-f', 'out']))")
        terminal.expect(ASKED)
        self.assertTrue((self.workspace / "out").exists())
        for part in ("may it run a program", "rm -f out", "/usr/bin/rm", "policy.yaml", "it removes",
                     str(self.workspace), "python3"):
            self.assertIn(part, terminal.before)
        terminal.press("y")
        terminal.expect("askfirst: yes, once")
        terminal.expect(ASKED)
        self.assertFalse((self.workspace / "out").exists())
        terminal.press("y")
        terminal.expect("rm 0\n")
        self.assertEqual(terminal.wait(), 0)

    def test_exactly_this_is_asked_once(self):
        terminal = self.python("import subprocess\nfor i in 1, 2: print('rm', subprocess.call(['rm', '-f', 'out']))")
        terminal.expect(ASKED)
        terminal.press("e")
        terminal.expect("rm 0\nrm 0\n")
        self.assertEqual(terminal.wait(), 0)

    def test_no(self):
        terminal = self.terminal("bash", "-c", "rm -f out; echo status $?")
        terminal.expect(ASKED)
        terminal.press("n")
        terminal.expect("denied: rm -f out")
        terminal.expect("status 126")
        self.assertEqual(terminal.wait(), 0)

    def test_no_to_what_is_like_it(self):
        terminal = self.terminal("bash", "-c", "rm -f out; rm -f other; echo status $?")
        terminal.expect(ASKED)
        terminal.press("L")
        terminal.expect("askfirst: no, and to what is like it in this run")
        terminal.expect("denied: rm -f other")
        terminal.expect("status 126")
        self.assertEqual(terminal.wait(), 0)

    def test_no_with_words(self):
        terminal = self.terminal("bash", "-c", "rm -f out; true")
        terminal.expect(ASKED)
        terminal.press("N")
        terminal.expect("no, because: ")
        terminal.type("keep thf\x7fem, aða!\x7f")
        terminal.expect("keep them, aða")
        terminal.type("\r")
        terminal.expect("askfirst: no: keep them, aða\n")
        terminal.expect("keep them, aða")  # the program is told
        self.assertEqual(terminal.wait(), 0)

    def test_escape_leaves_the_words(self):
        terminal = self.terminal("rm", "-f", "out")
        terminal.expect(ASKED)
        terminal.press("N")
        terminal.expect("no, because: ")
        terminal.press("\x1b")
        terminal.expect(ASKED)
        terminal.press("y")
        self.assertEqual(terminal.wait(), 0)

    def test_always_shows_the_rule_and_wants_a_second_key(self):
        approvals = self.home / ".config" / "askfirst" / "approvals.yaml"
        terminal = self.terminal("rm", "-f", "out")
        terminal.expect(ASKED)
        terminal.press("a")
        terminal.expect(ASKED)
        self.assertRegex(terminal.before, r"(?s)rule would be written.*allow.*rm.*-f.*out")
        terminal.press("y")  # any other key
        terminal.expect(r"Ctrl-C(?s:.*)" + ASKED)
        self.assertFalse(approvals.exists())
        terminal.press("a")
        terminal.expect("rule would be written")
        terminal.press("a")
        terminal.expect("askfirst: yes, always")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("rm", approvals.read_text())

    def test_a_key_that_is_no_answer_answers_nothing(self):
        terminal = self.terminal("rm", "-f", "out")
        terminal.expect(ASKED)
        for key in "x", "Y", " ", "\r":
            terminal.press(key)
        terminal.press("n")
        self.assertEqual(terminal.wait(), 126)

    def test_everything_is_one_key_away(self):
        terminal = self.terminal("rm", "-f", *(f"w{i}" for i in range(100)), rows=24, columns=60)
        terminal.expect(ASKED)
        self.assertIn("102 words in all", terminal.before)
        self.assertNotIn("w50", terminal.before)
        terminal.press("v")
        terminal.expect("q: back")
        terminal.press("G")
        terminal.expect("word 101 *w99")
        terminal.press("q")
        terminal.expect(ASKED)
        terminal.press("?")
        terminal.expect("asks for a second key")
        terminal.press("q")
        terminal.expect(ASKED)
        terminal.press("n")
        self.assertEqual(terminal.wait(), 126)

    def test_one_question_after_another(self):
        terminal = self.terminal("bash", "-c", "setsid bash -c 'sleep 1; rm -f one' & sleep 0.5; rm -f two; wait")
        terminal.expect(r"\(question 1\)(?s:.*)" + ASKED)
        terminal.expect("1 more wait")
        terminal.press("y")
        terminal.expect("askfirst: yes, once")
        terminal.expect(r"\(question 2\)(?s:.*)" + ASKED)  # whatever else was judged between them
        self.assertNotIn("more wait", terminal.plain())
        terminal.press("y")
        terminal.expect("askfirst: yes, once")
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_c_refuses_and_ends_the_run(self):
        terminal = self.terminal("bash", "-c", "rm -f out; sleep 60")
        terminal.expect(ASKED)
        terminal.press("\x03")
        terminal.expect("no, and the run ends")
        self.assertEqual(terminal.wait(), 130)

    def test_ctrl_c_as_an_extended_key(self):
        terminal = self.terminal("bash", "-c", "rm -f out; sleep 60")
        terminal.expect(ASKED)
        terminal.press("\x1b[99;5u")
        terminal.expect("no, and the run ends")
        self.assertIn(terminal.wait(), (130, 143))

    def test_nobody_answers_in_time(self):
        terminal = self.terminal("bash", "-c", "rm -f out; echo status $?", options=("--approve=tty", "--ask-timeout=2s"))
        terminal.expect(r"0:0[12] left")
        terminal.expect("nobody answered in time")
        terminal.expect("status 126")
        self.assertEqual(terminal.wait(), 0)

    def test_the_time_left_is_shown(self):
        terminal = self.terminal("rm", "-f", "out", options=("--approve=tty", "--ask-timeout=70s"))
        terminal.expect("1:09 left")
        terminal.expect("1:07 left")
        terminal.press("n")
        self.assertEqual(terminal.wait(), 126)


class KeysThatAnswerNothing(TtyCase):
    def question(self, before=""):
        terminal = self.terminal("bash", "-c", f"{before} rm -f out; echo status $?")
        return terminal

    def still_asks(self, terminal):
        self.assertNotIn("askfirst: yes", terminal.stays())
        terminal.press("n")
        terminal.expect("status 126")
        self.assertEqual(terminal.wait(), 0)

    def test_typed_before_the_question(self):
        terminal = self.question("echo ready; sleep 1;")
        terminal.expect("ready")
        terminal.type("yyy\ny")
        terminal.expect(ASKED)
        self.still_asks(terminal)

    def test_typed_just_as_it_appears(self):
        terminal = self.question()
        terminal.expect(ASKED)
        terminal.type("y")
        self.still_asks(terminal)

    def test_held_down(self):
        terminal = self.question()
        for _ in range(60):
            terminal.type("y")
            terminal.read(0)
            time.sleep(0.03)
        terminal.expect(ASKED)
        self.still_asks(terminal)

    def test_pasted(self):
        terminal = self.question()
        terminal.expect(ASKED)
        terminal.press("yy")
        self.still_asks(terminal)

    def test_of_a_keypad_and_reports_of_the_terminal(self):
        terminal = self.question()
        terminal.expect(ASKED)
        for sequence in "\x1bOy", "\x1b[1;1R", "\x1b]ly\x1b\\", "\x1by", "\x1b[?121u", "\x1b[121;3u":
            terminal.press(sequence)
        time.sleep(QUIET)
        terminal.type("\x1b")
        terminal.type("y")  # behind an escape, it belongs to it
        self.still_asks(terminal)


class SharedTerminal(TtyCase):
    READS = ("import subprocess, threading, time\n"
             "threading.Timer(0.3, subprocess.call, [['rm', '-f', 'out']]).start()\n"
             "print('got', input('name? '))\nprint('got', input('name? '))\n")

    def test_a_program_that_is_reading_gets_no_key_of_the_prompt_and_all_of_its_own(self):
        terminal = self.python(self.READS)
        terminal.expect(r"name\? ")
        terminal.expect(ASKED)
        terminal.press("y")
        terminal.expect("askfirst: yes, once")
        terminal.press("ada\r")
        terminal.expect("got ada\n")
        terminal.press("eve\r")
        terminal.expect("got eve\n")
        self.assertEqual(terminal.wait(), 0)

    def test_a_program_that_is_reading_in_a_shell_with_job_control(self):
        shell = self.shell()
        shell.type(self.line("/usr/bin/python3", "-c", self.READS) + "\r")
        shell.expect(ASKED)
        shell.press("y")
        shell.expect("askfirst: yes, once")
        shell.press("ada\r")
        shell.expect("got ada\n")
        shell.press("eve\r")
        shell.expect("got eve\n")
        shell.expect(r"\$ ")
        self.assertNotIn("Stopped", shell.text)

    def test_nothing_is_written_over_the_prompt(self):
        terminal = self.terminal("bash", "-c", "(for i in {1..400}; do echo tick; sleep 0.05; done) & rm -f out; kill $!")
        terminal.expect(ASKED)
        time.sleep(0.1)
        terminal.stays(0.1)
        self.assertNotIn("tick", terminal.stays(0.8))
        terminal.press("y")
        terminal.expect("askfirst: yes, once")
        self.assertEqual(terminal.wait(), 0)

    def test_the_settings_of_a_program_come_back(self):
        program = ("import subprocess, termios, tty\nbefore = tty.setraw(0, termios.TCSANOW)\n"
                   "was = termios.tcgetattr(0)\nsubprocess.call(['rm', '-f', 'out'])\n"
                   "print('same' if termios.tcgetattr(0) == was else 'changed', end='\\r\\n')\n")
        terminal = self.python(program)
        terminal.expect(ASKED)
        terminal.press("y")
        terminal.expect("same")
        self.assertEqual(terminal.wait(), 0)

    def test_a_program_hears_of_a_resize_that_it_missed(self):
        terminal = self.python("import os, signal, subprocess\n"
                               "signal.signal(signal.SIGWINCH, lambda *_: print('now', os.get_terminal_size(0).columns))\n"
                               "subprocess.call(['rm', '-f', 'out'])\nprint('over', flush=True)\nsignal.pause()")
        terminal.expect(ASKED)
        terminal.resize(66, 30)
        terminal.expect(r"may it(?s:.*)" + ASKED)
        terminal.press("y")
        terminal.expect("now 66")

    def test_a_guarded_shell_keeps_its_jobs(self):
        terminal = self.terminal("bash", "--norc", "--noprofile", "-i")
        terminal.expect(r"\$ ")
        terminal.type("rm -f out; echo status $?\r")
        terminal.expect(ASKED)
        terminal.press("y")
        terminal.expect("status 0\n")
        terminal.type("(sleep 0.3; rm -f out) & read -r line; echo line $line\r")
        terminal.expect(ASKED)
        terminal.press("n")
        terminal.expect("denied: rm -f out")
        terminal.press("words\r")
        terminal.expect("line words")
        terminal.type("exit 3\r")
        self.assertEqual(terminal.wait(), 3)
        self.assertNotIn("Stopped", terminal.text)

    def test_standard_input_may_be_a_pipe(self):
        read, write = os.pipe()
        os.write(write, b"a line\n")
        os.close(write)
        terminal = self.terminal("bash", "-c", "rm -f out; read -r line; echo got $line", stdin=read)
        os.close(read)
        terminal.expect(ASKED)
        terminal.press("y")
        terminal.expect("got a line")
        self.assertEqual(terminal.wait(), 0)

    def test_a_pager_behind_a_pipe_goes_on(self):
        shell = self.shell()
        reader = "import os; t = open('/dev/tty', 'rb', 0); print('key', t.read(1)); print(open(0).read())"
        shell.type(self.line("bash", "-c", "sleep 0.5; rm -f out; echo out $?") + f" | python3 -c \"{reader}\"\r")
        shell.expect(ASKED)
        time.sleep(QUIET)
        shell.type("y")
        shell.expect("askfirst: yes, once")
        shell.press("k\r")
        shell.expect("key b'k'")
        shell.expect("out 0")

    def test_put_aside_with_ctrl_z(self):
        shell = self.shell()
        shell.type(self.line("rm", "-f", "out") + "\r")
        shell.expect(ASKED)
        shell.press("\x1a")
        shell.expect(r"Stopped(?s:.*)\$ ")
        shell.type("echo in $((1+1)) between\r")
        shell.expect("in 2 between")
        shell.type("fg\r")
        shell.expect(ASKED)
        shell.press("y")
        shell.expect(r"askfirst: yes, once(?s:.*)\$ ")
        shell.type("echo status $?\r")
        shell.expect("status 0")

    def test_put_aside_while_the_command_waits_for_its_vfork(self):
        # Neither it nor its child, which asks, can be stopped as a job is: it has to be askfirst that stops.
        for resume in "fg", "kill":
            with self.subTest(resume):
                shell = self.shell()
                text = "import subprocess; print('rm', subprocess.run(['rm', '-f', 'out']).returncode)"
                shell.type(self.line("/usr/bin/python3", "-c", text) + "\r")
                shell.expect(ASKED)
                shell.press("\x1a")
                shell.expect(r"Stopped(?s:.*)\$ ")
                if resume == "fg":
                    shell.type("fg\r")
                    shell.expect(ASKED)
                    shell.press("y")
                    shell.expect("rm 0")
                else:
                    shell.type("kill %1; fg\r")
                    shell.expect(r"\$ ")
                shell.type("echo in $((1+1)) the end\r")
                shell.expect("in 2 the end")
                self.assertEqual(self.children(shell.pid, "askfirst"), [])

    def test_put_aside_where_nobody_takes_the_terminal_the_question_comes_back(self):
        text = "import subprocess; print('rm', subprocess.run(['rm', '-f', 'out']).returncode)"
        for key, end in ("n", "Permission denied"), ("y", "rm 0"):
            with self.subTest(key):
                terminal = self.python(text)
                terminal.expect(ASKED)
                terminal.press("\x1a")
                terminal.expect("put aside")
                terminal.expect(ASKED)
                terminal.press(key)
                terminal.expect(end)
                terminal.wait()

    def test_a_run_in_the_background_waits_for_the_foreground(self):
        shell = self.shell()
        shell.type(self.line("rm", "-f", "out") + " &\r")
        shell.expect("bring this job to the foreground")
        shell.type("echo still $((1+1)) mine\r")
        shell.expect("still 2 mine")
        shell.type("fg\r")
        shell.expect(ASKED)
        shell.press("y")
        shell.expect(r"askfirst: yes, once(?s:.*)\$ ")


class WaysOut(TtyCase):
    def cooked(self, terminal):
        self.assertTrue(terminal.settings()[3] & termios.ECHO)
        self.assertTrue(terminal.settings()[3] & termios.ICANON)

    def test_a_prompt_that_is_killed_has_failed_its_question_only(self):
        terminal = self.terminal("bash", "-c", "rm -f one; echo status $?; rm -f two; echo status $?")
        terminal.expect(ASKED)
        os.kill(self.prompter(terminal), signal.SIGKILL)
        terminal.expect("denied: rm -f one")
        terminal.expect("status 126")
        terminal.expect(ASKED)
        terminal.press("y")
        terminal.expect("status 0")
        self.assertEqual(terminal.wait(), 0)

    def test_a_prompt_that_is_terminated_gives_the_terminal_back(self):
        terminal = self.terminal("bash", "-c", "rm -f one; stty -a; read -r line; echo got $line")
        terminal.expect(ASKED)
        os.kill(self.prompter(terminal), signal.SIGTERM)
        terminal.expect("ended by a signal")
        terminal.expect(r"(?s)icanon.* echo ")
        terminal.press("words\r")
        terminal.expect("got words")
        self.assertEqual(terminal.wait(), 0)

    def test_a_launcher_that_is_killed_leaves_the_terminal_as_it_was(self):
        shell = self.shell()
        shell.type(self.line("bash", "-c", "rm -f out; echo it went on") + "\r")
        shell.expect(ASKED)
        self.assertFalse(shell.settings()[3] & termios.ECHO)
        (launcher,) = self.children(shell.pid, "askfirst")[:1]
        prompter = pathlib.Path(f"/proc/{self.prompter(shell)}")
        os.kill(launcher, signal.SIGKILL)
        shell.expect(r"the launcher has ended(?s:.*)Killed|Killed(?s:.*)the launcher has ended")
        while prompter.exists():  # it gives the terminal back at its end; by then the shell may have made its own settings
            shell.read(0.05)
        shell.type("echo and $((1+1)) on\r")
        if "and 2 on" not in shell.stays(2):  # what was typed while the terminal was given back is lost
            shell.type("echo and $((1+1)) on\r")
        shell.expect("and 2 on")
        self.assertNotIn("it went on", shell.text.replace("echo it went on", ""))

    def test_a_run_that_is_terminated_ends(self):
        terminal = self.terminal("bash", "-c", "rm -f out; sleep 60")
        terminal.expect(ASKED)
        os.kill(terminal.pid, signal.SIGTERM)
        self.assertEqual(terminal.wait(), 128 + signal.SIGTERM)
        self.cooked(terminal)

    def test_a_run_that_is_terminated_ends_though_its_command_waits_for_its_vfork(self):
        for stopped in False, True:
            with self.subTest(stopped=stopped):
                terminal = self.python("import subprocess; subprocess.run(['rm', '-f', 'out'])")
                terminal.expect(ASKED)
                if stopped:
                    for pid in self.children(terminal.pid, "python3"):
                        os.kill(pid, signal.SIGSTOP)
                os.kill(terminal.pid, signal.SIGTERM)
                self.assertEqual(terminal.wait(limit=5), 128 + signal.SIGTERM)
                self.cooked(terminal)

    def test_the_caller_that_dies_takes_its_question_with_it(self):
        terminal = self.terminal("bash", "-c", "rm -f out & sleep 1; kill -9 $!; wait; echo over")
        terminal.expect(ASKED)
        pids = self.children(terminal.pid, "bash")
        os.kill(pids[-1], signal.SIGKILL)
        terminal.expect("the question has gone")
        terminal.expect("over")
        self.assertEqual(terminal.wait(), 0)

    def test_a_terminal_that_goes_away_ends_the_run(self):
        terminal = self.terminal("bash", "-c", "rm -f out; sleep 60")
        terminal.expect(ASKED)
        os.close(terminal.master)
        terminal.master = os.open("/dev/null", os.O_RDWR)
        until = time.monotonic() + 10
        while not os.waitpid(terminal.pid, os.WNOHANG)[0]:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)
        terminal.status = 0

    def test_no_terminal(self):
        result = self.command(*self.argv("true"))
        self.assertEqual(result.returncode, 125)
        self.assertRegex(result.stderr, "askfirst: .*tty: there is no terminal$")


class Screens(TtyCase):
    def widest(self, text):
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n").split("\n")
        return max(len(line) for line in lines)

    def test_a_small_terminal(self):
        terminal = self.terminal("rm", "-f", *["a-rather-long-name-of-a-file"] * 20, columns=40, rows=20)
        terminal.expect(ASKED)
        shown = terminal.before[terminal.before.index("askfirst: may"):]
        self.assertLessEqual(self.widest(shown), 40)
        self.assertLess(shown.count("\n"), 20)
        for part in ("rm", "y  yes, once", "n  no", "it removes"):
            self.assertIn(part, terminal.before)
        terminal.press("n")
        self.assertEqual(terminal.wait(), 126)

    def test_a_resized_terminal(self):
        terminal = self.terminal("rm", "-f", *["name"] * 12, columns=100)
        terminal.expect(ASKED)
        terminal.resize(40, 20)
        terminal.expect(r"may it run(?s:.*)" + ASKED)
        self.assertLessEqual(self.widest(terminal.before), 40)
        terminal.press("n")
        self.assertEqual(terminal.wait(), 126)

    def test_a_dumb_terminal(self):
        terminal = self.terminal("bash", "-c", "rm -f out; rm -f out", env=self.environment(TERM="dumb"))
        terminal.expect(ASKED)
        terminal.press("N")
        terminal.expect("because: ")
        terminal.type("words\r")
        terminal.expect("no: words")
        self.assertNotIn("\x1b", terminal.text)
        self.assertEqual(terminal.wait(), 126)

    def test_colours(self):
        terminal = self.terminal("rm", "-f", "out")
        terminal.expect(ASKED)
        self.assertIn("\x1b[1", terminal.text)
        terminal.press("n")
        terminal.wait()

    def test_no_colours_where_none_are_wanted(self):
        terminal = self.terminal("rm", "-f", "out", env=self.environment(NO_COLOR="1"))
        terminal.expect(ASKED)
        self.assertNotRegex(terminal.text, r"\x1b\[[0-9;]*m")
        terminal.press("n")
        terminal.wait()

    def test_nothing_that_a_program_wrote_reaches_the_terminal_raw(self):
        evil = ["\x1b]0;evil\x07", "\x1b[2J", "a\nb\rc", "\u202egnp.exe", "\u200b", "x" * (1 << 16)]
        code = (f"import subprocess\nfor a in {evil!r}, [b'\\xff\\x9b31m']:\n"
                "    try: subprocess.call(['rm', '-f', *a])\n    except OSError: pass\n")
        terminal = self.python(code)
        terminal.expect(ASKED)
        raw = terminal.text
        for bad in ("\x1b]0", "\x1b[2J", "\x07", "\u202e", "\u200b"):
            self.assertNotIn(bad, raw)
        for good in (r"$'\e]0;evil\a'", r"| a | b\rc", r"$'\u202egnp.exe'", "… 65536 bytes …"):
            self.assertIn(good, re.sub(r"\s+", " ", terminal.before))
        terminal.press("n")
        terminal.expect(r"may it(?s:.*)" + ASKED)
        self.assertIn(r"$'\xff\x9b31m'", terminal.before)
        terminal.press("n")
        terminal.wait()

    def test_a_line_of_a_megabyte_can_be_looked_at(self):
        terminal = self.python("import subprocess\nsubprocess.call(['rm', '-f', 'x' * 120000, 'end'])")
        terminal.expect(ASKED)
        terminal.press("v")
        terminal.expect("q: back")
        terminal.press("G")
        terminal.expect("word 3 *end")
        terminal.press("q")
        terminal.press("n")
        terminal.wait()


if __name__ == "__main__":
    support.main()
