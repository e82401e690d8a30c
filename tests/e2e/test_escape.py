"""Attacks on the kernel guard (tests/escape/): each works unguarded, here and now, and does not work guarded.

Whether one worked is seen from outside: by a word that only a protected file holds, by what became of protected files, by a
marker that only a forbidden program makes, by listeners, and by a process that is no part of the run.
"""
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import secrets
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import support

SOURCES = support.ROOT / "tests" / "escape"
BUILT = support.BUILD / "escape"
TRIES = 20
LIMIT = 60  # seconds for one attack; most take a hundredth of one
ATTACKS = ["main.c", "files.c", "actors.c", "changes.c", "programs.c", "network.c", "objects.c", "processes.c", "races.c",
           "lane.c"]
BARE = ["-nostdlib", "-static", "-fno-stack-protector", "-fno-pie", "-no-pie"]
PLAIN = ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-pthread"]
KERNEL_HEADERS = ["-idirafter", "/usr/include", "-idirafter", f"/usr/include/{os.uname().machine}-linux-gnu"]
PROGRAMS = {  # name: compiler, flags, sources
    "attacks": ("cc", PLAIN, ATTACKS),
    "attacks-static": ("cc", PLAIN + ["-static"], ATTACKS),
    "attacks-musl": ("musl-gcc", PLAIN + ["-static"] + KERNEL_HEADERS, ATTACKS),
    "forbidden": ("cc", ["-O1", "-DHELPER=0"] + BARE, ["marker.c"]),
    "forbidden32": ("cc", ["-O1", "-m32", "-DHELPER=0"] + BARE, ["marker.c"]),
    "helper": ("cc", ["-O1", "-DHELPER=1"] + BARE, ["marker.c"]),
    "narrow": ("cc", ["-O1", "-m32"] + BARE, ["narrow.c"]),
    "laid": ("cc", ["-O1", "-mcmodel=large", "-Wl,--section-start=.lane=0x7e9a00000000"] + BARE, ["laid.c"]),
    "odd": ("cc", ["-Wl,--dynamic-linker=./forbidden"], ["odd.c"]),
    "odd-turning": ("cc", ["-Wl,--dynamic-linker=./program"], ["odd.c"]),
    "shrinking": ("cc", ["-O1", "-Wl,-z,separate-code"] + BARE, ["shrinking.c"]),
    "odd-shrinking": ("cc", ["-Wl,--dynamic-linker=scripts/loader"], ["odd.c"]),
    "outsider": ("cc", PLAIN, ["outsider.c"]),
}
POLICY = """
askfirst: 1
read:
  - {{allow: "**/held", program: "true"}}
  - deny: ["**/secret", "**/held", "${{workspace}}/private/**", "${{workspace}}/vault/inner/**", "~/keys/**"]
  - ask: "**/asked"
  - allow: "/**"
write:
  - deny: ["**/kept/**", "${{workspace}}/.git/hooks/**", "~/startup"]
  - allow: ["${{workspace}}/**", "/dev/**"]
exec:
  - deny: ["**/forbidden", helper evil, touch]
  - allow: ["/usr/**", "{bin}/**", "${{workspace}}/helper", "${{workspace}}/scripts/**"]
connect:
  - allow: ["127.0.0.1:{port}", "unix:**/open.sock", "unix:${{workspace}}/listeners/open/**"]
otherwise: {{read: deny, write: deny, exec: deny, connect: deny, debug: deny}}
"""


