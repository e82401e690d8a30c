"""Which line of Python asked: in every Python of this machine, and at no harm to any."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import Case, main  # noqa: E402

PYTHONS = ["/usr/bin/python3", *sorted((pathlib.Path.home() / ".pyenv/versions").glob("3.*/bin/python3"))]
JOB = """\
import os, pathlib, shutil, socket, subprocess, sys, threading
SECRET = sys.argv[1]
def attempt(what):
    try:
        what()
    except OSError:
        pass

def read():
    open(SECRET + "/key")
attempt(read)
attempt(lambda: os.open(SECRET + "/key", os.O_WRONLY))
attempt(lambda: pathlib.Path(SECRET, "key").read_text())
attempt(lambda: shutil.rmtree(SECRET))
attempt(lambda: os.remove(SECRET + "/key"))
attempt(lambda: os.rename(SECRET + "/key", "elsewhere"))
attempt(lambda: os.mkdir(SECRET + "/new"))
attempt(lambda: subprocess.run(["rm", "-f", "nothing"]))
attempt(lambda: os.system("curl nothing"))
attempt(lambda: socket.create_connection(("192.0.2.1", 9)))
thread = threading.Thread(target=lambda: attempt(lambda: open(SECRET + "/key")))
thread.start(); thread.join()
exec("attempt(lambda: open(SECRET + '/key'))")
"""
EXPECTED = [("read", 10), ("write|open", 12), ("read", 13), ("list", 14), ("remove", 15), ("rename", 16), ("mkdir|make", 17),
            ("rm -f", 18), ("sh -c", 19), ("connect|reach", 20), ("read", 21), ("read", 1)]


class Python(Case):
    def setUp(self):
        super().setUp()
        self.secret = self.directory("home/work/secret")
        (self.secret / "key").write_text("key")
        self.rules = self.policy(f"""
read: [{{deny: "{self.secret}/**"}}]
write: [{{deny: "{self.secret}/**"}}]
exec:
  - deny: [rm, {{shell: "*curl*"}}]
connect:
  - deny: "192.0.2.0/24"
