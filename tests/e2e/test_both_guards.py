"""The same program under guard shim and under guard kernel: the same results, the same questions, each once, and the same
records."""
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import time
import unittest

import support
from talk import DoorCase, Session

POLICY = """
askfirst: 1
read:
  - deny: "**/secret"
    because: it is secret
  - ask: "**/ask/**"
  - allow: "/**"
write:
  - deny: "**/kept/**"
  - ask: "**/ask/**"
  - allow: ["${workspace}/**", /dev/**]
exec:
  - deny: {program: rm, words: [forbidden]}
    because: that is forbidden
  - ask: {program: rm}
    because: it removes
  - ask: {program: mv}
  - ask: {shell: "*curl*"}
  - allow: "/**"
connect:
  - deny: "10.0.0.0/8"
  - deny: "unix:**/closed.sock"
  - ask: "*"
otherwise: {read: ask, write: ask, exec: ask, connect: ask}
"""
PRELUDE = """
import ctypes, errno, os, shutil, socket, subprocess, sys, threading
def attempt(act, *args, **more):
    try:
        result = act(*args, **more)
        print("did", getattr(result, "returncode", result) if isinstance(result, (int, subprocess.CompletedProcess)) else "it", flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
"""
GUARDS = ("shim", "kernel")


class UnderBoth(DoorCase):
    def run_under(self, guard, text, answer, options=(), policy=POLICY, prepare=None):
        """-> status, output, questions and records, without what differs from run to run."""
        work = self.directory(f"home/{guard}/work")
        for name in ("ask", "kept"):
            (work / name).mkdir()
        for name in ("secret", "plain", "ask/one", "ask/two", "kept/it"):
            (work / name).write_text(name)
        (work / "job.py").write_text(PRELUDE + text)
        if prepare:
            prepare(work)
        self.workspace = work
        session = Session(self, "/usr/bin/python3", "-B", "job.py", audit=self.tmp / f"audit-{guard}", policy=policy,
                          options=[f"--guard={guard}", *options])
        questions = []
        for question in iter(lambda: session.next("ask"), None):
            questions.append(question)
            decision = answer(question)
            if not decision:
                continue
            session.answer(question, *([decision] if isinstance(decision, str) else []),
                           **(decision if isinstance(decision, dict) else {}))
        status, out, err = session.finish()
        records = session.records("act")
        return {"status": status, "out": out, "questions": [self.essence(q, work) for q in questions],
                "records": [self.essence(r, work) for r in records], "err": err}

    @staticmethod
    def essence(told, work):
        """What a question or a record is about, and what was decided."""
        rule = told.get("rule") or {}
        about = told.get("argv") if told["act"] == "exec" else told.get("path") or told.get("address")
        names = ("act", "verdict", "outcome", "detail")
        python = told.get("python")
        line = f"{os.path.basename(python['file'])}:{python['line']}" if python else None
        text = lambda value: value.replace(str(work), "WORK") if isinstance(value, str) else value
        return {**{name: told.get(name) for name in names}, "line": line, "rule": (rule.get("place") or "").rpartition("/")[2],
                "about": [text(one) for one in about] if isinstance(about, list) else text(about),
                "program": os.path.basename(told.get("program") or ""), "cwd": text(told.get("cwd"))}

    def both(self, text, answer=lambda question: "allow", **more):
        seen = {guard: self.run_under(guard, text, answer, **more) for guard in GUARDS}
        shim, kernel = (seen[guard] for guard in GUARDS)
        self.assertEqual(kernel["out"], shim["out"], kernel["err"])
        self.assertEqual(kernel["status"], shim["status"])
        self.assertEqual(kernel["questions"], shim["questions"])
        self.assertEqual(kernel["records"], shim["records"])
        return shim


