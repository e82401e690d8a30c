"""askfirst run --guard=kernel: what does not come through the C library meets the same policy."""
import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import pty
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import unittest

import support

POLICY = """
read: [{deny: "**/secret"}, {ask: "**/asked"}, {allow: "/**"}]
write: [{deny: "**/kept/**"}, {allow: ["${workspace}/**", /dev/**]}]
exec: [{deny: "**/forbidden"}, {ask: sleep}, {allow: "/**"}]
connect: [{allow: "localhost:*"}, {deny: "unix:**/closed.sock"}, {allow: "unix:/**"}]
otherwise: {read: deny, write: deny, exec: deny, connect: deny, debug: deny}
"""
BUSYBOX = "/bin/busybox"  # static: nothing can be preloaded into it


class KernelGuard(support.Case):
    def setUp(self):
        super().setUp()
        self.rules = self.policy(POLICY)
        self.put("secret", "top secret\n")
        self.put("asked", "for a yes\n")
        self.put("plain", "plain\n")
        (self.workspace / "kept").mkdir()

    def put(self, name, text):
        (self.workspace / name).write_text(text)

    def guard(self, *command, approve="deny", **more):
        return self.askfirst("run", "--guard=kernel", "--policy", self.rules, "--approve", approve, "--", *command, **more)

    def python(self, text, args=(), **more):
        return self.guard("/usr/bin/python3", "-c", text, *args, **more)

    def records(self):
        lines = []
        for path in self.home.glob(".local/state/askfirst/audit/*.jsonl"):
            lines += [json.loads(line) for line in path.read_text().splitlines()]
        return lines

    def events(self):
        """What happened in the run. A kernel that bears no fast lane is told of in the same way."""
        return [line["event"] for line in self.records() if line["type"] == "event" and line["event"] != "no-lane"]

    def test_a_static_program_is_refused_a_denied_file_and_given_others(self):
        result = self.guard(BUSYBOX, "cat", "plain", "secret")
        self.assertEqual(result.stdout, "plain\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("askfirst: denied: read " + str(self.workspace / "secret"), result.stderr)

    def test_a_programs_content_is_looked_at_again_when_it_can_change_no_more(self):
        program = pathlib.Path("/bin/true").read_bytes().ljust(24 << 20, b"\0")  # it takes a while to look at
        rule = '{allow: {program: "${workspace}/program", sha256: %s}}' % hashlib.sha256(program).hexdigest()
        self.rules = self.policy(POLICY.replace("exec: [", f'exec: [{rule}, {{deny: "${{workspace}}/program"}}, '))
        (self.workspace / "program").write_bytes(program)
        (self.workspace / "program").chmod(0o755)
        text = """
import os, time
good, other = open("program", "rb").read(1 << 20), open("/bin/echo", "rb").read()
for delay in (0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1):
    fd = os.open("program", os.O_RDWR)
    os.pwrite(fd, good, 0)
    if not (child := os.fork()):
        os.close(fd)
        try: os.execv("program", ["program", "changed"])
        except OSError: os._exit(3)
    time.sleep(delay)
    os.pwrite(fd, other, 0)
    os.close(fd)
    os.wait()
fd = os.open("program", os.O_RDWR)
os.pwrite(fd, good, 0)
os.close(fd)
print(os.spawnv(os.P_WAIT, "program", ["program", "changed"]))
"""
        self.assertEqual(self.python(text).stdout, "0\n")

    def test_quiet_says_nothing_of_what_was_denied(self):
        result = self.askfirst("run", "--guard=kernel", "--quiet", "--policy", self.rules, "--approve=deny", "--", BUSYBOX,
                               "cat", "secret")
        self.assertEqual(result.returncode, 1)
        self.assertNotIn("askfirst", result.stderr)

    def test_a_static_program_is_asked_about_once_and_then_let(self):
        self.assertEqual(self.guard(BUSYBOX, "cat", "asked", approve="allow").stdout, "for a yes\n")
        asked = [line for line in self.records() if line["type"] == "act" and line["act"] == "read"]
        self.assertEqual([line["outcome"] for line in asked], ["approved"])
        self.assertEqual(self.guard(BUSYBOX, "cat", "asked").stdout, "")

    def test_raw_system_calls_meet_the_policy(self):
        text = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def call(*args):
    return libc.syscall(*args) >= 0 or errno.errorcode[ctypes.get_errno()]
argv = (ctypes.c_char_p * 3)(b"forbidden", b"x", None)
print(call(257, -100, b"plain", 0, 0), call(257, -100, b"secret", 0, 0), call(2, b"secret", 0, 0),
      call(257, -100, b"kept/x", 0o101, 0o600), call(83, b"kept/d", 0o700), call(87, b"/etc/passwd-"))
print(call(59, b"./forbidden", argv, None))
"""
        self.put("forbidden", "#!/bin/sh\ntouch ran\n")
        (self.workspace / "forbidden").chmod(0o755)
        result = self.python(text)
        self.assertEqual(result.stdout, "True EACCES EACCES EACCES EACCES EACCES\nEACCES\n", result.stderr)
        self.assertFalse((self.workspace / "ran").exists())

    def test_another_name_for_a_protected_file_does_not_help(self):
        text = """
import os
def attempt(act, *args):
    try: act(*args); return "done"
    except OSError as error: return error.strerror
fd = os.open("secret", os.O_PATH)
print(attempt(os.link, "secret", "other"), attempt(os.rename, "secret", "other"), attempt(os.symlink, "secret", "link"))
for name in ("link", "/proc/self/cwd/secret", "/proc/self/root" + os.getcwd() + "/secret", f"/proc/self/fd/{fd}", f"/dev/fd/{fd}"):
    print(attempt(os.open, name, os.O_RDONLY))
"""
        result = self.python(text)
        self.assertEqual(result.stdout.split("\n")[:-1], ["Permission denied Permission denied done"] + ["Permission denied"] * 5,
                         result.stderr)

    def test_a_hard_link_is_as_protected_among_very_many_files(self):
        for directory in range(300):
            inner = self.workspace / f"many{directory}"
            inner.mkdir()
            for name in range(150):
                (inner / f"file{name}").touch()
        for directory in range(0, 300, 60):  # wherever the look around begins
            link = self.workspace / f"innocent{directory}"
            protected = self.workspace / f"many{directory}" / "secret"
            protected.write_text("hidden\n")
            os.link(protected, link)
            result = self.guard("cat", link.name)
            self.assertEqual((result.stdout, result.returncode), ("", 1), result.stderr)

    def test_a_hard_link_that_was_there_before_is_as_protected(self):
        os.link(self.workspace / "secret", self.workspace / "innocent")
        self.assertEqual(self.guard("cat", "innocent").stdout, "")

    def test_every_way_to_a_file_leads_where_it_leads_bare(self):
        text = """
import fcntl, itertools, os
os.makedirs("d/e"); open("d/e/f", "w").write("deep"); open("top", "w").write("top"); os.symlink("d", "ld"); os.symlink("e/f", "d/lf")
os.symlink("../top", "d/up"); os.symlink("nowhere", "dangling"); os.symlink("/proc/self/fd", "fds"); os.symlink("/proc/self/comm", "name")
os.mkfifo("fifo"); os.symlink("loop", "loop"); kept = os.open("top", os.O_RDONLY)
def look(path, flags, at=None):
    try: fd = os.open(path, flags, dir_fd=at)
    except OSError as error: return error.strerror
    kind = os.fstat(fd).st_mode >> 12
    said = sorted(os.listdir(fd)) if kind == 4 else os.read(fd, 9) if not flags & 1 else ""
    said = kind, said, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_NOFOLLOW, os.get_inheritable(fd)
    os.close(fd)
    return said
flags = [0, os.O_NOFOLLOW, os.O_DIRECTORY, os.O_NONBLOCK, os.O_DIRECTORY | os.O_NOFOLLOW, os.O_NOATIME, os.O_WRONLY, 0o100000]
paths = ["top", "./top", "top/", "d", "d/", "d//e/./f", "d/e/../e/f", "ld", "ld/", "ld/e/f", "ld/lf", "d/lf", "d/up", "ld/../top",
         "d/nothing", "top/nothing", "nothing/../top", "dangling", "loop", "loop/x", "name", f"fds/{kept}", "fds/99", "", ".", "..",
         "/", "/lib/../etc/hostname", "/proc/self/comm", "/proc/thread-self/comm", "/dev/null", "/dev/fd/99", "x" * 300, "d/" * 2100]
for again, path, flag in itertools.product(range(2), paths, flags): # again by the lane
    if path != ".." and not (flag == os.O_WRONLY and path[:1] in "/n"): print(path[:40], flag, look(path, flag))
at = os.open("d", os.O_RDONLY)
for path in "e/f", "../top", "up", "nothing", ".": print(path, look(path, 0, at), look(path, 0, os.open("d", os.O_PATH)))
print(look("x", 0, kept), look("x", 0, 99), look("fifo", os.O_NONBLOCK))
os.makedirs("gone"); os.chdir("gone"); os.rmdir("../gone"); print(look("x", 0), look("../top", 0), look(".", 0))
"""
        self.put("ways.py", text)
        said = {}
        for name in ("bare", "guarded"):
            (self.workspace / name).mkdir()
            run = self.guard if name == "guarded" else self.command
            said[name] = run("/usr/bin/python3", "../ways.py", cwd=self.workspace / name)
        self.assertEqual(said["guarded"].stdout.splitlines(), said["bare"].stdout.splitlines(), said["guarded"].stderr)
        self.assertEqual(said["bare"].returncode, 0, said["bare"].stderr)

    def test_a_link_to_what_is_denied_is_no_way_to_it(self):
        (self.workspace / "way").symlink_to("kept/..")
        (self.workspace / "direct").symlink_to("secret")
        for name in "way/secret", "direct", "kept/../secret", "./secret", "kept/../../" + self.workspace.name + "/direct":
            with self.subTest(name):
                self.assertEqual(self.guard(BUSYBOX, "cat", name).stdout, "")

    def test_a_link_is_followed_where_it_leads_each_time(self):
        text = """
import os, sys
def read(name):
    try: return open(name).read()
    except OSError as error: return error.strerror + "\\n"
def turn(to, link):
    os.symlink(to, "new")
    os.rename("new", link)
def all(): return "".join(read(name) + read(name) for name in ("link", "way/plain", "/proc/self/cwd/link"))
out = all()
turn("other/plain", "link"), turn("other", "way")
out += all()
turn("secret", "link"), turn("/proc/self/cwd/other", "way")
out += all()
way = os.getcwd() + "/way/plain"
os.chdir("other")  # where it leads now is another place
out += read(way)
os.chdir("..")
turn("plain", "link"), turn(".", "way")
out += all()
print(out + "turn it", flush=True)
sys.stdin.readline()  # and now somebody else does
print(all(), end="")
"""
        other = self.workspace / "other"
        (other / "other").mkdir(parents=True)
        (other / "plain").write_text("other\n")
        (other / "other" / "plain").write_text("inner\n")
        for link, to in ("link", "plain"), ("way", "."):
            (self.workspace / link).symlink_to(to)
        command = [support.ASKFIRST, "run", "--guard=kernel", "--no-lane", "--policy", self.rules, "--approve", "deny", "--",
                   "/usr/bin/python3", "-c", text]
        with subprocess.Popen(command, cwd=self.workspace, env=self.environment(), text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            lines = []
            while not lines or lines[-1] not in ("turn it\n", ""):
                lines.append(process.stdout.readline())
            for link, to in ("link", "secret"), ("way", "other"):
                (self.workspace / "new").symlink_to(to)
                (self.workspace / "new").rename(self.workspace / link)
            lines += process.communicate("turned\n", timeout=30)[0].splitlines(keepends=True)
        denied = "Permission denied\n"
        self.assertEqual(lines, ["plain\n"] * 6 + ["other\n"] * 6 + [denied] * 2 + ["other\n"] * 2 + [denied] * 2 + ["inner\n"] +
                         ["plain\n"] * 6 + ["turn it\n"] + [denied] * 2 + ["other\n"] * 2 + [denied] * 2)

    def test_an_environment_without_anything_in_it_changes_nothing(self):
        result = self.guard("env", "-i", "/bin/cat", "secret")
        self.assertEqual((result.stdout, result.returncode), ("", 1))

    def test_what_programs_do_to_their_files_works_as_it_does_bare(self):
        text = """
import os, shutil, stat, tempfile
os.umask(0o027)
open("a", "w").write("x"); os.mkdir("d"); os.symlink("a", "l"); os.rename("a", "b"); os.link("b", "c")
print(oct(os.stat("b").st_mode), os.stat("b").st_nlink, os.readlink("l"), sorted(os.listdir(".")))
os.chmod("b", 0o600); os.truncate("b", 0); os.utime("b", (1, 2)); os.unlink("l"); os.mkfifo("f")
print(oct(os.stat("b").st_mode), os.stat("b").st_mtime, os.path.getsize("b"))
for flags in (os.O_CREAT | os.O_EXCL, os.O_DIRECTORY, os.O_NOFOLLOW):
    try: os.close(os.open("b", os.O_RDWR | flags, 0o644)); print("opened")
    except OSError as error: print(error.strerror)
fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o666); print(oct(os.fstat(fd).st_mode), os.get_inheritable(fd))
shutil.rmtree("d")
print(sorted(os.listdir("."))); print(open("/proc/self/comm").read(), open("/proc/1/comm").read() != "", len(os.listdir("/proc/self/fd")) > 2)
"""
        self.put("work.py", text)
        places = {}
        for name in ("bare", "guarded"):
            (self.workspace / name).mkdir()
            run = self.guard if name == "guarded" else self.command
            places[name] = run("/usr/bin/python3", "../work.py", cwd=self.workspace / name)
        bare, guarded = places["bare"], places["guarded"]
        self.assertEqual(guarded.stderr.replace("askfirst", ""), bare.stderr)
        self.assertEqual(guarded.stdout, bare.stdout)
        self.assertEqual(guarded.returncode, 0)

    def odd_program(self, interpreter):
        """A program whose ELF interpreter is another program; its name has no room for a long path."""
        link = pathlib.Path(tempfile.mkdtemp(dir="/tmp", prefix="i")) / "i"
        self.addCleanup(shutil.rmtree, link.parent)
        link.symlink_to(interpreter)
        loader = b"/lib64/ld-linux-x86-64.so.2\0"
        odd = self.workspace / "odd"
        odd.write_bytes(pathlib.Path("/usr/bin/true").read_bytes().replace(loader, str(link).encode().ljust(len(loader), b"\0")))
        odd.chmod(0o755)
        return odd

    def test_an_elf_interpreter_is_judged_as_the_program_that_it_is(self):
        shutil.copy(BUSYBOX, self.workspace / "forbidden")
        odd = self.odd_program(self.workspace / "forbidden")
        result = self.guard("sh", "-c", "./odd touch made; echo $?")
        self.assertIn("askfirst: denied: ", result.stderr)
        self.assertEqual(result.stdout, "126\n")
        self.assertEqual(self.guard(odd, "touch", "made").returncode, 126)
        result = self.askfirst("check", "--policy", self.rules, "exec", "--", odd)
        self.assertEqual(result.returncode, 3, result.stdout)
        self.assertIn("forbidden", result.stdout)

    def test_who_is_given_files_may_run_on_the_processors_that_it_might(self):
        text = """