otherwise: {{read: allow, write: allow, exec: allow, connect: allow, debug: allow}}
""")
        self.job = self.file("home/work/job.py", JOB)

    def guarded(self, *argv, env=None):
        return self.askfirst("run", "--guard", "shim", "--policy", self.rules, "--approve", "deny", "--", *argv,
                             env=env or self.environment())

    def version(self, python):
        out = self.command(python, "-c", "import sys; print(*sys.version_info[:2])").stdout
        return tuple(map(int, out.split()))

    def lines(self, result):
        return re.findall(r"^askfirst: denied: (.*?)(?: \(([^()]*):(\d+)\))?$", result.stderr, re.M)

    def test_every_denial_names_the_line_outside_the_standard_library(self):
        for python in PYTHONS:
            if self.version(python) < (3, 8):
                continue
            with self.subTest(python):
                result = self.guarded(python, self.job, self.secret)
                self.assertEqual(result.returncode, 0, result.stderr)
                lines = self.lines(result)
                self.assertEqual([int(line or 0) for _, _, line in lines], [line for _, line in EXPECTED], lines)
                for file in {file for _, file, _ in lines[:-1]}:
                    self.assertEqual(pathlib.Path(self.workspace, file), self.job)
                self.assertEqual(lines[-1][1], "<string>")

    def test_behind_an_installed_package_stands_the_line_that_called_it(self):
        self.file("home/work/venv/lib/python3.11/site-packages/package.py",
                  "def read(name):\n    try:\n        return open(name).read()\n    except OSError:\n        return None\n")
        key, place = self.secret / "key", self.workspace / "venv/lib/python3.11/site-packages"
        self.job.write_text(f"import package\n\npackage.read({str(key)!r})\n")
        env = self.environment(PYTHONPATH=place)
        for python in PYTHONS:
            if self.version(python) < (3, 8):
                continue
            with self.subTest(python):
                (_, file, line), = self.lines(self.guarded(python, "job.py", env=env))
                self.assertEqual((pathlib.Path(self.workspace, file), line), (self.job, "3"))
                # Where there is none, the package's own line is better than nothing.
                alone = self.file("home/work/venv/lib/python3.11/site-packages/alone.py", f"import package\npackage.read({str(key)!r})\n")
                (_, file, line), = self.lines(self.guarded(python, "-m", "alone", env=env))
                self.assertEqual((pathlib.Path(file).name, line), ("package.py", "3"))
                alone.unlink()

    def test_an_older_python_is_denied_without_a_line(self):
        for python in PYTHONS:
            if self.version(python) >= (3, 8):
                continue
            with self.subTest(python):
                result = self.guarded(python, self.job, self.secret)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual({line for _, _, line in self.lines(result)}, {""})
                self.assertEqual(len(self.lines(result)), len(EXPECTED))

    CHECKED = [(["-X", "dev"], {}), (["-Xdev"], {}), ([], {"PYTHONDEVMODE": "1"}), ([], {"PYTHONMALLOC": "debug"}),
               ([], {"PYTHONMALLOC": "malloc_debug"})]

    def test_an_interpreter_that_checks_its_memory_ends_well(self):
        for python in PYTHONS:
            for options, more in self.CHECKED:
                with self.subTest(f"{python} {options} {more}"):
                    result = self.guarded(python, *options, "-c", "print('well')", env=self.environment(**more))
                    self.assertEqual((result.stdout, result.returncode), ("well\n", 0), result.stderr)

    def test_an_interpreter_that_checks_its_memory_has_lines_too(self):
        self.job.write_text("import sys\nprint('well')\ntry:\n    open(sys.argv[1] + '/key')\nexcept OSError:\n    pass\n")
        for python in PYTHONS:
            if self.version(python) < (3, 8):
                continue
            for options, more in self.CHECKED:
                with self.subTest(f"{python} {options} {more}"):
                    result = self.guarded(python, *options, self.job, self.secret, env=self.environment(**more))
                    self.assertEqual((result.stdout, result.returncode), ("well\n", 0), result.stderr)
                    self.assertEqual([line for _, _, line in self.lines(result)], ["4"], result.stderr)

    def test_a_line_that_does_something_else_is_not_shown(self):
        """What is not announced (a fifo, an extension's own file, what multiprocessing starts) has no line, not the last one."""
        job = self.file("home/work/odd.py", """\
import ctypes, multiprocessing.util, os, socket, sqlite3, ssl, subprocess, sys
SECRET = sys.argv[1]
def attempt(what):
    try: what()
    except OSError: pass
attempt(lambda: open(SECRET + "/key"))
attempt(lambda: os.mkfifo(SECRET + "/fifo"))
attempt(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(SECRET + "/ca.pem"))
attempt(lambda: subprocess.run(["rm", "-f", "nothing"]))
attempt(lambda: os.waitpid(multiprocessing.util.spawnv_passfds(b"/bin/rm", [b"/bin/rm", b"other"], ()), 0))
attempt(lambda: socket.create_connection(("192.0.2.1", 9)))
attempt(lambda: os.symlink(SECRET + "/key", "link"))
attempt(lambda: open("link"))
os.chdir(SECRET + "/.."); attempt(lambda: os.listdir("secret/")); attempt(lambda: os.listdir(b"secret"))
attempt(lambda: ctypes.CDLL(None).unlink((SECRET + "/key").encode()))
attempt(lambda: os.truncate(SECRET + "/key", 0)); attempt(lambda: os.chmod(SECRET + "/key", 0))
attempt(lambda: os.rename("/tmp", SECRET + "/x")); attempt(lambda: os.link(__file__, SECRET + "/y"))
attempt(lambda: os.posix_spawn("/bin/rm", ["rm", "x"], os.environ))
attempt(lambda: socket.socket(socket.AF_UNIX).bind("secret/s"))
attempt(lambda: os.execv("/bin/rm", ["rm", "y"]))
""")
        expected = [6, 0, 0, 9, 0, 11, 13, 14, 14, 15, 16, 16, 17, 17, 18, 19, 20]
        (self.secret / "ca.pem").write_text("none")
        for python in PYTHONS:
            if self.version(python) < (3, 8):
                continue
            with self.subTest(python):
                (self.workspace / "link").unlink(missing_ok=True)
                result = self.guarded(python, "-B", job, self.secret)
                self.assertEqual(result.returncode, 0, result.stderr)
                lines = self.lines(result)
                self.assertEqual([int(line or 0) for _, _, line in lines], expected, lines)

    def test_hooks_of_the_programs_own_see_what_they_would_have_seen(self):
        watch = """
import sys
events = []
sys.addaudithook(lambda event, arguments: events.append(event))
open("/etc/passwd").close()
import os
os.listdir("/etc")
print(events)
"""
        for python in PYTHONS:
            if self.version(python) < (3, 8):
                continue
            with self.subTest(python):
                self.assertEqual(self.guarded(python, "-c", watch).stdout, self.command(python, "-c", watch).stdout)


if __name__ == "__main__":
    main()
