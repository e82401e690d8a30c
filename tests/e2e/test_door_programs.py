"""Real programs at the door, through the preloaded shim: what they are asked, told and granted."""
import hashlib
import json
import os
import pathlib
import signal
import sys
import time

import support
from talk import POLICY, DoorCase, Session

PYTHON = "/usr/bin/python3"


class Programs(DoorCase):
    def run_python(self, text, **more):
        script = self.file("home/work/job.py", text)
        return Session(self, PYTHON, script, **more)

    def finished(self, session, status=0):
        result = session.finish()
        self.assertEqual(result[0], status, result)
        return result

    def test_a_manual_page_is_shown(self):
        """man fences its helpers off from sockets, and so from the door, unless it is told not to."""
        self.file("home/work/page.1", ".TH PAGE 1\n.SH NAME\npage \\- a page\n")
        session = Session(self, "/bin/sh", "-c", "man -l page.1 | cat", policy="exec: [{allow: '/**'}]\nread: [{allow: '/**'}]\n"
                          "write: [{allow: '/**'}]\n", env=self.environment(MANPAGER="cat"))
        _, out, err = self.finished(session)
        self.assertIn("a page", out)
        self.assertNotIn("askfirst: denied", err)

    def test_the_line_of_python_is_shown_to_who_answers_and_to_who_wrote_it(self):
        session = self.run_python("import subprocess\n\ndef tidy():\n    return subprocess.call(['rm', '-r', 'out'])\n"
                                  "try:\n    tidy()\nexcept PermissionError:\n    print('refused')\n")
        question = session.next("ask")
        self.assertEqual(question["python"], {"file": str(self.workspace / "job.py"), "line": 4, "function": "tidy"})
        self.assertEqual([os.path.basename(c["program"])[:7] for c in question["chain"]], ["python3", "python3"])
        session.answer(question, "deny", note="keep\nit", by="ada")
        _, out, err = self.finished(session)
        self.assertEqual(out, "refused\n")
        self.assertIn(f"askfirst: denied: rm -r out ({self.workspace}/job.py:4)\naskfirst:   why: refused by ada: keep\\nit\n", err)
        self.assertEqual(err.count("askfirst: denied"), 1, err)

    def test_what_a_program_asks_names_the_line_of_python_that_started_it(self):
        starts = ["subprocess.run(['cp', 'given', 'ask/new2'])",
                  "subprocess.run(['cp', 'given', 'ask/new3'], close_fds=False)",
                  "subprocess.run('cd /; cp %s/given %s/ask/new4; true' % (os.getcwd(), os.getcwd()), shell=True)",
                  "os.system('cp given ask/new5; true')",
                  "os.popen('cp given ask/new6; true').read()",
                  "os.waitpid(os.posix_spawnp('cp', ['cp', 'given', 'ask/new7'], os.environ), 0)",
                  "os.fork() and os.wait() or os.execvp('cp', ['cp', 'given', 'ask/new8'])"]
        self.file("home/work/given", "x")
        self.directory("home/work/ask")
        policy = ("exec: [{allow: '/**'}]\nread: [{allow: '/**'}]\nwrite: [{ask: '**/ask/**'}, {allow: '/**'}]\n"
                  "connect: [{allow: '*'}]\n")
        for guard in ("shim", "kernel"):
            with self.subTest(guard=guard):
                session = self.run_python("import os, subprocess\n" + "\n".join(starts) + "\n", audit=self.tmp / guard,
                                          policy=policy, options=["--guard", guard])
                for line, start in enumerate(starts, 2):
                    question = session.next("ask")
                    python = question["python"]
                    self.assertEqual((python["file"], python["line"]), (str(self.workspace / "job.py"), line), start)
                    self.assertIn(python["started"], [c["pid"] for c in question["chain"]], start)
                    session.answer(question, "deny")
                _, _, err = self.finished(session)
                for line, start in enumerate(starts, 2):
                    self.assertIn(f"/ask/new{line} (started by {self.workspace}/job.py:{line})\n", err, start)

    def test_a_tree_that_is_granted_to_a_shells_text_covers_its_commands(self):
        policy = POLICY.replace("exec:\n", "exec:\n  - ask: {shell: '*'}\n", 1)
        session = self.run_python("import os\nos.system('rm -f a; rm -f b; (rm -f c)')\nos.system('rm -f d')\n", policy=policy)
        question = session.next("ask")
        self.assertEqual(question["argv"], ["sh", "-c", "rm -f a; rm -f b; (rm -f c)"])
        session.answer(question, scope="tree")
        question = session.next("ask")
        self.assertEqual(question["argv"], ["sh", "-c", "rm -f d"])
        session.answer(question, "deny")
        self.finished(session)
        granted = session.records("act", before=True)
        self.assertEqual([r["argv"][-1] for r in granted], ["a", "b", "c"])

    def test_a_tree_that_is_granted_to_a_spawned_program_covers_what_it_starts(self):
        policy = POLICY.replace("exec:\n", "exec:\n  - ask: {program: [sh, dash], words: [job]}\n", 1)
        self.file("home/work/job", "rm -f a\n/bin/sh -c 'rm -f b'\n")
        session = self.run_python("import os\npid = os.posix_spawn('/bin/sh', ['sh', 'job'], os.environ)\nos.waitpid(pid, 0)\n"
                                  "pid = os.posix_spawn('/bin/rm', ['rm', '-f', 'c'], os.environ)\nos.waitpid(pid, 0)\n",
                                  policy=policy)
        session.answer(session.next("ask"), scope="tree")
        question = session.next("ask")
        self.assertEqual(question["argv"], ["rm", "-f", "c"])
        session.answer(question)
        self.finished(session)

    def test_a_tree_is_that_of_the_child_which_was_granted_it(self):
        """Another of the same parent runs the same program, was started before, and says its hello before."""
        library = self.tmp / "slow.so"
        made = self.command("cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-", input="""
#include <stdlib.h>
#include <unistd.h>
__attribute__((constructor)) static void wait_a_while(void)
{
    const char *slow = getenv("SLOW");
    if (slow) sleep((unsigned)atoi(slow));
    unsetenv("SLOW");
}
""")
        self.assertEqual(made.returncode, 0, made.stderr)
        policy = POLICY.replace("exec:\n", "exec:\n  - ask: {program: [sh, dash], words: [job]}\n", 1)
        self.file("home/work/job", "rm -f a\nrm -f b\n")
        self.file("home/work/other", "rm -f c\n")
        session = self.run_python(f"""
import os
def start(name, seconds):
    return os.posix_spawn('/bin/sh', ['sh', name], dict(os.environ, LD_PRELOAD='{library}', SLOW=str(seconds)))
for child in (start('other', 2), start('job', 4)):
    os.waitpid(child, 0)
""", policy=policy)
        session.answer(session.next("ask"), scope="tree")
        question = session.next("ask")
        self.assertEqual(question["argv"], ["rm", "-f", "c"])
        session.answer(question)
        self.finished(session)
        self.assertEqual([r["argv"][-1] for r in session.records("act", before=True)], ["a", "b"])

    def test_a_programs_content_is_looked_at_again_when_it_is_there(self):
        program = pathlib.Path("/bin/true").read_bytes().ljust(24 << 20, b"\0")  # it takes a while to look at
        rule = '{allow: {program: "${workspace}/program", sha256: %s}}' % hashlib.sha256(program).hexdigest()
        policy = POLICY.replace("exec:\n", f'exec:\n  - {rule}\n  - deny: "${{workspace}}/program"\n', 1)
        (self.workspace / "program").write_bytes(program)
        (self.workspace / "program").chmod(0o755)
        session = self.run_python("""
import os, time
good, other = open("program", "rb").read(1 << 20), open("/bin/sleep", "rb").read()
ends = set()
def attempt(delay):
    fd = os.open("program", os.O_RDWR)
    os.pwrite(fd, good, 0)
    if not (child := os.fork()):
        os.close(fd)
        try: os.execv("program", ["program", "9"])
        except OSError: os._exit(3)
    time.sleep(delay)
    os.pwrite(fd, other, 0)
    os.close(fd)
    ends.add(os.wait()[1])
for _ in range(10):
    for delay in (0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1):
        attempt(delay)
    if 9 in ends: break
fd = os.open("program", os.O_RDWR)
os.pwrite(fd, good, 0)
os.close(fd)
print(9 in ends, ends - {0, 9, 3 << 8}, os.spawnv(os.P_WAIT, "program", ["program", "9"]))
""", policy=policy)
        _, out, err = self.finished(session)
        self.assertEqual(out, "True set() 0\n")
        self.assertIn("judged by its content, which is another now: it was killed", err)

    def test_a_tree_that_is_granted_to_the_command_covers_everything(self):
        policy = POLICY.replace("exec:\n", "exec:\n  - ask: python3*\n", 1)
        session = self.run_python("import subprocess\nsubprocess.run(['rm', '-f', 'a'])\nopen('ask', 'w')\n"
                                  "subprocess.run(['mv', 'ask', 'b'])\n", policy=policy)
        question = session.next("ask")
        self.assertEqual(question["argv"][0], PYTHON)
        session.answer(question, scope="tree")
        self.finished(session)
        self.assertIsNone(session.next("ask"))

    def test_a_library_that_takes_its_time_before_the_guard_is_no_missing_guard(self):
        library = self.tmp / "slow.so"
        made = self.command("cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-", input="""
#include <unistd.h>
__attribute__((constructor)) static void wait_a_while(void) { sleep(12); }
""")
        self.assertEqual(made.returncode, 0, made.stderr)
        session = self.run_python(f"import subprocess\nprint(subprocess.run(['/usr/bin/true'], env={{'LD_PRELOAD': '{library}'}})"
                                  ".returncode)\n")
        _, out, err = self.finished(session)
        self.assertEqual(out, "0\n", err)
        self.assertEqual(session.records("event"), [])

    def test_a_script_that_was_rewritten_is_another(self):
        policy = POLICY.replace("exec:\n", "exec:\n  - ask: '**/x.sh'\n  - ask: {program: [sh, dash], words: ['*.sh']}\n", 1)
        for guard, command in (("shim", ["./x.sh"]), ("kernel", ["./x.sh"]), ("shim", ["/bin/sh", "x.sh"])):
            with self.subTest(guard=guard, command=command):
                self.file("home/work/x.sh", "#!/bin/sh\necho one\n", mode=0o755)
                session = self.run_python(f"import subprocess\nfor _ in range(2): subprocess.run({command})\n"
                                          f"open('x.sh', 'a').write('echo two\\n')\nsubprocess.run({command})\n",
                                          policy=policy, options=[f"--guard={guard}"], audit=self.tmp / f"{guard}{len(command)}")
                session.answer(session.next("ask"), scope="exact")
                question = session.next("ask")
                self.assertIsNotNone(question)
                session.answer(question, "deny")
                self.assertEqual(session.finish()[1].count("one\n"), 2)

    def test_a_yes_to_one_kind_of_change_is_no_yes_to_another(self):
        self.file("home/work/ask/.keep")
        for guard in ("shim", "kernel"):
            with self.subTest(guard):
                session = self.run_python("import os\nopen('ask/new', 'w').close()\nos.unlink('ask/new')\n",
                                          options=[f"--guard={guard}"], audit=self.tmp / guard)
                question = session.next("ask")
                self.assertEqual(question["detail"], "create")
                session.answer(question, scope="exact")
                question = session.next("ask")
                self.assertEqual(question["detail"], "remove")
                session.answer(question)
                self.finished(session)

    def test_a_tree_whose_exec_fails_covers_nobody(self):
        for guard in ("shim", "kernel"):
            with self.subTest(guard):
                session = self.run_python("import os, subprocess\ntry:\n    os.execv('/bin/rm', ['rm', 'x' * 300000])\n"
                                          "except OSError as error:\n    print(error.errno)\n"
                                          "print(subprocess.run(['/bin/rm', '-f', 'y']).returncode)\n",
                                          options=[f"--guard={guard}"])
                session.answer(session.next("ask"), scope="tree")
                question = session.next("ask")
                self.assertEqual(question["argv"], ["/bin/rm", "-f", "y"])
                session.answer(question)
                _, out, _ = self.finished(session)
                self.assertEqual(out, "7\n0\n")

    def test_under_the_kernels_guard_a_tree_begins_with_its_program(self):
        policy = POLICY.replace("exec:\n", "exec:\n  - ask: python3*\n  - ask: {program: [sh, dash], words: [job]}\n", 1)
        self.file("home/work/job", "rm -f a\n/bin/sh -c 'rm -f b'\n")
        text = "import subprocess\nsubprocess.run(['/bin/sh', 'job'])\nsubprocess.run(['/bin/rm', '-f', 'c'])\n"
        session = self.run_python(text, policy=policy, options=["--guard=kernel"])
        session.answer(session.next("ask"), scope="tree")  # the command itself: everything
        self.finished(session)
        self.assertIsNone(session.next("ask"))
        session = self.run_python(text, policy=policy, options=["--guard=kernel"], audit=self.tmp / "again")
        session.answer(session.next("ask"), scope="once")
        question = session.next("ask")
        self.assertEqual(question["argv"], ["/bin/sh", "job"])
        session.answer(question, scope="tree")
        question = session.next("ask")
        self.assertEqual(question["argv"], ["/bin/rm", "-f", "c"])
        session.answer(question)
        self.finished(session)

    def test_a_name_is_shown_with_its_address(self):
        session = self.run_python("import socket\ntry:\n    address = socket.getaddrinfo('localhost', 8)[0][4][0]\n"
                                  "    socket.create_connection((address, 9))\n"
                                  "except OSError as error:\n    print(error.errno)\n")
        name = session.next("ask")
        self.assertEqual(name["address"], "localhost:8")
        session.answer(name, "allow")
        address = session.next("ask")
        self.assertRegex(address["address"], r"^localhost \((127\.0\.0\.1|::1)\):9$")
        session.answer(address, "deny")
        for question in iter(lambda: session.next("ask"), None):
            session.answer(question, "deny")
        _, out, _ = self.finished(session)
        self.assertEqual(out, "13\n")

    def test_a_denied_file_says_which_rule(self):
        self.file("home/work/secret", "x")
        session = self.run_python("try:\n    open('secret')\nexcept PermissionError as error:\n    print(error.errno)\n")
        _, out, err = self.finished(session)
        self.assertEqual(out, "13\n")
        self.assertIn(f"askfirst: denied: read {self.workspace}/secret ({self.workspace}/job.py:2)\n", err)
        self.assertIn("policy.yaml:4: it is secret\n", err)

    def test_a_refused_command_is_126_and_says_why(self):
        session = Session(self, "/bin/rm", "forbidden")
        _, _, err = self.finished(session, 126)
        self.assertIn("askfirst: denied: /bin/rm forbidden\n", err)

    def test_a_command_without_the_shim_in_it_is_126(self):
        session = Session(self, "/bin/busybox", "true")
        _, _, err = self.finished(session, 126)
        self.assertIn("rule: guard shim: a static program never loads the guard\n", err)

    def test_many_threads_and_children_at_once(self):
        session = self.run_python("""
import subprocess, threading
done = []
def work(number):
    for _ in range(3):
        done.append(subprocess.call(['true', str(number)]))
threads = [threading.Thread(target=work, args=(n,)) for n in range(40)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(done), sum(done))
""")
        _, out, err = self.finished(session)
        self.assertEqual(out, "120 0\n", err)
        self.assertEqual(session.records("event"), [])
        self.assertEqual(len(session.records("act", program="/usr/bin/true")), 120)

    def test_the_launcher_stopped_and_continued(self):
        session = self.run_python("import subprocess\nfor n in range(50):\n    subprocess.call(['true'])\nprint('done')\n")
        for _ in range(5):
            time.sleep(0.05)
            os.kill(session.process.pid, signal.SIGSTOP)
            time.sleep(0.2)
            os.kill(session.process.pid, signal.SIGCONT)
        _, out, err = self.finished(session)
        self.assertEqual(out, "done\n", err)
        self.assertEqual(session.records("event"), [])


if __name__ == "__main__":
    support.main()