import os, sys, threading
usual, wrong = {int(number) for number in sys.argv[1:]}, []
def look(own):
    if (its := os.sched_getaffinity(0)) != own: wrong.append((own, its))
def give(own):
    os.sched_setaffinity(0, own)  # this thread
    for i in range(15):
        os.close(os.open("plain", os.O_RDONLY))
        look(own)
        os.close(os.open("written", os.O_WRONLY | os.O_CREAT))
        look(own)
        if i % 7: continue
        child = os.fork()
        if not child:
            look(own)
            os._exit(bool(wrong))
        if os.waitpid(child, 0)[1]: wrong.append("a child of " + str(own))
def process():
    threads = [threading.Thread(target=give, args=[own]) for own in ({min(usual)}, {max(usual)})]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    look(usual)
    print(*wrong, "held", flush=True)
    os._exit(0)
busy = []
for i in usual:  # so that who is given something is long in taking it
    busy.append(os.fork())
    while not busy[-1]: pass
os.nice(4)
for i in range(8):
    if not os.fork():
        give(usual)
        process()
for i in range(8): os.wait()
for child in busy: os.kill(child, 9)
"""
        every = os.sched_getaffinity(0)
        for usual in every, {max(every)}:
            result = self.askfirst("run", "--guard=kernel", "--no-lane", "--policy", self.rules, "--approve", "deny", "--",
                                   "/usr/bin/python3", "-c", text, *map(str, usual),
                                   preexec_fn=lambda usual=usual: os.sched_setaffinity(0, usual))
            self.assertEqual((result.stdout, result.returncode), ("held\n" * 8, 0), result.stderr)

    def give_interpreter(self, program, to, interpreter):
        """A copy of a program with another ELF interpreter, whose path goes to the file's end."""
        image, path = bytearray(pathlib.Path(program).read_bytes()), os.fsencode(interpreter) + b"\0"
        table, = struct.unpack_from("<Q", image, 32)
        size, number = struct.unpack_from("<HH", image, 54)
        header, = [at for at in range(table, table + size * number, size) if image[at:at + 4] == b"\3\0\0\0"]  # PT_INTERP
        struct.pack_into("<Q", image, header + 8, len(image))
        struct.pack_into("<QQ", image, header + 32, len(path), len(path))
        to.write_bytes(image + path)
        to.chmod(0o755)

    def test_a_program_and_its_elf_interpreter_may_have_a_newline_in_their_paths(self):
        place = self.workspace / "a\nb"
        place.mkdir()
        shutil.copy("/bin/true", place / "true")
        shutil.copy(os.path.realpath("/lib64/ld-linux-x86-64.so.2"), place / "ld.so")
        self.give_interpreter("/bin/echo", self.workspace / "echo", place / "ld.so")
        for words, out in ([place / "true"], ""), (["./echo", "hello"], "hello\n"), ([place / "ld.so", "/bin/echo", "loaded"], "loaded\n"):
            for guard in (), ("--no-lane",):
                result = self.askfirst("run", "--guard=kernel", *guard, "--policy", self.rules, "--approve=deny", "--", *words)
                self.assertEqual((result.returncode, result.stdout, result.stderr), (0, out, ""))

    def test_a_program_that_is_killed_at_its_exec_is_not_said_to_differ(self):
        text = """
import os, signal, time
for i in range(400):
    child = os.fork()
    if not child: os.execv("/bin/true", ["true"])
    time.sleep(i % 40 * 2e-5)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
        result = self.python(text)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(self.events(), [])

    def test_a_fifo_holds_up_nobody_else(self):
        os.mkfifo(self.workspace / "pipe")
        result = self.guard("sh", "-c", "cat pipe & sleep 0 2>/dev/null; cat plain; echo through > pipe; wait", limit=20)
        self.assertEqual(sorted(result.stdout.split()), ["plain", "through"], result.stderr)

    def test_threads_execute_programs_while_others_do(self):
        result = self.guard(support.BUILD / "programs" / "executing", "50", limit=60)
        self.assertEqual(result.stdout, "all executed it\n", result.stderr)

    def test_a_socket_that_begins_to_wait_holds_up_nobody_else(self):
        for _ in range(4):  # a race may be lost
            result = self.guard(support.BUILD / "programs" / "turning", "secret", limit=20)
            self.assertEqual(result.stdout, "Permission denied\n", result.stderr)
            (self.workspace / "open.sock").unlink()

    def test_who_may_not_write_to_it_is_told_nothing_there(self):
        pipe = self.workspace / "kept"
        pipe.mkdir(exist_ok=True)
        pipe = pipe / "pipe"
        os.mkfifo(pipe)
        ears = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, ears)
        for flags in ("os.O_PATH", "os.O_RDONLY"):
            result = self.python(f"""
