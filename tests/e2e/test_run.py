"""askfirst run: its options, its exit statuses, and what it passes on to the command unchanged."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import support

PERMISSIVE = """
read: [{allow: "/**"}]
write: [{allow: "/**"}]
exec: [{deny: touch forbidden}, {ask: touch asked}, {allow: "/**"}]
connect: [{allow: "*"}]
"""


class RunCase(support.Case):
    def setUp(self):
        super().setUp()
        self.permissive = self.policy(PERMISSIVE)
        self.runtime = self.directory("runtime")

    def environment(self, **more):
        return super().environment(**{"XDG_RUNTIME_DIR": self.runtime, **more})

    def guard(self, *command, options=(), policy=None, **more):
        """Runs a command guarded, with a policy that allows nearly everything."""
        return self.askfirst("run", "--policy", policy or self.permissive, *options, "--", *command, **more)

    def start(self, *command, options=(), **more):
        """The same, not waited for."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        more.setdefault("env", self.environment())
        process = subprocess.Popen([support.ASKFIRST, "run", "--policy", self.permissive, *options, "--", *command],
                                   stdin=subprocess.DEVNULL, cwd=self.workspace, start_new_session=True, text=True,
                                   **more)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def wait_for(self, found, what, limit=10):
        until = time.monotonic() + limit
        while time.monotonic() < until:
            result = found()
            if result:
                return result
            time.sleep(0.01)
        self.fail(f"{what}: not within {limit} s")

    def lines(self, name, count=1):
        """The lines of a file below the workspace, once there are so many of them."""
        path = self.workspace / name

        def read():
            text = path.read_text() if path.exists() else ""
            return text.split("\n")[:-1] if text.count("\n") >= count else None

        return self.wait_for(read, f"{count} lines in {name}")

    def sessions(self):
        base = self.runtime / "askfirst"
        return sorted(base.iterdir()) if base.exists() else []


class Statuses(RunCase):
    def test_the_commands_own(self):
        for status in (0, 1, 77, 124, 255):
            self.assertEqual(self.guard("sh", "-c", f"exit {status}").returncode, status)

    def test_a_signal_is_128_and_its_number(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1, signal.SIGINT, signal.SIGSEGV):
            result = self.guard("sh", "-c", f"ulimit -c 0; kill -{int(number)} $$")
            self.assertEqual(result.returncode, 128 + number, result.stderr)

    def test_not_found_is_127_and_says_so(self):
        for name in ("no-such-command", "./no-such-command", "/no/such/command", "/etc/passwd/command"):
            result = self.guard(name)
            self.assertEqual(result.returncode, 127)
            self.assertIn(f"askfirst: {name}: command not found", result.stderr)

    def test_not_executable_is_126(self):
        plain = self.file("home/work/plain", "#!/bin/sh\n", 0o644)
        for name in (plain, self.workspace, "./plain"):
            result = self.guard(name)
            self.assertEqual(result.returncode, 126)
            self.assertIn(f"askfirst: {name}: it cannot be executed: Permission denied", result.stderr)

    def test_a_missing_interpreter_is_127_as_in_env(self):
        self.file("home/work/script", "#!/no/such/interpreter\n", 0o755)
        bare = self.command("env", "./script")
        result = self.guard("./script")
        self.assertEqual(result.returncode, bare.returncode)
        self.assertIn("interpreter", result.stderr)

    def test_a_search_goes_on_behind_what_cannot_be_executed(self):
        self.file("home/one/tool", "#!/bin/sh\necho one\n", 0o644)
        self.file("home/two/tool", "#!/bin/sh\necho two\n", 0o755)
        env = self.environment(PATH=f"{self.home}/one:{self.home}/two:/usr/bin:/bin")
        self.assertEqual(self.guard("tool", env=env).stdout, "two\n")
        env = self.environment(PATH=f"{self.home}/one:/usr/bin:/bin")
        self.assertEqual(self.guard("tool", env=env).returncode, 126)

    def test_an_empty_part_of_the_path_is_the_working_directory(self):
        self.file("home/work/tool", "#!/bin/sh\necho here\n", 0o755)
        self.assertEqual(self.guard("tool", env=self.environment(PATH="/usr/bin:/bin:")).stdout, "here\n")

    def test_a_script_without_its_first_line_is_run_by_the_shell(self):
        self.file("home/work/script", 'echo "$0" "$@"\n', 0o755)
        result = self.guard("./script", "one", "two words")
        self.assertEqual((result.stdout, result.returncode), ("./script one two words\n", 0), result.stderr)

    def test_refused_is_126_and_nothing_ran(self):
        result = self.guard("touch", "forbidden")
        self.assertEqual(result.returncode, 126)
        self.assertIn("denied", result.stderr)
        self.assertFalse((self.workspace / "forbidden").exists())

    def test_what_nobody_is_there_to_be_asked_about_is_126(self):
        result = self.guard("touch", "asked")
        self.assertEqual(result.returncode, 126)
        self.assertFalse((self.workspace / "asked").exists())

    def test_what_was_approved_runs(self):
        self.assertEqual(self.guard("touch", "asked", options=["--approve=allow"]).returncode, 0)
        self.assertTrue((self.workspace / "asked").exists())


