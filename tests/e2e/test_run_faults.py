"""What happens to a run when something ends that should not: the launcher, its keeper, the command, the room to work in."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import support
from test_run import RunCase

SILENT = """#!/usr/bin/env python3
import sys, time
sys.stdin.readline(); open("asked-somebody", "w").close(); time.sleep(60)
"""


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class LauncherGone(RunCase):
    def ended(self, pids):
        self.wait_for(lambda: not any(map(alive, pids)), f"the end of {pids}")

    def test_a_home_that_is_not_there_is_not_made(self):
        home = self.tmp / "no" / "home"
        result = self.askfirst("run", "--guard=shim", "--", "/bin/true", env=self.environment(HOME=home))
        self.assertEqual(result.returncode, 125)
        self.assertIn(f"{home}: No such file or directory: set HOME", result.stderr)
        self.assertFalse(home.parent.exists())

    def test_killed_while_the_run_works_nothing_goes_on(self):
        script = "echo $$ >> pids; (echo $(exec sh -c 'echo $PPID') >> pids; sleep 50) & setsid sh -c 'echo $$ >> pids; " \
                 "sleep 50' & nohup sh -c 'trap \"\" TERM HUP; echo $$ >> pids; sleep 50' >/dev/null 2>&1 & wait"
        process = self.start("sh", "-c", script)
        pids = [int(line) for line in self.lines("pids", 4)]
        process.kill()
        process.wait()
        self.ended(pids)

    def test_killed_with_its_process_group_what_left_the_group_ends_too(self):
        process = self.start("sh", "-c", "echo $$ >> pids; setsid sh -c 'echo $$ >> pids; sleep 50' & wait")
        pids = [int(line) for line in self.lines("pids", 2)]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.ended(pids)

    def test_killed_while_a_question_waits_nothing_is_done(self):
        approver = self.file("silent.py", SILENT, 0o755)
        process = self.start("sh", "-c", "echo $$ > pids; touch asked; touch after", options=[f"--approve=exec:{approver}"])
        pid = int(self.lines("pids")[0])
        self.wait_for((self.workspace / "asked-somebody").exists, "the question")
        process.kill()
        process.wait()
        self.ended([pid])
        time.sleep(0.2)
        self.assertFalse((self.workspace / "asked").exists())
        self.assertFalse((self.workspace / "after").exists())

    def test_killed_while_the_first_question_waits_the_command_never_starts(self):
        approver = self.file("silent.py", SILENT, 0o755)
        process = self.start("touch", "asked", options=[f"--approve=exec:{approver}"])
        self.wait_for((self.workspace / "asked-somebody").exists, "the question")
        process.kill()
        process.wait()
        time.sleep(0.3)
        self.assertFalse((self.workspace / "asked").exists())

    def test_what_it_leaves_is_cleaned_by_the_next_run(self):
        process = self.start("sh", "-c", "echo $$ > pids; sleep 50")
        pid = int(self.lines("pids")[0])
        process.kill()
        process.wait()
        self.ended([pid])
        self.assertEqual(len(self.sessions()), 1)
        self.wait_for(lambda: self.guard("true").returncode == 0 and self.sessions() == [], "an empty runtime directory")

    def test_stopped_and_continued_it_goes_on(self):
        approver = self.file("approver.py", "#!/bin/sh\nread line; id=$(echo \"$line\" | grep -o '\"id\":[0-9]*')\n"
                             "sleep 0.5; printf '{\"type\":\"answer\",%s,\"decision\":\"allow\",\"scope\":\"once\"}\\n' $id\n",
                             0o755)
        process = self.start("sh", "-c", "echo $$ > pids; touch asked; echo $?", options=[f"--approve=exec:{approver}"])
        self.lines("pids")
        process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        self.assertFalse((self.workspace / "asked").exists())
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=20)
        self.assertEqual((out, process.returncode), ("0\n", 0), err)


class KeeperGone(RunCase):
    """Killed from outside: the run's own processes do not reach it."""

    def test_the_command_cannot_kill_it(self):
        for guard in ("shim", "kernel"):
            with self.subTest(guard):
                result = self.guard("sh", "-c", "kill -9 $PPID; echo $?; /bin/kill -STOP $PPID; echo $?",
                                    options=[f"--guard={guard}"])
                self.assertEqual((result.stdout, result.returncode), ("1\n1\n", 0), result.stderr)

    def test_killed_the_run_ends(self):
        process = self.start("sh", "-c", "echo $$ >> pids; setsid sh -c 'echo $$ >> pids; sleep 50' & sleep 50")
        pids = [int(line) for line in self.lines("pids", 2)]
        first = min(pids, key=lambda pid: parent(pid) in pids)
        os.kill(parent(first), signal.SIGKILL)
        _, err = process.communicate(timeout=20)
        self.wait_for(lambda: not any(map(alive, pids)), "the end of the run")
        self.assertEqual(process.returncode, 137)
        self.assertIn("keeper", err)

    def test_stopped_it_cannot_hold_the_run_open_for_ever(self):
        process = self.start("sh", "-c", "echo $$ > pids; sleep 50", options=["--timeout=300ms"])
        pid = int(self.lines("pids")[0])
        os.kill(parent(pid), signal.SIGSTOP)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 124)
        self.wait_for(lambda: not alive(pid), "the end of the command")

    def test_stopped_before_the_command_begins_it_cannot_either(self):
        process = self.start("sleep", "50", options=["--timeout=300ms", "--guard=shim"])
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        until = time.monotonic() + 10
        while not (keeper := children.read_text().split()) and time.monotonic() < until:
            pass
        os.kill(int(keeper[0]), signal.SIGSTOP)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 124)


