"""The kernel guard where Landlock knows less than here: what the floor cannot hold there, the watch holds, and signals within the
run arrive. Attacks whose outcome depends on it are made again, under one version after the other.
"""
import json
import os
import sys
import unittest

import older
import support
import test_escape

VERSIONS = range(1, 6)  # the sixth is the last that the floor asks anything of
POLICY = """
read: [{allow: "/**"}]
write: [{allow: ["${workspace}/**", /dev/**]}]
exec: [{allow: "/**"}]
otherwise: {read: deny, write: deny, exec: deny, connect: deny, debug: deny}
"""
# SIGCONT does no harm to anybody whom it should not have reached.
SCRIPT = """
import fcntl, json, os, signal, sys, time
got = []
signal.signal(signal.SIGCONT, lambda *_: got.append("CONT"))
signal.signal(signal.SIGIO, lambda *_: got.append("IO"))
def child(own_group):
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        if own_group:
            os.setpgid(0, 0)
        signal.signal(signal.SIGCONT, lambda *_: os._exit(7))
        os.write(tell, b"x")
        time.sleep(20)
        os._exit(1)
    os.read(ready, 1)
    return pid
def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
def failure(act, *args):
    try:
        act(*args)
    except OSError as error:
        return error.errno
said = {}
def case(name, act):
    del got[:]
    said[name] = act()
    time.sleep(0.01)
    said[name] = [said[name], got[:]]
def to_own_group():
    pid = child(False)
    os.kill(0, signal.SIGCONT)
    return ended(pid)
def to_a_group():
    pid = child(True)
    os.killpg(pid, signal.SIGCONT)
    return ended(pid)
def to_everybody():
    pids = child(True), child(False)
    os.kill(-1, signal.SIGCONT)
    return [ended(pid) for pid in pids]
def by_descriptor():
    pid = child(True)
    signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGCONT)
    return ended(pid)
def for_input():
    out, to = os.pipe()
    fcntl.fcntl(out, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(out, fcntl.F_SETFL, os.O_ASYNC)
    os.write(to, b"x")
for act in (to_own_group, to_a_group, to_everybody, by_descriptor, for_input):
    case(act.__name__, act)
said["no such group"] = failure(os.killpg, 0x3ffffe, signal.SIGCONT)
said["no such signal"] = failure(os.kill, 0, 99)
outsider = int(sys.argv[1])
said["an outsider"] = failure(os.kill, outsider, signal.SIGCONT)
said["an outsider's group"] = failure(os.killpg, os.getpgid(outsider), signal.SIGCONT)
print(json.dumps(said))
"""
EXPECTED = {"to_own_group": [7, ["CONT"]], "to_a_group": [7, []], "to_everybody": [[7, 7], []], "by_descriptor": [7, []],
            "for_input": [None, ["IO"]], "no such group": 3, "no such signal": 22, "an outsider": 1, "an outsider's group": 1}


