"""The fast lane of guard kernel (shim/lane.h): which names stand in it, and in which programs."""
import json
import os
import select
import shutil
import signal
import subprocess
import unittest

import support

LANE = support.BUILD / "programs" / "lane"
POLICY = """
read: [{deny: ["**/secret", ~/.keys/**]}, {ask: "**/asked"}, {allow: "/**"}]
write: [{allow: ["${workspace}/**", "/tmp/**", "/dev/**"]}]
otherwise: {read: deny, write: ask, exec: allow, connect: deny, debug: deny}
"""


class Lane(support.Case):
    def setUp(self):
        super().setUp()
        self.rules = self.policy(POLICY)
        for name in ("secret", "asked", "plain", "written"):
            (self.workspace / name).write_text(name + "\n")

    def names(self, script, *options, approve="allow"):
        """What stands in the lane after a shell's script."""
        result = self.askfirst("run", "--guard=kernel", "--policy", self.rules, "--approve", approve, *options, "--",
                               "/bin/sh", "-c", script)
        self.stderr = result.stderr
        return result.stdout.splitlines()

    def path(self, name):
        return str(self.workspace / name)

    def test_what_was_read_plainly_stands_there_once(self):
        names = self.names(f"cat plain plain plain >/dev/null; cat plain >/dev/null; {LANE}")
        self.assertEqual(names[0], "lane sound")
        self.assertEqual(names.count(self.path("plain")), 1)

    def test_what_a_link_leads_to_does_and_the_links_name_does_not(self):
        os.symlink("plain", self.workspace / "link")
        names = self.names(f"cat link >/dev/null; {LANE}")
        self.assertIn(self.path("plain"), names)
        self.assertNotIn(self.path("link"), names)

    def test_what_is_missing_stands_there_and_is_found_when_it_comes(self):
        names = self.names(f"cat later 2>/dev/null; echo x >later; {LANE}; cat later")
        self.assertIn(self.path("later"), names)
        self.assertEqual(names[-1], "x")

    def test_what_was_asked_about_denied_written_or_is_the_kernels_does_not(self):
        names = self.names(f"cat asked secret /proc/self/status /dev/null /sys/kernel/mm/hugepages >/dev/null; "
                           f"echo x >written; echo x <>written; {LANE}")
        for name in names:
            self.assertNotRegex(name, r"/(asked|secret|written)$|^/(proc|sys|dev)/")

    def test_a_program_with_a_filter_of_its_own_starts_others(self):
        script = ("import ctypes, struct, subprocess, sys; code = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000)); "
                  "filter = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 1, ctypes.addressof(code))); "
                  "print(ctypes.CDLL(None).prctl(22, 2, filter), flush=True); subprocess.run(sys.argv[1:])")
        names = self.names(f"python3 -c \"{script}\" {LANE}")
        self.assertEqual(names[:2], ["0", "lane sound"], self.stderr)

    def test_a_hard_link_to_a_protected_file_does_not(self):
        os.link(self.workspace / "secret", self.workspace / "innocent")
        self.assertNotIn(self.path("innocent"), self.names(f"cat innocent >/dev/null; {LANE}"))

    def test_a_hard_link_to_a_protected_file_elsewhere_does_not(self):
        (self.home / ".keys").mkdir()
        for name in (".keys/id", "plain"):
            (self.home / name).write_text("x")
        os.link(self.home / ".keys/id", self.workspace / "innocent")
        os.link(self.home / "plain", self.workspace / "of-nobody")
        names = self.names(f"cat innocent of-nobody >/dev/null; {LANE}")
        self.assertNotIn(self.path("innocent"), names)
        self.assertIn(self.path("of-nobody"), names)

    def test_every_program_has_it(self):
        static = self.workspace / "static"
        subprocess.run(["cc", "-static", "-pthread", "-o", static, support.ROOT / "tests/programs/lane.c"], check=True)
        shutil.copy(LANE, self.workspace / "copy")
        (self.workspace / "script").write_text(f"#!{self.workspace}/copy\n")
        (self.workspace / "script").chmod(0o755)
        for command in (f"exec {LANE}", f"{LANE} thread", f"{LANE} vfork", f"env -i {LANE}", "./static", "./script",
                        f"/lib64/ld-linux-x86-64.so.2 {LANE}", f"busybox sh -c {LANE}",
                        f"python3 -c 'import os; os.posix_spawn(\"{LANE}\", [\"x\"], {{}}); os.wait()'"):
            with self.subTest(command):
                self.assertIn("lane sound", self.names(command))

    def begun(self, code, *more):
        """How a program ends that is nothing but this, without any library; bare and guarded."""
        program = self.workspace / "begun"
        subprocess.run(["cc", "-nostdlib", "-static", *more, "-x", "assembler", "-", "-o", program], input=code, encoding="ascii",
                       check=True)
        bare = subprocess.run([program]).returncode
        return bare, self.askfirst("run", "--guard=kernel", "--policy", self.rules, "--approve=deny", "--", program).returncode

    def test_a_program_begins_with_the_registers_that_the_kernel_gave(self):
        registers = "rax rbx rcx rdx rsi rbp r8 r9 r10 r11 r12 r13 r14 r15".split()
        adds = "".join(f"or %{name}, %rdi\n" for name in registers)
        code = f".globl _start\n_start: {adds} neg %rdi\nsbb %edi, %edi\nand $1, %edi\nmov $60, %eax\nsyscall\n"
        self.assertEqual(self.begun(code), (0, 0))

    def test_a_program_has_it_whose_code_leaves_no_room_on_its_last_page(self):
        code = """.globl _start
_start: mov $0x7e9a00000000, %rdi
        mov $4096, %esi
        mov $vector, %edx
        mov $27, %eax # mincore
        syscall
        mov %eax, %edi
        neg %edi
        mov $60, %eax
        syscall
        .fill 4096 - (. - _start), 1, 0x90
        .bss
vector: .skip 1
"""
        self.assertEqual(self.begun(code, "-Wl,-z,separate-code"), (12, 0))

    def test_who_says_that_it_could_not_be_put_there_is_killed(self):
        names = self.names("python3 -c 'import ctypes; ctypes.CDLL(None).prctl(0x61736b31, 2)'; echo $?")
        self.assertEqual(names, ["137"])
        newest = max(self.home.glob(".local/state/askfirst/audit/*.jsonl"), key=os.path.getmtime)
        records = [json.loads(line) for line in newest.read_text().splitlines()]
        self.assertEqual([record["text"] for record in records if record.get("event") == "exec-changed"],
                         ["the lane could not be put into it: askfirst run --no-lane does without"])
        self.assertRegex(self.stderr, "askfirst: process [0-9]+ was killed: the lane could not be put into it: askfirst run --no-lane does")

    def test_programs_have_it_that_start_when_somebody_is_traced(self):
        self.rules = self.policy(POLICY.replace("debug: deny", "debug: allow"))
        seize = 'import ctypes, sys; print(ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0), flush=True)'
        names = self.names(f"sleep 60 & python3 -c '{seize}' $!; kill $!; {LANE}")
        self.assertEqual(names[:2], ["0", "lane sound"], self.stderr)

    def without_the_launcher(self, work):
        """What a program prints in whose eyes the launcher is stopped while it does `work`: whatever traps waits for ever."""
        text = f"import os, sys, io\ndef work():\n {work}\nwork(); print('ready', flush=True); input(); work(); print('done', flush=True)"
        process = subprocess.Popen([support.ASKFIRST, "run", "--guard=kernel", "--policy", self.rules, "--approve=deny", "--",
                                    "/usr/bin/python3", "-c", text], cwd=self.workspace, env=self.environment(),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
        try:
            self.assertEqual(process.stdout.readline(), "ready\n")
            os.kill(process.pid, signal.SIGSTOP)
            process.stdin.write("\n")
            process.stdin.flush()
            said = process.stdout.readline() if select.select([process.stdout], [], [], 1)[0] else ""
            os.kill(process.pid, signal.SIGCONT)
            process.communicate()
        finally:
            process.kill()
            process.wait()
        return said

    def test_what_was_read_once_is_read_again_without_the_launcher(self):
        for work in ("open('plain').read()", "os.close(os.open('plain', os.O_RDONLY))", "os.listdir('.')", "os.scandir('.').close()",
                     "open(os.path.abspath('plain'), 'rb').read()", "os.path.exists('missing') or open('plain')"):
            with self.subTest(work):
                self.assertEqual(self.without_the_launcher(work), "done\n")

    def test_what_was_read_through_a_link_is_read_again_without_the_launcher(self):
        os.symlink("plain", self.workspace / "link")
        os.symlink(".", self.workspace / "folder")
        for work in ("open('link').read()", "open('folder/plain').read()", "os.listdir('folder')", "open(os.path.abspath('folder/link')).read()"):
            with self.subTest(work):
                self.assertEqual(self.without_the_launcher(work), "done\n")

    def test_a_link_is_followed_where_it_leads_by_then(self):
        text = """
import os
def turn(target):
    os.symlink(target, "new"); os.rename("new", "link")
def read(path, flags=0):
    try: fd = os.open(path, os.O_RDONLY | flags)
    except OSError as error: return error.strerror
    try: return os.read(fd, 99).decode().strip()
    finally: os.close(fd)
for target in "plain", "written", "plain", "secret", "plain", "nothing", "plain":
    turn(target); print(read("link"), read("link"), read(os.path.abspath("link")), sep=", ")
print(read("link", os.O_NOFOLLOW))
os.unlink("link"); print(read("link"))
os.rename("written", "link"); print(read("link"), read("link", os.O_NOFOLLOW))
os.unlink("plain"); os.symlink("link", "plain"); print(read("plain"))
"""
        result = self.askfirst("run", "--guard=kernel", "--policy", self.rules, "--approve=deny", "--quiet", "--", "/usr/bin/python3", "-c", text)
        self.assertEqual(result.stdout.splitlines(), [
            "plain, plain, plain", "written, written, written", "plain, plain, plain",
            "Permission denied, Permission denied, Permission denied", "plain, plain, plain",
            "No such file or directory, No such file or directory, No such file or directory", "plain, plain, plain",
            "Too many levels of symbolic links", "No such file or directory", "written written", "written"])

    def test_what_is_written_or_asked_about_is_not(self):
        for work in ("open('plain', 'a').close()", "open('written', 'r+').close()"):
            with self.subTest(work):
                self.assertEqual(self.without_the_launcher(work), "")

    def test_who_lists_a_directory_and_opens_one_in_it_is_spared_the_others(self):
        for name in "abc":
            (self.workspace / "tree" / name / "below").mkdir(parents=True)
        (self.workspace / "tree" / "secret").mkdir()
        (self.workspace / "tree" / "file").write_text("x")
        os.symlink("a", self.workspace / "tree" / "link")
        names = self.names(f"ls tree >/dev/null; {LANE}")
        self.assertFalse([name for name in names if "/tree/" in name])
        names = self.names(f"ls tree tree/b >/dev/null; {LANE}")
        self.assertEqual({name for name in names if "/tree/" in name}, {self.path("tree/" + name) for name in "abc"})
        names = self.names(f"ls tree/b >/dev/null; {LANE}")
        self.assertEqual([name for name in names if "/tree/" in name], [self.path("tree/b")])

    def test_what_was_blocked_caught_or_set_is_as_it_was_bare(self):
        text = ("import signal, sys, os; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM]);"
                "signal.signal(signal.SIGINT, signal.SIG_IGN);"
                "os.execv('/bin/grep', ['grep', '^Sig[PBIC]\\|^Shd', '/proc/self/status'])")
        command = ["/usr/bin/python3", "-c", text]
        bare = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
        guarded = self.askfirst("run", "--guard=kernel", "--policy", self.rules, "--approve=deny", "--", *command).stdout
        self.assertEqual(guarded, bare)

    def test_who_is_stopped_while_it_starts_is_seen_stopped_and_goes_on(self):
        text = """
import os, signal, time
for i in range(400):
    child = os.fork() or os.execv("/bin/sleep", ["sleep", "60"])
    until = time.perf_counter() + i * 0.000005
    while time.perf_counter() < until:
        pass
    os.kill(child, signal.SIGSTOP)
    signal.alarm(10)
    assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
    os.kill(child, signal.SIGCONT)
    assert os.WIFCONTINUED(os.waitpid(child, os.WCONTINUED)[1])
    signal.alarm(0)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print("all")
"""
        result = self.askfirst("run", "--guard=kernel", "--policy", self.rules, "--approve=deny", "--", "/usr/bin/python3", "-c", text)
        self.assertEqual(result.stdout, "all\n", result.stderr)

    def test_a_program_in_valgrind_is_clean(self):
        (self.workspace / "clean.c").write_text("#include <stdio.h>\nint main(void) { return fclose(fopen(\"plain\", \"r\")); }\n")
        subprocess.run(["cc", "-g", "-o", self.workspace / "clean", self.workspace / "clean.c"], check=True)
        result = self.askfirst("run", "--guard=kernel", "--policy", self.rules, "--approve=deny", "--", "/usr/bin/valgrind", "-q",
                               "--error-exitcode=9", "./clean", cwd=self.workspace)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_a_run_without_one_says_so_in_its_record(self):
        for options, why in ((["--no-lane"], "--no-lane"), (["--mode=observe"], "everything is recorded")):
            self.assertEqual(self.names(str(LANE), *options), ["none"])
            newest = max(self.home.glob(".local/state/askfirst/audit/*.jsonl"), key=os.path.getmtime)
            records = [json.loads(line) for line in newest.read_text().splitlines()]
            self.assertIn(why, [record["text"] for record in records if record.get("event") == "no-lane"])

    @unittest.skipUnless(os.getuid() == 0, "only root changes roots")
    def test_another_root_needs_a_run_without_it(self):
        script = "/usr/bin/python3 -c 'import os; os.chroot(\".\"); print(\"in\")'"
        self.assertEqual(self.names(script), [])
        self.assertIn("askfirst run --no-lane", self.stderr)
        self.assertEqual(self.names(script, "--no-lane"), ["in"])

    def test_who_traces_its_children_needs_a_run_without_it(self):
        self.rules = self.policy(POLICY.replace("debug: deny", "debug: ask"))
        script = f"{support.PROGRAMS}/tracer run /bin/cat plain"
        self.assertEqual(self.names(script), ["ended: 98"])
        self.assertIn("askfirst run --no-lane", self.stderr)
        self.assertEqual(self.names(script, "--no-lane"), ["plain", "ended: 0"])

    def test_another_namespace_of_shared_memory_needs_a_run_without_it(self):
        script = f"unshare --user --ipc {LANE}"
        self.assertEqual(self.names(script), [])
        self.assertIn("askfirst run --no-lane", self.stderr)
        self.assertNotIn("--no-lane", self.names(script, "--no-lane") and self.stderr)


if __name__ == "__main__":
    support.main()