import os
os.dup2(os.open("kept/pipe", {flags}), 2)
try: open("secret")
except OSError as error: print(error.strerror)
""")
            self.assertEqual(result.stdout, "Permission denied\n", result.stderr)
            with self.assertRaises(BlockingIOError):
                os.read(ears, 4096)

    def test_connections_are_made_where_the_policy_lets_them(self):
        listeners = {}
        for name in ("open.sock", "closed.sock"):
            listeners[name] = socket.socket(socket.AF_UNIX)
            listeners[name].bind(str(self.workspace / name))
            listeners[name].listen()
            self.addCleanup(listeners[name].close)
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        text = """
import socket, sys
def attempt(family, address, kind=socket.SOCK_STREAM):
    try:
        with socket.socket(family, kind) as s: s.settimeout(5); s.connect(address); return "connected"
    except OSError as error: return error.strerror
print(attempt(socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))), attempt(socket.AF_INET6, ("::ffff:127.0.0.1", int(sys.argv[1]))))
print(attempt(socket.AF_UNIX, "open.sock"), attempt(socket.AF_UNIX, "closed.sock"))
print(attempt(socket.AF_INET, ("192.0.2.1", 9)), attempt(socket.AF_INET, ("192.0.2.1", 9), socket.SOCK_DGRAM))
print(attempt(socket.AF_INET, ("127.0.0.1", 9), socket.SOCK_DGRAM), attempt(socket.AF_INET, ("192.0.2.1", 9), socket.SOCK_RAW))
"""
        result = self.guard("/usr/bin/python3", "-c", text, str(server.getsockname()[1]))
        self.assertEqual(result.stdout.split("\n")[:-1], ["connected connected", "connected Permission denied",
                                                          "Permission denied Permission denied",
                                                          "connected Permission denied"], result.stderr)

    def test_children_can_be_traced_after_a_yes(self):
        tracer = support.PROGRAMS / "tracer"
        self.rules = self.policy(POLICY.replace("debug: deny", "debug: ask"))
        result = self.lane_less("allow", tracer, "run", "/bin/cat", "plain", "secret")
        self.assertEqual(result.stdout, "plain\nended: 1\n", result.stderr)
        self.assertEqual(self.lane_less("deny", tracer, "run", "/bin/cat", "plain").stdout, "ended: 99\n")

    def test_what_a_tracer_makes_of_an_exec_is_killed(self):
        self.rules = self.policy(POLICY.replace("debug: deny", "debug: allow"))
        tracer = support.PROGRAMS / "tracer"
        words = tracer, "swap", "200", "./permitted", "./forbidden"
        shutil.copy("/bin/true", self.workspace / "permitted")
        shutil.copy("/bin/touch", self.workspace / "forbidden")
        self.command(*words, "bare")
        self.assertTrue((self.workspace / "bare").exists(), "without a guard it works")
        self.lane_less("deny", *words, "guarded")
        self.assertFalse((self.workspace / "guarded").exists())

    def lane_less(self, approve, *command):
        return self.askfirst("run", "--guard=kernel", "--no-lane", "--policy", self.rules, "--approve", approve, "--", *command)

    def test_a_message_queue_is_judged_under_its_name(self):
        name = "askfirst-test-%d" % os.getpid()
        text = f"""