def build():
    BUILT.mkdir(parents=True, exist_ok=True)
    with open(BUILT / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max(path.stat().st_mtime for path in [*SOURCES.glob("*.[ch]"), pathlib.Path(__file__)])
        for name, (compiler, flags, sources) in PROGRAMS.items():
            program = BUILT / name
            if program.exists() and program.stat().st_mtime > newest:
                continue
            subprocess.run([compiler, *flags, "-o", program, *[SOURCES / source for source in sources]], check=True)


build()
LISTED = [line.split("\t") for line in subprocess.run([BUILT / "attacks", "--list"], check=True, stdout=subprocess.PIPE,
                                                      encoding="utf-8").stdout.splitlines()]


class Listeners:
    """What may not be reached: it is asked, and nobody waits, whether somebody did. One may be reached: that of OPEN_PORT."""

    def __init__(self):
        self.name = "askfirst-escape-" + secrets.token_hex(6)
        self.stream = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.stream.setsockopt(socket.IPPROTO_TCP, 23, 100)  # TCP_FASTOPEN
        self.datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagram.bind(("127.0.0.1", 0))
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind("\0" + self.name)
        self.abstract.listen()
        self.open = socket.create_server(("127.0.0.1", 0), backlog=4096)
        threading.Thread(target=self.serve, daemon=True).start()
        self.own, self.own_open = [], []
        self.ports = {"CLOSED_PORT": self.stream.getsockname()[1], "CLOSED_UDP": self.datagram.getsockname()[1],
                      "OPEN_PORT": self.open.getsockname()[1], "CLOSED_NAME": self.name}

    def serve(self):
        while True:
            self.open.accept()[0].close()

    def reached(self):
        count = 0
        for one in (self.stream, self.datagram, self.abstract, *self.own):
            one.setblocking(False)
            try:
                while True:
                    if one.type == socket.SOCK_DGRAM:
                        one.recv(100)
                    else:
                        one.accept()[0].close()
                    count += 1
            except BlockingIOError:
                pass
        return count

    def add(self, path, kind, closed):
        one = socket.socket(socket.AF_UNIX, kind)
        here = os.getcwd()
        os.chdir(path.parent)  # an address holds 108 bytes
        one.bind(path.name)
        os.chdir(here)
        path.chmod(0o666)
        if kind == socket.SOCK_STREAM:
            one.listen(4096)
        (self.own if closed else self.own_open).append(one)

    def forget(self):
        for one in self.own + self.own_open:
            one.close()
        self.own, self.own_open = [], []
        self.reached()


LISTENERS = Listeners()


OUTSIDER = ["OUTSIDER" + what for what in ("", "_PIPE", "_WORD", "_KEY", "_MEMORY", "_SEMAPHORES", "_QUEUE")]


class Scene:
    """A workspace with all that attacks are after, made anew for each attempt."""

    def __init__(self, top, user):
        self.top, self.user = pathlib.Path(top), user
        self.home = self.top / "home"
        self.work = self.home / "work"
        self.word = "word-" + secrets.token_hex(12)
        for name in ("private", "public", "vault/inner", "box", "kept/empty", ".git/hooks", "scripts", "listeners/open",
                     "listeners/closed", "public/inner", "boxes", "../keys"):
            (self.work / name).mkdir(parents=True)
        for name in ("secret", "held", "box/secret", "private/key", "vault/inner/key", "../keys/key"):
            self.put(name, f"{self.word} for nobody\n")
        for name in ("plain", "public/key", "public/inner/key"):
            self.put(name, "plain\n")
        self.put("asked", "for a yes\n")
        for name in ("kept/precious", ".git/hooks/sample", "../outside", "../startup"):
            self.put(name, "as it was\n")
            os.setxattr(self.work / name, "user.old", b"value")
            os.utime(self.work / name, (1e9, 1e9))
        os.link(self.work / "secret", self.work / "innocent")
        os.link(self.work / "secret", self.work / "boxes/innocent")
        os.link(self.work / "box/secret", self.top / "another")
        os.link(self.home / "keys/key", self.work / "boxes/keepsake")
        os.link(self.home / "startup", self.work / "jotting")
        for name in ("forbidden", "helper", "narrow"):
            shutil.copy(BUILT / name, self.work / name)
        for name in ("odd", "odd-turning", "odd-shrinking", "shrinking", "laid"):
            shutil.copy(BUILT / name, self.work / "scripts")
        LISTENERS.forget()
        LISTENERS.add(self.home / "closed.sock", socket.SOCK_STREAM, True)
        LISTENERS.add(self.home / "closed.dgram", socket.SOCK_DGRAM, True)
        LISTENERS.add(self.work / "listeners/open/listener", socket.SOCK_STREAM, False)
        LISTENERS.add(self.work / "listeners/closed/listener", socket.SOCK_STREAM, True)
        if user:
            for path in [self.home, *self.home.rglob("*")]:
                os.chown(path, user, user, follow_symlinks=False)
        self.before = self.kept()
        self.outsider = subprocess.Popen([BUILT / "outsider", self.word], stdout=subprocess.PIPE, encoding="utf-8",
                                         preexec_fn=self.become)
        where = self.outsider.stdout.readline().split()
        self.environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                            **dict(zip(OUTSIDER, where, strict=True)),
                            **{name: str(value) for name, value in LISTENERS.ports.items()}}

    def become(self):
        if self.user:
            os.setgroups([])
            os.setresgid(self.user, self.user, self.user)
            os.setresuid(self.user, self.user, self.user)

    def put(self, name, text):
        path = self.work / name
        path.write_text(text)
        path.chmod(0o644)

    def kept(self):
        """All that may not be changed, as one value."""
        state = []
        for top in (self.work / "kept", self.work / ".git" / "hooks", self.home / "outside", self.home / "startup"):
            for path in [top, *sorted(top.rglob("*"))]:
                try:
                    status = os.lstat(path)
                    content = path.read_bytes() if stat.S_ISREG(status.st_mode) else None
                    attributes = [(name, os.getxattr(path, name)) for name in sorted(os.listxattr(path, follow_symlinks=False))]
                    state.append((str(path), status.st_mode, status.st_uid, status.st_gid, status.st_nlink, status.st_size,
                                  status.st_mtime_ns, status.st_ctime_ns, content, attributes))
                except OSError as error:
                    state.append((str(path), error.errno))
        return state

    def worked(self, goal, output, patience):
        """Whether the attack got there. What goes through the network, or through a process's end, may need `patience`."""
        until = time.monotonic() + patience
        if goal == "read":
            return self.word in output
        if goal == "change":
            return self.kept() != self.before
        if goal == "run":
            return (self.work / "marker").exists()
        if goal == "connect":
            while not (reached := LISTENERS.reached()) and time.monotonic() < until:
                time.sleep(0.002)
            return reached > 0
        if goal == "kill":
            try:
                self.outsider.wait(patience)
            except subprocess.TimeoutExpired:
                return False
            return True
        return any(record.get("event") == "foreign-call" for record in self.records())

    def records(self):
        lines = []
        for path in self.home.glob(".local/state/askfirst/audit/*.jsonl"):
            lines += [json.loads(line) for line in path.read_text().splitlines()]
        return lines

    def close(self):
        self.outsider.kill()
        self.outsider.wait()
        self.outsider.stdout.close()