class LeftBehind(RunCase):
    def test_what_outlives_the_command_is_ended_and_named(self):
        began = time.monotonic()
        result = self.guard("sh", "-c", "sleep 50 & echo $! > pids; exit 3")
        self.assertEqual(result.returncode, 3)
        self.assertIn("still running when the command ended", result.stderr)
        self.assertIn("sleep (", result.stderr)
        self.assertFalse(alive(int(self.lines("pids")[0])))
        self.assertLess(time.monotonic() - began, 10)

    def test_a_daemon_is_ended_too(self):
        self.guard("sh", "-c", "setsid sh -c 'sh -c \"echo \\$\\$ > pids; exec sleep 50\" &' & while ! [ -s pids ]; do sleep 0.01; done")
        self.assertFalse(alive(int(self.lines("pids")[0])))

    def test_what_needs_a_moment_longer_gets_it(self):
        result = self.guard("bash", "-c", "echo one > >(sleep 0.2; cat > late); exit 0")
        self.assertEqual((self.workspace / "late").read_text(), "one\n")
        self.assertNotIn("still running", result.stderr)

    def test_what_does_not_listen_is_killed(self):
        result = self.guard("sh", "-c", "(trap '' TERM; echo $(exec sh -c 'echo $PPID') > pids; while :; do sleep 1; done) & "
                                        "while ! [ -s pids ]; do sleep 0.01; done; exit 4")
        self.assertEqual(result.returncode, 4)
        self.assertFalse(alive(int(self.lines("pids")[0])))

    def test_what_is_stopped_is_ended_too(self):
        result = self.guard("sh", "-c", "sleep 50 & echo $! > pids; kill -STOP $!; exit 5")
        self.assertEqual(result.returncode, 5)
        self.assertFalse(alive(int(self.lines("pids")[0])))


class Signals(RunCase):
    TRAPS = "import os, signal, sys, time\n" \
            "def note(number, frame):\n" \
            "    os.write(1, b'%d\\n' % number)\n" \
            "    if number == signal.SIGTERM: sys.exit(9)\n" \
            "for n in (1, 2, 3, 10, 12, 14, 15, 28, 40): signal.signal(n, note)\n" \
            "open('ready', 'w').write('\\n')\n" \
            "while True: time.sleep(1)\n"

    def test_those_sent_to_the_launcher_reach_the_command_once(self):
        process = self.start(sys.executable, "-c", self.TRAPS)
        self.lines("ready")
        seen = ""
        for number in (1, 2, 3, 10, 12, 14, 28, 40, 15):
            process.send_signal(number)
            seen += process.stdout.readline()
        out, err = process.communicate(timeout=20)
        self.assertEqual(seen + out, "1\n2\n3\n10\n12\n14\n28\n40\n15\n", err)
        self.assertEqual(process.returncode, 9)

    def test_the_launcher_dies_of_none_that_the_command_outlives(self):
        process = self.start("sh", "-c", "trap '' TERM HUP INT USR1; echo > ready; sleep 1; echo done")
        self.lines("ready")
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGPIPE):
            process.send_signal(number)
        out, err = process.communicate(timeout=20)
        self.assertEqual((out, process.returncode), ("done\n", 0), err)

    def test_nohup_holds(self):
        process = self.start("sh", "-c", "echo > ready; sleep 1; echo done",
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.lines("ready")
        os.killpg(process.pid, signal.SIGHUP)
        out, err = process.communicate(timeout=20)
        self.assertEqual((out, process.returncode), ("done\n", 0), err)

    def test_sigterm_ends_a_command_that_does_not_handle_it(self):
        process = self.start("sh", "-c", "echo > ready; exec sleep 50")
        self.lines("ready")
        process.terminate()
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 143)

    def test_while_the_first_question_waits_it_ends_the_run(self):
        approver = self.file("silent.py", SILENT, 0o755)
        process = self.start("touch", "asked", options=[f"--approve=exec:{approver}"])
        self.wait_for((self.workspace / "asked-somebody").exists, "the question")
        process.terminate()
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 143)
        self.assertFalse((self.workspace / "asked").exists())
        self.assertEqual(self.sessions(), [])

    def test_a_command_stopped_by_its_child_is_continued_by_it(self):
        script = "sh -c 'kill -STOP $PPID; sleep 0.3; /bin/echo awake; kill -CONT $PPID'; echo end"
        result = self.guard("sh", "-c", script + "; true", limit=20)
        self.assertEqual(result.stdout, "awake\nend\n")