import ctypes, errno, os, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(*args):
    result = libc.syscall(*args)
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
OPEN, UNLINK, SEND, RECEIVE = 240, 241, 242, 243
name, denied = b"{name}", b"{name}-kept"
os.umask(0o027)
queue = call(OPEN, name, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o666, struct.pack("8q", 0, 3, 16, 0, 0, 0, 0, 0))
print(oct(os.fstat(queue).st_mode), os.get_inheritable(queue), call(SEND, queue, b"hello", 5, 0, None))
room = ctypes.create_string_buffer(16)
print(call(RECEIVE, queue, room, 16, None, None), room.value, call(OPEN, name, os.O_CREAT | os.O_EXCL, 0o666, None))
print(call(OPEN, b"nothing-such", 0, 0, None), call(OPEN, b"a/b", 0, 0, None), call(OPEN, b"x", 0, 0, 1), call(UNLINK, name), call(UNLINK, name))
print(call(OPEN, denied, os.O_CREAT | os.O_RDWR, 0o600, None), call(OPEN, denied, 0, 0, None), call(UNLINK, denied))
"""
        self.rules = self.policy(POLICY.replace('read: [', 'read: [{deny: "/dev/mqueue/*-kept"}, ').replace(
            'write: [', 'write: [{deny: "/dev/mqueue/*-kept"}, '))
        bare, guarded = self.command("/usr/bin/python3", "-c", text), self.python(text)
        self.assertEqual(guarded.stdout.splitlines()[:3], bare.stdout.splitlines()[:3], guarded.stderr)
        self.assertEqual(len(bare.stdout.splitlines()), 4, bare.stderr)
        self.assertEqual(guarded.stdout.splitlines()[3:], ["EACCES EACCES EACCES"])

    def at_a_terminal(self, command):
        """A process whose controlling terminal is a new one. -> the process, the terminal's name"""
        keeper, terminal = pty.openpty()
        self.addCleanup(os.close, keeper)
        self.addCleanup(os.close, terminal)

        def begin():
            os.setsid()
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

        process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=begin)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, os.ttyname(terminal)

    def test_others_terminals_are_not_opened(self):
        text = """
import os, pty, subprocess, sys
def attempt(act, *args):
    try: act(*args); print("did it", flush=True)
    except OSError as error: print(error.strerror, flush=True)
attempt(os.open, sys.argv[1], os.O_RDONLY | os.O_NOCTTY)
attempt(os.open, sys.argv[1], os.O_WRONLY | os.O_NOCTTY)
attempt(lambda name: os.open("/proc/self/fd/%d" % os.open(name, os.O_PATH), os.O_RDONLY), sys.argv[1])
attempt(os.chmod, sys.argv[1], 0o666)
own = os.ttyname(pty.openpty()[1])
attempt(os.open, own, os.O_RDWR | os.O_NOCTTY); attempt(os.chmod, own, 0o600)
pid, master = pty.fork()
if not pid:
    attempt(os.open, os.ttyname(0), os.O_RDWR); os._exit(0)
print(os.read(master, 99).decode().strip())
"""
        _, name = self.at_a_terminal(["sleep", "60"])
        result = self.python(text, args=[name])
        self.assertEqual(result.stdout, "Permission denied\n" * 4 + "did it\n" * 3, result.stderr)
        self.assertIn(f"askfirst: denied: {name}: it is the terminal of somebody outside of the run\n", result.stderr)
        self.assertEqual([line["text"] for line in self.records() if line.get("event") == "foreign-terminal"], [name] * 4)
        observed = self.askfirst("run", "--guard=kernel", "--mode=observe", "--policy", self.rules, "--", "/usr/bin/python3", "-c", text, name)
        self.assertEqual(observed.stdout, "did it\n" * 7, observed.stderr)

    def test_the_runs_own_terminal_is_opened_by_its_name(self):
        got = self.workspace / "got"
        text = "import os, sys; print(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY) > 0, file=open('got', 'w'))"
        script = 'exec "$0" "$@" "$(tty)" > /dev/null'
        command = ["--policy", self.rules, "--approve=deny", "--", "setsid", "-w", "/usr/bin/python3", "-c", text]
        process, _ = self.at_a_terminal(["env", "-C", self.workspace, "HOME=" + str(self.home), "sh", "-c", script, support.ASKFIRST,
                                         "run", "--guard=kernel", *command])
        self.assertEqual(process.wait(30), 0)
        self.assertEqual(got.read_text(), "True\n")

    def test_the_runs_own_terminal_is_opened_whatever_the_program_is_called(self):
        got = self.workspace / "got"
        text = """
import ctypes, os
ctypes.CDLL(None).prctl(15, b"a) b (c", 0, 0, 0)
named, own = (os.fstat(os.open(name, os.O_RDWR | os.O_NOCTTY)).st_rdev for name in ("/dev/tty", os.ttyname(0)))
print(named == own, file=open("got", "w"))
"""
        process, _ = self.at_a_terminal(["env", "-C", self.workspace, "HOME=" + str(self.home), support.ASKFIRST, "run", "--guard=kernel",
                                         "--policy", self.rules, "--approve=deny", "--", "/usr/bin/python3", "-c", text])
        self.assertEqual(process.wait(30), 0)
        self.assertEqual(got.read_text(), "True\n")

    OBJECTS = """
import ctypes, errno, functools, os, struct
print = functools.partial(print, flush=True)
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
PRIVATE, CREATE, ONLY, REMOVE, SET, STAT = 0, 0o1000, 0o2000, 0, 1, 2
def call(name, *args):
    result = getattr(libc, name)(*args)
    return errno.errorcode[ctypes.get_errno()] if result in (None, -1, 2**64 - 1) else result
def is_there(result): return "there" if isinstance(result, int) else result
def semop(id, by): return call("semop", id, struct.pack("HhH", 0, by, 0), 1)
def in_child(act):
    if not (child := os.fork()):
        try: act()
        finally: os._exit(0)
    os.waitpid(child, 0)
"""

    def test_system_vs_objects_of_the_run_are_its_own(self):
        """Each by number and by key, by children, after its removal, as another user."""
        key = 0x5a5a0000 | os.getpid() & 0xffff
        text = self.OBJECTS + f"""
KEY = {key}
room = ctypes.create_string_buffer(4096)
def memory():
    id = call("shmget", KEY, 8192, CREATE | ONLY | 0o640)
    at = call("shmat", id, None, 0)
    ctypes.memmove(at, b"hello", 6)
    in_child(lambda: print(ctypes.string_at(call("shmat", call("shmget", KEY, 0, 0), None, 0o10000))))
    print(call("shmget", KEY, 8192, CREATE | ONLY | 0o640), call("shmget", KEY, 8192, CREATE | 0o640) == id, call("shmget", KEY, 9000, 0))
    print(call("shmctl", id, STAT, room), oct(struct.unpack_from("5I", room.raw, 4)[4] & 0o777), struct.unpack_from("2I", room.raw, 4) == (os.geteuid(), os.getegid()))
    print(call("shmctl", id, REMOVE, None), is_there(call("shmat", id, None, 0)), call("shmget", KEY, 0, 0))
    print(call("shmget", PRIVATE, 0, 0o600), is_there(call("shmat", unnamed := call("shmget", PRIVATE, 1, 0o600), None, 0)), call("shmctl", unnamed, REMOVE, None), call("shmat", 0x7fff0000, None, 0))
def semaphores():
    id = call("semget", KEY, 2, CREATE | 0o600)
    if not (child := os.fork()):
        os._exit(semop(call("semget", KEY, 2, 0), -3) + 7)
    print(call("semctl", id, 0, 16, 2), semop(id, 1), os.waitpid(child, 0)[1], call("semctl", id, 0, 12), call("semget", KEY, 3, 0))
    print(call("semctl", id, 0, REMOVE), call("semctl", id, 0, REMOVE), semop(id, 1), call("semget", KEY, 2, 0), call("semget", PRIVATE, 0, 0))
def queue():
    id = call("msgget", KEY, CREATE | 0o600)
    in_child(lambda: print(call("msgsnd", call("msgget", KEY, 0), struct.pack("q8s", 1, b"hello"), 8, 0)))
    print(call("msgrcv", id, room, 8, 0, 0o4000), room.raw[8:13], call("msgrcv", id, room, 8, 0, 0o4000), call("msgctl", id, STAT, room))
    print(call("msgctl", id, SET, room), call("msgctl", id, REMOVE, None), call("msgrcv", id, room, 8, 0, 0o4000), call("msgctl", id, REMOVE, None))
def all():
    memory(); semaphores(); queue()
def as_another():
    os.setgroups([]); os.setgid(65534); os.setuid(65534); all()
all()
if not os.getuid(): in_child(as_another)
"""
        bare, guarded = self.command("/usr/bin/python3", "-c", text), self.python(text)
        self.assertEqual(len(bare.stdout.splitlines()), (1 if os.getuid() else 2) * 10, bare.stderr + bare.stdout)
        self.assertEqual(guarded.stdout.splitlines(), bare.stdout.splitlines(), guarded.stderr)

    def test_system_vs_objects_of_others_are_not_reached(self):
        libc = ctypes.CDLL(None)
        id = libc.semget(0x5a5b0000 | os.getpid() & 0xffff, 1, 0o1600)
        self.addCleanup(libc.semctl, id, 0, 0)
        text = self.OBJECTS + f"print(semop({id}, 1), semop({id}, 1), call('semctl', {id}, 0, STAT, ctypes.create_string_buffer(999)))"
        result = self.python(text)
        self.assertEqual(result.stdout, "EACCES EACCES 0\n")
        self.assertEqual(result.stderr.count("somebody outside of the run has made what it is about\n"), 1)
        self.assertEqual(self.events(), ["foreign-object"] * 2)
        self.assertEqual(libc.semctl(id, 0, 12), 0)
        result = self.askfirst("run", "--guard=kernel", "--mode=observe", "--policy", self.rules, "--", "/usr/bin/python3", "-c", text)
        self.assertEqual((result.stdout, libc.semctl(id, 0, 12)), ("0 0 0\n", 2))

    def test_an_object_that_another_makes_just_then_is_not_reached(self):
        text = """
import ctypes, time
libc, room, end = ctypes.CDLL(None), ctypes.create_string_buffer(256), time.monotonic() + 2
INFO, STAT, last, got = 12, 11, -1, 0
while time.monotonic() < end and got < 3:
    now = libc.msgctl(libc.msgctl(0, INFO, room), STAT, room)
    last = max(now, last)
    for i in range(100):
        if last >= 0 and libc.msgrcv(last + 1, room, 32, 0, 0o4000) > 0:
            got += 1
            break
print(got)
"""
        self.put("guess.py", text)
        libc, ended = ctypes.CDLL(None), threading.Event()

        def others():
            message = ctypes.create_string_buffer(b"\1" + bytes(7) + b"secret", 40)
            while not ended.wait(0.0002):
                id = libc.msgget(0, 0o600)
                libc.msgsnd(id, message, 32, 0)
                ended.wait(0.0003)
                libc.msgctl(id, 0, None)
        thread = threading.Thread(target=others)
        thread.start()
        try:
            self.assertEqual(self.command("/usr/bin/python3", "guess.py").stdout, "3\n")
            self.assertEqual(self.guard("/usr/bin/python3", "guess.py").stdout, "0\n")
        finally:
            ended.set()
            thread.join()

    def test_calls_no_filter_can_see_through_are_refused(self):
        text = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for number in (425, 323, 321, 298, 304, 246, 175, 165, 1000):
    libc.syscall(number, 0, 0, 0, 0, 0); print(errno.errorcode[ctypes.get_errno()], end=" ")
