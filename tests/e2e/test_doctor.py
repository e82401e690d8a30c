"""askfirst doctor: what holds on this machine, and every "no" that it can say, seen on a machine that was made to lack it."""
import os
import pathlib
import shutil
import tempfile
import time

import older
import support

REFUSE = support.PROGRAMS / "refuse"
PARTS = "parts of the kernel guard"
KERNEL = "guard kernel"
SHIM = "guard shim"
HERE = "places and policy"
WAYS = ("C library", "raw call", "static program")
ACTS = ("a denied read is refused", "a denied write is refused", "a denied program is refused",
        "a denied connection is refused")

# What the kernel is made to lack -> the part that the doctor misses, and a word of why.
MISSING = {
    "landlock": ("Landlock", "this kernel has none"),
    "fence": ("Landlock's fence", "cannot be entered"),
    "pretence": ("Landlock's fence", "holds nothing back"),
    "filter": ("seccomp filter", "refused"),
    "listener": ("seccomp listener", "refused"),
    "listening": ("no other seccomp listener", "another one is in place"),
    "receive": ("trapped calls arrive", "cannot be received"),
    "give": ("handing an opened file over", "did not get its answer"),
    "memory": ("reading a caller's memory", "process_vm_readv"),
    "duplicate": ("duplicating a caller's descriptors", "pidfd_getfd"),
    "trace": ("stopping at an exec", "ptrace"),
}
LESS = {"synchronous": "synchronous wake-up", "killable": "calls that signals do not undo", "seal": "fast lane"}


class DoctorCase(support.Case):
    def doctor(self, *before, askfirst=support.ASKFIRST, **more):
        """Runs it; the findings by section, name and way."""
        result = self.command(*before, askfirst, "doctor", "--json", **more)
        said = self.json(result)
        self.assertEqual(said["verdict"], "missing" if result.returncode else "holds", result.stdout)
        self.assertIn(result.returncode, (0, 1))
        self.status = result.returncode
        return {(one["section"], one["name"], one.get("way")): one for one in said["findings"]}

    def states(self, found, section):
        return {key[1:]: one["state"] for key, one in found.items() if key[0] == section}

    def all_but(self, found, *expected):
        """Everything holds, or is open by nature, but for these."""
        return {key: one for key, one in found.items() if one["state"] not in ("holds", "open") and key not in expected}


class Whole(DoctorCase):
    def test_all_holds_here(self):
        found = self.doctor()
        self.assertEqual(self.all_but(found), {})
        self.assertEqual(self.status, 0)

    def test_each_act_was_tried_in_each_way_under_each_guard(self):
        found = self.doctor()
        for act in ACTS:
            for way in WAYS:
                self.assertEqual(found[KERNEL, act, way]["state"], "holds")
                self.assertEqual(found[SHIM, act, way]["state"], "open" if way == "raw call" else "holds")

    def test_it_is_a_table_for_people(self):
        result = self.askfirst("doctor")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"(?m)^guard kernel +C library +raw call +static program$")
        self.assertRegex(result.stdout, r"(?m)^  a denied connection is refused +yes +open +yes$")
        self.assertRegex(result.stdout, r"(?m)^  yes  Landlock +version \d+: files")
        self.assertIn("next: run with --guard=kernel", result.stdout)
        self.assertTrue(result.stdout.endswith("\nall of it holds here\n"))

    def test_it_takes_less_than_three_seconds(self):
        began = time.monotonic()
        self.doctor()
        self.assertLess(time.monotonic() - began, 3)

    def test_it_leaves_nothing_behind(self):
        scratch = self.directory("scratch")
        home = sorted(self.home.rglob("*"))
        self.doctor(env=self.environment(TMPDIR=scratch))
        self.assertEqual((list(scratch.iterdir()), sorted(self.home.rglob("*"))), ([], home))

    def test_it_takes_no_arguments(self):
        result = self.askfirst("doctor", "cough")
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assertIn("--json", self.askfirst("doctor", "--help").stdout)