class ClosedPipes(RunCase):
    def test_a_reader_that_goes_ends_the_command_as_it_ends_the_bare_one(self):
        process = self.start("yes", options=["--quiet"])
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=20), 128 + signal.SIGPIPE)
        process.stdout = None

    def test_without_a_reader_of_its_errors_the_launcher_goes_on(self):
        read, write = os.pipe()
        os.close(read)
        process = self.start("sh", "-c", "touch asked; sleep 50 & echo done", stderr=write)
        os.close(write)
        self.assertEqual(process.communicate(timeout=20)[0], "done\n")
        self.assertEqual(process.returncode, 0)
        self.assertFalse((self.workspace / "asked").exists())

    def test_an_approver_that_is_gone_refuses_and_the_run_goes_on(self):
        questions, answers = os.pipe(), os.pipe()
        os.close(questions[0])
        os.close(answers[1])
        result = self.guard("sh", "-c", "touch asked; echo $?", pass_fds=[answers[0], questions[1]],
                            options=[f"--approve=fd:{answers[0]},{questions[1]}"], limit=30)
        os.close(questions[1])
        os.close(answers[0])
        self.assertFalse((self.workspace / "asked").exists())
        self.assertIn((result.stdout, result.returncode), [("126\n", 0), ("", 125)], result.stderr)