"""
        self.assertEqual(self.python(text).stdout, "ENOSYS " + "EPERM " * 7 + "ENOSYS ")

    def test_nobody_outside_the_run_gets_a_signal(self):
        text = f"import os\ntry: os.kill({os.getpid()}, 0); os.kill({os.getpid()}, 10)\nexcept OSError as error: print(error.strerror)"
        self.assertEqual(self.python(text).stdout, "Operation not permitted\n")

    def test_what_leaves_capabilities_behind_is_served_without_them(self):
        if os.getuid() != 0:
            self.skipTest("an ordinary user has none")
        theirs = self.workspace / "theirs"
        theirs.write_text("x\n")
        os.chown(theirs, 65534, 65534)
        theirs.chmod(0o600)
        for calls in ([(24, 1), (24, 2)], [(28, 3)]):  # PR_CAPBSET_DROP, PR_SET_SECUREBITS
            text = f"import ctypes, os; print([ctypes.CDLL(None).prctl(*call) for call in {calls}], flush=True); os.execlp('cat', 'cat', 'theirs')"
            command = ["/usr/bin/python3", "-c", text]
            bare = subprocess.run(command, cwd=self.workspace, capture_output=True, text=True)
            self.assertIn("Permission denied", bare.stderr)
            guarded = self.askfirst("run", "--guard=kernel", "--approve=allow", "--", *command)
            self.assertEqual((guarded.stdout, guarded.returncode), (bare.stdout, bare.returncode), guarded.stderr)

    def test_who_becomes_another_user_may_do_what_that_user_may(self):
        if os.getuid() != 0:
            self.skipTest("an ordinary user cannot become another")
        text = """
import ctypes, os, socket, struct, subprocess, sys, tempfile
top = tempfile.mkdtemp(dir=os.getcwd()); os.chmod(top, 0o711); os.chdir(top)
def put(name, mode, owner=0):
    open(name, "w").write("x"); os.chown(name, owner, owner); os.chmod(name, mode)
for name, mode in ("public", 0o644), ("private", 0o600), ("group", 0o640):
    put(name, mode)
os.chown("group", 0, 4321)
os.mkdir("shut", 0o700); put("shut/public", 0o644); os.mkdir("open"); os.chmod("open", 0o777); os.mkdir("sticky"); os.chmod("sticky", 0o1777)
put("sticky/roots", 0o666); put("theirs", 0o600, 65534); os.mkfifo("fifo"); os.chmod("fifo", 0o600); put("suid", 0o4755)
roots = socket.socket(socket.AF_UNIX); roots.bind("roots.socket"); roots.listen(); os.chmod("roots.socket", 0o600)
all = socket.socket(socket.AF_UNIX); all.bind("all.socket"); all.listen(); os.chmod("all.socket", 0o666)
inherited = os.open("private", os.O_RDONLY)
def attempt(name, act):
    try: print(name, act())
    except OSError as error: print(name, error.strerror)
def create(path, mode=0o666):
    os.umask(0o027); os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)); return os.stat(path)[0:1] + os.stat(path)[4:6]
def bound():
    made = socket.socket(socket.AF_UNIX); made.bind("open/socket"); return os.stat("open/socket")[4:6]
def tell():
    others = ["/proc/1/environ"] if os.geteuid() else []  # root may read it bare, where nobody took its capabilities
    for name in "public", "private", "group", "shut/public", "theirs", "nothing", "shut/nothing", "sticky", "shut", f"/proc/self/fd/{inherited}", "/proc/self/comm", *others:
        attempt(name, lambda: bool(os.open(name, os.O_RDONLY)))
    attempt("fifo", lambda: os.open("fifo", os.O_RDWR) and 1)
    attempt("write", lambda: os.open("public", os.O_WRONLY) and 1)
    attempt("make", lambda: create("open/made")); attempt("make here", lambda: create("made"))
    attempt("again", lambda: os.open("open/made", os.O_WRONLY | os.O_TRUNC) and 1)
    attempt("chmod", lambda: os.chmod("public", 0o777)); attempt("chmod own", lambda: os.chmod("open/made", 0o600))
    attempt("chown", lambda: os.chown("open/made", 0, 0)); attempt("times", lambda: os.utime("public", (1, 1)))
    attempt("xattr", lambda: os.setxattr("public", "user.x", b"1"))
    attempt("rename", lambda: os.rename("open/made", "open/moved")); attempt("rename here", lambda: os.rename("public", "other"))
    attempt("unlink sticky", lambda: os.unlink("sticky/roots")); attempt("link", lambda: os.link("public", "open/public"))
    attempt("symlink", lambda: (os.symlink("x", "open/s"), os.lstat("open/s")[4:6])); attempt("mkdir", lambda: (os.mkdir("open/d"), os.stat("open/d")[4:6]))
    attempt("truncate", lambda: os.truncate("private", 0)); attempt("unlink", lambda: os.unlink("open/moved"))
    attempt("bind", bound); attempt("connect roots", lambda: socket.socket(socket.AF_UNIX).connect("roots.socket"))
    calls = socket.socket(socket.AF_UNIX); attempt("connect", lambda: calls.connect("all.socket"))
    attempt("run", lambda: subprocess.run(["id", "-u"], capture_output=True, text=True))
    attempt("run private", lambda: subprocess.run(["./private"]))
