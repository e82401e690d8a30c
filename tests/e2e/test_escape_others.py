"""Some of the attacks again, by those who are not who they are in test_escape.py, and other ways out: shells, Python, a launcher
inside, a question that waits.
"""
import json
import os
import pathlib
import signal
import subprocess
import time

import support
import test_escape


class EscapeStatic(test_escape.Attempts):
    """By static programs, of glibc and of musl in turn."""


class EscapeAsUser(test_escape.Attempts):
    """By an ordinary user, where the tests run as root."""
    user = 65534
    place = pathlib.Path("/tmp")


def static(number, needs):
    return ["attacks-static", "attacks-musl"][number // 4 % 2] if number % 4 == 0 and needs != "root" else None


def user(number, needs):
    return "attacks" if number % 2 and needs != "root" and os.getuid() == 0 else None


SYSCALLS = """
import ctypes, os
libc = ctypes.CDLL(None)
call = libc.syscall
words = lambda *all: (ctypes.c_char_p * (len(all) + 1))(*all, None)
"""
GUARDS = ("kernel", "shim")
LAX = "askfirst: 1\notherwise: {read: allow, write: allow, exec: allow, connect: allow, debug: allow}\n"
ASKED = """
askfirst: 1
read: [{deny: "~/boxes/**/token"}, {allow: "/**"}]
write: [{ask: "~/asked/**"}, {allow: ["~/boxes/**", "/dev/**"]}]
otherwise: {read: deny, write: deny, exec: allow, connect: deny, debug: deny}
"""
OTHERS = {  # name: what it is after, what it tries, the command
    "ctypes_open": ("read", "Python, openat by number", ["python3", "-c", SYSCALLS + "os.sendfile(1, call(257, -100, b'secret', 0), 0, 99)"]),
    "ctypes_execve": ("run", "Python, execve by number", ["python3", "-c", SYSCALLS + "call(59, b'./forbidden', words(b'x'), None)"]),
    "python_subprocess": ("run", "subprocess with another name", ["python3", "-c", "import subprocess; subprocess.run(['ls'], executable='./forbidden')"]),
    "python_fork_server": ("read", "a process that starts later, of a parent that has ended",
                           ["python3", "-c", "import os, time\nif not os.fork():\n time.sleep(0.2); print(open('secret').read(), flush=True)\nelse: time.sleep(0.4)"]),
    "program_of_32_bits": ("read", "a program of 32 bits", ["./narrow"]),
    "forbidden_of_32_bits": ("run", "a program of 32 bits that may not run", ["sh", "-c", "cp {bin}/forbidden32 copy; ./copy"]),
    "no_environment": ("read", "env -i", ["env", "-i", "/bin/cat", "secret"]),
    "no_preload": ("read", "unset LD_PRELOAD", ["sh", "-c", "unset LD_PRELOAD; exec cat secret"]),
    "busybox_reads": ("read", "a static program of many names", ["busybox", "cat", "secret"]),
    "busybox_runs": ("run", "an applet whose program may not run", ["busybox", "touch", "marker"]),
    "busybox_by_link": ("run", "an applet by a link", ["sh", "-c", "ln -s /bin/busybox touch; ./touch marker"]),
    "loader": ("run", "ld.so PROGRAM", ["/lib64/ld-linux-x86-64.so.2", "/usr/bin/touch", "marker"]),
    "loader_of_a_copy": ("run", "ld.so of a copy", ["sh", "-c", "cp /usr/bin/touch copy; /lib64/ld-linux-x86-64.so.2 ./copy marker"]),
    "shell_redirects_in": ("read", "a redirection", ["sh", "-c", "read line < secret; echo $line"]),
    "shell_redirects_out": ("change", "a redirection", ["sh", "-c", "echo x >> kept/precious"]),
    "shell_background": ("run", "a bare ampersand", ["sh", "-c", "true & ./forbidden"]),
    "shell_newline": ("run", "a newline", ["sh", "-c", "true\n./forbidden"]),
    "shell_field_separator": ("run", "$IFS and quotes within a word", ["sh", "-c", "./hel''per${IFS}ev'i'l"]),
    "shell_eval": ("run", "words put together", ["sh", "-c", "a=./forb; b=idden; eval $a$b"]),
    "xargs": ("run", "xargs", ["sh", "-c", "echo evil | xargs ./helper"]),
    "find_exec": ("run", "find -exec", ["find", "./forbidden", "-exec", "{}", ";"]),
    "env_split": ("run", "env -S", ["env", "-S", "./helper evil"]),
    "nested_in_shim": ("read", "a launcher inside, with a laxer policy, by the shim",
                       ["{bin}/askfirst", "run", "--guard=shim", "--policy", "lax.yaml", "--", "cat", "secret"]),
    "nested_in_kernel": ("read", "a launcher inside, with a laxer policy, in the kernel",
                         ["{bin}/askfirst", "run", "--guard=kernel", "--policy", "lax.yaml", "--", "cat", "secret"]),
    "nested_by_script": ("run", "a launcher inside a script",
                         ["sh", "-c", "{bin}/askfirst run --guard=shim --policy lax.yaml -- touch marker"]),
    "tar_follows": ("read", "another program reads it", ["tar", "-cf", "-", "secret"]),
    "cp_attributes": ("change", "another program's times and modes", ["cp", "-p", "plain", "kept/precious"]),
    "dd_through_proc": ("read", "/proc/self/fd of a shell's descriptor", ["sh", "-c", "exec 3< .; cat /proc/self/fd/3/secret"]),
}


def test_of(goal, what, command):
    def test(self):
        self.hold(goal, [word.replace("{bin}", str(self.bin)) for word in command])
    test.__doc__ = what
    return test


class EscapeByOthers(test_escape.Attempts):
    """By programs that are there anyway."""

    def scene(self):
        scene = super().scene()
        scene.put("lax.yaml", LAX)
        return scene


for name, (goal, what, command) in OTHERS.items():
    setattr(EscapeByOthers, "test_" + name, test_of(goal, what, command))
del name, goal, what, command


class WhileAQuestionWaits(test_escape.Attempts):
    """What is asked about is what the answer is for; and who dies waiting has done nothing."""

    def waiting(self, scene, command, more=()):
        """Begins it, and waits for its first question. -> the launcher, the question, where answers go"""
        questions, theirs = os.pipe()
        their_answers, answers = os.pipe()
        argv = self.guard(*command, approve=f"fd:{their_answers},{theirs}", more=more)
        process = subprocess.Popen(argv, cwd=scene.work, env=scene.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, pass_fds=[theirs, their_answers], start_new_session=True)
        os.close(theirs)
        os.close(their_answers)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        lines = os.fdopen(questions)
        answers = os.fdopen(answers, "w", buffering=1)
        self.addCleanup(lines.close)
        self.addCleanup(answers.close)
        for line in lines:
            line = json.loads(line)
            if line["type"] == "ask":
                return process, line, answers
        self.fail("nothing was asked: " + process.communicate()[0].decode())

    def yes(self, process, question, answers):
        answers.write(json.dumps({"type": "answer", "id": question["id"], "decision": "allow", "scope": "once"}) + "\n")
        return process.communicate(timeout=20)[0].decode()

    def renamed(self, meanwhile, guard):
        """A folder gets a name that is asked about, while `meanwhile` goes on. -> what then has its name, and the output"""
        scene = self.scene()
        for name in ("boxes/one", "boxes/two", "asked"):
            (scene.home / name).mkdir(parents=True)
        (scene.home / "boxes/two/token").write_text(scene.word)
        scene.put("asked.yaml", ASKED)
        text = "import os; os.rename('../boxes/one', '../asked/name'); print(open('../asked/name/two/token').read())"
        more = ["--policy", "asked.yaml", f"--guard={guard}"]
        process, question, answers = self.waiting(scene, ["python3", "-c", text], more=more)
        self.assertEqual(question["path"], str(scene.home / "asked/name"))
        meanwhile(scene.home / "boxes", scene.home / "asked")
        output = self.yes(process, question, answers)
        self.assertNotIn(scene.word, output)
        return sorted(path.name for path in (scene.home / "asked").rglob("*")), output

    def test_what_is_put_into_a_folder_is_judged_before_that_is_renamed(self):
        for guard in GUARDS:
            with self.subTest(guard):
                there, output = self.renamed(lambda boxes, asked: (boxes / "two").rename(boxes / "one/two"), guard)
                self.assertEqual(there, [])
                self.assertIn("denied: read", output)

    def test_what_has_changed_is_not_renamed(self):
        another, gone = (lambda boxes, asked: (boxes / "two").rename(boxes / "one")), (lambda boxes, asked: boxes.rename(boxes.parent / "others"))
        taken = lambda boxes, asked: (asked / "name").mkdir()
        for guard, meanwhile, left in [(guard, *case) for guard in GUARDS for case in ((another, []), (taken, ["name"]), (gone, []))]:
            with self.subTest(guard):
                there, output = self.renamed(meanwhile, guard)
                self.assertEqual(there, left)
                self.assertIn("has changed since the question was put", output)

    def test_a_folder_that_nobody_touches_is_renamed(self):
        for guard in GUARDS:
            with self.subTest(guard):
                self.assertEqual(self.renamed(lambda boxes, asked: None, guard)[0], ["name"])

    def test_a_link_is_swapped(self):
        scene = self.scene()
        (scene.work / "link").symlink_to("asked")
        process, question, answers = self.waiting(scene, ["cat", "link"])
        (scene.work / "link").unlink()
        (scene.work / "link").symlink_to("secret")
        output = self.yes(process, question, answers)
        self.assertNotIn(scene.word, output)

    def test_a_file_is_swapped(self):
        scene = self.scene()
        process, question, answers = self.waiting(scene, ["busybox", "cat", "asked"])
        os.rename(scene.work / "secret", scene.work / "asked")
        self.assertNotIn(scene.word, self.yes(process, question, answers))

    def test_nothing_is_swapped(self):
        scene = self.scene()
        self.assertIn("for a yes", self.yes(*self.waiting(scene, ["busybox", "cat", "asked"])))

    def test_the_launcher_is_killed(self):
        for first in (signal.SIGKILL, signal.SIGTERM):
            scene = self.scene()
            text = "(sleep 0.5; echo x > marker) & cat asked; echo x > marker"
            process, _, _ = self.waiting(scene, ["sh", "-c", text])
            os.kill(process.pid, first)
            process.wait(20)
            time.sleep(1)
            self.assertFalse((scene.work / "marker").exists())

    def test_others_go_on(self):
        scene = self.scene()
        text = "cat asked & i=0; while [ $i -lt 50 ]; do read line < plain; i=$((i+1)); done; echo through; wait"
        process, question, answers = self.waiting(scene, ["sh", "-c", text])
        self.assertEqual(process.stdout.readline(), b"through\n")
        self.assertIn("for a yes", self.yes(process, question, answers))


test_escape.choose(EscapeStatic, static)
test_escape.choose(EscapeAsUser, user)


if __name__ == "__main__":
    support.main()