class Misuse(RunCase):
    def refused(self, *argv, saying):
        result = self.askfirst("run", *argv)
        self.assertEqual(result.returncode, 125, result.stderr)
        self.assertEqual(result.stdout, "")
        for text in saying:
            self.assertIn(text, result.stderr)
        self.assertFalse((self.workspace / "ran").exists())
        self.assertEqual(self.sessions(), [])

    def test_an_unknown_option(self):
        self.refused("--polcy=x", "--", "touch", "ran", saying=["--polcy: unknown option", "--policy"])

    def test_no_command(self):
        self.refused(saying=["no command"])
        self.refused("--quiet", "--", saying=["no command"])
        self.refused("--", "", saying=["no command"])

    def test_values_that_mean_nothing(self):
        command = ["--", "touch", "ran"]
        self.refused("--guard=krenel", *command, saying=["--guard", "krenel", "did you mean kernel"])
        self.refused("--mode=off", *command, saying=["--mode", "off", "enforce"])
        for time_value in ("0", "-1", "soon", "10x", "99999999999999999999", "1.5s", "s"):
            self.refused(f"--timeout={time_value}", *command, saying=["--timeout", "30s"])
        self.refused("--ask-timeout=soon", *command, saying=["--ask-timeout"])
        self.refused("--env==x", *command, saying=["--env", "NAME"])
        self.refused("--approve=smoke-signals", *command, saying=["smoke-signals"])
        self.refused("--workspace=/no/such/place", *command, saying=["--workspace: /no/such/place"])
        self.refused("--workspace=/etc/passwd", *command, saying=["--workspace: /etc/passwd", "no directory"])

    def test_a_policy_with_an_error(self):
        policy = self.policy("exec: [{alow: ls}]\n", "broken.yaml")
        self.refused("--policy", policy, "--", "touch", "ran", saying=["broken.yaml:2:", "alow", "nothing was run"])

    def test_no_terminal(self):
        self.refused("--policy", self.permissive, "--approve=tty", "--", "touch", "ran", saying=["tty"])

    def test_an_audit_place_that_cannot_be_written(self):
        self.refused("--policy", self.permissive, "--audit=/proc/nowhere", "--", "touch", "ran", saying=["--audit: /proc/nowhere", "nothing was run"])
        self.refused("--policy", self.permissive, "--audit=/dev/full/x", "--", "touch", "ran", saying=["/dev/full"])

    def test_a_runtime_directory_that_others_may_enter(self):
        (self.runtime / "askfirst").mkdir(mode=0o755)
        result = self.guard("touch", "ran")
        self.assertEqual(result.returncode, 125)
        self.assertIn("remove it", result.stderr)

    def test_a_runtime_directory_that_is_a_link(self):
        (self.runtime / "askfirst").symlink_to(self.directory("elsewhere"))
        result = self.guard("touch", "ran")
        self.assertEqual(result.returncode, 125)
        self.assertFalse((self.workspace / "ran").exists())
        self.assertEqual(list((self.tmp / "elsewhere").iterdir()), [])

    def test_a_shim_where_the_loader_cannot_be_told_of_it(self):
        place = self.directory("with a blank")
        for name in ("askfirst", "libaskfirst.so"):
            (place / name).write_bytes((support.BUILD / name).read_bytes())
            (place / name).chmod(0o755)
        run = [place / "askfirst", "run", "--quiet", "--policy", self.permissive]
        result = self.command(*run, "--guard=shim", "--", "touch", "ran")
        self.assertEqual(result.returncode, 125)
        self.assertIn("blank", result.stderr)
        self.assertFalse((self.workspace / "ran").exists())
        result = self.command(*run, "--guard=kernel", "--", "env")  # which does without it
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertNotIn("LD_PRELOAD", result.stdout)

    def test_a_missing_shim(self):
        place = self.directory("alone")
        (place / "askfirst").write_bytes((support.BUILD / "askfirst").read_bytes())
        (place / "askfirst").chmod(0o755)
        result = self.command(place / "askfirst", "run", "--policy", self.permissive, "--", "touch", "ran")
        self.assertEqual(result.returncode, 125)
        self.assertIn("libaskfirst.so", result.stderr)
        self.assertFalse((self.workspace / "ran").exists())

    def test_help_is_no_error(self):
        result = self.askfirst("run", "--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--ask-timeout", result.stdout)