class Installed(DoctorCase):
    """A copy of askfirst in a place of its own, where an ordinary user can start it."""

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="doctor-test-", dir="/tmp")).resolve()
        self.addCleanup(shutil.rmtree, self.place)
        self.place.chmod(0o755)
        self.copy = self.place / "askfirst"
        for path in (support.ASKFIRST, support.SHIM, REFUSE):
            shutil.copy(path, self.place)

    def as_user(self, uid, *before):
        home = self.place / "home"
        home.mkdir(exist_ok=True)
        os.chown(home, uid, uid)
        return self.doctor("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *before, askfirst=self.copy,
                           cwd=home, env=self.environment(HOME=home))

    def test_an_ordinary_user_finds_the_same(self):
        if os.getuid():
            self.skipTest("this is an ordinary user already")
        found = self.as_user(65534)
        self.assertEqual(self.all_but(found), {})
        self.assertEqual(found[KERNEL, "capabilities that undo it are lost", None]["detail"], "there are none to lose")
        self.assertEqual(self.states(found, KERNEL), self.states(self.doctor(), KERNEL))

    def test_root_loses_capabilities(self):
        if os.getuid():
            self.skipTest("there is nothing to lose")
        found = self.doctor()[KERNEL, "capabilities that undo it are lost", None]
        self.assertRegex(found["detail"], r"^\d+ of them$")

    def test_an_ordinary_user_misses_the_same(self):
        if os.getuid():
            self.skipTest("this is an ordinary user already")
        found = self.as_user(65534, self.place / "refuse", "trace")
        self.assertEqual(found[PARTS, "stopping at an exec", None]["state"], "missing")
        self.assertEqual(found[KERNEL, ACTS[0], "C library"]["state"], "missing")

    def test_a_runtime_directory_of_somebody_else_is_named(self):
        if os.getuid():
            self.skipTest("only root can make it")
        uid = 64000 + os.getpid() % 1000
        taken = pathlib.Path(f"/tmp/askfirst-{uid}")
        taken.mkdir()
        self.addCleanup(taken.rmdir)
        found = self.as_user(uid)
        self.assertEqual(found[HERE, "runtime directory", None]["state"], "missing")
        self.assertIn("belongs to somebody else", found[HERE, "runtime directory", None]["detail"])
        self.assertIn("belongs to somebody else", found[KERNEL, ACTS[0], "raw call"]["detail"])

    def test_without_the_shim(self):
        (self.place / "libaskfirst.so").unlink()
        found = self.doctor(askfirst=self.copy)
        self.assertEqual(found[SHIM, "the shim is found", None]["state"], "missing")
        self.assertIn("install", found[SHIM, "the shim is found", None]["next"])
        self.assertEqual(found[SHIM, ACTS[0], "C library"]["state"], "missing")

    def test_a_shim_that_is_no_library(self):
        (self.place / "libaskfirst.so").write_text("no library\n")
        found = self.doctor(askfirst=self.copy)
        self.assertEqual(found[SHIM, "the shim is found", None]["state"], "holds")
        self.assertNotEqual(found[SHIM, "programs load it", None]["state"], "holds")
        self.assertEqual(found[SHIM, ACTS[0], "C library"]["state"], "missing")


class Lacking(DoctorCase):
    def test_each_missing_part_is_named_and_the_guard_is_not_said_to_hold(self):
        for what, (name, why) in MISSING.items():
            with self.subTest(what):
                found = self.doctor(REFUSE, what)
                self.assertEqual(self.status, 1)
                part = found[PARTS, name, None]
                self.assertEqual(part["state"], "missing")
                self.assertIn(why, part["detail"])
                self.assertTrue(part["next"])
                for act in ACTS:
                    for way in WAYS:
                        self.assertEqual(found[KERNEL, act, way]["state"], "missing")
                        self.assertIn(name, found[KERNEL, act, way]["detail"])

    def test_the_door_holds_without_the_kernel(self):
        for what in MISSING:
            with self.subTest(what):
                found = self.doctor(REFUSE, what)
                self.assertLessEqual(set(self.states(found, SHIM).values()), {"holds", "open"})

    def test_what_is_only_slower_is_told_and_holds(self):
        for what, name in LESS.items():
            with self.subTest(what):
                found = self.doctor(REFUSE, what)
                self.assertEqual(self.status, 0)
                self.assertEqual(found[PARTS, name, None]["state"], "less")
                self.assertEqual(self.all_but(found, (PARTS, name, None)), {})

    def test_the_table_says_what_to_do(self):
        result = self.command(REFUSE, "landlock", support.ASKFIRST, "doctor")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"(?m)^  NO   Landlock +this kernel has none")
        self.assertRegex(result.stdout, r"(?m)^  \?    seccomp filter")
        self.assertRegex(result.stdout, r"(?m)^  a denied read is refused +NO +NO +NO$")
        self.assertRegex(result.stdout, r"(?m)^    next: .*landlock")
        self.assertTrue(result.stdout.endswith("\nnot all of it holds here\n"))

    def test_a_policy_with_a_mistake(self):
        self.file("home/.config/askfirst/policy.yaml", "askfirst: 1\nreed: []\n")
        found = self.doctor()
        self.assertEqual(found[HERE, "the policy loads", None]["state"], "missing")
        self.assertEqual(set(self.states(found, KERNEL).values()), {"holds"})

    def test_an_audit_directory_that_cannot_be_written(self):
        self.file("home/.local/state", "a file")
        found = self.doctor()
        self.assertEqual(set(self.all_but(found)), {(HERE, "audit directory", None)})
        self.assertIn("--audit", found[HERE, "audit directory", None]["next"])

    def where_nothing_may_be_started(self, *places, **more):
        """Run by root: in a mount namespace of its own, these places are of a kind in which no program may be started."""
        mounts = "".join(f"mount -t tmpfs -o noexec none {place} && " for place in places)
        return self.doctor("unshare", "-m", "sh", "-c", f'{mounts} cd / && exec "$@"', "sh", **more)

    def test_a_place_where_no_program_may_be_started_is_not_taken(self):
        if os.getuid():
            self.skipTest("only root can make such a place")
        scratch = self.directory("scratch")
        found = self.where_nothing_may_be_started(scratch, env=self.environment(TMPDIR=scratch))
        self.assertEqual(self.all_but(found), {})
        self.assertEqual(self.all_but(self.doctor(env=self.environment(TMPDIR=self.tmp / "missing"))), {})

    def test_nowhere_to_start_programs(self):
        if os.getuid():
            self.skipTest("only root can make such places")
        # What is tested may itself lie below /tmp.
        beside = self.directory("bin")
        for program in (support.ASKFIRST, support.SHIM):
            shutil.copy2(program, beside)
        found = self.where_nothing_may_be_started("/tmp", "/var/tmp", self.home, askfirst=beside / "askfirst")
        self.assertEqual(self.status, 1)
        self.assertEqual({key for key, one in found.items() if one["state"] == "untried"}, {(KERNEL, "runs of its own", None)})
        self.assertIn("TMPDIR", found[KERNEL, "runs of its own", None]["detail"])