class Attempts(unittest.TestCase):
    user = 0  # who attacks: 0 whoever runs the tests
    place = support.PLACE

    @classmethod
    def setUpClass(cls):
        cls.place.mkdir(parents=True, exist_ok=True)
        cls.top = pathlib.Path(tempfile.mkdtemp(dir=cls.place)).resolve()
        cls.top.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        cls.bin = cls.top / "bin"
        cls.bin.mkdir()
        for program in (support.ASKFIRST, support.SHIM, *[BUILT / name for name in PROGRAMS]):
            shutil.copy(program, cls.bin)
        (cls.bin / "policy.yaml").write_text(POLICY.format(bin=cls.bin, port=LISTENERS.ports["OPEN_PORT"]))

    def scene(self):
        top = tempfile.mkdtemp(dir=self.top)
        os.chmod(top, 0o755)
        self.addCleanup(shutil.rmtree, top, ignore_errors=True)
        scene = Scene(top, self.user)
        self.addCleanup(scene.close)
        return scene

    def guard(self, *command, approve="deny", more=()):
        return [self.bin / "askfirst", "run", "--guard=kernel", "--policy", self.bin / "policy.yaml", "--approve", approve, *more,
                "--", *command]

    def attempt(self, scene, command, terminal=False):
        """Runs it in the scene; everything that it printed."""
        keeper, follower = pty.openpty() if terminal else (None, None)

        def begin():
            scene.become()
            if terminal:
                fcntl.ioctl(follower, 0x540E, 0)  # TIOCSCTTY

        process = subprocess.Popen(command, cwd=scene.work, env=scene.environment, stdin=follower or subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=begin)
        try:
            output = process.communicate(timeout=LIMIT)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0].decode(errors="replace")
            self.fail(f"{command} took more than {LIMIT} s\n{output}")
        finally:
            if terminal:
                if select.select([follower], [], [], 0.1)[0]:
                    (scene.work / "marker").touch()
                os.close(keeper)
                os.close(follower)
        return output

    def hold(self, goal, command, terminal=False):
        """The attack works unguarded, and does not work guarded."""
        for attempt in range(TRIES if goal != "record" else 0):  # a race may be lost
            bare = self.scene()
            output = self.attempt(bare, command, terminal)
            if bare.worked(goal, output, 1):
                break
            self.assertNotEqual(attempt, TRIES - 1, f"does not work unguarded either:\n{output}")
        guarded = self.scene()
        output = self.attempt(guarded, self.guard(*command), terminal)
        (self.assertTrue if goal == "record" else self.assertFalse)(guarded.worked(goal, output, 0.02), f"got through:\n{output}")
        self.assertTrue(any(record["type"] == "end" for record in guarded.records()), f"the run did not end well:\n{output}")


def test_of(program, name, goal, what):
    def test(self):
        self.hold(goal, [self.bin / program, name], terminal="terminal" in name)
    test.__doc__ = what
    return test


class Escape(Attempts):
    """As whoever runs the tests: every attack, by a dynamic program."""


def choose(where, program_of):
    """Gives the class a test for each attack that `program_of` names a program for: by its place in the list, and its needs."""
    for number, (name, goal, needs, what) in enumerate(sorted(LISTED)):
        program = program_of(number, needs)
        if program and (needs != "root" or os.getuid() == 0):
            setattr(where, "test_" + name, test_of(program, name, goal, what))


choose(Escape, lambda number, needs: "attacks")


if __name__ == "__main__":
    support.main()
