"""What the shim asks, how it waits, and what it does with answers that are none."""
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import door as d  # noqa: E402
from door import Door, go, no  # noqa: E402
from support import Case, PROGRAMS, SHIM, main  # noqa: E402

ASK_ALL = "otherwise: {read: ask, write: ask, exec: ask, connect: ask, debug: ask}\n"
READ = "import sys; print(open(sys.argv[1]).read())"


class Asking(Case):
    def setUp(self):
        super().setUp()
        self.secret = self.file("home/work/secret", "the secret")
        self.rules = f"""
read:
  - ask: {self.secret}
  - deny: {self.workspace}/denied
write:
  - ask: {self.workspace}/asked/**
""" + d.ALLOW_ALL
        self.asked = self.directory("home/work/asked")

    def cat(self, door, **more):
        return door.run("/bin/cat", self.secret, **more)

    def test_a_hello_comes_once_for_each_program_and_not_after_fork(self):
        door = Door(self)
        door.run("/bin/sh", "-c", "(true; true) & wait; /bin/true; exec /bin/true")
        self.assertEqual(door.count_hellos(3), 3)

    def test_a_shim_of_a_long_name_is_kept_in_the_environment(self):
        folder = self.workspace
        for _ in range(3):
            folder = folder / ("x" * 200)
        folder.mkdir(parents=True)
        long = shutil.copy(SHIM, folder / SHIM.name)
        door = Door(self)
        env = {**door.environment(), "LD_PRELOAD": str(long)}
        result = door.run("/bin/sh", "-c", "exec env -i /usr/bin/env", env=env)
        self.assertIn(f"LD_PRELOAD={long}\n", result.stdout)
        self.assertIn(f"ASKFIRST_SESSION={door.directory}\n", result.stdout)
        self.assertEqual(door.count_hellos(3), 3)

    def test_a_question_about_a_file_says_which_file_and_how_it_was_called(self):
        door = Door(self, self.rules)
        (self.workspace / "link").symlink_to("secret")
        result = door.run("/bin/cat", "link")
        self.assertEqual(result.stdout, "the secret")
        [request] = door.of(d.READ)
        status = self.secret.stat()
        self.assertEqual(request.strings, [str(self.secret), "link"])
        self.assertEqual((request.device, request.inode), (status.st_dev, status.st_ino))
        self.assertEqual(request.flags, 0)

    def test_a_path_that_led_to_a_file_before_leads_where_it_leads_now(self):
        for name in "first", "second", "denied", "deep/er/own", "deep/plain":
            (self.workspace / name).parent.mkdir(exist_ok=True, parents=True)
            self.file(f"home/work/{name}", name)
        os.mkfifo(self.workspace / "fifo")
        door = Door(self, self.rules)
        door.answer = lambda request: no(request) if request.kind in (d.READ, d.WRITE, d.NAMES) else go(request)
        result = door.run("/usr/bin/python3", "-u", "-c", """
import os
def lead(to, link="link"):
    try: os.unlink(link)
    except OSError: pass
    if to: os.symlink(to, link)
def read(path, flags=0):
    try: fd = os.open(path, os.O_RDONLY | flags)
    except OSError as error: return print(path, error.strerror)
    print(path, os.read(fd, 99).decode() if not flags & os.O_DIRECTORY else sorted(os.listdir(fd)))
    os.close(fd)
def thrice(path, flags=0):
    for _ in range(3): read(path, flags)
here = os.getcwd()
lead("first"); thrice("link"); thrice(here + "/link")
lead("second"); thrice("link"); thrice(here + "/link"); read("link", os.O_NOFOLLOW); read("link", os.O_DIRECTORY); read("link/")
lead("denied"); thrice("link")
lead("secret"); thrice("link")
lead("first"); thrice("link"); os.rename("first", "third"); thrice("link"); os.rename("second", "first"); thrice("link")
os.rename("first", "second"); os.rename("third", "first")
lead("first"); read("link"); os.rename("first", "third"); os.rename("second", "first"); lead("third"); thrice("link")
os.rename("first", "second"); os.rename("third", "first")
lead("first"); read("link"); os.rename("first", "third"); os.rename("fifo", "first"); lead("second"); thrice("link")
os.rename("first", "fifo"); os.rename("third", "first")
lead(None); read("link"); os.rename("second", "link"); thrice("link"); os.rename("link", "second")
lead("deep", "folder"); thrice("folder/er/../plain"); thrice("deep/er/../plain"); thrice("folder/er/own"); thrice("folder", os.O_DIRECTORY)
lead("deep/er", "folder"); thrice("folder/../plain"); thrice("folder/own"); thrice("folder", os.O_DIRECTORY); thrice("folder/../er/", os.O_DIRECTORY)
thrice("folder/../er/../../first"); os.chdir("deep"); thrice("../first"); os.chdir("er"); thrice("../first")
os.chdir(here); lead("first"); thrice("link")
if not os.fork(): lead("second"); thrice("link"); os._exit(0)
os.wait(); thrice("link")
lead("fifo"); end = os.open("link", os.O_RDWR); os.write(end, b"x"); read("link"); lead("first"); read("link")
""")
        no_such, denied = "No such file or directory", "Permission denied"
        thrice = lambda path, what: [f"{path} {what}"] * 3
        here = f"{self.workspace}/link"
        self.assertEqual(result.stdout.split("\n")[:-1], [
            *thrice("link", "first"), *thrice(here, "first"),
            *thrice("link", "second"), *thrice(here, "second"), "link Too many levels of symbolic links", "link Not a directory",
            "link/ Not a directory",
            *thrice("link", denied), *thrice("link", denied),
            *thrice("link", "first"), *thrice("link", no_such), *thrice("link", "second"),
            *["link first"] * 4, "link first", *thrice("link", "second"),
            f"link {no_such}", *thrice("link", "second"),
            *thrice("folder/er/../plain", "deep/plain"), *thrice("deep/er/../plain", "deep/plain"), *thrice("folder/er/own", "deep/er/own"),
            *thrice("folder", "['er', 'plain']"),
            *thrice("folder/../plain", "deep/plain"), *thrice("folder/own", "deep/er/own"), *thrice("folder", "['own']"),
            *thrice("folder/../er/", "['own']"),
            *thrice("folder/../er/../../first", "first"), *thrice("../first", "first"), *thrice("../first", no_such),
            *thrice("link", "first"), *thrice("link", "second"), *thrice("link", "second"), "link x", "link first"], result.stderr)

    def test_a_path_that_led_to_what_is_asked_about_is_asked_about_each_time(self):
        (self.workspace / "link").symlink_to("secret")
        door = Door(self, self.rules)
        result = door.run("/usr/bin/python3", "-c", "for _ in range(3): print(open('link').read(), open('../work/secret').read())")
        self.assertEqual(result.stdout, "the secret the secret\n" * 3)
        self.assertEqual(len(door.of(d.READ)), 6)

    def test_a_path_that_led_to_a_file_of_several_names_is_asked_about(self):
        one = self.file("home/work/one", "one")
        (self.workspace / "link").symlink_to("one")
        door = Door(self, self.rules)
        result = door.run("/usr/bin/python3", "-c", """
import os, sys
for _ in range(3): os.close(os.open("link", 0))
os.link("one", "alias"); print(flush=True); sys.stdin.read(1)
for _ in range(3): os.close(os.open("link", 0))
""", input="x")
        self.assertEqual(door.of(d.NAMES), [], result.stderr)
        door.names(d.SOME, one.stat().st_ino)
        door.run("/usr/bin/python3", "-c", 'import os\nfor _ in range(3): os.close(os.open("link", 0))')
        self.assertEqual(len(door.of(d.NAMES)), 3)

    def test_a_file_of_several_names_is_asked_about_while_others_are_sought_and_where_one_was_found(self):
        door = Door(self, self.rules)
        one, two, own = (self.file(f"home/work/{name}", name) for name in ("one", "two", "own"))
        os.link(one, self.workspace / "alias")
        os.link(two, self.workspace / "other")
        both = [["alias"] * 2, ["other"] * 2]
        of = lambda path: path.stat().st_ino
        for state, inodes, expected in (d.SOUGHT, [], both), (d.NONE, [of(one)], []), (d.SOME, [of(one)], both[:1]), \
                (d.SOME, [of(own)], []), (d.SOME, [of(own) + 8 * (d.HALF_OF_NAMES - 4), of(two)], both[1:]):
            with self.subTest(state=state, inodes=inodes):
                door.names(state, *inodes)
                door.requests.clear()
                result = door.run("/bin/cat", "own", "alias", self.workspace / "other", "/etc/hostname")
                self.assertIn("ownonetwo", result.stdout, result.stderr)
                self.assertEqual([[os.path.basename(name) for name in request.strings] for request in door.of(d.NAMES)], expected)
                self.assertEqual([request.flags for request in door.of(d.NAMES)], [d.READS] * len(expected))

    def test_what_is_kept_from_being_written_under_another_name_is_read_without_a_question(self):
        door = Door(self, self.rules)
        one = self.file("home/work/one", "one")
        os.link(one, self.workspace / "alias")
        open_each = ["/usr/bin/python3", "-c", "for mode in 'r', 'a', 'w', 'r+', 'r': open('alias', mode).close()"]
        for state, deeds, expected in (d.SOUGHT, d.WRITES, [d.WRITES, d.WRITES, d.READS | d.WRITES]), \
                (d.SOME, d.WRITES, [d.WRITES, d.WRITES, d.READS | d.WRITES]), \
                (d.SOME, d.READS, [d.READS, d.READS | d.WRITES, d.READS]):
            with self.subTest(state=state, deeds=deeds):
                door.names(d.NONE)
                door.names(state, one.stat().st_ino, deeds=deeds)
                door.requests.clear()
                door.run(*open_each)
                self.assertEqual([request.flags for request in door.of(d.NAMES)], expected)

    def test_a_file_of_several_names_is_asked_about_before_it_changes(self):
        door = Door(self, self.rules)
        self.file("home/work/one", "one")
        os.link(self.workspace / "one", self.workspace / "alias")
        door.names(d.SOUGHT)
        door.answer = lambda request: no(request) if request.kind == d.NAMES else go(request)
        result = door.run("/usr/bin/python3", "-c", """
import os
kept = os.open("own", os.O_RDONLY | os.O_CREAT)
for act in [lambda: open("alias", "w"), lambda: open("alias", "r+"), lambda: os.truncate("alias", 0), lambda: os.chmod("alias", 0o600),
            lambda: os.utime("alias"), lambda: os.link("alias", "more"), lambda: os.rename("alias", "more"), lambda: os.unlink("alias")]:
    try: print(act())
    except OSError as error: print(error.strerror)
""")
        self.assertEqual(result.stdout.split("\n")[:-1], ["Permission denied"] * 7 + ["None"])
        self.assertEqual((self.workspace / "one").read_text(), "one")
        self.assertEqual([request.flags for request in door.of(d.NAMES)],
                         [d.WRITES, d.READS | d.WRITES] + [d.WRITES] * 3 + [d.READS] * 2)

    def test_a_file_of_one_name_is_emptied_while_others_are_sought(self):
        door = Door(self, self.rules)
        door.names(d.SOUGHT)
        for name in "own", "old", "read", "alias":
            self.file(f"home/work/{name}", name)
        os.link(self.workspace / "alias", self.workspace / "more")
        result = door.run("/usr/bin/python3", "-c", """
import os
for name, flags in [("own", os.O_WRONLY), ("old", os.O_RDWR | os.O_CREAT), ("read", os.O_RDONLY), ("alias", os.O_WRONLY), ("new", os.O_RDWR | os.O_CREAT),
                    ("newest", os.O_WRONLY | os.O_CREAT | os.O_EXCL), ("/dev/null", os.O_WRONLY | os.O_CREAT), (".", os.O_RDONLY), ("x/", os.O_WRONLY)]:
    try: print(name, os.fstat(os.open(name, flags | os.O_TRUNC)).st_size)
    except OSError as error: print(name, error.strerror)
""")
        self.assertEqual(result.stdout.split("\n")[:-1], ["own 0", "old 0", "read 0", "alias 0", "new 0", "newest 0", "/dev/null 0",
                                                         ". Is a directory", "x/ No such file or directory"], result.stderr)
        self.assertEqual([request.strings[1] for request in door.of(d.NAMES)], ["alias"])

    def test_what_the_policy_denies_is_told_and_not_asked(self):
        self.file("home/work/denied", "x")
        door = Door(self, self.rules)
        door.answer = lambda request: no(request, "askfirst: denied: that\n")
        result = door.run("/bin/cat", "denied")
        [request] = door.of(d.READ)
        self.assertEqual(request.flags, d.REFUSED)
        self.assertEqual(result.stderr, "askfirst: denied: that\n/bin/cat: denied: Permission denied\n")

    def test_what_is_not_there_is_not_asked_about(self):
        door = Door(self, ASK_ALL)
        door.run("/usr/bin/python3", "-c", """
import os
for call in [lambda: open("missing"), lambda: os.unlink("missing"), lambda: os.rename("missing", "x"),
             lambda: os.rmdir("missing"), lambda: os.chmod("missing", 0), lambda: os.listdir("missing"),
             lambda: os.mkdir("asked"), lambda: os.utime("missing"), lambda: open("missing/x", "w")]:
    try:
        call()
    except OSError as error:
        assert error.errno in (2, 17), error
""")
        about = [s for r in door.requests for s in r.strings if "missing" in s or s.endswith("/asked")]
        self.assertEqual(about, [])

    def test_changes_say_what_kind_they_are(self):
        door = Door(self, self.rules)
        result = door.run("/usr/bin/python3", "-c", """
import os
os.chdir("asked")
open("f", "w").close(); open("f", "w").close(); open("f", "a").close(); os.truncate("f", 0)
os.chmod("f", 0o600); os.chown("f", os.getuid(), os.getgid()); os.utime("f"); os.setxattr("f", "user.a", b"b")
os.rename("f", "g"); os.link("g", "h"); os.symlink("x", "l"); os.mkdir("d"); os.rename("d", "e"); os.rmdir("e"); os.remove("g"); os.mkfifo("p")
""")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        kinds = [r.detail for r in door.requests if r.kind in (d.WRITE, d.MOVE)]
        OPEN, CREATE, TRUNCATE, REMOVE, RENAME, LINK, MKDIR, RMDIR, MODE, OWNER, TIMES, XATTR, NODE = range(1, 14)
        self.assertEqual(kinds, [CREATE, TRUNCATE, OPEN, TRUNCATE, MODE, OWNER, TIMES, XATTR, RENAME, RENAME, LINK, LINK,
                                 LINK, MKDIR, RENAME, RMDIR, REMOVE, NODE])
        self.assertEqual([(r.detail, [os.path.basename(s) for s in r.strings]) for r in door.of(d.MOVE)],
                         [(RENAME, ["d", "e"])])

    def test_an_answer_that_is_none_denies(self):
        door = Door(self, self.rules)
        good = lambda request: bytearray(go(request))  # noqa: E731

        def changed(place, value):
            def answer(request):
                packet = good(request)
                struct.pack_into("=I", packet, place, value)
                return bytes(packet)
            return answer

        answers = {
            "end of file": lambda request: None,
            "empty": lambda request: b"",
            "short": lambda request: go(request)[:-1],
            "another magic": changed(0, 1),
            "another id": lambda request: changed(4, request.id + 1)(request),
            "no verdict": changed(8, 0),
            "an unknown verdict": changed(8, 3),
            "a body that is not there": changed(16, 1),
            "a body that is not said": lambda request: go(request) + b"x",
        }
        for name, answer in answers.items():
            with self.subTest(name):
                door.answer = answer
                result = self.cat(door)
                self.assertEqual(result.stdout, "")
                self.assertIn("Permission denied", result.stderr)
                self.assertEqual(result.stderr.splitlines()[:3], [
                    f"askfirst: denied: read {self.secret}",
                    "askfirst:   why: nobody could be asked: the launcher does not answer",
                    "askfirst:   next: begin the run again"])

    def test_a_sandbox_of_the_programs_own_that_keeps_it_from_the_launcher_is_named(self):
        door = Door(self, self.rules)
        socket, EPERM = "41", "1"
        result = door.run(PROGRAMS / "without", socket, EPERM, "/bin/cat", "x\033[1m")
        self.assertEqual(result.stderr.splitlines()[:3], [
            "askfirst: denied: run /bin/cat x?[1m",
            "askfirst:   why: the program's own sandbox keeps it from the launcher, which has to be asked",
            "askfirst:   next: run it without its sandbox"])

    def test_the_errno_of_a_refusal_is_the_launchers(self):
        door = Door(self, self.rules)
        for error, words in [(1, "Operation not permitted"), (0, "Permission denied"), (-5, "Permission denied")]:
            door.answer = lambda request, error=error: no(request, error=error)
            self.assertIn(words, self.cat(door).stderr)

    def test_a_long_text_is_printed_whole(self):
        door = Door(self, self.rules)
        text = "askfirst: denied: " + "x" * 30000 + "\n"
        door.answer = lambda request: no(request, text)
        self.assertTrue(self.cat(door).stderr.startswith(text))

    def test_a_launcher_that_is_gone_denies(self):
        door = Door(self, self.rules)
        process = subprocess.Popen([PROGRAMS / "states", "handler", self.secret], env=door.environment(),
                                   cwd=self.workspace, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        out = process.communicate(timeout=20)[0]
        self.assertEqual(out, "handler: done\nafterwards: done\n")
        door.listener.close()
        os.unlink(door.directory / "door")
        os.unlink(door.directory / "hello")
        result = door.run(PROGRAMS / "states", "handler", "/etc/passwd")
        self.assertIn("askfirst: denied: its launcher is gone\n", result.stderr)
        self.assertEqual(result.stdout, "handler: Permission denied\nafterwards: Permission denied\n")

    def test_without_a_sound_policy_everything_is_denied(self):
        door = Door(self)
        policy = door.directory / "policy"
        faults = {
            "missing": lambda: policy.unlink(),
            "empty": lambda: policy.write_bytes(b""),
            "short": lambda: policy.write_bytes(door.image[:100]),
            "not one": lambda: policy.write_bytes(b"x" * 5000),
            "a link": lambda: (policy.rename(door.directory / "real"), policy.symlink_to("real")),
        }
        for name, spoil in faults.items():
            with self.subTest(name):
                spoil()
                result = door.run(PROGRAMS / "states", "vfork", "/bin/true")
                self.assertIn("askfirst: denied: its policy", result.stderr)
                self.assertEqual(result.stdout, "vfork: Permission denied\nafterwards: Permission denied\n")
                self.assertEqual(door.requests, [])
                policy.unlink(missing_ok=True)
                policy.write_bytes(door.image)
        result = door.run(PROGRAMS / "states", "vfork", "/bin/true")
        self.assertEqual((result.stdout, result.stderr), ("vfork: done\nafterwards: done\n", ""))

    def test_a_policy_that_was_written_on_is_found_out_before_it_decides(self):
        door = Door(self)
        policy = door.directory / "policy"
        spoilt = bytearray(door.image)
        spoilt[len(spoilt) * 3 // 4] ^= 1
        policy.chmod(0o600)
        policy.write_bytes(spoilt)
        result = door.run("/bin/cat", "/etc/hostname")
        self.assertIn("askfirst: denied: its policy is not sound\n", result.stderr)
        self.assertIn("cat: /etc/hostname: Permission denied\n", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_a_session_with_no_usable_name_denies(self):
        for name in ["", "relative", "/" + "x" * 200]:
            env = self.environment(LD_PRELOAD=str(SHIM), ASKFIRST_SESSION=name)
            result = self.command(PROGRAMS / "states", "vfork", "/bin/true", env=env)
            self.assertEqual(result.stdout, "vfork: Permission denied\nafterwards: Permission denied\n")

    def test_without_a_session_the_library_does_nothing(self):
        env = self.environment(LD_PRELOAD=str(SHIM))
        result = self.command(PROGRAMS / "states", "vfork", "/bin/true", env=env)
        self.assertEqual((result.stdout, result.stderr), ("vfork: done\nafterwards: done\n", ""))

    def test_signals_are_handled_while_an_answer_is_awaited(self):
        door = Door(self, self.rules)

        def slow(request):
            os.kill(request.pid, signal.SIGUSR1)
            time.sleep(0.5)
            return go(request)

        door.answer = slow
        result = door.run("/usr/bin/python3", "-c", """
import os, signal, sys, threading
when = []
signal.signal(signal.SIGUSR1, lambda *_: when.append("handled"))
print(open(sys.argv[1]).read(), when)
""", self.secret)
        self.assertEqual(result.stdout, "the secret ['handled']\n")

    def test_a_stopped_caller_goes_on_waiting(self):
        door = Door(self, self.rules)

        def stops(request):
            os.kill(request.pid, signal.SIGSTOP)
            time.sleep(0.3)
            os.kill(request.pid, signal.SIGCONT)
            time.sleep(0.3)
            return go(request)

        door.answer = stops
        self.assertEqual(self.cat(door).stdout, "the secret")

    def test_every_exec_is_asked_with_its_words_and_identity(self):
        door = Door(self)
        door.run("/bin/sh", "-c", "exec /usr/bin/env -i /bin/ls '--color=never' ''")
        env, ls = door.of(d.EXEC)
        real, status = os.path.realpath("/bin/ls"), os.stat("/bin/ls")
        self.assertEqual(env.strings[0], "/usr/bin/env")
        self.assertEqual(ls.strings, ["/bin/ls", real, "/bin/ls", "--color=never", ""])
        self.assertEqual((ls.device, ls.inode, ls.flags), (status.st_dev, status.st_ino, 0))
        self.assertEqual(door.count_hellos(3), 3)

    def test_a_name_is_looked_for_along_path_and_asked_about_once(self):
        door = Door(self)
        door.run("/usr/bin/env", "PATH=/nowhere:/usr/games:/usr/bin:/bin", "true")
        [request] = door.of(d.EXEC)
        self.assertEqual(request.strings[0], "/usr/bin/true")

    def test_a_refused_program_is_not_tried_elsewhere(self):
        door = Door(self)
        door.answer = no
        result = door.run("/usr/bin/env", "PATH=/usr/bin:/bin", "true")
        self.assertEqual(len(door.requests), 1)
        self.assertIn("Permission denied", result.stderr)

    def test_an_approved_exec_that_fails_is_reported(self):
        door = Door(self)
        script = self.file("home/work/broken", "#!/no/such/interpreter\n", 0o755)
        door.run("/bin/sh", "-c", f"exec {script}")
        self.assertEqual([r.failed for r in door.of(d.EXEC)], [2])
        door.requests.clear()
        door.run(PROGRAMS / "measure", "spawn", script)
        self.assertEqual([(r.failed, r.flags) for r in door.of(d.EXEC)], [(2, d.SPAWN)])

    def test_a_program_swapped_while_it_is_asked_about_is_not_executed(self):
        door = Door(self)
        link = self.workspace / "link"
        link.symlink_to("/bin/true")

        def swap(request):
            link.unlink()
            link.symlink_to("/bin/echo")
            return go(request)

        door.answer = swap
        result = door.run("/bin/sh", "-c", "exec ./link swapped")
        self.assertEqual(result.stdout, "")
        self.assertIn("another one than was asked about", result.stderr)

    def test_a_file_swapped_while_it_is_asked_about_is_not_the_one_that_is_opened(self):
        door = Door(self, self.rules)
        other = self.file("home/work/other", "the other")

        def swap(request):
            self.secret.rename(self.workspace / "moved")
            self.secret.symlink_to(other)
            return go(request)

        door.answer = swap
        self.assertEqual(self.cat(door).stdout, "the secret")

    def test_a_directory_swapped_while_it_is_asked_about_is_not_the_one_that_is_changed(self):
        door = Door(self, self.rules)
        victim, other = self.file("home/work/asked/file", "1"), self.file("home/work/other/file", "2")

        def swap(request):
            self.asked.rename(self.workspace / "moved")
            self.asked.symlink_to("other")
            return go(request)

        door.answer = swap
        door.run("/bin/rm", victim)
        self.assertEqual(other.read_text(), "2")
        self.assertEqual(list((self.workspace / "moved").iterdir()), [])

    def test_a_link_that_another_thread_swaps_never_leads_to_what_is_denied(self):
        secret, public = self.directory("home/work/secret-place"), self.directory("home/work/public-place")
        (secret / "file").write_text("s")
        (secret / "victim").write_text("still there")
        (public / "file").write_text("p")
        (self.workspace / "link").symlink_to("public-place")
        door = Door(self, f"read: [{{deny: '{secret}/**'}}]\nwrite: [{{deny: '{secret}/**'}}]\n" + d.ALLOW_ALL)
        door.answer = no
        for _ in range(10):  # on a busy machine one thread may have it all for itself
            said = door.run(PROGRAMS / "states", "race", "3000", stderr=subprocess.DEVNULL).stdout
            self.assertTrue(said.startswith("0 of the secret, "), said)
            self.assertEqual((secret / "victim").read_text(), "still there")
            self.assertFalse((secret / "made").exists())
            if said.endswith(" some of the public\n") and door.requests:
                return
        self.fail("the link never led to either")

    def test_many_arguments_arrive_whole(self):
        door = Door(self)
        result = door.run(PROGRAMS / "states", "many", "/bin/true", "100000")
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        [request] = door.of(d.EXEC)
        self.assertEqual(len(request.strings), 100002)
        self.assertEqual(request.strings[2], "it")
        self.assertEqual(set(request.strings[3:]), {"an argument"})

    def test_more_arguments_than_a_program_can_have_are_refused_without_asking(self):
        door = Door(self)
        result = door.run(PROGRAMS / "states", "many", "/bin/true", "2000000")
        self.assertEqual(result.stdout, "execute: Argument list too long\n")
        self.assertEqual(door.of(d.EXEC), [])

    def test_the_environment_is_put_back(self):
        door = Door(self)
        session = f"ASKFIRST_SESSION={door.directory}"
        preload = f"LD_PRELOAD={SHIM}"
        cases = {
            "env -i /usr/bin/env": [preload, session],
            "env -u LD_PRELOAD -u ASKFIRST_SESSION X=y /usr/bin/env": [preload, session, "X=y"],
            "env ASKFIRST_SESSION=/tmp /usr/bin/env": [session],
            f"env LD_PRELOAD=/no/a.so:/no/b.so /usr/bin/env 2>/dev/null": [preload + ":/no/a.so:/no/b.so"],
            f"env 'LD_PRELOAD=/no/a.so {SHIM}' /usr/bin/env 2>/dev/null": [preload + ":/no/a.so"],
        }
        for command, expected in cases.items():
            with self.subTest(command):
                lines = door.run("/bin/sh", "-c", command).stdout.splitlines()
                for line in expected:
                    self.assertIn(line, lines)
                for name in ["LD_PRELOAD=", "ASKFIRST_SESSION="]:
                    self.assertEqual(sum(line.startswith(name) for line in lines), 1)

    def test_an_environment_too_large_for_the_stack_is_put_back(self):
        door = Door(self)
        result = door.run("/usr/bin/python3", "-c", """
import os
env = {f"VARIABLE_{i}": "x" * 50 for i in range(3000)}
env["LD_PRELOAD"] = ":".join(["/no/" + "y" * 200] * 5)
os.execve("/usr/bin/env", ["env"], env)
""")
        lines = result.stdout.splitlines()
        self.assertEqual(sum(line.startswith("VARIABLE_") for line in lines), 3000)
        self.assertIn(f"ASKFIRST_SESSION={door.directory}", lines)
        self.assertIn(f"LD_PRELOAD={SHIM}:/no/{'y' * 200}", "\n".join(lines))

    def test_what_system_starts_is_guarded_though_the_program_took_the_preload_away(self):
        door = Door(self)
        door.run("/usr/bin/python3", "-c", """
import os
os.unsetenv("LD_PRELOAD"); os.unsetenv("ASKFIRST_SESSION")
os.system("/bin/true; /bin/true")
os.popen("/bin/true").read()
""")
        self.assertEqual([r.strings[2:] for r in door.of(d.SHELL)][:1], [["sh", "-c", "/bin/true; /bin/true"]])
        self.assertEqual([r.strings[1] for r in door.of(d.EXEC)].count(os.path.realpath("/bin/true")), 3)

    def test_shells_are_asked_about_by_their_text(self):
        door = Door(self)
        door.answer = lambda request: no(request) if request.kind == d.SHELL else go(request)
        result = door.run("/usr/bin/python3", "-c", """
import ctypes, os
libc = ctypes.CDLL(None)
print(os.system("echo out"))
libc.popen.restype = ctypes.c_void_p
print(libc.popen(b"echo out", b"r"))
print(libc.wordexp(b"$(echo out)", ctypes.create_string_buffer(64), 0))
print(libc.wordexp(b"plain words", ctypes.create_string_buffer(64), 0))
""")
        self.assertEqual(result.stdout, "-1\nNone\n4\n0\n")
        self.assertEqual([(r.strings[0], r.strings[2:], r.detail, r.flags) for r in door.of(d.SHELL)],
                         [("/bin/sh", ["sh", "-c", "echo out"], 1, d.SPAWN),
                          ("/bin/sh", ["sh", "-c", "echo out"], 2, d.SPAWN),
                          ("/bin/sh", ["sh", "-c", "$(echo out)"], 3, d.SPAWN)])

    def test_words_go_to_standard_error_only_where_they_do_no_harm(self):
        door = Door(self, self.rules)
        door.answer = lambda request: (no(request, "askfirst: denied: words\n") if request.kind == d.READ
                                       else go(request))
        log = self.workspace / "log"
        cases = {"2>log": "askfirst: denied: words\n", "2>>log": "askfirst: denied: words\n", "2<>log": "",
                 "2>&-": "", "2</dev/null": "", "2>/dev/full": ""}
        for redirection, expected in cases.items():
            with self.subTest(redirection):
                log.write_text("")
                result = door.run("/bin/sh", "-c", f"{PROGRAMS}/states handler {self.secret} {redirection}; echo $?")
                self.assertEqual(result.stdout, "handler: Permission denied\nafterwards: Permission denied\n0\n")
                self.assertEqual(log.read_text(), expected * 2)

    def test_a_standard_error_that_nobody_reads_ends_no_program(self):
        door = Door(self, self.rules)
        door.answer = lambda request: no(request, "askfirst: denied: words\n")
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        result = door.run(PROGRAMS / "states", "handler", self.secret, stderr=writer)
        self.assertEqual(result.returncode, 0)

    def test_a_full_standard_error_stops_no_program(self):
        door = Door(self, self.rules)
        door.answer = lambda request: no(request, "askfirst: denied: words\n")
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        result = door.run(PROGRAMS / "states", "handler", self.secret, stderr=writer, limit=20)
        self.assertEqual(result.stdout, "handler: Permission denied\nafterwards: Permission denied\n")

    def test_the_connection_is_no_low_descriptor_and_not_inherited(self):
        door = Door(self, self.rules)
        seen = {}

        def look(request):
            links = {int(f.name): os.readlink(f) for f in pathlib.Path(f"/proc/{request.pid}/fd").iterdir()}
            seen.update({fd: name for fd, name in links.items() if name.startswith("socket:")})
            return go(request)

        door.answer = look
        self.cat(door, stdout=subprocess.PIPE)
        self.assertEqual(len(seen), 1)
        self.assertGreater(min(seen), 100)
        result = door.run("/bin/sh", "-c", "exec /bin/ls -l /proc/self/fd")
        self.assertNotIn("socket:", result.stdout)


class States(Case):
    """Wrappers where little can be counted on."""

    def setUp(self):
        super().setUp()
        self.directory("home/work/public")
        self.secret = self.file("home/work/secret", "x")
        self.door = Door(self, f"read:\n  - ask: {self.secret}\n" + d.ALLOW_ALL)

    def states(self, *argv, **more):
        result = self.door.run(PROGRAMS / "states", *argv, **more)
        self.assertEqual(result.stderr, "")
        return result

    def assert_prints(self, expected, *argv, **more):
        result = self.states(*argv, **more)
        self.assertEqual((result.stdout, result.returncode), (expected, 0))

    def test_in_a_vfork_child(self):
        self.assert_prints("vfork: done\nafterwards: done\n", "vfork", "/bin/true")

    def test_in_a_signal_handler(self):
        self.assert_prints("handler: done\nafterwards: done\n", "handler", self.secret)
        self.assertEqual(len(self.door.of(d.READ)), 2)

    def test_a_signal_ends_the_waiting_for_a_fifo(self):
        fifo = self.workspace / "fifo"
        os.mkfifo(fifo)
        self.assert_prints("handler: done\ninterrupted: Interrupted system call\n", "alarm", fifo)

    def test_in_two_hundred_threads_that_fork(self):
        self.assert_prints("all well\n", "threads", "/bin/true")
        self.assertEqual(len(self.door.of(d.EXEC)), 4000)

    def test_on_a_stack_of_8_kib_takes_little_more_than_2(self):
        # The loader, looking a function up when it is first called, would take more by itself.
        result = self.states("small-stack", self.secret, env=self.door.environment(LD_BIND_NOW="1"))
        lines = result.stdout.splitlines()
        self.assertEqual(lines[0], "small stack: done")
        self.assertLess(int(lines[1].split()[1]), 2400)

    def test_with_all_descriptors_closed(self):
        self.assert_prints("closed: done\nexecute: done\n", "closed", "/bin/true")
        self.assert_prints("", "all-closed", self.secret)

    def test_with_an_empty_environment(self):
        self.assert_prints("", "no-environment", "/bin/true")
        self.assertEqual(self.door.count_hellos(2), 2)

    def test_before_main_and_before_its_own_constructor(self):
        env = self.door.environment(STATES_BEFORE_MAIN=str(self.secret))
        self.assert_prints("before main: done\nhandler: done\nafterwards: done\n", "handler", "/etc/passwd", env=env)
        self.assertEqual(len(self.door.of(d.READ)), 1)
        self.assertEqual(self.door.count_hellos(1), 1)

    def test_during_exit(self):
        self.assert_prints("at exit: done\n", "exit", self.secret)

    def test_a_thread_that_waits_in_open_can_be_cancelled(self):
        fifo = self.workspace / "fifo"
        os.mkfifo(fifo)
        self.assert_prints("cancelled 1\n", "cancel", fifo)

    def test_with_no_descriptors_left_it_says_so_as_the_kernel_would(self):
        result = self.door.run(PROGRAMS / "states", "descriptors", "/bin/true")
        self.assertEqual(result.stdout.splitlines(), [
            "no descriptors left: Too many open files", "remove: Too many open files", "execute: Too many open files",
            "a few left: done", "execute: done"])

    def test_in_a_directory_whose_path_is_longer_than_any_path_may_be(self):
        result = self.door.run("/usr/bin/python3", "-c", """
import errno, os
while True:  # as far as the real path of a new directory can be told
    try:
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    except OSError as error:
        print(errno.errorcode[error.errno])
        break
open("/etc/passwd").close()
print(os.spawnv(os.P_WAIT, "/bin/true", ["true"]))
""")
        self.assertEqual((result.stdout, result.stderr), ("ENAMETOOLONG\n0\n", ""))

    def test_errno_is_left_alone_by_what_succeeds(self):
        self.assert_prints("errno 2\nerrno 77\n", "errno", self.secret)


if __name__ == "__main__":
    main()