for ids in ((65534,) * 3, (65534,) * 3, []), ((65534,) * 3, (4321,) * 3, [4321]), ((0, 65534, 0), (0, 65534, 0), []), ((0,) * 3, (4321,) * 3, [7]):
    for path in "open/s", "open/public", "open/socket":
        if os.path.lexists(path): os.unlink(path)
    if os.path.exists("open/d"): os.rmdir("open/d")
    print(ids, flush=True)
    if not os.fork():
        os.setgroups(ids[2]); os.setresgid(*ids[1]); os.setresuid(*ids[0]); tell(); sys.stdout.flush(); os._exit(0)
    peer, _ = all.accept(); print("peer", struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:])
    print(os.wait()[1]); create("after" + str(ids[0][0]) + str(ids[1][0]) + str(ids[0][1])); sys.stdout.flush()
print(os.stat("after6553465534" + "65534")[4:6])
"""
        self.rules = self.policy("""
read: [{allow: "/**"}]
write: [{allow: "/**"}]
exec: [{allow: "/**"}]
connect: [{allow: "unix:/**"}]
otherwise: {read: deny, write: deny, exec: deny, connect: deny, debug: deny}
""")
        place = pathlib.Path(tempfile.mkdtemp(dir="/tmp", prefix="u"))
        self.addCleanup(shutil.rmtree, place)
        place.chmod(0o711)
        bare = self.command("/usr/bin/python3", "-c", text, cwd=place)
        guarded = self.guard("/usr/bin/python3", "-c", text, cwd=place)
        self.assertEqual(bare.returncode, 0, bare.stderr)
        self.assertEqual(guarded.stdout.splitlines(), bare.stdout.splitlines(), guarded.stderr)

    def test_the_launcher_lends_root_no_capability_that_it_took(self):
        if os.getuid() != 0:
            self.skipTest("an ordinary user has none")
        text = """
import os
for name in ("user.x", "trusted.x", "security.x"):
    try: os.setxattr("plain", name, b"1"); print("set", end=" ")
    except OSError as error: print(error.strerror, end=" ")
try: os.mknod("node", 0o20600, os.makedev(1, 3))
except OSError as error: print(error.strerror)
"""
        self.assertEqual(self.python(text).stdout, "set Operation not permitted Operation not permitted Operation not permitted\n")

    def test_its_children_can_be_looked_at_and_outsiders_cannot(self):
        text = f"""
import os, time
child = os.fork()
if not child: time.sleep(20); os._exit(0)
for pid in (child, {os.getpid()}):
    for name in ("stat", "environ", "io", "smaps_rollup", "mem"):
        try: open(f"/proc/{{pid}}/{{name}}").close(); print("yes", end=" ")
        except OSError as error: print("no", end=" ")
os.kill(child, 9)
"""
        self.assertEqual(self.python(text).stdout, "yes yes yes yes no yes no no no no ")

    def test_a_signal_ends_the_wait_for_a_fifo(self):
        text = """
import os, signal, sys, time
os.mkfifo("pipe")
def handler(*_): raise InterruptedError
signal.signal(signal.SIGALRM, handler); signal.setitimer(signal.ITIMER_REAL, 0.1)
began = time.monotonic()
try: os.open("pipe", os.O_RDONLY)
except InterruptedError: print("interrupted", time.monotonic() - began < 3)
signal.signal(signal.SIGALRM, lambda *_: None); signal.setitimer(signal.ITIMER_REAL, 0.1)
if not os.fork(): time.sleep(1); os.close(os.open("pipe", os.O_WRONLY)); os._exit(0)
os.open("pipe", os.O_RDONLY); print("opened", time.monotonic() - began > 1)
"""
        self.assertEqual(self.python(text, limit=20).stdout, "interrupted True\nopened True\n")

    def test_those_who_died_waiting_leave_room_for_others(self):
        text = """
import os, signal, time
os.mkfifo("pipe")
for _ in range(3):
    waiting = []
    for _ in range(120):
        pid = os.fork()
        if not pid: os.open("pipe", os.O_RDONLY); os._exit(0)
        waiting.append(pid)
    time.sleep(0.2)
    for pid in waiting: os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
    time.sleep(0.6)
pid = os.fork()
if not pid: os.close(os.open("pipe", os.O_WRONLY)); os._exit(0)
os.close(os.open("pipe", os.O_RDONLY)); print("opened")
"""
        self.assertEqual(self.python(text, limit=30).stdout, "opened\n")

    def test_a_lease_holds_up_nobody_else(self):
        text = """
import fcntl, os, signal, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
fd = os.open("leased", os.O_CREAT | os.O_RDWR); fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
for act in (lambda: os.close(os.open("leased", os.O_RDONLY)), lambda: os.truncate("leased", 0)):
    if not os.fork(): os.close(fd); act(); print("done", flush=True); os._exit(0)
time.sleep(0.3); began = time.monotonic(); open("plain").close(); print("quick", time.monotonic() - began < 1, flush=True)
try: os.open("leased", os.O_RDONLY | os.O_NONBLOCK); print("lease ignored")
except BlockingIOError: pass
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK); os.wait(); os.wait()
"""
        self.assertEqual(self.python(text, limit=20).stdout, "quick True\ndone\ndone\n")

    def test_a_pipe_that_is_full_holds_up_nobody(self):
        text = """
import fcntl, os, threading
r, w = os.pipe(); os.dup2(w, 2); os.set_blocking(w, False)
def fill():
    while True:
        try: os.write(w, b"x" * 100)
        except BlockingIOError: os.read(r, 50)
threading.Thread(target=fill, daemon=True).start()
for _ in range(200):
    try: open("secret")
    except PermissionError: pass
print(open("plain").read(), end="", flush=True); os._exit(0)
"""
        self.assertEqual(self.python(text, limit=20).stdout, "plain\n")

    def test_an_own_fence_holds_for_orphans_too(self):
        text = """
import ctypes, os, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def fence():  # nothing may be read
    ruleset = libc.syscall(444, ctypes.create_string_buffer(struct.pack("Q", 4)), 8, 0)
    libc.prctl(38, 1, 0, 0, 0)
    if libc.syscall(446, ruleset, 0): print("no fence", flush=True)
def look():
    try: open("plain"); print("read", flush=True)
    except OSError: print("held", flush=True)
look()
if not os.fork():
    fence(); look()
    if not os.fork(): time.sleep(0.3); look()
    os._exit(0)
os.wait(); look(); time.sleep(0.6)
"""
        self.assertEqual(self.python(text, limit=20).stdout, "read\nheld\nread\nheld\n")

    def test_a_datagram_is_judged_by_where_it_goes_however_it_is_sent(self):
        listeners = {}
        for name in ("open", "closed"):
            for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                listeners[name, family] = one = socket.socket(family, socket.SOCK_DGRAM)
                self.addCleanup(one.close)
                one.bind((host, 0))
                one.settimeout(5 if name == "open" else 0.1)
        port = {name: [listeners[name, family].getsockname()[1] for family in (socket.AF_INET, socket.AF_INET6)] for name in ("open", "closed")}
        others = "otherwise: {read: allow, write: allow, exec: allow, connect: deny, debug: deny}\n"
        self.rules = self.policy(f"connect: [{{allow: ['127.0.0.1:{port['open'][0]}', '[::1]:{port['open'][1]}']}}]\n" + others)
        text = f"""
import ctypes, os, socket, struct, threading, uuid
uuid.uuid1()
def tell(name, family, host, port):
    new = lambda: socket.socket(family, socket.SOCK_DGRAM)
    def connected():
        s = new(); s.connect((host, port)); return s
    def several():
        s = new()
        libc = ctypes.CDLL(None, use_errno=True)
        address = ctypes.create_string_buffer(struct.pack("=HH", family, socket.htons(port)) + (socket.inet_pton(family, host) + bytes(8) if family == 2 else bytes(4) + socket.inet_pton(family, host) + bytes(4)))
        data = ctypes.create_string_buffer(b"mm"); part = (ctypes.c_uint64 * 2)(ctypes.addressof(data), 2)
        head = (ctypes.c_uint64 * 8)(ctypes.addressof(address), 16 if family == 2 else 28, ctypes.addressof(part), 1)
        if libc.sendmmsg(s.fileno(), head, 1, 0) != 1: raise OSError(ctypes.get_errno(), "sendmmsg")
        return head[7] & 0xffffffff
    for way in (lambda: new().sendto(b"to", (host, port)), lambda: new().sendmsg([b"ms", b"g"], [], 0, (host, port)), several, lambda: connected().send(b"c"),
                lambda: connected().sendmsg([b"cm", b"sg"]), lambda: os.write(connected().detach(), b"w")):
        try: result = way()
        except OSError as error: result = error.errno
        print(result, end=" ", flush=True)
