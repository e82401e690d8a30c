"""The ground: the program's own help, installing and finding what was installed, the tools that build and test."""
import re
import shutil
import textwrap

from support import ASKFIRST, BUILD, ROOT, Case, main

FAILED = 125


class Program(Case):
    def test_help_names_every_command(self):
        result = self.askfirst("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for command in ["run", "check", "policy"]:
            self.assertRegex(result.stdout, rf"\n  {command} +\S")
            self.assertTrue(self.askfirst(command, "--help").stdout.startswith("usage: askfirst " + command))

    def test_version(self):
        self.assertRegex(self.askfirst("--version").stdout, r"^askfirst \d+\.\d+\.\d+\n$")

    def test_mistakes(self):
        for words, says in {
            (): "askfirst: no command given: askfirst --help lists them\n",
            ("chekc",): 'askfirst: chekc: no such command: did you mean "askfirst check"?\n',
            ("banana",): "askfirst: banana: no such command: askfirst --help lists them\n",
            ("--hlep",): 'askfirst: --hlep: no such option: did you mean "askfirst --help"?\n',
            ("\x1b[2J",): "askfirst: \\e[2J: no such command: askfirst --help lists them\n",
        }.items():
            with self.subTest(words):
                result = self.askfirst(*words)
                self.assertEqual((result.returncode, result.stdout, result.stderr), (FAILED, "", says))

    def test_libraries_that_are_needed(self):
        needed = self.command("readelf", "-d", ASKFIRST).stdout
        names = re.findall(r"NEEDED.*\[(\w+)", needed)
        self.assertEqual(sorted(set(names) - {"libasan", "libubsan", "libm", "libgcc_s"}), ["libc", "libyaml"])


class Readme(Case):
    def test_its_policy_holds(self):
        text = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S).group(1)
        path = self.policy(text)
        self.assertEqual(self.askfirst("policy", "lint", path).returncode, 0)
        for words, status in {"docker ps": 0, "docker -H tcp://x ps": 2, "make -k deploy": 2, "make": 0}.items():
            with self.subTest(words):
                self.assertEqual(self.askfirst("check", f"--policy={path}", "exec", "--", *words.split()).returncode, status)

    def test_what_it_links_to_is_there(self):
        links = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text())
        self.assertGreater(len(links), 4)
        self.assertEqual([link for link in links if not (ROOT / link).exists()], [])


class Make(Case):
    def make(self, *words, **more):
        compiler = (BUILD / "flags").read_text().split()[0]
        return self.command("make", "-C", ROOT, f"BUILD={BUILD}", f"CC={compiler}", *words, limit=300, **more)

    def test_install_and_uninstall(self):
        stage = self.tmp / "stage"
        where = [f"DESTDIR={stage}", "PREFIX=/opt/x"]
        result = self.make("install", *where)
        self.assertEqual(result.returncode, 0, result.stderr)
        installed = {str(p.relative_to(stage)): p.stat().st_mode & 0o777 for p in stage.rglob("*") if p.is_file()}
        self.assertEqual(installed["opt/x/bin/askfirst"], 0o755)
        self.assertEqual(installed["opt/x/lib/askfirst/libaskfirst.so"], 0o755)
        self.assertEqual(installed["opt/x/share/man/man1/askfirst.1"], 0o644)
        version = self.command(stage / "opt/x/bin/askfirst", "--version")
        self.assertEqual(version.returncode, 0)
        self.assertEqual(self.make("uninstall", *where).returncode, 0)
        self.assertEqual([p for p in stage.rglob("*") if p.is_file()], [])
        self.assertFalse((stage / "opt/x/lib/askfirst").exists())

    def test_help_lists_what_can_be_made(self):
        text = self.make("help").stdout
        for target in ["make demo", "make test", "make lint", "make asan", "make fuzz", "make bench", "make install"]:
            self.assertIn(target, text)

    def test_nothing_is_built_twice(self):
        self.make("all")
        self.assertNotIn("  CC ", self.make("all").stdout)


class Demo(Case):
    def test_without_a_terminal_it_answers_itself_and_says_so(self):
        result = self.command(ROOT / "tests" / "demo" / "run", ASKFIRST)
        self.assertEqual(result.returncode, 0, result.stderr)
        for line in ["demo: there is no terminal here, so this program answers by itself",
                     "job: the sum is 42", "demo: asked: exec sh: runs a program that arrives through a pipe",
                     "demo: answered by itself: no", "job: not set up: ", "job: no key: ",
                     "demo: the old results, which the script deletes, are still there"]:
            self.assertIn(line, result.stdout)
        self.assertIn("refused by demo: nobody has read that script", result.stderr)