class Banner(RunCase):
    def test_it_says_what_the_shim_is_not(self):
        result = self.guard("true", options=["--guard=shim"])
        self.assertIn("no boundary", result.stderr)
        self.assertEqual((result.stdout, result.returncode), ("", 0))

    def test_kernel_says_nothing(self):
        for options in ([], ["--guard=kernel"]):
            result = self.guard("true", options=options)
            self.assertEqual((result.stdout, result.stderr, result.returncode), ("", "", 0))

    def test_auto_says_what_it_took(self):
        result = self.guard("true", options=["--guard=auto"])
        self.assertEqual((result.stdout, result.stderr, result.returncode), ("", "askfirst: guard auto took kernel\n", 0))

    def test_quiet_is_quiet(self):
        result = self.guard("true", options=["--quiet"])
        self.assertEqual((result.stdout, result.stderr, result.returncode), ("", "", 0))

    def test_observing_is_said(self):
        self.assertIn("observe", self.guard("true", options=["--mode=observe"]).stderr)


class Unchanged(RunCase):
    """What the command finds is what it would have found without askfirst."""

    def both(self, *command, quiet=True, **more):
        bare = self.command(*command, **more)
        guarded = self.guard(*command, options=["--quiet"] if quiet else [], **more)
        return bare, guarded

    def same(self, *command, **more):
        bare, guarded = self.both(*command, **more)
        self.assertEqual(guarded.stdout, bare.stdout)
        self.assertEqual(guarded.stderr, bare.stderr)
        self.assertEqual(guarded.returncode, bare.returncode)
        return guarded

    def test_standard_streams(self):
        self.same("sh", "-c", "cat; echo out; echo err >&2", input="some input\n")

    def test_arguments_are_taken_as_they_are(self):
        self.same("printf", "%s|", "", " ", "a\nb", "--quiet", "-x", "*", "\udcff\udc80", "$(id)")

    def test_the_name_it_is_called_by(self):
        self.same("sh", "-c", "tr '\\0' '\\n' < /proc/$$/cmdline")

    def test_working_directory_umask_priority_and_limits(self):
        script = "import os,resource; print(os.getcwd(), oct(os.umask(0)), os.getpriority(os.PRIO_PROCESS, 0)," \
                 "[resource.getrlimit(i) for i in range(16)], os.sched_getaffinity(0), os.getsid(0) == os.getpgid(0))"

        def prepare():
            os.umask(0o027)
            os.nice(3)
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))

        self.same(sys.executable, "-c", script, preexec_fn=prepare)

    def test_signal_dispositions_and_mask(self):
        script = "import re; print(re.findall('Sig(?:Blk|Ign|Cgt):.*', open('/proc/self/status').read()))"

        def prepare():
            for number in (signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGTSTP):
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGALRM])

        python = [sys.executable, "-c", script]
        self.same(*python)
        self.same(*python, preexec_fn=prepare)
        self.same(*python, restore_signals=False)

    def test_the_process_group_and_session_are_those_of_the_launcher(self):
        script = "import os; print(os.getpgid(0) == int(os.environ['GROUP']), os.getsid(0) == int(os.environ['GROUP']))"
        process = subprocess.Popen(["sh", "-c", f'GROUP=$$ exec "{support.ASKFIRST}" run --quiet --policy "$0" -- "$@"',
                                    self.permissive, sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
                                   start_new_session=True, env=self.environment(), cwd=self.workspace)
        self.assertEqual(process.communicate(timeout=20)[0], "True True\n")

    def test_descriptors(self):
        listing = "import os; print([(int(fd), os.readlink(f'/proc/self/fd/{fd}').split(':')[0])" \
                  " for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')])"
        with open("/dev/null") as one, open("/etc/passwd") as other:
            self.same(sys.executable, "-c", listing, pass_fds=[one.fileno(), other.fileno()])

    def test_a_closed_standard_stream_stays_closed(self):
        listing = "import os; os.write(9, str([fd for fd in range(3) if os.path.exists(f'/proc/self/fd/{fd}')]).encode())"
        for closed in ("<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"):
            script = f'"$@" {closed}'
            seen = []
            for prefix in ([], [support.ASKFIRST, "run", "--quiet", "--policy", self.permissive, "--"]):
                out = self.tmp / "out"
                self.command("sh", "-c", f"exec 9> {out}; {script}", "sh", *prefix, sys.executable, "-c", listing)
                seen.append(out.read_text())
            self.assertEqual(seen[0], seen[1], closed)

    def test_a_pipe_ends_when_the_command_closes_it(self):
        process = self.start("sh", "-c", "echo first; exec >&-; sleep 30", options=["--quiet"])
        self.assertEqual(process.stdout.read(), "first\n")
        self.assertIsNone(process.poll())

    def test_an_inherited_pipe_ends_when_the_command_closes_it(self):
        read, write = os.pipe()
        process = self.start("sh", "-c", f"echo first >&{write}; exec {write}>&-; sleep 30", pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as pipe:
            self.assertEqual(pipe.read(), "first\n")
        self.assertIsNone(process.poll())

    def test_an_approvers_descriptors_do_not_reach_the_command(self):
        questions, answers = os.pipe(), os.pipe()
        listing = "import os; print([fd for fd in range(100) if os.path.exists(f'/proc/self/fd/{fd}')])"
        result = self.guard(sys.executable, "-c", listing, pass_fds=[answers[0], questions[1]],
                            options=[f"--approve=fd:{answers[0]},{questions[1]}"])
        for fd in (*questions, *answers):
            os.close(fd)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout), [0, 1, 2])

    def test_the_standard_streams_are_the_commands_and_no_approvers(self):
        result = self.guard("touch", "ran", options=["--approve=fd:0,1"])
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assertIn("fd:0,1", result.stderr)
        self.assertFalse((self.workspace / "ran").exists())

    def test_set_user_id_programs_gain_nothing(self):
        result = self.guard("grep", "NoNewPrivs", "/proc/self/status")
        self.assertEqual(result.stdout.split(), ["NoNewPrivs:", "1"])


