"""Rules that hide a file: who reads it sees an empty one, nobody is asked, and the run says so when it ends. The same under both
guards."""
import json
import os
import shutil
import tempfile

import support
from test_both_guards import GUARDS, UnderBoth

POLICY = """
askfirst: 1
read:
  - hide: "${workspace}/secret"
    because: it holds a token
  - hide: "${workspace}/kept/**"
    program: cat
  - ask: "${workspace}/kept/**"
  - allow: "/**"
write:
  - ask: ["${workspace}/secret", "${workspace}/kept/**"]
  - allow: ["${workspace}/**", /dev/**]
exec:
  - ask: {program: env}
otherwise: {read: ask, write: ask, exec: allow, connect: allow}
"""
HIDDEN = """
import mmap
def hidden(opened):
    with opened: print(repr(opened.read()), os.fstat(opened.fileno()).st_size, oct(os.fstat(opened.fileno()).st_mode))
"""


class Hidden(UnderBoth):
    def seen(self, text, answer="allow"):
        return self.both(HIDDEN + text, lambda question: answer, policy=POLICY)

    def test_who_reads_it_sees_an_empty_file_and_nobody_is_asked(self):
        seen = self.seen("""
hidden(open("secret"))
hidden(open("/proc/self/cwd/secret", "rb"))
hidden(os.fdopen(os.open("secret", os.O_RDONLY)))
os.symlink("secret", "link")
hidden(open("link"))
print(subprocess.run(["cat", "kept/it"], capture_output=True).stdout)
print(subprocess.run(["tail", "secret"], capture_output=True).stdout)
""")
        self.assertEqual(seen["out"].split("\n")[:-1], ["'' 0 0o100600", "b'' 0 0o100600", "'' 0 0o100600", "'' 0 0o100600", "b''", "b''"])
        self.assertEqual(seen["questions"], [])
        self.assertEqual({(r["act"], r["verdict"], r["outcome"]) for r in seen["records"] if r["act"] == "read"}, {("read", "hide", None)})

    def test_the_descriptor_is_the_one_that_was_asked_for(self):
        seen = self.seen("""
import fcntl
low = os.open("plain", os.O_RDONLY); os.close(low)
fd = os.open("secret", os.O_RDONLY)
print(fd == low, fcntl.fcntl(fd, fcntl.F_GETFD), fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE)
libc = ctypes.CDLL(None)
fd = libc.open(b"secret", os.O_RDONLY)
print(fcntl.fcntl(fd, fcntl.F_GETFD), os.read(fd, 9))
attempt(os.write, fd, b"x")
libc.fopen.restype = ctypes.c_void_p
print(libc.fgetc(ctypes.c_void_p(libc.fopen(b"secret", b"rce"))))
""")
        self.assertEqual(seen["out"].split("\n")[:-1], ["True 1 0", "0 b''", "EBADF", "-1"])

    def test_whatever_is_more_than_reading_is_refused(self):
        seen = self.seen("""
attempt(open, "secret", "r+")
attempt(os.rename, "secret", "other")
attempt(os.link, "secret", "other")
attempt(os.open, "secret", os.O_DIRECTORY)
print(subprocess.run(["cat", "kept"], capture_output=True, text=True).stderr.strip())
print(os.path.exists("other"), os.stat("secret").st_size)
""")
        self.assertEqual(seen["out"].split("\n")[:-1],
                         ["EACCES", "EACCES", "EACCES", "ENOTDIR", "cat: kept: Permission denied", "False 6"])

    def test_others_than_the_program_are_asked(self):
        seen = self.seen("""
print(open("kept/it").read())
print(subprocess.run(["cat", "kept/it"], capture_output=True).stdout)
""")
        self.assertEqual(seen["out"].split("\n")[:-1], ["kept/it", "b''"])
        self.assertEqual([q["about"] for q in seen["questions"]], ["WORK/kept/it"])

    def test_below_a_command_that_somebody_said_yes_to_it_is_asked_about(self):
        seen = self.seen("""
print(subprocess.run(["cat", "secret"], capture_output=True).stdout)
print(subprocess.run(["env", "cat", "secret"], capture_output=True).stdout)
""")
        self.assertEqual(seen["out"].split("\n")[:-1], ["b''", "b'secret'"])
        self.assertEqual([(q["act"], q["about"]) for q in seen["questions"]],
                         [("exec", ["env", "cat", "secret"]), ("read", "WORK/secret")])