class BothGuards(UnderBoth):
    def test_reading(self):
        seen = self.both("""
for name in ("plain", "secret", "ask/one", "ask/one", "ask/two", "ask/missing", "missing"):
    attempt(lambda: open(name).read())
attempt(os.listdir, "ask")
attempt(os.listdir, ".")
""")
        self.assertEqual(seen["out"].split("\n")[:-1], ["did it", "EACCES", "did it", "did it", "did it", "ENOENT", "ENOENT",
                                                        "did it", "did it"])
        self.assertEqual([q["about"] for q in seen["questions"]], ["WORK/ask/one", "WORK/ask/one", "WORK/ask/two", "WORK/ask"])

    ELSEWHERE = """
read:
  - deny: ~/.keys/**
    because: keys
  - ask: ["~/.token*", ~/.login]
  - hide: ~/.hidden
  - allow: "/**"
write:
  - ask: [~/.startup, ~/.login]
  - allow: ["${workspace}/**", /dev/**]
otherwise: {read: ask, write: ask, exec: allow, connect: ask}
"""

    def have_links(self, work):
        """Files elsewhere, each of which is in the workspace under another name as well."""
        (self.home / ".keys/deep").mkdir(parents=True, exist_ok=True)
        for name, link in ((".keys/deep/id", "key"), (".token_1", "token"), (".login", "login"), (".startup", "startup"),
                           (".hidden", "hidden"), ("plain", "of-nobody")):
            (self.home / name).write_text(f"{name}\n")
            os.link(self.home / name, work / link)
            self.addCleanup((self.home / name).unlink, missing_ok=True)
        os.link(self.home / ".startup", work / "startup-too")
        (work / "one").write_text("in itself\n")
        os.link(work / "one", work / "two")

    def test_a_hard_link_from_before_is_what_it_links_to(self):
        seen = self.both("""
for name in ("key", "key", "token", "login", "startup", "of-nobody", "one", "two"):
    attempt(lambda: open(name).read())
attempt(subprocess.run, ["cat", "key", "token"], stdout=subprocess.DEVNULL)
for name in ("login", "startup", "of-nobody", "two"):
    attempt(lambda: open(name, "a").close())
    attempt(lambda: open(name, "w").close())
    attempt(os.truncate, name, 0)
    attempt(os.chmod, name, 0o640)
    attempt(os.utime, name, (1, 2))
    attempt(os.chown, name, os.getuid(), -1)
attempt(lambda: open("login", "r+").close())
attempt(lambda: print(repr(open("hidden").read())))
attempt(os.rename, "hidden", "shown")
attempt(os.symlink, "startup", "to-it")
attempt(lambda: open("to-it", "a").close())
print(open("startup").read(), os.path.getsize("two"))
""", lambda question: "deny", policy=self.ELSEWHERE, prepare=self.have_links)
        self.assertEqual(seen["out"].split("\n")[:-1], ["EACCES"] * 4 + ["did it"] * 4 + ["did 1"] + ["EACCES"] * 12 + ["did it"] * 12
                         + ["EACCES", "''", "did it", "EACCES", "did it", "EACCES", ".startup", " 0"])

    def test_a_hard_link_to_what_is_asked_about_before_it_is_written_and_is_read_nowhere_else(self):
        seen = self.both("""
attempt(lambda: open("startup").read())
attempt(lambda: open("of-nobody").read())
attempt(lambda: open("two").read())
""", lambda question: "deny", policy="""
read: [{allow: ["${workspace}/**", "/usr/**", "/lib*/**", "/etc/**", "/proc/**", "/dev/**"]}]
write: [{ask: ~/.startup}, {allow: ["${workspace}/**", /dev/**]}]
otherwise: {read: ask, write: ask, exec: allow, connect: ask}
""", prepare=self.have_links)
        self.assertEqual(seen["out"].split("\n")[:-1], ["EACCES", "did it", "did it"])
        self.assertEqual([(q["act"], os.path.basename(q["about"])) for q in seen["questions"]], [("read", ".startup")])

    def test_a_hard_link_from_before_after_a_yes(self):
        seen = self.both("""
for name in ("key", "token", "login", "startup", "of-nobody"):
    attempt(lambda: open(name).read())
    attempt(lambda: open(name, "a").close())
    attempt(lambda: open(name, "w").close())
    attempt(os.chmod, name, 0o640)
print(os.path.getsize("startup"))
""", policy=self.ELSEWHERE, prepare=self.have_links)
        self.assertEqual(seen["out"].split("\n")[:-1], ["EACCES"] + ["did it"] * 19 + ["0"])
        name = lambda path: os.path.relpath(path, self.home)
        asked = [(q["act"], name(q["about"])) for q in seen["questions"]]
        self.assertEqual(asked, [("write", ".keys/deep/id")] * 3 + [("read", ".token_1")] + [("write", ".token_1")] * 3
                         + [("read", ".login")] + [("write", ".login")] * 3 + [("write", ".startup")] * 3)
        self.assertEqual([q["detail"] for q in seen["questions"][-3:]], ["write", "truncate", "change mode of"])

    def test_a_socket_of_several_names_is_asked_about(self):
        def prepare(work):
            for name in ("outside", "work"):
                self.listener = socket.socket(socket.AF_UNIX)
                self.addCleanup(self.listener.close)
                os.chdir(work)
                self.listener.bind({"outside": "../outside.sock", "work": "plain.sock"}[name])
                self.listener.listen()
            os.link("../outside.sock", "innocent.sock")

        seen = self.both("""
for name in ("plain.sock", "innocent.sock"):
    with socket.socket(socket.AF_UNIX) as s: attempt(s.connect, name)
""", lambda question: "deny", policy="connect: [{allow: 'unix:${workspace}/**'}]\notherwise: {read: allow, write: allow, exec: allow, connect: deny}",
                         prepare=prepare)
        self.assertEqual(seen["out"].split("\n")[:-1], ["did it", "EACCES"])
        self.assertEqual([q["about"] for q in seen["questions"]], ["unix:WORK/innocent.sock"])

    def test_another_name_may_be_taken_away_or_given(self):
        seen = self.both("""
attempt(os.rename, "startup", "renamed")
attempt(lambda: open("renamed", "a").close())
attempt(os.link, "startup-too", "new")
attempt(lambda: open("new", "a").close())
attempt(os.unlink, "startup-too")
attempt(os.unlink, "login")
attempt(os.rename, "one", "two")
attempt(os.link, "key", "key-too")
attempt(os.rename, "key", "key-too")
print(sorted(os.listdir(".")))
""", lambda question: "deny", policy=self.ELSEWHERE, prepare=self.have_links)
        self.assertEqual(seen["out"].split("\n")[:9], ["did it", "EACCES", "did it", "EACCES", "did it", "did it", "did it", "EACCES",
                                                       "EACCES"])

    def test_a_no(self):
        seen = self.both("""
attempt(lambda: open("ask/one").read())
attempt(lambda: open("ask/one").read())
attempt(lambda: open("ask/new", "w"))
attempt(subprocess.run, ["rm", "-f", "plain"])
attempt(subprocess.run, ["rm", "-f", "plain"])
attempt(socket.create_connection, ("192.0.2.1", 9), 1)
print(sorted(os.listdir(".")))
""", lambda question: "deny")
        self.assertNotIn("did", seen["out"])
        self.assertIn("'plain'", seen["out"])

    def test_an_answer_for_the_exact_thing(self):
        seen = self.both("""
for _ in range(3):
    attempt(lambda: open("ask/one").read())
    attempt(subprocess.run, ["rm", "-f", "x"])
attempt(subprocess.run, ["rm", "-f", "y"])
""", lambda question: {"scope": "exact"})
        self.assertEqual(len(seen["questions"]), 3)

    def test_an_answer_for_the_whole_tree(self):
        self.both("""
subprocess.run(["sh", "-c", "rm -f a; rm -f b; cat ask/one"])
attempt(subprocess.run, ["rm", "-f", "c"])
""", lambda question: {"scope": "tree"})

    def test_writing(self):
        seen = self.both("""
attempt(lambda: open("new", "w").write("x"))
attempt(lambda: open("ask/new", "w").write("x"))
attempt(lambda: open("ask/one", "a").write("x"))
attempt(lambda: open("kept/it", "w"))
attempt(os.truncate, "kept/it", 0)
attempt(os.mkdir, "ask/dir")
attempt(os.rmdir, "ask/dir")
attempt(os.unlink, "ask/new")
attempt(os.chmod, "ask/one", 0o640)
attempt(os.utime, "ask/one", (1, 2))
attempt(os.symlink, "one", "ask/link")
attempt(os.unlink, "kept/it")
attempt(os.chmod, "kept/it", 0o600)
attempt(os.rename, "new", "kept/new")
attempt(os.mkdir, "kept/dir")
print(sorted(os.listdir("kept")), open("kept/it").read())
""")
        self.assertTrue(seen["out"].endswith("['it'] kept/it\n"))

    def test_programs(self):
        seen = self.both("""
attempt(subprocess.run, ["true"])
attempt(subprocess.run, ["rm", "forbidden"])
attempt(subprocess.run, ["rm", "-f", "x"])
attempt(subprocess.run, ["no-such-program"])
attempt(subprocess.run, ["./plain"])
attempt(subprocess.run, ["env", "FOO=1", "rm", "-f", "x"])
open("script", "w").write("#!/bin/sh\\nrm -f x\\nmv -f plain other\\n"); os.chmod("script", 0o755)
attempt(subprocess.run, ["./script"])
attempt(os.posix_spawn, "/bin/rm", ["rm", "forbidden"], os.environ)
attempt(os.execv, "/bin/rm", ["rm", "forbidden"])
os.execv("/bin/rm", ["rm", "-f", "x"])
""")
        self.assertEqual(sum(q["about"][0].endswith("rm") for q in seen["questions"]), 4)

    def test_shells(self):
        self.both("""
attempt(os.system, "rm -f x; true")
attempt(os.system, "rm forbidden")
attempt(subprocess.run, "mv -f plain other && ls other", shell=True)
attempt(os.system, "echo curl")
attempt(lambda: os.popen("cat secret").read())
""")

    def test_the_line_of_python(self):
        seen = self.both("""
def read():
    attempt(lambda: open("ask/one").read())
read()
attempt(open, "secret")
subprocess.run(["rm", "-f", "x"])
os.system("mv -f plain other")
os.mkdir("ask/dir")
attempt(socket.create_connection, ("127.0.0.1", 1), 1)
thread = threading.Thread(target=read); thread.start(); thread.join()
if not os.fork():
    open("ask/two").read()
    os.execv("/bin/rm", ["rm", "-f", "y"])
os.wait()
subprocess.run(["env", "-i", "/usr/bin/python3", "-c", "open('ask/one').read()"])
subprocess.run(["rm", "-f", "z"], env={})
""")
        first = PRELUDE.count("\n") + 2
        lines = [f"job.py:{line}" for line in (first + 1, first + 4, first + 6, 5, first + 1, first + 10, first + 11)]
        lines.insert(2, f"job.py:{first + 5}")  # mv, by a shell that this line started
        self.assertEqual([q["line"] for q in seen["questions"]], [*lines, "<string>:1", f"job.py:{first + 14}"])
        self.assertIn("work/job.py:5)\n", seen["err"])

    def test_no_line_rather_than_that_of_something_else(self):
        """A C function says something where it is looked up, and nothing each time that it is called."""
        seen = self.both("""
look = ctypes.CDLL(None, use_errno=True).open
look(b"ask/one", 0)
ctypes.get_errno()
look(b"ask/two", 0)
""")
        first = PRELUDE.count("\n") + 2
        self.assertEqual([q["line"] for q in seen["questions"]], [f"job.py:{first}", None])

    def test_what_is_refused_says_the_same(self):
        self.maxDiff = None
        said = {}
        for guard in GUARDS:
            err = self.run_under(guard, """
attempt(open, "secret")
attempt(os.mkdir, "kept/dir")
attempt(subprocess.run, ["rm", "forbidden"])
attempt(subprocess.run, ["./none"])
attempt(os.posix_spawnp, "rm", ["rm", "forbidden"], {})
attempt(os.system, "echo curl")
attempt(lambda: ctypes.CDLL(None, use_errno=True).system(b"echo curl"))
attempt(lambda: os.popen("echo curl").read())
attempt(socket.create_connection, ("10.0.0.1", 9), 1)
attempt(socket.getaddrinfo, "x.example", 80)
""", lambda question: "deny")["err"]
            said[guard] = [line.replace(str(self.workspace), "WORK") for line in err.splitlines()
                           if line.startswith("askfirst: ") and "guard" not in line]
        self.assertEqual(said["kernel"], said["shim"])

    def test_names(self):
        seen = self.both("""
def found(name, *args, **more):
    print(sorted({info[4][0] for info in socket.getaddrinfo(name, *args, **more)}))
found("localhost", 80, type=socket.SOCK_STREAM)
found("localhost", 80, type=socket.SOCK_STREAM)
found("127.0.0.1", 80, flags=socket.AI_ADDRCONFIG)
found(None, 80, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
found(None, 80, type=socket.SOCK_STREAM)
print(socket.gethostbyname("localhost"), socket.gethostbyname_ex("localhost")[2])
attempt(socket.create_connection, ("localhost", 1), 1)
""", lambda question: {"scope": "exact"} if question["address"] == "localhost:80" else "deny")
        self.assertEqual([q["about"] for q in seen["questions"]][:1], ["localhost:80"])
        self.assertIn("['0.0.0.0', '::']", seen["out"])

    def test_names_in_rules(self):
        policy = POLICY.replace('connect:', 'connect:\n  - allow: ["localhost:*"]', 1)
        self.both("""
listener = socket.create_server(("localhost", 0))
port = listener.getsockname()[1]
attempt(socket.create_connection, ("localhost", port), 1)
attempt(socket.gethostbyname, "somewhere.example")
""", lambda question: "deny", policy=policy)

    def test_system_and_its_like(self):
        seen = self.both("""
libc = ctypes.CDLL(None, use_errno=True)
libc.popen.restype = ctypes.c_void_p
def errno_of(result):
    return result, errno.errorcode.get(ctypes.get_errno())
for text in (b"echo curl", b"exit 3", b"no-such-program 2>/dev/null", b"exit 127"):
    ctypes.set_errno(0)
    print(text, *errno_of(libc.system(text)), flush=True)
ctypes.set_errno(0)
print(libc.popen(b"echo curl", b"r"), flush=True)
print(os.system("echo curl"))
""", lambda question: "deny")
        self.assertEqual(len(seen["questions"]), 1)
        self.assertIn("b'echo curl' -1 EACCES", seen["out"])

    def test_connections(self):
        self.both("""
attempt(socket.create_connection, ("10.0.0.1", 9), 1)
attempt(socket.create_connection, ("127.0.0.1", 1), 1)
attempt(socket.socket(socket.AF_INET6).connect, ("::1", 1))
attempt(socket.socket(socket.AF_UNIX).connect, "closed.sock")
listener = socket.socket(socket.AF_UNIX); listener.bind("open.sock"); listener.listen()
attempt(socket.socket(socket.AF_UNIX).connect, "open.sock")
""")

    def test_sockets_that_are_no_streams(self):
        self.both("""
attempt(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
""", lambda question: "deny")

    def test_the_same_at_the_same_time_is_asked_once(self):
        seen = self.both("""
def read():
    open("ask/one").read()
threads = [threading.Thread(target=read) for _ in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("all")
""", lambda question: time.sleep(1) or {"scope": "exact"})
        self.assertEqual((len(seen["questions"]), seen["out"]), (1, "all\n"))

    def test_who_waits_holds_up_nobody_else(self):
        seen = self.both("""
waiting = threading.Thread(target=lambda: open("ask/one").read())
waiting.start()
for _ in range(20): open("plain").read(); subprocess.run(["true"])
print(waiting.is_alive())
waiting.join()
""", lambda question: time.sleep(2) or "allow")
        self.assertEqual(seen["out"], "True\n")

    def test_observed_nothing_is_stopped_and_everything_is_recorded(self):
        seen = self.both("""
attempt(lambda: open("secret").read())
attempt(lambda: open("kept/it", "w"))
attempt(os.mkdir, "kept/dir")
attempt(subprocess.run, ["rm", "-f", "forbidden"])
attempt(socket.create_connection, ("127.0.0.1", 1), 1)
""", options=["--mode=observe"])
        self.assertEqual((seen["questions"], seen["out"]), ([], "did it\ndid it\ndid it\ndid 0\nECONNREFUSED\n"))
        self.assertEqual(sum(record["verdict"] == "deny" for record in seen["records"]), 4)

    def test_a_time_limit_for_answers(self):
        seen = self.both('attempt(lambda: open("ask/one").read())\nattempt(subprocess.run, ["/bin/rm", "-f", "x"])\n',
                         lambda question: None, options=["--ask-timeout=300ms"])
        self.assertEqual(seen["out"], "EACCES\nEACCES\n")
        self.assertEqual([r["outcome"] for r in seen["records"][1:]], ["timeout"] * 2)

    def test_a_deny_is_not_asked(self):
        seen = self.both('attempt(open, "secret")\nattempt(subprocess.run, ["rm", "forbidden"])\n')
        self.assertEqual(seen["questions"], [])

    def test_folders_whose_names_protect_what_is_in_them(self):
        seen = self.both("""
def tree(*paths):
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True); open(path, "w").close()
tree("a/customers/x", "repo/hooks/it", "vault/inner", "free/y", "src/.env", "src/x.py", "empty/customers")
attempt(os.rename, "a", "b")
attempt(lambda: open("a/customers/x").read())
attempt(os.rename, "repo", ".git")
attempt(os.rename, "free", "a2")
attempt(os.rename, "src", "lib")
attempt(os.rename, "lib", "public")
attempt(os.rename, "empty", "full")
os.symlink("free", "pointer")
attempt(os.rename, "pointer", ".git/hooks")
os.mkdir(".git")
attempt(os.symlink, "../a2", ".git/hooks")
attempt(os.rename, "pointer", ".git/hooks")
attempt(os.link, "pointer", ".git/hooks")
attempt(os.rename, "pointer", "pointer2")
import ctypes
rename = ctypes.CDLL(None, use_errno=True).renameat2
def exchange(a, b):
    if rename(-100, a.encode(), -100, b.encode(), 2): raise OSError(ctypes.get_errno(), a)
attempt(exchange, "a", "a2")
attempt(exchange, "a2", "a")
attempt(exchange, "a2", "b2")
attempt(exchange, "lib", "a2")
print(sorted(os.listdir(".")), sorted(os.listdir("a")))
""", lambda question: "deny", policy=self.FOLDERS)
        self.assertEqual([(q["act"], q["about"]) for q in seen["questions"]],
                         [("write", "WORK/.git/hooks/it"), ("read", "WORK/lib/.env"), ("write", "WORK/.git/hooks/x"),
                          ("write", "WORK/.git/hooks/x")])
        self.assertIn("['customers']", seen["out"])

    FOLDERS = """
askfirst: 1
read:
  - deny: "${workspace}/a/customers/**"
  - allow: "${workspace}/public/**"
  - ask: "**/.env"
  - allow: "/**"
write:
  - ask: "**/.git/hooks/*"
  - allow: ["${workspace}/**", /dev/**]
exec:
  - allow: "/**"
"""

    def test_a_socket_keeps_its_protection_under_every_name(self):
        seen = self.both("""
listener = socket.socket(socket.AF_UNIX); listener.bind("closed.sock"); listener.listen()
os.mkdir("nest")
inner = socket.socket(socket.AF_UNIX); inner.bind("nest/inner"); inner.listen()
attempt(os.rename, "closed.sock", "open.sock")
attempt(os.link, "closed.sock", "open.sock")
attempt(os.rename, "nest", "egg")
attempt(os.rename, "closed.sock", "deeper.closed.sock")
""", lambda question: "deny", policy=POLICY.replace('"unix:**/closed.sock"', '["unix:**/closed.sock", "unix:**/nest/*"]'))
        self.assertEqual(seen["out"], "EACCES\n" * 3 + "EACCES\n")
        self.assertEqual([r["about"] for r in seen["records"]][1:], ["unix:WORK/closed.sock"] * 2 + ["unix:WORK/nest/inner", "unix:WORK/closed.sock"])

    def test_flags_of_a_file_are_changes(self):
        self.both("""
import fcntl, struct
for name in ("plain", "kept/it", "ask/one"):
    with open(name) as file:
        attempt(fcntl.ioctl, file, 0x40086602, struct.pack("L", 0x40))
attempt(fcntl.ioctl, 0, 0x5412, b"x")
""", lambda question: "deny")

    def test_what_is_denied_is_found_before_anybody_is_asked(self):
        seen = self.both("""
os.mkdir("ask/in"); os.mkdir("kept2")
attempt(os.rename, "ask/one", "kept/one")
attempt(os.rename, "kept/it", "ask/it")
attempt(open, "ask/one", "r+")
attempt(open, "kept/ask/it", "r+")
attempt(open, "both", "r+")
attempt(os.rename, "ask", "kept/ask")
""", lambda question: "allow", policy=POLICY.replace('  - ask: "**/ask/**"', '  - deny: "**/both"\n  - ask: "**/ask/**"', 1))
        self.assertEqual([(q["act"], q["about"]) for q in seen["questions"]], [
            ("write", "WORK/ask/in"), ("read", "WORK/ask/one"), ("write", "WORK/ask/one")])

    def test_ranks_stay_within_the_run(self):
        seen = self.both("""
def status(pid, name): return int(next(line.split()[1] for line in open(f"/proc/{pid}/status") if line.startswith(name)))
keeper = os.getppid(); launcher = status(keeper, "PPid:")
child = subprocess.Popen(["sleep", "30"]); other = subprocess.Popen(["sleep", "30"], start_new_session=True)
rank = lambda *pids: [os.getpriority(os.PRIO_PROCESS, pid) for pid in pids]
everybody = (0, child.pid, other.pid, keeper, launcher)
call = ctypes.CDLL(None, use_errno=True)
for which, who in (os.PRIO_PROCESS, 0), (os.PRIO_PROCESS, child.pid), (os.PRIO_PROCESS, keeper), (os.PRIO_PROCESS, launcher), \
        (os.PRIO_PGRP, 0), (os.PRIO_PGRP, os.getpgrp()), (os.PRIO_PGRP, other.pid), (os.PRIO_PGRP, 1 << 30), (os.PRIO_USER, 0), (os.PRIO_USER, 12345), (3, 0):
    attempt(os.setpriority, which, who, max(rank(0, child.pid, other.pid)) + 1)
    print(rank(*everybody), flush=True)
print(call.syscall(__import__("platform").machine() == "x86_64" and 141 or 140, os.PRIO_PGRP, 0, 15), rank(*everybody))
child.kill(); other.kill(); child.wait(); other.wait()
""")
        self.assertEqual(seen["out"].split("\n")[:-1], [
            "did it", "[1, 0, 0, 0, 0]", "did it", "[1, 2, 0, 0, 0]", "EPERM", "[1, 2, 0, 0, 0]", "EPERM", "[1, 2, 0, 0, 0]",
            "did it", "[3, 3, 0, 0, 0]", "did it", "[4, 4, 0, 0, 0]", "did it", "[4, 4, 5, 0, 0]", "ESRCH", "[4, 4, 5, 0, 0]",
            "did it", "[6, 6, 6, 0, 0]", "EPERM", "[6, 6, 6, 0, 0]", "EINVAL", "[6, 6, 6, 0, 0]", "0 [15, 15, 6, 0, 0]"])

    def test_whoever_signals_beyond_the_run_is_told(self):
        outside = subprocess.Popen(["sleep", "60"], start_new_session=True)
        self.addCleanup(lambda: (outside.kill(), outside.wait()))
        number = 62 if os.uname().machine == "x86_64" else 129
        text = f"""
import ctypes, signal
libc, outside = ctypes.CDLL(None), {outside.pid}
for way in (lambda: os.kill(outside, 15), lambda: libc.syscall({number}, outside, 15), lambda: libc.sigqueue(outside, 15, 0),
            lambda: libc.tgkill(outside, outside, 15), lambda: signal.pidfd_send_signal(os.pidfd_open(outside), 15),
            lambda: signal.pidfd_send_signal(os.open(f"/proc/{{outside}}", os.O_DIRECTORY), 15), lambda: os.killpg(outside, 15), lambda: os.kill(outside, 0)):
    try: print(way())
    except OSError as error: print(error.errno)
"""
        one = f"process {outside.pid}: {os.path.realpath(shutil.which('sleep'))}"
        for guard in GUARDS:
            seen = self.run_under(guard, text, lambda question: "allow")
            self.assertEqual(seen["out"], "1\n-1\n-1\n-1\n1\n1\n1\n1\n")
            for reached, times in (one, 6), ("a group of processes", 1):
                told = f"askfirst: denied: reaching {reached}\naskfirst:   why: it does not belong to the run\n"
                self.assertEqual(seen["err"].count(told), times, (guard, seen["err"]))
            self.assertEqual(seen["questions"], [])
        self.assertIsNone(outside.poll())

    def test_signals_stay_within_the_run(self):
        outside = subprocess.Popen(["sleep", "60"], start_new_session=True)
        self.addCleanup(lambda: (outside.kill(), outside.wait()))
        seen = self.both(f"""
import signal, time
outside, missing = {outside.pid}, 2 ** 22 - 3
children = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
grouped = subprocess.Popen(["sleep", "60"], start_new_session=True)
for pid in (outside, -outside, os.getppid(), missing): attempt(os.kill, pid, signal.SIGTERM)
attempt(os.kill, outside, 0)
attempt(os.killpg, outside, signal.SIGTERM)
attempt(signal.pidfd_send_signal, os.pidfd_open(outside), signal.SIGTERM)
attempt(signal.pidfd_send_signal, os.open(f"/proc/{{children[0].pid}}", os.O_DIRECTORY), signal.SIGTERM)
children[1].terminate(); os.killpg(grouped.pid, signal.SIGTERM)
print([child.wait() for child in (children[0], children[1], grouped)])
signal.signal(signal.SIGUSR1, lambda *_: print("own", flush=True))
os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR1)
signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
signal.signal(signal.SIGTERM, lambda *_: print("of the group", flush=True))
os.kill(0, signal.SIGTERM); time.sleep(0.1)
print(children[2].wait())
last = subprocess.Popen(["sleep", "60"])
os.kill(-1, signal.SIGTERM)
print(last.wait())
""")
        self.assertIsNone(outside.poll())
        self.assertEqual(seen["out"], "EPERM\nEPERM\nEPERM\nESRCH\nEPERM\nEPERM\nEPERM\ndid it\n[-15, -15, -15]\nown\nown\nown\n"
                         "of the group\n-15\n-15\n")
        self.assertEqual(seen["questions"], [])

    def test_other_processes_are_not_looked_into_unasked(self):
        outside = subprocess.Popen(["sleep", "60"])
        self.addCleanup(lambda: (outside.kill(), outside.wait()))
        seen = self.both(f"""
import resource
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    if getattr(libc, name)(*args) < 0: raise OSError(ctypes.get_errno(), name)
child = subprocess.Popen(["sleep", "60"])
for pid in ({outside.pid}, child.pid):
    attempt(call, "ptrace", 16, pid, 0, 0)
    attempt(call, "process_vm_readv", pid, None, 0, None, 0, 0)
    attempt(resource.prlimit, pid, resource.RLIMIT_CORE, (0, 0))
attempt(call, "process_vm_readv", os.getpid(), None, 0, None, 0, 0)
attempt(call, "pidfd_getfd", os.pidfd_open(child.pid), 0, 0)
child.kill()
""", lambda question: "deny")
        self.assertEqual(seen["out"], "EPERM\n" * 3 + "EACCES\nEACCES\ndid it\ndid it\nEPERM\n")
        self.assertEqual([(q["act"], q["detail"]) for q in seen["questions"]],
                         [("debug", "ptrace"), ("debug", "process_vm_readv")])

    def test_a_socket_with_a_path_is_made_where_a_file_may_be(self):
        seen = self.both("""
def bind(path):
    made = socket.socket(socket.AF_UNIX); made.bind(path); print(made.getsockname()[1:8]); made.close()
for path in ("here.sock", "here.sock", "kept/x.sock", "ask/x.sock", "missing/x.sock", "/proc/self/cwd/b.sock", chr(0) + f"abstract{os.getpid()}"):
    attempt(bind, path)
""", lambda question: "deny")
        self.assertEqual([(q["act"], q["detail"], q["about"]) for q in seen["questions"]],
                         [("write", "make a socket", "WORK/ask/x.sock")])
        self.assertEqual(seen["out"].split("\n")[1:6], ["did it", "EADDRINUSE", "EACCES", "EACCES", "ENOENT"])

    @unittest.skipUnless(os.getuid() == 0, "only root makes devices")
    def test_a_device_that_may_be_written_may_not_be_replaced(self):
        place = pathlib.Path(f"/dev/askfirst-{os.getpid()}")
        place.mkdir()
        self.addCleanup(shutil.rmtree, place)
        devices = [pathlib.Path(f"{place}-device"), place / "below"]
        for device in devices:
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            self.addCleanup(device.unlink, missing_ok=True)
        seen = self.both(f"""
import ctypes
def exchange(one, other):
    if ctypes.CDLL(None, use_errno=True).renameat2(-100, one.encode(), -100, other.encode(), 2): raise OSError(ctypes.get_errno(), "")
def fchmod(path, mode):
    with open(path, "w") as file: os.fchmod(file.fileno(), mode)
os.mkdir("directory"); os.symlink("plain", "link")
for device in "{devices[0]}", "{devices[1]}":
    attempt(lambda: open(device, "w").write("x") and None)
    for act, *more in ((os.remove,), (os.rename, "elsewhere"), (os.chmod, 0), (fchmod, 0), (os.chown, 1, 1), (shutil.move, "elsewhere")):
        attempt(act, device, *more)
    attempt(os.replace, "plain", device); attempt(os.replace, "link", device)
    attempt(exchange, "plain", device); attempt(exchange, "directory", device)
""", lambda question: "deny", policy=POLICY.replace("/dev/**", "/dev/askfirst-*/**"))
        self.assertEqual(seen["out"], ("did it\n" + "EACCES\n" * 10) * 2)
        self.assertEqual({q["about"] for q in seen["questions"]}, {"/dev"})
        for device in devices:
            self.assertTrue(stat.S_ISCHR(os.stat(device).st_mode))

    def test_reading_and_writing_at_once_is_both(self):
        seen = self.both("""
attempt(lambda: open("ask/one", "r+").write("x"))
attempt(lambda: os.open("ask/two", os.O_RDWR | os.O_CREAT))
""", lambda question: "allow" if question["act"] == "read" else "deny")
        self.assertEqual([q["act"] for q in seen["questions"]], ["read", "write"] * 2)
        self.assertEqual(seen["out"], "EACCES\nEACCES\n")


if __name__ == "__main__":
    support.main()