class Environment(RunCase):
    def variables(self, *options, policy=None, **env):
        result = self.guard("env", "-0", options=["--quiet", *options], policy=policy,
                            env=self.environment(**env))
        self.assertEqual(result.returncode, 0, result.stderr)
        return dict(entry.split("=", 1) for entry in result.stdout.split("\0")[:-1])

    def test_what_is_kept_back_is_named(self):
        policy = self.dropping()
        env = self.environment(THE_SECRET="x", MY_SECRET="y", A_SECRET="z", OTHER_SECRET="w")
        result = self.guard("true", options=["--env=OTHER_SECRET"], policy=policy, env=env)
        self.assertIn("askfirst: kept back: ", result.stderr)
        names = result.stderr.partition("kept back: ")[2].partition(" (env: in the policy, or --env NAME)\n")[0]
        self.assertEqual(sorted(names.split(", ")), ["A_SECRET", "THE_SECRET"])
        self.assertEqual(self.guard("true", options=["--quiet"], policy=policy, env=env).stderr, "")
        self.assertNotIn("kept back", self.guard("true", policy=policy).stderr)

    def dropping(self):
        return self.policy(PERMISSIVE + 'env: {drop: ["*SECRET*"], keep: [MY_SECRET]}\n', "dropping.yaml")

    def test_what_the_policy_drops_is_gone(self):
        seen = self.variables(policy=self.dropping(), A_SECRET="x", MY_SECRET="y", PLAIN="z")
        self.assertNotIn("A_SECRET", seen)
        self.assertEqual((seen["MY_SECRET"], seen["PLAIN"]), ("y", "z"))

    def test_env_passes_a_variable_through(self):
        seen = self.variables("--env", "A_SECRET", "--env", "MISSING", policy=self.dropping(), A_SECRET="x")
        self.assertEqual(seen["A_SECRET"], "x")
        self.assertNotIn("MISSING", seen)

    def test_env_sets_a_variable_and_the_last_one_counts(self):
        seen = self.variables("--env=A_SECRET=new", "--env=B=1", "--env=B=2=3", "--env=C=", policy=self.dropping(),
                              A_SECRET="old")
        self.assertEqual((seen["A_SECRET"], seen["B"], seen["C"]), ("new", "2=3", ""))

    def test_the_command_is_looked_for_in_the_path_that_it_gets(self):
        self.file("home/one/tool", "#!/bin/sh\necho found\n", 0o755)
        result = self.guard("tool", options=["--env", f"PATH={self.home}/one"])
        self.assertEqual(result.stdout, "found\n", result.stderr)

    def test_everything_else_is_as_it_was(self):
        seen = self.variables(ODD="a\nb", EMPTY="")
        expected = {name: value for name, value in self.environment(ODD="a\nb", EMPTY="").items()}
        for name in ("LD_PRELOAD", "ASKFIRST_SESSION"):
            seen.pop(name)
        seen.pop("MAN_DISABLE_SECCOMP", None)  # of guard shim
        self.assertEqual(seen, expected)

    def test_the_shim_comes_first_and_other_preloads_stay(self):
        other = "/no/such/library.so"
        seen = self.variables(LD_PRELOAD=f"/old/libaskfirst.so {other}")
        self.assertEqual(seen["LD_PRELOAD"].split(":"), [str(support.SHIM), other])

    def test_a_loader_variable_that_leads_around_the_door_is_not_passed_on(self):
        result = self.guard("env", env=self.environment(LD_AUDIT="", LD_PROFILE_OUTPUT="/tmp"))
        self.assertNotIn("LD_PROFILE_OUTPUT=", result.stdout)
        self.assertIn("LD_PROFILE_OUTPUT is not passed on", result.stderr)

    def test_env_cannot_set_what_would_lead_around_the_door(self):
        for entry in ("LD_AUDIT=x.so", "ASKFIRST_SESSION=/tmp", "ASKFIRST_SESSION"):
            result = self.guard("touch", "ran", options=["--env", entry])
            self.assertEqual(result.returncode, 125)
            self.assertIn("--env: " + entry.split("=")[0], result.stderr)
        self.assertFalse((self.workspace / "ran").exists())


