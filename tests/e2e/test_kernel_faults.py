"""askfirst run --guard=kernel, when something runs out or stands still: what is refused is refused with the kernel's own error, nothing
hangs, and afterwards all is as before."""
import json
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time

import support

POLICY = """
read: [{deny: "**/secret"}, {allow: "/**"}]
write: [{allow: ["${workspace}/**", /dev/**]}]
exec: [{allow: "/**"}]
connect: [{allow: "localhost:*"}, {allow: "unix:/**"}]
otherwise: {read: deny, write: deny, exec: deny, connect: deny, debug: deny}
"""


class Faults(support.Case):
    def setUp(self):
        super().setUp()
        self.rules = self.policy(POLICY)

    def arguments(self, *command, options=()):
        return [support.ASKFIRST, "run", "--guard=kernel", *options, "--policy", self.rules, "--approve=deny", "--", *command]

    def guard(self, *command, options=(), **more):
        return self.command(*self.arguments(*command, options=options), **more)

    def start(self, *command, **more):
        process = subprocess.Popen(self.arguments(*command), env=self.environment(), cwd=self.workspace, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_a_full_process_table(self):
        """Of a user who has no process but these: the launcher has none for what has to be waited for."""
        if os.getuid() != 0:
            self.skipTest("needs a user of its own")
        text = """
import os, signal
children = []
while True:
    try: child = os.fork()
    except BlockingIOError: break
    if not child: signal.pause()
    children.append(child)
print(len(children) > 5, open("plain").read())
def attempt(act):
    try: return act()
    except OSError as error: return error.strerror
print(attempt(lambda: os.open("fifo", os.O_RDONLY)), attempt(lambda: open("made", "w").close()), attempt(os.fork))
for child in children: os.kill(child, 9), os.wait()
child = os.fork()
if not child: os.close(os.open("fifo", os.O_WRONLY)); os._exit(0)
print(os.close(os.open("fifo", os.O_RDONLY)), os.wait()[1], os.system("true"))
"""
        place = pathlib.Path(tempfile.mkdtemp(dir="/tmp", prefix="f"))
        self.addCleanup(shutil.rmtree, place)
        (place / "plain").write_text("plain")
        os.mkfifo(place / "fifo")
        shutil.copy(self.rules, place / "policy.yaml")
        user = 61234
        for path in (place, *place.iterdir()):
            os.chown(path, user, user)
            path.chmod(0o700)
        self.rules = place / "policy.yaml"
        for path in support.ASKFIRST.parents:
            if not path.stat().st_mode & 1:
                self.skipTest(f"{path} is closed to others")
        command = ["prlimit", "--nproc=40", "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
                   *self.arguments("/usr/bin/python3", "-c", text, options=["--no-lane"])]
        result = self.command(*command, cwd=place, env=self.environment(HOME=place))
        self.assertEqual(result.stdout, "True plain\nResource temporarily unavailable None Resource temporarily unavailable\nNone 0 0\n",
                         result.stderr)

    def test_no_room_for_the_record(self):
        """What need not be recorded goes on; what must is denied."""
        script = "i=0; while [ $i -lt 40 ]; do /bin/true " + "x" * 60000 + "; came=$?; i=$((i+1)); done; echo $came; read line <plain; echo $line"
        (self.workspace / "plain").write_text("plain\n")
        (self.workspace / "script").write_text(script)
        room = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        result = self.guard("/bin/sh", "script", preexec_fn=room)
        self.assertEqual((result.stdout, result.returncode), ("126\nplain\n", 0), result.stderr)
        self.assertIn("the record of this run cannot be written", result.stderr)

    def test_no_descriptors_left(self):
        """Everybody waits at a FIFO, each with descriptors of the launcher's."""
        text = """
import os, signal, time
children = []
for i in range(40):
    child = os.fork()
    if not child:
        try: os.open("fifo", os.O_RDONLY)
        except OSError as error: os._exit(error.errno)
        os._exit(0)
    children.append(child)
time.sleep(0.5)
def attempt(act):
    try: return act()
    except OSError as error: return error.strerror
print(attempt(lambda: open("plain").read()))
ended = set()
for child in children:
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid: ended.add(os.waitstatus_to_exitcode(status))
    else: os.kill(child, 9), os.waitpid(child, 0)
print(ended <= {23, 24}, len(ended) > 0)
time.sleep(0.6)
print(open("plain").read(), os.system("true"), attempt(lambda: open("made", "w").close()))
"""
        os.mkfifo(self.workspace / "fifo")
        (self.workspace / "plain").write_text("plain")
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
        result = self.guard("/usr/bin/python3", "-c", text, options=["--no-lane"], preexec_fn=few)
        lines = result.stdout.splitlines()
        self.assertIn(lines[0], ("Too many open files", "plain"), result.stderr)
        self.assertEqual(lines[1:], ["True True", "plain 0 None"], result.stderr)

    def test_a_launcher_that_is_stopped_and_continued(self):
        """Whatever it was doing then is done once, and rightly."""
        text = """
import os, time
for name in "ab": open(name, "w").write(name * 3)
ends, wrong, opened = time.monotonic() + 3, 0, 0
while time.monotonic() < ends:
    name = "ab"[opened % 2]
    fd = os.open(name, os.O_RDWR); wrong += os.read(fd, 9) != name.encode() * 3; os.close(fd)
    made = os.open("new", os.O_CREAT | os.O_EXCL | os.O_WRONLY); os.close(made); os.unlink("new")
    opened += 1
print(wrong, opened > 10, os.system("true"))
"""
        process = self.start("/usr/bin/python3", "-c", text)
        for _ in range(60):
            time.sleep(0.03)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.005)
            process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60)
        self.assertEqual((out, process.returncode), ("0 True 0\n", 0), err)

    def test_several_threads_of_a_process_execute_at_once(self):
        """Whoever is first ends the others; one that could not is told to try again."""
        text = """
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static void *begin(void *unused) { execl("/bin/true", "true", (char *)0); return unused; }
int main(void)
{
    int well = 0, status;
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (!child) {
            pthread_t threads[4];
            for (int j = 0; j < 4; j++) pthread_create(&threads[j], 0, begin, 0);
            for (int j = 0; j < 4; j++) pthread_join(threads[j], 0);
            _exit(1);
        }
        well += waitpid(child, &status, 0) == child && !status;
    }
    printf("%d\\n", well);
}
"""
        subprocess.run(["cc", "-pthread", "-o", self.workspace / "program", "-x", "c", "-"], input=text, text=True, check=True)
        for options in ([], ["--no-lane"]):
            guarded = self.guard("./program", options=options, limit=60)
            self.assertEqual((guarded.stdout, guarded.stderr, guarded.returncode), ("100\n", "", 0))

    def test_no_descriptor_is_made_up_when_it_is_stopped_while_it_hands_one_over(self):
        """Interrupted there, the kernel tells the caller 0."""
        text = """
import os, time
open("file", "w").write("x")
ends, wrong, inode = time.monotonic() + 6, 0, os.stat("file").st_ino
while time.monotonic() < ends:
    for _ in range(100):
        fd = os.open("file", os.O_RDWR)
        wrong += not fd or os.fstat(fd).st_ino != inode
        os.close(fd or os.dup(1))
print(wrong)
"""
        process = self.start("/usr/bin/python3", "-c", text)
        while process.poll() is None and not select.select([process.stdout], [], [], 0.001)[0]:
            process.send_signal(signal.SIGSTOP)
            process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60)
        self.assertEqual((out, process.returncode), ("0\n", 0), err)


