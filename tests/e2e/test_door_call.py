"""The door inside guard kernel: what is asked by a call that is trapped, and what the watch does with those who call it by
themselves."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import support
from talk import ANSWER, EXEC, HEAD, LOOKUP, MAGIC, DoorCase, Session

POLICY = """
askfirst: 1
read: [{ask: "**/ask/**"}, {allow: "/**"}]
write: [{allow: ["${workspace}/**", /dev/**]}]
exec: [{ask: {program: rm}}, {allow: "/**"}]
connect:
  - allow: ["localhost:*"]
  - deny: "*.forbidden.example"
  - ask: "*.asked.example"
  - deny: "*"
otherwise: {read: deny, write: deny, exec: deny, connect: deny, debug: deny}
"""
CALL = """
import ctypes, errno, os, socket, struct, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
PRCTL = 157 if os.uname().machine == "x86_64" else 167
def call(request, how=1, room=4096, at=None):
    memory = ctypes.create_string_buffer(bytes(request) + bytes(4096))
    address = ctypes.addressof(memory) if at is None else at
    result = libc.syscall(PRCTL, %d, how, ctypes.c_void_p(address), ctypes.c_void_p(address), room)
    return (errno.errorcode[ctypes.get_errno()] if result < 0 else memory.raw[:result])
def request(name, service=b"", kind=%d, strings=2, length=None, magic=%d):
    body = name + b"\\0" + service + b"\\0"
    return struct.pack("=7Ii3Q", magic, kind, 7, 0, 1, strings, len(body) if length is None else length, 1, 0, 0, 0) + body
""" % (MAGIC, LOOKUP, MAGIC)


class DoorCall(DoorCase):
    def session(self, *command, **more):
        more = {"policy": POLICY, "options": ["--guard=kernel", "--quiet"], **more}
        return Session(self, *command, **more)

    def python(self, text, **more):
        return self.session("/usr/bin/python3", "-c", text, **more)

    def out(self, text, **more):
        status, out, err = self.python(text, **more).finish()
        self.assertEqual((status, err), (0, ""))
        return out.splitlines()

    def c(self, text, *flags, compiler="gcc"):
        binary = self.workspace / f"program-{compiler}"
        subprocess.run([compiler, "-o", binary, "-x", "c", "-", *flags], input=text, text=True, check=True)
        return binary

    def test_the_answer_is_the_launchers(self):
        out = self.out(CALL + """
answer = call(request(b"localhost", b"80"))
head, addresses = answer[:24], answer[24:]
magic, number, verdict, error, length, _ = struct.unpack("=3Ii2I", head)
print(number, verdict, error, length == len(addresses), socket.inet_ntoa(addresses[8:12]))
""")
        self.assertEqual(out, ["7 1 0 True 127.0.0.1"])

    def test_a_forged_request_gains_nothing(self):
        session = self.python(CALL + """
print(call(request(b"x.forbidden.example", b"80")))
print(call(request(b"localhost", kind=%d)), call(request(b"localhost", magic=1)), call(request(b"localhost", strings=3)))
print(call(request(b"localhost", length=1)), call(request(b"localhost", length=1 << 30)), call(request(b"localhost\\0\\0")))
print(call(request(b"localhost"), room=8), call(request(b"localhost"), at=8), call(b"", how=3), call(b"", how=0))
try: socket.create_connection(("192.0.2.1", 80), 1)
except OSError as error: print(error.strerror)
""" % EXEC)
        status, out, err = session.finish()
        self.assertEqual(out.splitlines(), ["EACCES", "EINVAL EINVAL EINVAL", "EINVAL EINVAL EINVAL", "E2BIG EFAULT EINVAL b''",
                                            "Permission denied"], err)
        denied = [(record.get("detail"), record["address"]) for record in session.records("act", verdict="deny")]
        self.assertEqual(denied, [("look up", "x.forbidden.example:80"), (None, "192.0.2.1:80")])

    def test_the_answer_does_not_go_where_the_program_may_not_write(self):
        out = self.out(CALL + """
import mmap
memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
memory[:] = request(b"localhost").ljust(4096, b"\\0")
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc.mprotect(ctypes.c_void_p(address), 4096, mmap.PROT_READ)
print(call(b"", at=address), memory[:4])
""")
        self.assertEqual(out, [f"EFAULT {MAGIC.to_bytes(4, 'little')}"])

    def test_without_the_shim_everything_is_held_and_no_line_but_what_started_it_is_known(self):
        (self.workspace / "ask").mkdir()
        (self.workspace / "ask/one").write_text("one\n")
        session = self.python("""
import ctypes
libc = ctypes.CDLL(None)
words = (ctypes.c_char_p * 5)(b"python3", b"-c", b"import sys; print(open('ask/one').read(), 'askfirst' in open('/proc/self/maps').read())")
libc.syscall(59, b"/usr/bin/python3", words, (ctypes.c_char_p * 1)())
""")
        question = session.next("ask")
        self.assertEqual((question["python"]["line"], question["python"]["started"]), (5, question["pid"]))
        session.answer(question)
        self.assertEqual(session.finish()[:2], (0, "one\n False\n"))

    def test_an_environment_without_the_shim_gets_it_back(self):
        session = self.session("env", "-i", "/usr/bin/python3", "-c", "\n\nimport os\nos.execve('/bin/rm', ['rm', '-f', 'x'], {})")
        question = session.next("ask")
        self.assertEqual(question["python"]["line"], 4)
        session.answer(question)
        self.assertEqual(session.finish()[0], 0)

    def test_a_name_is_asked_about_once_with_its_line(self):
        session = self.python("import socket\ntry: socket.create_connection(('one.asked.example', 80), 1)\n"
                              "except OSError as error: print(error.strerror)")
        question = session.next("ask")
        self.assertEqual((question["address"], question["detail"] if "detail" in question else "look up",
                          question["python"]["line"]), ("one.asked.example:80", "look up", 2))
        session.answer(question, "deny")
        self.assertIsNone(session.next("ask"))
        self.assertEqual(session.finish()[1], "Permission denied\n")

    def test_who_waits_for_a_name_holds_up_nobody_else(self):
        session = self.python("""
import socket, threading
def ask(number):
    try: socket.getaddrinfo(f"n{number}.asked.example", 80)
    except OSError as error: print(number, error.strerror, flush=True)
threads = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
for thread in threads: thread.start()
print(socket.gethostbyname("localhost"), open("/proc/self/comm").read().strip(), flush=True)
for thread in threads: thread.join()
""")
        questions = [session.next("ask") for _ in range(10)]
        self.assertEqual(session.process.stdout.readline(), b"127.0.0.1 python3\n")
        for question in questions:
            session.answer(question, "deny")
        status, out, err = session.finish()
        self.assertEqual(sorted(out.split("\n")), [""] + sorted(f"{n} Permission denied" for n in range(10)), err)

    def test_who_is_killed_while_it_waits_takes_its_question_with_it(self):
        session = self.python("""
import os, signal, socket, time
child = os.fork()
if not child:
    socket.getaddrinfo("one.asked.example", 80)
    os._exit(0)
input()
os.kill(child, signal.SIGKILL)
print(os.waitpid(child, 0)[1], flush=True)
""")
        question = session.next("ask")
        session.process.stdin.write(b"\n")
        session.process.stdin.flush()
        settled = session.next("settled")
        self.assertEqual((settled["id"], settled["outcome"]), (question["id"], "cancelled"))
        self.assertEqual(session.finish()[:2], (0, "9\n"))

    def test_signals_are_handled_when_the_answer_is_there(self):
        (self.workspace / "ask").mkdir()
        (self.workspace / "ask/one").write_text("one")
        binary = self.c("""
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static volatile int rung;
static void ring(int number) { (void)number; rung = 1; }
int main(void)
{
    struct sigaction action = {.sa_handler = ring};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    int fd = open("ask/one", O_RDONLY);
    printf("%d %d\\n", fd >= 0, rung);
    return 0;
}
""")
        session = self.session(binary)
        question = session.next("ask")
        time.sleep(1.5)
        session.answer(question)
        self.assertEqual(session.finish()[1], "1 1\n")

    def test_names_need_no_descriptor(self):
        binary = self.c("""
#include <netdb.h>
#include <stdio.h>
#include <sys/resource.h>
int main(void)
{
    struct rlimit none = {0, 0};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    setrlimit(RLIMIT_NOFILE, &none);
    printf("%d\\n", getaddrinfo("localhost", "80", &hints, &list));
    return 0;
}
""", "-D_GNU_SOURCE")
        self.assertEqual(self.session(binary).finish()[1], "0\n")

    def test_a_program_with_a_sandbox_of_its_own_goes_on_as_well(self):
        (self.workspace / "plain").write_text("plain\n")
        binary = self.c("""
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_prctl},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    struct sock_fprog filter = {4, code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) return 2;
    execlp("cat", "cat", "plain", NULL);
    return 3;
}
""")
        self.assertEqual(self.session(binary).finish(), (0, "plain\n", ""))

    NAMES = """
#include <netdb.h>
#include <stdio.h>
#include <arpa/inet.h>
#include <sys/socket.h>
static const char *shown(const void *address, int family)
{
    static char text[64];
    return inet_ntop(family, address, text, sizeof text);
}
int main(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list;
    char buffer[512];
    struct hostent place, *host = gethostbyname("localhost");
    int error, code = getaddrinfo("localhost", "80", &hints, &list);
    printf("%d %d\\n", code, code ? 0 : list->ai_socktype == SOCK_STREAM);
    if (!code) freeaddrinfo(list);
    printf("%s %s %d\\n", host->h_name, shown(host->h_addr_list[0], host->h_addrtype), host->h_length);
    code = gethostbyname_r("localhost", &place, buffer, 16, &host, &error);
    printf("%d %d\\n", code, host == NULL);
    code = gethostbyname_r("localhost", &place, buffer, sizeof buffer, &host, &error);
    printf("%d %s\\n", code, shown(host->h_addr_list[0], host->h_addrtype));
    host = gethostbyname2("127.1", AF_INET);
    printf("%s\\n", shown(host->h_addr_list[0], host->h_addrtype));
    host = gethostbyname("x.forbidden.example");
    printf("%d %d\\n", host == NULL, h_errno);
    code = getaddrinfo("x.forbidden.example", "80", &hints, &list);
    printf("%d\\n", code == EAI_SYSTEM);
    return 0;
}
"""

    def test_every_way_to_look_up_a_name_in_both_c_libraries(self):
        for compiler in ("gcc", "musl-gcc"):
            with self.subTest(compiler):
                binary = self.c(self.NAMES, "-D_GNU_SOURCE", compiler=compiler)
                status, out, err = self.session(binary).finish()
                self.assertEqual(out.splitlines(), ["0 1", "localhost 127.0.0.1 4", "34 1", "0 127.0.0.1", "127.0.0.1", "1 1", "1"],
                                 err)

    def test_an_ordinary_user_has_all_of_it(self):
        if os.getuid() != 0:
            self.skipTest("the other tests run as one")
        place = pathlib.Path(tempfile.mkdtemp(prefix="askfirst-nobody-")).resolve()
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        for name in ("askfirst", "libaskfirst.so"):
            shutil.copy2(support.BUILD / name, place / name)
        (place / "policy.yaml").write_text(POLICY)
        (place / "home").mkdir()
        for path in (place, place / "home", place / "policy.yaml"):
            os.chown(path, 65534, 65534)
        os.chmod(place / "policy.yaml", 0o644)
        text = ("import os, socket\nprint(socket.gethostbyname('localhost'))\n"
                "try: socket.getaddrinfo('x.forbidden.example', 80)\nexcept OSError as error: print(error.strerror)")
        result = self.command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", place / "askfirst", "run",
                              "--guard=kernel", f"--policy={place}/policy.yaml", "--approve=deny", "--", "/usr/bin/python3", "-c", text,
                              env=self.environment(HOME=place / "home"), cwd=place / "home")
        self.assertEqual(result.stdout, "127.0.0.1\nPermission denied\n", result.stderr)
        self.assertIn("denied: look up x.forbidden.example:80 (<string>:3)", result.stderr)


if __name__ == "__main__":
    support.main()