class Limits(RunCase):
    def limited(self, limits, *command, **more):
        return self.guard(*command, policy=self.policy(PERMISSIVE + f"limits: {limits}\n", "limited.yaml"),
                          options=["--quiet"], **more)

    def test_they_are_set(self):
        script = "import resource as r; print([r.getrlimit(i) for i in " \
                 "(r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CPU)])"
        result = self.limited("{memory: 4GiB, file_size: 1MiB, open_files: 64, cpu: 90s}", sys.executable, "-c", script)
        self.assertEqual(json.loads(result.stdout.replace("(", "[").replace(")", "]")),
                         [[4 << 30] * 2, [1 << 20] * 2, [64, 64], [90, 95]])

    def test_a_tighter_one_stays(self):
        script = "import resource as r; print(*r.getrlimit(r.RLIMIT_NOFILE))"
        result = self.limited("{open_files: 4096}", sys.executable, "-c", script,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 100)))
        self.assertEqual(result.stdout.split(), ["50", "100"])

    def test_a_file_that_grows_too_large(self):
        result = self.limited("{file_size: 4KiB}", "sh", "-c", "head -c 10000 /dev/zero > big")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual((self.workspace / "big").stat().st_size, 4096)

    def test_processes_are_counted_beside_what_runs_already(self):
        script = "import resource as r; print(r.getrlimit(r.RLIMIT_NPROC)[0])"
        result = self.limited("{processes: 7}", sys.executable, "-c", script)
        self.assertGreater(int(result.stdout), 7)

    def test_time_ends_it_as_timeout_does(self):
        result = self.limited("{time: 1s}", "sleep", "30")
        self.assertEqual(result.returncode, 124)


