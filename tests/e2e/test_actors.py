"""Rules of files that say which program acts: under guard shim and guard kernel alike it is the launcher that looks, at what the
process really runs."""
import os

import support
from test_both_guards import UnderBoth

POLICY = """
askfirst: 1
read:
  - allow: "${workspace}/kept/it"
    program: cat
  - ask: "${workspace}/kept/**"
  - ask: "${workspace}/pair"
  - allow: "/**"
write:
  - allow: ["${workspace}/one", "${workspace}/kept/**"]
    program: [tee, git]
  - ask: ["${workspace}/one", "${workspace}/kept/**"]
  - deny: "${workspace}/two"
    program: tee
  - allow: "${workspace}/three"
    program: "${workspace}/tools/*"
  - deny: "${workspace}/three"
  - allow: "${workspace}/pair"
    program: python3
  - allow: ["${workspace}/**", /dev/**]
otherwise: {read: ask, write: ask, exec: allow, connect: allow}
"""
BY = """
def by(*words):
    print(words[0], subprocess.run(words, input=b"x", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode)
"""
PYTHON, SHELL = (os.path.basename(os.path.realpath(path)) for path in ("/usr/bin/python3", "/bin/sh"))


class Actors(UnderBoth):
    def seen(self, text, answer="allow"):
        """-> output, and of each question who acts on what."""
        seen = self.both(BY + text, lambda question: answer, policy=POLICY)
        return seen["out"].split("\n")[:-1], [(q["program"], q["act"], q["about"]) for q in seen["questions"]]

    def test_the_program_that_is_named_is_let_and_others_are_asked_about(self):
        out, questions = self.seen("""
by("tee", "one")
by("tee", "-a", "one")
attempt(lambda: open("one", "a").write("y"))
by("cp", "plain", "one")
print(open("one").read())
""")
        self.assertEqual(out, ["tee 0", "tee 0", "did 1", "cp 0", "plain"])
        self.assertEqual(questions, [(PYTHON, "write", "WORK/one"), ("cp", "write", "WORK/one")])

    def test_a_no_to_others_is_none_to_it(self):
        out, questions = self.seen("""
attempt(open, "one", "w")
attempt(os.rename, "plain", "one")
attempt(os.truncate, "kept/it", 0)
attempt(os.unlink, "kept/it")
by("tee", "one")
""", "deny")
        self.assertEqual(out, ["EACCES", "EACCES", "EACCES", "EACCES", "tee 0"])
        self.assertEqual([about for _, _, about in questions], ["WORK/one", "WORK/one", "WORK/kept/it", "WORK/kept/it"])

    def test_a_program_of_that_name_that_was_just_made_is_another(self):
        out, questions = self.seen("""
os.mkdir("bin")
for copy in ("tee", "bin/tee"): shutil.copy("/usr/bin/tee", copy)
by("./tee", "one")
by("bin/tee", "one")
os.environ["PATH"] = "bin"
by("tee", "one")
subprocess.run(["tee", "one"], executable="/usr/bin/cp", stderr=subprocess.DEVNULL)
""", "deny")
        self.assertEqual(out, ["./tee 1", "bin/tee 1", "tee 1"])
        self.assertEqual({program for program, _, _ in questions}, {"tee"})

    def test_the_loader_is_not_what_it_runs(self):
        _, questions = self.seen('by("/lib64/ld-linux-x86-64.so.2", "/usr/bin/tee", "one")\n')
        self.assertEqual([(act, about) for _, act, about in questions], [("write", "WORK/one")])
        self.assertIn("ld-linux", questions[0][0])

    def test_a_script_is_its_interpreter(self):
        out, questions = self.seen("""
open("git", "w").write("#!/bin/sh\\necho x >one\\n")
os.chmod("git", 0o755)
by("./git")
""")
        self.assertEqual((out, questions), (["./git 0"], [(SHELL, "write", "WORK/one")]))

    def test_a_program_that_was_removed_meanwhile_is_nobody(self):
        out, questions = self.seen("""
os.mkdir("tools"); shutil.copy("/usr/bin/tee", "tools/tee")
child = subprocess.Popen(["tools/tee", "three"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
child.communicate(b"x")
print(child.returncode)
shutil.copy("/bin/sh", "tools/sh")
child = subprocess.Popen(["tools/sh", "-c", "read line; echo x 2>/dev/null >three"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
os.unlink("tools/sh")
child.communicate(b"go\\n")
print(child.returncode)
""")
        self.assertEqual((out, questions), (["0", "2"], []))

    def test_a_deny_is_for_it_alone(self):
        out, questions = self.seen("""
by("tee", "two")
shutil.copy("/usr/bin/tee", "tee")
by("./tee", "two")
attempt(lambda: open("two", "w").write("x"))
""")
        self.assertEqual((out, questions), (["tee 1", "./tee 1", "did 1"], []))

    def test_a_path_names_it_wherever_it_lies(self):
        out, questions = self.seen("""
os.mkdir("tools"); shutil.copy("/usr/bin/tee", "tools/x")
by("tools/x", "three")
by("tee", "three")
""")
        self.assertEqual((out, questions), (["tools/x 0", "tee 1"], []))

    def test_reading(self):
        out, questions = self.seen("""
by("cat", "kept/it")
by("head", "kept/it")
""", "deny")
        self.assertEqual((out, questions), (["cat 0", "head 1"], [("head", "read", "WORK/kept/it")]))

    def test_to_read_and_to_write_are_two_where_who_acts_counts(self):
        out, questions = self.seen("""
open("pair", "w").write("x")
attempt(open, "pair", "r+")
attempt(lambda: open("pair", "w").write("x"))
""", "deny")
        self.assertEqual((out, questions), (["EACCES", "did 1"], [(PYTHON, "read", "WORK/pair")]))

    def test_a_child_that_executed_nothing_is_its_parents_program(self):
        _, questions = self.seen("""
if not os.fork():
    attempt(open, "one", "w")
    os._exit(0)
os.wait()
""")
        self.assertEqual(questions, [(PYTHON, "write", "WORK/one")])

    def test_what_lies_below_keeps_its_protection_when_a_directory_moves(self):
        out, questions = self.seen("""
os.mkdir("box"); os.mkdir("empty")
attempt(os.rename, "box", "kept/box")
attempt(os.rename, "kept", "moved")
print(sorted(os.listdir(".")))
""", "deny")
        self.assertEqual(out[:2], ["EACCES", "EACCES"])
        self.assertIn("'kept'", out[2])


class Worktree(support.Case):
    """The default policy where the workspace's history lies elsewhere."""

    def test_git_commits_in_a_worktree_and_others_do_not_write_there(self):
        main, side = self.directory("home/main"), self.home / "side"
        git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
        for words in ([*git, "init", "-q"], [*git, "commit", "-q", "--allow-empty", "-m", "first"],
                      [*git, "worktree", "add", "-q", "-b", "side", str(side)]):
            self.assertEqual(self.command(*words, cwd=main).returncode, 0)
        for guard in ("shim", "kernel"):
            result = self.askfirst("run", f"--guard={guard}", "--approve=deny", "--policy=default", "--", "sh", "-c",
                                   "echo x >> x && git add x && git -c user.name=A -c user.email=a@example.org commit -q -m side && "
                                   "git status --short && git log --format=%s -1 && ! echo evil >> ../main/.git/config", cwd=side)
            self.assertEqual((result.returncode, result.stdout), (0, "side\n"), result.stderr)
            self.assertIn("nobody but git writes here", result.stderr)


if __name__ == "__main__":
    support.main()