class Work(support.Case):
    """The work of real tools comes to the same, guarded and not, and nobody is asked under the default policy."""

    def both(self, *command, limit=120, env=None):
        """What it says, bare and guarded, each in an empty directory."""
        results = []
        for name in "bare", "guarded":
            place = self.workspace / name
            place.mkdir()
            guard = [] if name == "bare" else [support.ASKFIRST, "run", "--guard=kernel", "--approve=deny", "--"]
            results.append(self.command(*guard, *command, cwd=place, limit=limit, env=self.environment(**env or {})))
        self.assertEqual(results[0].returncode, 0, results[0].stderr)
        self.assertEqual(results[1].returncode, 0, results[1].stderr)
        return results

    def tree(self, name):
        """Every file below, with its mode and what it links to."""
        top, found = self.workspace / name, {}
        for path in sorted(top.rglob("*")):
            status = path.lstat()
            found[str(path.relative_to(top))] = (oct(status.st_mode), os.readlink(path) if path.is_symlink() else None)
        return found

    def test_files_in_a_directory_that_gives_them_an_acl(self):
        text = """
import ctypes, os, socket, struct
libc = ctypes.CDLL(None)
entry = lambda tag, bits, who=0xffffffff: struct.pack("<HHI", tag, bits, who)
acl = struct.pack("<I", 2) + entry(1, 7) + entry(2, 6, 12345) + entry(4, 5) + entry(16, 6) + entry(32, 0)
os.mkdir("d"); os.setxattr("d", "system.posix_acl_default", acl); os.umask(0o077)
open("d/made", "w").close(); os.close(os.open("d/private", os.O_CREAT | os.O_WRONLY, 0o600)); os.mkdir("d/below"); os.mkfifo("d/fifo")
open("d/below/made", "w").close(); socket.socket(socket.AF_UNIX).bind("d/socket"); os.symlink("made", "d/link")
fd = os.open("d", os.O_TMPFILE | os.O_WRONLY, 0o666); libc.linkat(-100, b"/proc/self/fd/%d" % fd, -100, b"d/unnamed", 0x400)
for name in "made", "private", "below", "fifo", "below/made", "socket", "unnamed":
    try: acl = os.getxattr("d/" + name, "system.posix_acl_access").hex()
    except OSError as error: acl = error.strerror
    print(name, oct(os.stat("d/" + name).st_mode), acl)
"""
        bare, guarded = self.both("/usr/bin/python3", "-c", text)
        self.assertEqual(guarded.stdout.splitlines(), bare.stdout.splitlines(), guarded.stderr)

    def test_a_c_project_is_built_by_eight_at_once(self):
        """This one's policy: real sources, and real dependencies between them."""
        for name in "policy", "shim", "launcher":
            shutil.copytree(support.ROOT / name, self.workspace / "project" / name)
        makefile = "SOURCES := $(wildcard ../project/policy/*.c)\nall: all.a\n%.o: ../project/policy/%.c\n\tcc -std=gnu11 -D_GNU_SOURCE -O1 " \
                   "-MMD -c $< -o $@\nall.a: $(patsubst ../project/policy/%.c,%.o,$(SOURCES))\n\tar rcsD $@ $^\n\t./../project/count $@\n"
        (self.workspace / "project" / "Makefile").write_text(makefile)
        (self.workspace / "project" / "count").write_text("#!/bin/sh\nnm -P $1 | cut -d' ' -f1,2 | sort | cksum\n")
        (self.workspace / "project" / "count").chmod(0o755)
        bare, guarded = self.both("make", "-s", "-j8", "-f", "../project/Makefile", limit=300)
        self.assertEqual(guarded.stdout, bare.stdout, guarded.stderr)
        self.assertEqual(self.tree("guarded"), self.tree("bare"))

    def test_a_local_package_is_installed_by_npm(self):
        if not shutil.which("npm"):
            self.skipTest("there is no npm here")
        package = self.workspace / "package"
        (package / "lib").mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"name": "small", "version": "1.2.3", "main": "lib/index.js", "bin": "lib/run.js"}))
        (package / "lib" / "index.js").write_text("module.exports = () => 'small';\n")
        (package / "lib" / "run.js").write_text("#!/usr/bin/env node\nconsole.log(require('./index.js')());\n")
        script = "npm pack --silent ../package && npm init -y >/dev/null && npm install --offline --no-audit --no-fund --loglevel=error " \
                 "./small-1.2.3.tgz >/dev/null && node -p 'require(\"small\")()' && node_modules/.bin/small"
        bare, guarded = self.both("sh", "-c", script, limit=300, env={"npm_config_update_notifier": "false"})
        self.assertEqual(guarded.stdout, bare.stdout, guarded.stderr)
        self.assertEqual(self.tree("guarded"), self.tree("bare"))


if __name__ == "__main__":
    support.main()