class NoRoom(RunCase):
    """The command may use up whatever it has; the guard must neither break nor give way."""

    def test_it_closes_every_descriptor(self):
        result = self.guard(sys.executable, "-c",
                            "import os, subprocess; os.closerange(0, 4096); pid = os.posix_spawn('/usr/bin/touch',"
                            "['touch', 'asked'], os.environ); status = os.waitpid(pid, 0)[1]; "
                            "os._exit(os.waitstatus_to_exitcode(status))")
        self.assertFalse((self.workspace / "asked").exists())
        self.assertNotEqual(result.returncode, 0)
        result = self.guard(sys.executable, "-c",
                            "import os; os.closerange(0, 4096); pid = os.fork()\n"
                            "if not pid: os.execv('/usr/bin/touch', ['touch', 'other'])\n"
                            "os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue((self.workspace / "other").exists())

    def test_it_uses_up_its_descriptors(self):
        script = "import os, sys\nfds = []\ntry:\n  while True: fds.append(os.dup(0))\nexcept OSError: pass\n" \
                 "try: os.execv('/usr/bin/touch', ['touch', 'asked'])\nexcept OSError as e: print(e.errno, flush=True)\n" \
                 "[os.close(fd) for fd in fds]\nos.execv('/usr/bin/touch', ['touch', 'other'])\n"
        policy = self.policy(self.permissive.read_text() + "limits: {open_files: 64}\n", "few.yaml")
        result = self.guard(sys.executable, "-c", script, policy=policy, options=["--quiet"])
        self.assertFalse((self.workspace / "asked").exists())
        self.assertTrue((self.workspace / "other").exists(), result.stderr)
        self.assertNotEqual(result.stdout, "")

    def test_it_deletes_its_working_directory(self):
        script = "mkdir gone; cd gone; rmdir ../gone; touch asked; echo $?; /bin/echo still here"
        result = self.guard("sh", "-c", script)
        self.assertEqual(result.stdout, "126\nstill here\n", result.stderr)

    def test_it_is_started_in_a_directory_that_was_deleted(self):
        script = f'mkdir gone; cd gone; rmdir ../gone; exec "{support.ASKFIRST}" run --policy "{self.permissive}" '
        result = self.command("sh", "-c", script + "-- touch /dev/null")
        self.assertEqual(result.returncode, 125)
        self.assertIn("--workspace", result.stderr)
        result = self.command("sh", "-c", script + f'--workspace "{self.workspace}" -- echo here')
        self.assertEqual((result.stdout, result.returncode), ("here\n", 0), result.stderr)

    def test_its_working_directory_is_deeper_than_a_path_may_be_long(self):
        walk = "import os\nfor i in range(25):\n  {make}os.chdir('d' * 200)\n"
        self.addCleanup(subprocess.run, ["rm", "-rf", "d" * 200], cwd=self.workspace)
        self.command(sys.executable, "-c", walk.format(make="os.mkdir('d' * 200); "))
        inside = walk.format(make="") + \
            "import subprocess\nprint(subprocess.run(['/bin/echo', 'deep']).returncode, flush=True)\n" \
            "print(subprocess.run(['touch', 'asked']).returncode, os.path.exists('asked'), flush=True)\n"
        result = self.guard(sys.executable, "-c", inside, options=["--guard=shim", "--quiet"])
        self.assertEqual(result.stdout.splitlines()[:2], ["deep", "0"], result.stderr)
        self.assertNotIn("True", result.stdout)

    def test_in_a_directory_deeper_than_a_path_may_be_long_nothing_is_made(self):
        text = ("import os\ntry:\n  for _ in range(20): os.mkdir('d' * 250); os.chdir('d' * 250)\n"
                "except OSError as error: print(error.strerror)\n")
        result = self.guard("/usr/bin/python3", "-c", text, options=["--guard=kernel", "--quiet"])
        self.assertEqual((result.returncode, result.stdout), (0, "File name too long\n"), result.stderr)

    def test_it_is_started_in_a_directory_deeper_than_a_path_may_be_long(self):
        make = "import os, sys\nfor i in range(25):\n  os.mkdir('d' * 200); os.chdir('d' * 200)\n" \
               "os.execv(sys.argv[1], sys.argv[1:])\n"
        self.addCleanup(subprocess.run, ["rm", "-rf", "d" * 200], cwd=self.workspace)
        result = self.command(sys.executable, "-c", make, support.ASKFIRST, "run", "--policy", self.permissive,
                              "--workspace", self.workspace, "--", "echo", "deep")
        self.assertEqual((result.stdout, result.returncode), ("deep\n", 0), result.stderr)

    def test_a_hundred_thousand_arguments(self):
        script = "import subprocess; print(subprocess.run(['/bin/echo'] + ['x'] * 100000, capture_output=True).stdout.count(b'x'))"
        self.assertEqual(self.guard(sys.executable, "-c", script).stdout, "100000\n")
        result = self.guard("/bin/echo", *["x"] * 100000)
        self.assertEqual(result.stdout.count("x"), 100000, result.stderr)


class Nested(RunCase):
    def test_a_run_in_a_run_stays_under_the_first_one(self):
        inner = [support.ASKFIRST, "run", "--policy", self.policy("exec: [{allow: \"/**\"}]\n", "lax.yaml"), "--"]
        result = self.guard(*inner, "touch", "forbidden")
        self.assertFalse((self.workspace / "forbidden").exists())
        self.assertNotEqual(result.returncode, 0)
        result = self.guard(*inner, "sh", "-c", "exit 6")
        self.assertEqual(result.returncode, 6)
        self.assertIn("guarded run already", result.stderr)

    def test_under_the_kernel_guard_too(self):
        inner = [support.ASKFIRST, "run", "--approve=allow", "--"]
        result = self.guard(*inner, "sh", "-c", "exit 6", options=["--guard=kernel"])
        self.assertEqual(result.returncode, 6, result.stderr)
        self.assertIn("guarded run already", result.stderr)
        result = self.guard(*inner, "touch", "forbidden", options=["--guard=kernel"])
        self.assertFalse((self.workspace / "forbidden").exists())
        self.assertNotEqual(result.returncode, 0)

    def test_an_approvers_command_is_no_part_of_the_run(self):
        approver = self.file("approver.sh", f"""#!/bin/sh
            "{support.ASKFIRST}" run --policy "{self.permissive}" --approve=deny -- touch forbidden 2> inner
            echo $? >> inner
            echo '{{"type":"answer","id":1,"decision":"deny"}}'\n""", 0o755)
        self.guard("touch", "asked", options=[f"--approve=exec:{approver}"])
        self.assertFalse((self.workspace / "forbidden").exists())
        self.assertEqual(self.lines("inner")[-1], "126")

    def test_a_variable_alone_makes_no_guarded_run(self):
        result = self.guard("touch", "forbidden", env=self.environment(ASKFIRST_SESSION="/tmp"))
        self.assertEqual(result.returncode, 126)
        self.assertFalse((self.workspace / "forbidden").exists())


if __name__ == "__main__":
    support.main()