def all():
    tell("open", socket.AF_INET, "127.0.0.1", {port['open'][0]}); tell("open", socket.AF_INET6, "::1", {port['open'][1]})
    tell("closed", socket.AF_INET, "127.0.0.1", {port['closed'][0]}); tell("closed", socket.AF_INET6, "::1", {port['closed'][1]}); print()
all()
thread = threading.Thread(target=all); thread.start(); thread.join()
"""
        result = self.python(text)
        self.assertEqual(result.stdout, 2 * ("2 3 2 1 4 1 " * 2 + "13 " * 12 + "\n"), result.stderr)
        for (name, family), one in listeners.items():
            if name == "closed":
                with self.assertRaises(TimeoutError):
                    one.recv(9)
            else:
                self.assertEqual([one.recv(9) for _ in range(12)], [b"to", b"msg", b"mm", b"c", b"cmsg", b"w"] * 2)
        self.assertIn(f"denied: connect 127.0.0.1:{port['closed'][0]}", result.stderr)

    def test_a_unix_datagram_is_judged_by_where_it_goes(self):
        for name in ("open.sock", "closed.sock"):
            one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.addCleanup(one.close)
            one.bind(str(self.workspace / name))
            setattr(self, name[:-5], one)
            one.setblocking(False)
        others = "otherwise: {read: allow, write: allow, exec: allow, connect: deny, debug: deny}\n"
        self.rules = self.policy("connect: [{allow: 'unix:**/open.sock'}]\n" + others)
        result = self.python("""
import os, socket, threading
read, _ = os.pipe()
def all():
    for path in "open.sock", "closed.sock":
        for way in (lambda s: s.sendto(b"to", path), lambda s: s.sendmsg([b"m"], [], 0, path), lambda s: s.connect(path) or s.send(b"c"),
                    lambda s: s.sendmsg([b"fd"], [(1, 1, bytes([read, 0, 0, 0]))], 0, path), lambda s: s.sendmsg([b"cr"], [(1, 2, bytes(12))], 0, path)):
            try: result = way(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            except OSError as error: result = error.errno
            print(result, end=" ")
all()
thread = threading.Thread(target=all); thread.start(); thread.join()
""")
        self.assertEqual(result.stdout, "2 1 1 2 2 13 13 13 13 13 " * 2, result.stderr)
        got = [socket.recv_fds(self.open, 9, 1) for _ in range(10)]
        self.assertEqual([(one[0], len(one[1])) for one in got], [(b"to", 0), (b"m", 0), (b"c", 0), (b"fd", 1), (b"cr", 0)] * 2)
        for one in got:
            for descriptor in one[1]:
                os.close(descriptor)
        with self.assertRaises(BlockingIOError):
            self.closed.recv(9)

    def test_who_says_yes_to_a_datagram_is_not_asked_about_the_next(self):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.bind(("127.0.0.1", 0))
        self.rules = self.policy("otherwise: {read: allow, write: allow, exec: allow, connect: ask, debug: deny}\n")
        result = self.python(f"""
import socket
import struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print([s.sendto(b"x", ("127.0.0.1", {receiver.getsockname()[1]})) for _ in range(5)])
""", approve="allow")
        self.assertEqual(result.stdout, "[1, 1, 1, 1, 1]\n", result.stderr)
        asked = [line for line in self.records() if line["type"] == "act" and line["act"] == "connect"]
        self.assertEqual([(line["outcome"], bool(line.get("before"))) for line in asked], [("approved", False)] + [("approved", True)] * 4)

    def test_what_is_sent_for_a_caller_waits_ends_and_is_interrupted_as_its_own_would(self):
        others = "otherwise: {read: allow, write: allow, exec: allow, connect: deny, debug: deny}\n"
        self.rules = self.policy("connect: [{allow: 'unix:**/queue'}]\n" + others)
        text = """
import errno, os, signal, socket, threading, time
def waiting():
    receiver, sender = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    if os.path.exists("queue"): os.unlink("queue")
    receiver.bind("queue")
    child = os.fork()
    if not child:
        time.sleep(0.5)
        for _ in range(400): receiver.recv(99)
        os._exit(0)
    began = time.monotonic()
    for i in range(400): sender.sendto(b"x", "queue")
    print("waited", time.monotonic() - began > 0.3, os.waitpid(child, 0)[1])
    sender.setblocking(False)
    try:
        for _ in range(9999): sender.sendto(b"x", "queue")
    except OSError as error: print(errno.errorcode[error.errno])
    sender.setblocking(True)
    def interrupt(*_): raise TimeoutError
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try: sender.sendto(b"x", "queue")
    except TimeoutError: print("interrupted")
waiting()
def several_threads(): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
several_threads()
waiting()
one, other = socket.socketpair()
passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, bytes([0, 0, 0, 0]))]
much, got = b"z" * 700000, []
def read():
    while sum(map(len, got)) < len(much): got.append(other.recv(1 << 16))
reader = threading.Thread(target=read)
reader.start()
print(one.sendmsg([much], passed), reader.join(), b"".join(got) == much)
other.close()
if not (child := os.fork()):
    several_threads()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    one.sendmsg([b"x", b"y"], passed)
    os._exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
try: one.sendmsg([b"x", b"y"], passed, socket.MSG_NOSIGNAL)
except OSError as error: print(errno.errorcode[error.errno])
"""
        bare = self.command("/usr/bin/python3", "-c", text)
        self.assertEqual(bare.stdout, "waited True 0\nEAGAIN\ninterrupted\n" * 2 + "700000 None True\n-13\nEPIPE\n", bare.stderr)
        guarded = self.python(text)
        self.assertEqual((guarded.stdout, guarded.returncode), (bare.stdout, bare.returncode), guarded.stderr)

    def test_what_goes_with_a_datagram_leads_it_nowhere_else(self):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        others = "otherwise: {read: allow, write: allow, exec: allow, connect: deny, debug: deny}\n"
        self.rules = self.policy("connect: [{allow: localhost}]\n" + others)
        result = self.python(f"""
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here = ("127.0.0.1", {receiver.getsockname()[1]})
for level, kind, value in ((0, 8, struct.pack("I", 1 << 20) + socket.inet_aton("127.0.0.2") + bytes(4)), (0, 1, struct.pack("i", 16)), (0, 7, bytes(8)), (1, 36, bytes(4)), (1, 61, bytes(8))):
    try: print(s.sendmsg([b"x"], [(level, kind, value)], 0, here), end=" ")
    except OSError as error: print(error.strerror, end=" ")
for level, name, value in ((1, 25, b"lo"), (0, 50, struct.pack("!I", 1)), (0, 35, socket.inet_aton("239.1.2.3") + bytes(4))):
    try: s.setsockopt(level, name, value); print("set", end=" ")
    except OSError as error: print(error.strerror, end=" ")
""")
        no = "Operation not permitted "
        self.assertTrue(result.stdout.startswith("1 1 " + no + no), (result.stdout, result.stderr))
        self.assertTrue(result.stdout.endswith(no + no + "Permission denied "), (result.stdout, result.stderr))
        self.assertEqual(receiver.recvfrom(9)[1][0], "127.0.0.2")  # whose own address it was is as it said

    def test_a_kind_that_a_rule_speaks_of_is_judged_when_it_is_made(self):
        others = "otherwise: {read: allow, write: allow, exec: allow, connect: deny, debug: deny}\n"
        text = """
import socket
import struct
for kind in (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_DGRAM):
    try: socket.socket(*kind); print("made", end=" ")
    except OSError as error: print("no", end=" ")