class Timeout(RunCase):
    def test_it_is_124_and_said(self):
        began = time.monotonic()
        result = self.guard("sleep", "30", options=["--timeout=300ms"])
        self.assertEqual(result.returncode, 124)
        self.assertIn("time limit of 300ms", result.stderr)
        self.assertLess(time.monotonic() - began, 10)

    def test_what_ignores_sigterm_is_killed(self):
        result = self.guard("sh", "-c", "trap '' TERM; sleep 30 & sleep 30; sleep 30", options=["--timeout=200ms"])
        self.assertEqual(result.returncode, 124)

    def test_the_command_may_clean_up(self):
        script = "trap 'echo cleaned; exit 3' TERM; sleep 30 & wait"
        result = self.guard("sh", "-c", script, options=["--timeout=200ms"])
        self.assertEqual((result.returncode, result.stdout), (124, "cleaned\n"))

    def test_a_stopped_command_ends_too(self):
        result = self.guard("sh", "-c", "kill -STOP $$", options=["--timeout=300ms"])
        self.assertEqual(result.returncode, 124)

    def test_in_time_it_changes_nothing(self):
        self.assertEqual(self.guard("sh", "-c", "exit 5", options=["--timeout=1m"]).returncode, 5)

    def test_waiting_for_an_answer_does_not_count(self):
        answer = ("import sys,json,time\nfor line in sys.stdin:\n q=json.loads(line)\n if q['type']=='ask':\n"
                  "  time.sleep(1.5); print(json.dumps({'type':'answer','id':q['id'],'decision':'allow',"
                  "'scope':'once'})); sys.stdout.flush()\n")
        approver = self.file("approver.py", "#!/usr/bin/env python3\n" + answer, 0o755)
        result = self.guard("sh", "-c", "touch asked; echo done", options=["--timeout=1s", f"--approve=exec:{approver}"])
        self.assertEqual((result.returncode, result.stdout), (0, "done\n"), result.stderr)
        self.assertTrue((self.workspace / "asked").exists())