class Signals(support.Case):
    def signals(self, version):
        rules = self.policy(POLICY)
        script = self.file("home/work/signals.py", SCRIPT)
        env = self.environment(LD_PRELOAD=older.library(self.tmp, version) if version else None)
        result = self.askfirst("run", "--guard=kernel", "--policy", rules, "--approve=deny", "--", sys.executable, script,
                               str(os.getpid()), env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.json(result)

    def test_signals_within_the_run_arrive_and_others_do_not(self):
        self.assertEqual(self.signals(None), EXPECTED)

    def test_the_same_under_each_version(self):
        for version in VERSIONS:
            with self.subTest(version):
                self.assertEqual(self.signals(version), EXPECTED)


OWN_DESCRIPTORS = """
import ctypes, os, socket, threading
libc = ctypes.CDLL(None)
listener = socket.socket(socket.AF_UNIX)
listener.bind("listener")
listener.listen()
of_process, of_thread = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
def connected(one):
    try: return bool(one.getpeername() or True)
    except OSError: return False
def act():
    libc.unshare(0x400)  # CLONE_FILES
    os.dup2(of_thread.fileno(), of_process.fileno())
    try: of_process.connect("listener")
    except OSError as error: print(error.errno, end=" ")
    print(connected(of_thread), end=" ")
thread = threading.Thread(target=act)
thread.start()
thread.join()
print(connected(of_process))
"""


class Threads(support.Case):
    """Whose descriptors a kernel before 6.9 does not give out by themselves."""

    def connected(self, *before):
        rules = self.policy(POLICY + 'connect: [{allow: "unix:/**"}]')
        return self.command(*before, support.ASKFIRST, "run", "--guard=kernel", "--policy", rules, "--approve=deny", "--",
                            sys.executable, self.file("home/work/own.py", OWN_DESCRIPTORS)).stdout

    def test_what_a_thread_has_of_its_own_is_connected(self):
        self.assertEqual(self.connected(), "True False\n")

    def test_on_an_older_kernel_nothing_is_connected_in_its_place(self):
        self.assertEqual(self.connected(support.PROGRAMS / "refuse", "threads"), "13 False False\n")


class Handing(support.Case):
    def test_a_descriptor_that_cannot_be_an_answer_is_handed_over_before_it(self):
        """Before Linux 5.14."""
        (self.workspace / "file").write_text("x")
        text = "import os\nfor _ in range(3): fd = os.open('file', os.O_RDWR); print(fd > 2, os.read(fd, 9)); os.close(fd)"
        result = self.command(support.ASKFIRST, "run", "--guard=kernel", "--approve=deny", "--policy", self.policy(POLICY), "--",
                              "/usr/bin/python3", "-c", text, env=self.environment(LD_PRELOAD=older.two_steps(self.tmp)))
        self.assertEqual(result.stdout, "True b'x'\n" * 3, result.stderr)


class Records(support.Case):
    """What the guard does without is in the record's first line."""
    REST = ["Landlock: moves between directories", "Landlock: truncation", "Landlock: TCP connections",
            "Landlock: commands to devices", "Landlock: signals and abstract sockets"]

    def first_line(self, *before, guard="kernel", **more):
        result = self.command(*before, support.ASKFIRST, "run", "--quiet", f"--guard={guard}", "--approve=deny", "--policy",
                              self.policy(POLICY), "--", "true", **more)
        self.assertEqual(result.returncode, 0, result.stderr)
        records = self.home.glob(".local/state/askfirst/audit/*.jsonl")
        return json.loads(max(records, key=lambda path: path.stat().st_mtime_ns).read_text().split("\n")[0])

    def test_what_landlock_does_not_know(self):
        for version in VERSIONS:
            with self.subTest(version):
                first = self.first_line(env=self.environment(LD_PRELOAD=older.library(self.tmp, version)))
                self.assertEqual((first["guard"], first["guard_without"]), ("kernel", self.REST[version - 1:]))

    def test_what_the_rest_of_the_kernel_does_not_know(self):
        for what, name in {"killable": "calls that signals do not undo", "synchronous": "synchronous wake-up",
                           "seal": "fast lane"}.items():
            with self.subTest(what):
                first = self.first_line(support.PROGRAMS / "refuse", what)
                self.assertEqual((first["guard"], first["guard_without"]), ("kernel", [name]))

    def test_nothing_where_all_is_there(self):
        self.assertEqual(self.first_line()["guard_without"], [])
        self.assertNotIn("guard_without", self.first_line(guard="shim"))

    def test_what_the_floor_cannot_hold_is_shown_with_who_does(self):
        env = self.environment(LD_PRELOAD=older.library(self.tmp, 4))
        shown = self.askfirst("policy", "show", "--floor", "--policy", self.policy(POLICY), env=env).stdout
        self.assertIn("commands to devices, which this version does not know: whoever may open a device may command it\n"
                      "signals and abstract sockets, which this version does not know: the watch alone holds it\n", shown)

    def test_why_auto_took_the_door(self):
        first = self.first_line(support.PROGRAMS / "refuse", "landlock", guard="auto")
        self.assertEqual(first["guard"], "shim")
        self.assertIn("Landlock: this kernel has none", first["guard_missing"])


class EscapeOnOlder(test_escape.Attempts):
    """Attacks that a newer Landlock would stop by itself."""
    version = 0

    def hold(self, goal, command, terminal=False):
        self.library = older.library(self.top, self.version)
        super().hold(goal, command, terminal)

    def guard(self, *command, **more):
        return ["env", f"LD_PRELOAD={self.library}", *super().guard(*command, **more)]


def choose():
    depends = [one for one in sorted(test_escape.LISTED)
               if one[1] in ("kill", "connect") or any(word in one[0] + one[3] for word in ("trunc", "moved", "exchanged"))]
    for number, (name, goal, needs, what) in enumerate(depends):
        if needs == "root" and os.getuid():
            continue
        version = VERSIONS[number % len(VERSIONS)]

        def test(self, name=name, goal=goal, version=version):
            self.version = version
            self.hold(goal, [self.bin / "attacks", name], terminal="terminal" in name)
        test.__doc__ = f"version {version}: {what}"
        setattr(EscapeOnOlder, f"test_{name}", test)


choose()


if __name__ == "__main__":
    support.main()