class Older(DoctorCase):
    """Kernels whose Landlock knows less: the watch alone holds the rest, and all holds."""

    def test_with_every_version_of_landlock(self):
        for version in range(1, 7):
            with self.subTest(version):
                found = self.doctor(env=self.environment(LD_PRELOAD=older.library(self.tmp, version)))
                self.assertIn(f"version {version}: files", found[PARTS, "Landlock", None]["detail"])
                self.assertEqual(self.all_but(found, (PARTS, "Landlock's later versions", None)), {})
                later = found.get((PARTS, "Landlock's later versions", None), {}).get("detail", "")
                self.assertEqual(later.count("the watch alone holds it"), [0, 4, 3, 2, 1, 1, 0][version])
                self.assertEqual("commands to devices: whoever may open a device may command it" in later, version < 5)
                for act in ACTS:
                    self.assertEqual(found[KERNEL, act, "static program"]["state"], "holds")


class Nested(DoctorCase):
    """In a guarded run the doctor tries nothing, and says so: it would be the outer guard that it meets."""

    def guarded(self, guard):
        return self.doctor(support.ASKFIRST, "run", f"--guard={guard}", "--quiet", "--approve=deny", "--")

    def test_in_a_guarded_run(self):
        for guard in ("kernel", "shim"):
            with self.subTest(guard):
                found = self.guarded(guard)
                self.assertEqual({one["state"] for one in found.values()}, {"untried"})
                self.assertEqual(self.status, 1)

    def test_a_run_in_a_run_stays_under_the_outer_guard(self):
        rules = self.policy('read: [{deny: "**/secret"}, {allow: "/**"}]\nwrite: [{allow: /dev/**}]\nexec: [{allow: "/**"}]\n')
        (self.workspace / "secret").write_text("top secret\n")
        result = self.askfirst("run", "--guard=kernel", "--policy", rules, "--approve=deny", "--", support.ASKFIRST, "run",
                               "--guard=kernel", "--policy=default", "--approve=allow", "--", "cat", "secret")
        self.assertEqual(result.stdout, "")
        self.assertIn("this is a guarded run already", result.stderr)
        self.assertIn("denied: read", result.stderr)


class Run(support.Case):
    """askfirst run, where a part of the kernel guard is missing."""

    def run_without(self, what, *options):
        return self.command(REFUSE, what, support.ASKFIRST, "run", *options, "--", "touch", "ran")

    def test_kernel_names_the_part_and_runs_nothing(self):
        for what, (name, why) in MISSING.items():
            with self.subTest(what):
                result = self.run_without(what, "--guard=kernel")
                self.assertEqual((result.returncode, result.stdout), (125, ""))
                self.assertIn(f"askfirst: guard kernel: {name}: ", result.stderr)
                self.assertIn(why, result.stderr)
                self.assertIn("nothing was run: ", result.stderr)
                for word in ("askfirst doctor", "--guard=auto", "--guard=shim"):
                    self.assertIn(word, result.stderr)
                self.assertFalse((self.workspace / "ran").exists())

    def test_kernel_says_so_even_when_it_is_quiet(self):
        self.assertIn("Landlock", self.run_without("landlock", "--guard=kernel", "--quiet").stderr)

    def test_auto_takes_the_door_and_says_why_on_one_line(self):
        for what, (name, _) in MISSING.items():
            with self.subTest(what):
                result = self.run_without(what, "--guard=auto")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1)
                self.assertRegex(result.stderr, f"^askfirst: guard auto took shim.*no boundary.*{name}: ")
                (self.workspace / "ran").unlink()

    def test_auto_takes_the_kernel_where_it_is_only_slower(self):
        for what in LESS:
            with self.subTest(what):
                self.assertEqual(self.run_without(what, "--guard=auto").stderr, "askfirst: guard auto took kernel\n")

    def test_the_record_says_which_guard_it_was(self):
        self.run_without("landlock", "--guard=auto")
        record = next(self.home.glob(".local/state/askfirst/audit/*.jsonl")).read_text()
        self.assertIn('"guard":"shim"', record.split("\n")[0])


if __name__ == "__main__":
    support.main()