class Told(support.Case):
    def run_with(self, guard, *options, words=("cat", "secret")):
        (self.workspace / "secret").write_text("token")
        policy = self.policy(POLICY)
        return self.askfirst("run", f"--guard={guard}", f"--policy={policy}", "--approve=deny", f"--audit={self.tmp}/audit", *options,
                             "--", *words)

    def test_the_run_says_it_once_when_it_ends(self):
        for guard in GUARDS:
            result = self.run_with(guard, words=("sh", "-c", "cat secret; cat secret; echo done"))
            lines = [line for line in result.stderr.splitlines() if "hidden" in line]
            self.assertEqual(len(lines), 1, result.stderr)
            self.assertRegex(lines[0], rf"^askfirst: hidden: {self.workspace}/secret was empty for cat \(.*policy.yaml:\d+\); to show it: change that rule$")
            self.assertEqual((result.stdout, result.returncode), ("done\n", 0))

    def test_another_name_that_it_had_before_shows_nothing_either(self):
        (self.workspace / "secret").write_text("token")
        os.link(self.workspace / "secret", self.workspace / "other")
        for guard in GUARDS:
            result = self.run_with(guard, words=("sh", "-c", "sleep 0.3; cat other; echo done"))
            self.assertEqual((result.stdout, result.returncode), ("done\n", 0), result.stderr)
            self.assertIn("hidden: ", result.stderr)

    def test_quiet_means_quiet(self):
        for guard in GUARDS:
            self.assertEqual(self.run_with(guard, "--quiet").stderr, "")

    def test_the_record_has_it_and_counts_it(self):
        self.run_with("kernel")
        (path,) = (self.tmp / "audit").glob("*.jsonl")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertIn(("read", "hide"), [(line.get("act"), line.get("verdict")) for line in lines])
        self.assertEqual((lines[-1]["hidden"], lines[-1]["denied"], lines[-1]["asked"]), (1, 0, 0))

    def test_observing_hides_nothing(self):
        for guard in GUARDS:
            self.assertEqual(self.run_with(guard, "--mode=observe").stdout, "token")

    def test_check_says_what_it_comes_to(self):
        result = self.askfirst("check", f"--policy={self.policy(POLICY)}", "read", "secret")
        self.assertEqual(result.returncode, 3)
        self.assertIn("hide: read", result.stdout)
        self.assertIn("it holds a token", result.stdout)

    def test_what_could_not_be_read_in_any_case_fails_as_it_would(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as place:  # another user has to reach it
            os.chmod(place, 0o755)
            for source in (support.ASKFIRST, support.SHIM):
                shutil.copy(source, place)
            for name, text in (("closed", "token"), ("p.yaml", f"askfirst: 1\nread:\n- hide: {place}/closed\n- allow: /**\n"
                                                               "otherwise: {exec: allow, write: allow}\n")):
                with open(f"{place}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
                os.chmod(file.name, 0o644)
            os.chmod(f"{place}/closed", 0)
            other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
            for guard in GUARDS:
                home = tempfile.mkdtemp(dir=place)
                if other:
                    os.chown(home, 65534, 65534)
                result = self.command(*other, f"{place}/askfirst", "run", f"--guard={guard}", "--approve=deny", f"--policy={place}/p.yaml",
                                      "--", "cat", f"{place}/closed", cwd="/", env=self.environment(HOME=home))
                self.assertRegex(result.stderr, "(?m)^cat: .*: Permission denied$")
                self.assertNotIn("hidden", result.stderr)

    def test_the_floor_leaves_it_out(self):
        (self.workspace / "secret").write_text("token")
        result = self.askfirst("policy", "show", "--floor", f"--policy={self.policy(POLICY)}")
        self.assertIn("the kernel cannot show it empty", result.stdout)


if __name__ == "__main__":
    support.main()
