"""Every wrapped call, bare and guarded: what is allowed is as if nobody stood before it, what is denied is denied however
it is spelled."""
import difflib
import errno
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import Case, PROGRAMS, ROOT, main  # noqa: E402

ALLOW_ALL = "otherwise: {read: allow, write: allow, exec: allow, connect: allow, debug: allow}\n"
MUSL = ["musl-gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-w"]


class Calls(Case):
    def guarded(self, policy, *argv, **more):
        return self.askfirst("run", "--guard", "shim", "--policy", self.policy(policy), "--quiet", "--approve", "deny",
                             "--", *argv, **more)

    def without_openat2(self, error, program, *argv, **more):
        return self.guarded(ALLOW_ALL, PROGRAMS / "without", "437", str(error), program, *argv, **more)

    def in_fresh_place(self, run, *argv):
        """The same place for both, for its name is printed."""
        place = self.directory("place")
        shutil.rmtree(place)
        place.mkdir()
        env = self.environment(MAN_DISABLE_SECCOMP="1")  # which guard shim would add
        return run(*argv, cwd=place, stderr=subprocess.STDOUT, env=env)

    def assert_same(self, *argv, run=None):
        bare = self.in_fresh_place(self.command, *argv)
        guarded = self.in_fresh_place(run or (lambda *a, **more: self.guarded(ALLOW_ALL, *a, **more)), *argv)
        self.assertGreater(bare.stdout.count("\n"), 50)
        if bare.stdout != guarded.stdout:
            self.fail("\n".join(difflib.unified_diff(bare.stdout.splitlines(), guarded.stdout.splitlines(), "bare",
                                                     "guarded", lineterm="", n=1)))
        self.assertEqual(bare.returncode, guarded.returncode)

    def musl(self, name):
        program = self.tmp / name
        subprocess.run([*MUSL, "-o", program, ROOT / "tests" / "programs" / f"{name}.c"], check=True)
        return program

    def test_the_c_library_is_found_behind_more_libraries_than_are_kept(self):
        names = [f"lib{i}.so" for i in range(40)]
        for name in names:
            subprocess.run(["cc", "-shared", "-nostdlib", "-fPIC", "-x", "c", os.devnull, "-o", self.tmp / name], check=True)
        for compiler in ["cc"], MUSL:
            subprocess.run([*compiler, "-Wl,--no-as-needed", "-o", "many", "-x", "c", "-", "-x", "none",
                            *(f"./{name}" for name in names), f"-Wl,-rpath,{self.tmp}"],
                           cwd=self.tmp, check=True, text=True, input="""
                #include <spawn.h>
                #include <sys/wait.h>
                extern char **environ;
                int main(void)
                {
                    char *const argv[] = {"true", 0};
                    int pid, status = 1;
                    return posix_spawn(&pid, "/bin/true", 0, 0, argv, environ) || waitpid(pid, &status, 0) != pid || status;
                }""")
            self.assertEqual(self.guarded(ALLOW_ALL, self.tmp / "many", cwd=self.tmp).returncode, 0, compiler)

    def test_calls_on_files_come_to_the_same(self):
        self.assert_same(PROGRAMS / "calls_files")

    def test_calls_on_files_come_to_the_same_where_openat2_is_missing(self):
        for error in [errno.ENOSYS, errno.EPERM]:
            with self.subTest(errno.errorcode[error]):
                self.assert_same(PROGRAMS / "calls_files",
                                 run=lambda *argv, **more: self.without_openat2(error, *argv, **more))

    def test_calls_that_start_programs_come_to_the_same(self):
        self.assert_same(PROGRAMS / "calls_exec")

    def test_calls_of_a_musl_program_on_files_come_to_the_same(self):
        self.assert_same(self.musl("calls_files"))

    def test_calls_of_a_musl_program_that_start_programs_come_to_the_same(self):
        self.assert_same(self.musl("calls_exec"))

    def secrets(self):
        place = self.directory("place")
        for directory in ["secret/folder", "public"]:
            (place / directory).mkdir(parents=True)
        (place / "secret/key").write_text("key")
        (place / "public/file").write_text("file")
        for link, target in {"to-secret": "secret", "to-key": "secret/key", "to-to-key": "to-key", "public/up": "..",
                             "to-new": "secret/new", "public/to-new": "../secret/new"}.items():
            (place / link).symlink_to(target)
        return place

    def denied_everywhere(self, *program):
        place = self.secrets()
        before = sorted(place.rglob("*"))
        policy = f"""
read:
  - deny: {place}/secret/**
write:
  - deny: {place}/secret/**
""" + ALLOW_ALL
        key = os.open(place / "secret/key", os.O_RDONLY)
        self.addCleanup(os.close, key)
        result = self.guarded(policy, *program, str(key), cwd=place, pass_fds=[key])
        self.assertRegex(result.stdout, r"\A\d\d+ tried\n\Z")
        self.assertEqual((place / "secret/key").read_text(), "key")
        self.assertEqual(sorted(place.rglob("*")), before)

    def test_what_is_denied_is_denied_by_every_call_and_spelling(self):
        self.denied_everywhere(PROGRAMS / "calls_denied")

    def test_what_is_denied_is_denied_where_openat2_is_missing(self):
        self.denied_everywhere(PROGRAMS / "without", "437", str(errno.ENOSYS), PROGRAMS / "calls_denied")

    def test_what_is_denied_is_denied_to_a_musl_program(self):
        self.denied_everywhere(self.musl("calls_denied"))

    def test_rings_that_nobody_can_look_into_are_refused_as_on_a_kernel_without_them(self):
        result = self.guarded(ALLOW_ALL, "/usr/bin/python3", "-c", """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(425, 1, ctypes.create_string_buffer(120)), errno.errorcode[ctypes.get_errno()])
""")
        self.assertEqual(result.stdout, "-1 ENOSYS\n")


if __name__ == "__main__":
    main()