"""
        kinds = "{allow: [udp, unix-datagram]}"
        for rules, expected in ((f"[{kinds}]", "made made made "),
                                (f"[{kinds}, {{deny: '10.0.0.0/8'}}, {{ask: 'unix:/run/x'}}]", "made made made "),
                                (f"[{{deny: [raw, packet]}}, {{allow: '10.0.0.0/8'}}, {kinds}]", "made made made "),
                                (f"[{{deny: '10.0.0.0/8'}}, {kinds}]", "made made made "),
                                ("[]", "made made made "),
                                ("[{deny: udp}]", "no no made "),
                                ("[{ask: unix-datagram}]", "made made no ")):
            with self.subTest(rules):
                self.rules = self.policy(f"connect: {rules}\n" + others)
                self.assertEqual(self.python(text).stdout, expected)
                allowed = expected if "deny: udp" in rules else "made made made "
                self.assertEqual(self.python(text, approve="allow").stdout, allowed)
        self.rules = self.policy(f"connect: [{kinds}]\n" + others)
        (self.workspace / ".askfirst.yaml").write_text("askfirst: 1\nconnect: [{deny: udp}]\n")
        self.assertEqual(self.python(text).stdout, "no no made ")

    def test_a_connection_goes_to_the_address_that_was_judged_by_no_route_of_its_own(self):
        text = """
import socket, struct, sys
hop, here = (socket.inet_pton(socket.AF_INET6, name) for name in ("::2", "::1"))
route = struct.pack("BBBBBBH", 0, 4, 4, 1, 1, 0, 0) + here + hop
old = struct.pack("BBBBI", 0, 2, 2, 1, 0) + hop
for family, level, option, value in (socket.AF_INET6, 41, 57, route), (socket.AF_INET6, 41, 5, old), (socket.AF_INET, 0, 4, bytes([68, 8, 5] + [0] * 5)), \\
        (socket.AF_INET6, 41, 26, struct.pack("i", 1)), (socket.AF_INET, 0, 1, struct.pack("i", 8)), (socket.AF_INET, 6, 1, struct.pack("i", 1)):
    with socket.socket(family) as s:
        try: s.setsockopt(level, option, value); print("set")
        except OSError as error: print(error.strerror)
"""
        self.put("routes.py", text)
        self.assertEqual(self.command("/usr/bin/python3", "routes.py").stdout.split(), ["set"] * 6)
        self.assertEqual(self.guard("/usr/bin/python3", "routes.py").stdout.split("\n")[:-1], ["Operation not permitted"] * 3 + ["set"] * 3)

    def test_no_socket_is_bound_to_a_device_by_its_address(self):
        text = """
import errno, socket, sys, threading
def bound(address, device=0, stream=False):
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as s:
        try: s.bind((address, taken, 0, device)); word = "bound"
        except OSError as error: word = errno.errorcode[error.errno]
        print(word, s.getsockopt(socket.SOL_SOCKET, 62), end=", ")
    return 0
for several in False, True:
    if several: threading.Thread(target=sys.stdin.read, daemon=True).start()
    taken = 0
    bound("::1"), bound("::1", 1), bound("ff02::1", 1), bound("fe80::1", 1), bound("ff01::1", 1), bound("fe80::1", 1, True)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as first:
        first.bind(("::", 0))
        taken = first.getsockname()[1]
        bound("::1"), bound("ff02::1", 1), bound("::ffff:127.0.0.1")
with socket.socket() as s: s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1] > 0, end=" ")
with socket.socket(socket.AF_UNIX) as s: s.bind("\\0askfirst-%d" % taken); print(s.getsockname()[1:9])
"""
        self.put("bound.py", text)
        free, used = "bound 0, bound 0, bound 1, EADDRNOTAVAIL 1, bound 1, EADDRNOTAVAIL 1, ", "EADDRINUSE 0, EADDRINUSE 1, EADDRINUSE 0, "
        last = "True b'askfirst'\n"
        self.assertEqual(self.command("/usr/bin/python3", "bound.py").stdout, 2 * (free + used) + last)
        free, used = "bound 0, bound 0, EPERM 0, EPERM 0, EPERM 0, EPERM 0, ", "EADDRINUSE 0, EPERM 0, EADDRINUSE 0, "
        result = self.guard("/usr/bin/python3", "bound.py")
        self.assertEqual(result.stdout, 2 * (free + used) + last, result.stderr)

    def test_a_socket_is_bound_under_the_name_that_it_was_given(self):
        text = """
import os, socket
os.mkdir("d"); os.umask(0o077); kept = []
for address in ("a.sock", "d/b.sock", os.getcwd() + "/c.sock", "\\0abstract"):
    s = socket.socket(socket.AF_UNIX); s.bind(address); s.listen(); kept.append(s); print(s.getsockname() in (address, address.encode()), end=" ")
print(oct(os.stat("a.sock").st_mode))
for address in ("a.sock", "missing/a.sock", "kept/a.sock"):
    try: socket.socket(socket.AF_UNIX).bind(address)
    except OSError as error: print(error.strerror)
c = socket.socket(socket.AF_UNIX); c.connect("d/b.sock"); print(c.getpeername())
"""
        self.assertEqual(self.python(text).stdout, "True True True True 0o140700\nAddress already in use\nNo such file or directory\n"
                         "Permission denied\nd/b.sock\n")

    def test_a_socket_is_bound_where_its_name_leads_the_one_who_binds_it(self):
        text = """
import os, socket, stat
os.mkdir("d"); os.symlink("d", "to-d"); os.symlink("nowhere", "dangling"); d = os.open("d", os.O_PATH)
for address in ("to-d/a.sock", f"/proc/self/fd/{d}/b.sock", f"/proc/self/fd/{d}/b.sock", "/proc/self/cwd/c.sock", "d/../e.sock", "d/f.sock/", "d/",
                "dangling", "", "x" * 108, "d/" + "y" * 106, "d/" + "z" * 107):
    s = socket.socket(socket.AF_UNIX)
    try: s.bind(address); print("bound")
    except OSError as error: print(error.strerror or error)
print([sorted(name[:9] for name in os.listdir(at) if stat.S_ISSOCK(os.lstat(at + "/" + name).st_mode)) for at in (".", "d")], os.getcwd())
"""
        self.put("bind.py", text)
        self.assertEqual(self.guard("/usr/bin/python3", "bind.py").stdout, self.bare_twin("bind.py"))

    def bare_twin(self, script):
        """What it prints bare, in a directory of the same name made anew."""
        shutil.rmtree(self.workspace / "d")
        for path in self.workspace.iterdir():
            if path.is_socket() or path.is_symlink():
                path.unlink()
        return self.command("/usr/bin/python3", script).stdout

    def by_an_ordinary_user(self, *command):
        os.chmod(self.tmp, 0o755)
        for path in (self.home, self.workspace):
            os.chown(path, 65534, 65534)
            path.chmod(0o755)
        for name in ("secret", "plain"):
            (self.workspace / name).chmod(0o644)
        self.rules.chmod(0o644)
        os.chown(self.rules, 65534, 65534)
        for path in self.tmp.resolve().parents:
            if not os.stat(path).st_mode & 1:
                os.chmod(path, os.stat(path).st_mode | 0o11)
        return self.command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", support.ASKFIRST, "run",
                            "--guard=kernel", "--policy", self.rules, "--approve=deny", "--", *command, limit=20)

    @unittest.skipIf(os.getuid() != 0, "this is an ordinary user already")
    def test_an_ordinary_user_is_guarded_as_well(self):
        result = self.by_an_ordinary_user(BUSYBOX, "cat", "plain", "secret")
        self.assertEqual((result.stdout, result.returncode), ("plain\n", 1), result.stderr)

    @unittest.skipIf(os.getuid() != 0, "only an ordinary user's launcher cannot open such a terminal anew")
    def test_a_terminal_that_nobody_reads_holds_up_nobody(self):
        result = self.by_an_ordinary_user("/usr/bin/python3", "-c", """
import fcntl, os, termios
terminal, program = os.openpty()
fcntl.ioctl(program, termios.TIOCEXCL)
os.dup2(program, 2)
for i in range(2000):
    try: open("secret")
    except OSError as error: told = error.strerror
print(told)
""")
        self.assertEqual(result.stdout, "Permission denied\n", result.stderr)


if __name__ == "__main__":
    support.main()