class Deps(Case):
    """.ci/deps with a PATH of our own, so that anything can be missing."""

    def setUp(self):
        super().setUp()
        self.bin = self.directory("bin")
        self.log = self.tmp / "log"
        for name in ["id", "env", "cat", "sh"]:
            (self.bin / name).symlink_to(shutil.which(name))

    def program(self, name, text):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def deps(self, *groups):
        return self.command("/bin/sh", ROOT / ".ci" / "deps", *groups, env={"PATH": str(self.bin)})

    def there(self):
        for name in ["make", "gcc", "cpp"]:
            self.program(name, "exit 0")

    def test_nothing_is_missing(self):
        self.there()
        self.program("apt-get", f"echo called >> {self.log}")
        result = self.deps("build")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        self.assertFalse(self.log.exists())

    def test_what_is_missing_is_named_and_installed(self):
        self.there()
        (self.bin / "gcc").unlink()
        self.program("sudo", 'exec "$@"')
        self.program("apt-get", f'echo "$@" >> {self.log}')
        result = self.deps("build")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"some packages are missing:\n  gcc +compiles\naskfirst: installing them with: ")
        self.assertRegex(self.log.read_text(), r"install .* gcc\n$")

    def test_the_lists_are_renewed_where_a_package_is_not_found(self):
        self.there()
        (self.bin / "make").unlink()
        self.program("apt-get", f'echo "$1" >> {self.log}\n[ "$1" = update ] && exit 0\n'
                                f'[ -e {self.tmp}/renewed ] || {{ : > {self.tmp}/renewed; exit 100; }}')
        self.program("sudo", 'exec "$@"')
        self.assertEqual(self.deps("build").returncode, 0)
        self.assertEqual(self.log.read_text().split(), ["install", "update", "install"])

    def test_offline_the_packages_are_named(self):
        self.there()
        (self.bin / "make").unlink()
        self.program("apt-get", "echo cannot resolve >&2; exit 100")
        self.program("sudo", 'exec "$@"')
        result = self.deps("build")
        self.assertEqual(result.returncode, 1)
        self.assertIn("these are needed: make", result.stderr)

    def test_without_rights_the_packages_are_named(self):
        self.there()
        (self.bin / "make").unlink()
        (self.bin / "id").unlink()
        self.program("id", "echo 1000")
        self.program("apt-get", f"echo called >> {self.log}")
        result = self.deps("build")
        self.assertEqual(result.returncode, 1)
        self.assertIn("apt-get install make", result.stderr)
        self.assertFalse(self.log.exists())

    def test_another_system(self):
        result = self.deps("build", "test", "lint")
        self.assertEqual(result.returncode, 1)
        for package in ["libyaml-dev", "libcjson-dev", "libcmocka-dev", "clang-format"]:
            self.assertIn(" " + package, result.stderr)

    def test_an_unknown_group(self):
        self.assertEqual(self.deps("banana").returncode, 2)


class Runner(Case):
    """tests/run counts what it ran, and nothing else."""

    def run_tests(self, text, *options, name="test_it.py"):
        path = self.file(name, textwrap.dedent(text))
        return self.command(ROOT / "tests" / "run", *options, path)

    def test_passed_and_failed_are_counted(self):
        result = self.run_tests("""
            import unittest
            class T(unittest.TestCase):
                def test_a(self): pass
                def test_b(self): self.fail("because")
                def test_c(self): raise OSError("odd")
                def test_d(self):
                    for i in range(3):
                        with self.subTest(i): self.assertNotEqual(i, 1)
            """)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout.splitlines()[-1], "1 passed, 3 failed")
        self.assertIn("FAILED: test_it.T.test_b", result.stdout)
        self.assertIn("AssertionError: because", result.stdout)

    def test_a_file_that_takes_too_long_keeps_what_passed(self):
        result = self.run_tests("""
            import time, unittest
            class T(unittest.TestCase):
                def test_a(self): pass
                def test_b(self): time.sleep(60)
            """, "--limit=2")
        self.assertEqual(result.stdout.splitlines()[-1], "1 passed, 1 failed")
        self.assertIn("took more than 2 s", result.stdout)

    def test_a_file_that_cannot_be_loaded(self):
        self.assertEqual(self.run_tests("import nothing_of_this_name").stdout.splitlines()[-1], "0 passed, 1 failed")

    def test_a_file_that_dies(self):
        result = self.run_tests("import os; os.abort()")
        self.assertEqual(result.stdout.splitlines()[-1], "0 passed, 1 failed")
        self.assertIn("killed by signal 6", result.stdout)

    def test_no_tests_are_no_success(self):
        result = self.run_tests("")
        self.assertEqual((result.returncode, result.stdout.splitlines()[-1]), (1, "0 passed, 0 failed"))

    def test_unit_test_programs(self):
        program = self.file("test_unit", "#!/bin/sh\necho 1..3\necho 'ok 1 - one'\necho 'not ok 2 - two'\n"
                                         "echo 'ok 3 - three'\nexit 1\n", 0o755)
        result = self.command(ROOT / "tests" / "run", program)
        self.assertEqual(result.stdout.splitlines()[-1], "2 passed, 1 failed")

    def test_what_failed_and_its_seed_are_told_again_at_the_end(self):
        program = self.file("test_unit", "#!/bin/sh\necho seed from the clock: 0x7 >&2\necho 'not ok 1 - one'\n"
                                         "seq 500\nexit 1\n", 0o755)
        passing = self.file("test_other", "#!/bin/sh\necho seed from the clock: 0x8\necho 'ok 1 - one'\n", 0o755)
        result = self.command(ROOT / "tests" / "run", program, passing)
        self.assertEqual(result.stdout.splitlines()[-3:], ["FAILED: test_unit.one", "    seed from the clock: 0x7",
                                                           "1 passed, 1 failed"])

    def test_a_unit_test_program_that_dies(self):
        program = self.file("test_unit", "#!/bin/sh\necho 'ok 1 - one'\nkill -SEGV $$\n", 0o755)
        result = self.command(ROOT / "tests" / "run", program)
        self.assertEqual(result.stdout.splitlines()[-1], "1 passed, 1 failed")


if __name__ == "__main__":
    main()