class Runtime(RunCase):
    def test_it_is_private_while_it_lives_and_gone_afterwards(self):
        result = self.guard("sh", "-c", 'stat -c "%a %u" "$ASKFIRST_SESSION" "$ASKFIRST_SESSION/.."; '
                                        'echo "$ASKFIRST_SESSION"')
        first, second, path = result.stdout.split("\n")[:3]
        self.assertEqual((first, second), (f"700 {os.getuid()}",) * 2)
        self.assertEqual(pathlib.Path(path).parent, self.runtime / "askfirst")
        self.assertEqual(self.sessions(), [])

    def test_without_a_runtime_directory_it_is_below_tmp(self):
        for value in (None, "relative", "/no/such/place", "/etc/passwd", "/"):
            result = self.guard("sh", "-c", 'echo "$ASKFIRST_SESSION"', env=self.environment(XDG_RUNTIME_DIR=value))
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(result.stdout.startswith(f"/tmp/askfirst-{os.getuid()}/"), result.stdout)

    def test_a_runtime_directory_too_long_for_a_socket_is_not_taken(self):
        deep = self.directory("x" * 100)
        result = self.guard("sh", "-c", 'echo "$ASKFIRST_SESSION"', env=self.environment(XDG_RUNTIME_DIR=deep))
        self.assertTrue(result.stdout.startswith("/tmp/askfirst-"), result.stderr)

    def test_what_dead_sessions_left_is_removed_and_the_living_stay(self):
        living = self.start("sh", "-c", 'echo "$ASKFIRST_SESSION" > living; sleep 30')
        path = pathlib.Path(self.lines("living")[0])
        dead = self.runtime / "askfirst" / "20200101-000000-abcdef"
        dead.mkdir(mode=0o700)
        (dead / "door").write_text("")
        (dead / "policy").write_text("")
        self.assertEqual(self.guard("true").returncode, 0)
        self.assertEqual(self.sessions(), [path])
        self.assertIsNone(living.poll())


class AsAnOrdinaryUser(RunCase):
    """As nobody, where the tests run as root: with a copy of what was built, in a place that nobody can reach."""

    def setUp(self):
        super().setUp()
        if os.getuid() != 0:
            self.place, self.prefix, self.program = self.workspace, [], support.ASKFIRST
            return
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="askfirst-nobody-")).resolve()
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        self.program = self.place / "askfirst"
        for name in ("askfirst", "libaskfirst.so"):
            (self.place / name).write_bytes((support.BUILD / name).read_bytes())
            (self.place / name).chmod(0o755)
        self.place.chmod(0o755)
        for name in ("run", "work", "home"):
            (self.place / name).mkdir(mode=0o700)
            os.chown(self.place / name, 65534, 65534)

    def as_nobody(self, *command, options=(), policy=PERMISSIVE):
        home, work = self.place / "home", self.place / "work"
        for directory in (home, work):
            directory.mkdir(exist_ok=True)
        path = self.place / "home" / "policy.yaml"
        path.write_text("askfirst: 1\n" + policy)
        if self.prefix:
            os.chown(path, 65534, 65534)
        path.chmod(0o600)
        env = self.environment(HOME=home, XDG_RUNTIME_DIR=self.place / "run" if self.prefix else self.runtime)
        return self.command(*self.prefix, self.program, "run", "--quiet", "--policy", path, *options, "--", *command,
                            env=env, cwd=work)

    def test_it_works_the_same(self):
        result = self.as_nobody("sh", "-c", "id -u; touch asked; echo $?; touch other; ls")
        user = "65534" if self.prefix else str(os.getuid())
        self.assertEqual((result.stdout.split(), result.returncode), ([user, "126", "other"], 0), result.stderr)

    def test_a_command_that_uses_up_its_processes_is_still_refused(self):
        script = "import os, time\nn = 0\ntry:\n  while n < 500:\n    if os.fork() == 0: time.sleep(60)\n    n += 1\n" \
                 "except BlockingIOError: print('full', flush=True)\n" \
                 "try: os.execv('/usr/bin/touch', ['touch', 'asked'])\nexcept OSError as e: print(e.errno, flush=True)\n" \
                 "os.execv('/usr/bin/touch', ['touch', 'other'])\n"
        result = self.as_nobody("/usr/bin/python3", "-c", script, policy=PERMISSIVE + "limits: {processes: 20}\n")
        self.assertEqual(result.stdout, "full\n13\n", result.stderr)
        self.assertTrue((self.place / "work" / "other").exists())
        self.assertFalse((self.place / "work" / "asked").exists())


if __name__ == "__main__":
    support.main()
