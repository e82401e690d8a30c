"""Sockets and names: what is decided on the spot, what is asked, and that what was judged is what is reached."""
import os
import pathlib
import socket
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import door as d  # noqa: E402
from door import Door, go, no  # noqa: E402
from support import Case, ROOT, main  # noqa: E402

LOCAL_ONLY = """
connect:
  - allow: [localhost, "unix:/**", "unix:@free*"]
otherwise: {read: allow, write: allow, exec: allow, connect: ask, debug: allow}
"""
PREAMBLE = """
import errno, os, socket, sys
def tell(call):
    try:
        print(call())
    except OSError as error:
        print(type(error).__name__, error.errno)
"""


def address(family, text, scope=0):
    packed = socket.inet_pton(family, text).ljust(16, b"\0")
    return struct.pack("=II16s", family, scope, packed)


class Reaching(Case):
    def setUp(self):
        super().setUp()
        self.door = Door(self, LOCAL_ONLY)

    def python(self, text, *argv, **more):
        result = self.door.run("/usr/bin/python3", "-c", PREAMBLE + text, *map(str, argv), **more)
        self.assertEqual((result.stderr, result.returncode), ("", 0))
        return result.stdout.splitlines()

    def listener(self, family=socket.AF_INET, where=("127.0.0.1", 0)):
        listener = socket.socket(family)
        self.addCleanup(listener.close)
        listener.bind(where)
        listener.listen()
        return listener

    def test_what_lies_here_and_is_allowed_is_not_asked(self):
        port = self.listener().getsockname()[1]
        path = str(self.workspace / "s")
        self.listener(socket.AF_UNIX, path)
        out = self.python("""
port, path = int(sys.argv[1]), sys.argv[2]
tell(lambda: socket.create_connection(("127.0.0.1", port)) and 1)
tell(lambda: socket.socket(socket.AF_UNIX).connect(path))
tell(lambda: socket.socket(socket.AF_UNIX).connect("s"))
tell(lambda: socket.socket(socket.AF_UNIX).connect("missing"))
tell(lambda: socket.socket(socket.AF_UNIX).connect("\\0free-nobody"))
""", port, path)
        self.assertEqual(out, ["1", "None", "None", "FileNotFoundError 2", "ConnectionRefusedError 111"])
        self.assertEqual(self.door.requests, [])

    def test_any_other_address_is_asked_as_it_was_passed(self):
        self.door.answer = no
        out = self.python("""
tell(lambda: socket.socket().connect(("192.0.2.1", 443)))
tell(lambda: socket.socket(socket.AF_INET6).connect(("2001:db8::1", 80)))
tell(lambda: socket.socket(socket.AF_UNIX).connect("\\0other"))
""")
        self.assertEqual(out, ["PermissionError 13"] * 3)
        four, six, abstract = self.door.of(d.CONNECT)
        self.assertEqual(four.body, struct.pack("=H", socket.AF_INET) + struct.pack("!H4s", 443, bytes([192, 0, 2, 1]))
                         + bytes(8))
        self.assertEqual(six.body[:4], struct.pack("=H", socket.AF_INET6) + struct.pack("!H", 80))
        self.assertEqual(six.body[8:24], socket.inet_pton(socket.AF_INET6, "2001:db8::1"))
        self.assertEqual(abstract.body, struct.pack("=H", socket.AF_UNIX) + b"\0other")

    def test_an_address_spelled_otherwise_is_the_same(self):
        port = self.listener().getsockname()[1]
        out = self.python("""
port = int(sys.argv[1])
tell(lambda: socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", port)))
tell(lambda: socket.socket().connect(("0.0.0.0", port)))
tell(lambda: socket.socket(socket.AF_INET6).connect(("::ffff:192.0.2.7", port)) if False else 2)
""", port)
        self.assertEqual(out, ["None", "None", "2"])
        self.assertEqual(self.door.requests, [])

    def test_a_unix_socket_is_reached_at_its_real_path(self):
        self.listener(socket.AF_UNIX, str(self.workspace / "real"))
        (self.workspace / "link").symlink_to("real")
        denied = Door.__new__(Door)
        self.door.close()
        denied.__init__(self, f"""
connect:
  - deny: unix:{self.workspace}/real
  - allow: "unix:/**"
""" + d.ALLOW_ALL)
        denied.answer = no
        result = denied.run("/usr/bin/python3", "-c", PREAMBLE + """
for name in ["real", "link", "./real", os.path.abspath("link"), "/proc/self/cwd/link"]:
    tell(lambda: socket.socket(socket.AF_UNIX).connect(name))
""")
        self.assertEqual(result.stdout, "PermissionError 13\n" * 5)
        for request in denied.of(d.CONNECT):
            self.assertEqual(request.body[2:].rstrip(b"\0").decode(), f"{self.workspace}/real")

    def test_sockets_that_are_neither_streams_nor_judged_by_what_they_send_are_judged_when_they_are_made(self):
        self.door.answer = no
        out = self.python("""
tell(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1))
tell(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 136))
tell(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
tell(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
tell(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
tell(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM) and 1)
tell(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) and 1)
tell(lambda: socket.socketpair() and 1)
tell(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) and 1)
tell(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 17) and 1)
tell(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) and 1)
""")
        self.assertEqual(out, ["PermissionError 13"] * 5 + ["1"] * 6)
        self.assertEqual([(r.detail >> 16, r.detail & 0xffff) for r in self.door.of(d.SOCKET)],
                         [(2, 2), (10, 2), (2, 3), (16, 3), (17, 3)])

    def test_a_datagram_with_an_address_is_judged_by_it(self):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.bind(("127.0.0.1", 0))
        self.door.answer = no
        out = self.python("""
here = ("127.0.0.1", int(sys.argv[1]))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tell(lambda: s.sendto(b"x", here))
tell(lambda: s.sendmsg([b"y", b"z"], [], 0, here))
tell(lambda: s.sendto(b"x", ("192.0.2.1", 9)))
tell(lambda: s.sendmsg([b"y"], [], 0, ("192.0.2.1", 9)))
tell(lambda: s.connect(("192.0.2.1", 9)))
tell(lambda: s.connect(here))
tell(lambda: s.send(b"connected"))
""", receiver.getsockname()[1])
        self.assertEqual(out, ["1", "2", "PermissionError 13", "PermissionError 13", "PermissionError 13", "None", "9"])
        self.assertEqual([receiver.recv(99) for _ in range(3)], [b"x", b"yz", b"connected"])
        self.assertEqual([(r.kind, r.detail) for r in self.door.requests],
                         [(kind, 2 << 16 | 2) for kind in [d.SEND, d.SEND, d.CONNECT]])

    def names(self, request):
        """What a launcher that knows three names would say."""
        node = request.strings[0]
        if node == "both.example":
            body = address(socket.AF_INET, "192.0.2.5") + address(socket.AF_INET6, "2001:db8::5")
        elif node == "scoped.example":
            body = address(socket.AF_INET6, "fe80::1", 1)
        elif node == "alias.example":
            body = address(socket.AF_INET, "192.0.2.6")
        else:
            return go(request, error=-2)
        if request.detail & 8:
            name = b"canonical.example\0"
            body = name.ljust((len(name) + 7) // 8 * 8, b"\0") + body
        return go(request, body)

    def test_names_are_resolved_by_the_launcher(self):
        self.door.answer = self.names
        out = self.python("""
def look(*args, **more):
    try:
        return sorted({(f.name, t.name, *a[:2]) for f, t, _, _, a in socket.getaddrinfo(*args, **more)})
    except socket.gaierror as error:
        return error.errno
print(look("both.example", 443, type=socket.SOCK_STREAM))
print(look("both.example", "http", type=socket.SOCK_STREAM, family=socket.AF_INET6))
print(len(look("alias.example", 1)))
print(look("missing.example", 1))
print(socket.getaddrinfo("alias.example", 1, flags=socket.AI_CANONNAME)[0][3])
print(socket.getaddrinfo("scoped.example", 1)[0][4])
print(look("127.0.0.1", 80, type=socket.SOCK_STREAM), look("::1", 80, type=socket.SOCK_STREAM))
print(look(None, 80, type=socket.SOCK_STREAM, family=socket.AF_INET))
for _ in range(1000):
    look("both.example", 443)
""")
        self.assertEqual(out[0], "[('AF_INET', 'SOCK_STREAM', '192.0.2.5', 443), "
                                 "('AF_INET6', 'SOCK_STREAM', '2001:db8::5', 443)]")
        self.assertEqual(out[2:6], ["3", "-2", "canonical.example", "('fe80::1', 1, 0, 1)"])
        self.assertIn("('AF_INET6', 'SOCK_STREAM', '2001:db8::5', 80)", out[1])
        self.assertEqual(out[6], "[('AF_INET', 'SOCK_STREAM', '127.0.0.1', 80)] [('AF_INET6', 'SOCK_STREAM', '::1', 80)]")
        self.assertEqual(self.door.of(d.LOOKUP)[0].strings, ["both.example", "443"])

    def test_more_addresses_than_there_is_room_for_are_left_out(self):
        addresses = b"".join(struct.pack("=II16s", 2, 0, bytes([192, 0, 2, i])) for i in range(60))
        canonical = b"many.example\0\0\0\0"  # padded to eight bytes
        self.door.answer = lambda request: go(request, (canonical if request.detail & 8 else b"") + addresses
                                              if request.kind == d.LOOKUP else b"")
        out = self.python("""
found = [a[4][0] for a in socket.getaddrinfo("many.example", 1, type=socket.SOCK_STREAM)]
print(len(found), found[0], found[-1], socket.getaddrinfo("many.example", 1, flags=socket.AI_CANONNAME)[0][3])
print(len(socket.gethostbyname_ex("many.example")[2]))
""")
        self.assertEqual(out, ["24 192.0.2.0 192.0.2.23 many.example", "24"])

    def test_a_name_that_is_refused_is_a_denied_permission(self):
        self.door.answer = no
        out = self.python("""
tell(lambda: socket.getaddrinfo("both.example", 443))
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name in ["gethostbyname", "gethostbyname2"]:
    function = getattr(libc, name)
    function.restype = ctypes.c_void_p
    print(function(b"both.example", 2), errno.errorcode[ctypes.get_errno()])
""")
        self.assertEqual(out, ["PermissionError 13", "None EACCES", "None EACCES"])

    def test_no_memory_is_lost_or_freed_twice_over_names(self):
        self.door.answer = self.names
        program = self.file("home/work/names.c", """
#include <netdb.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    struct addrinfo hints = {.ai_flags = AI_CANONNAME}, *list;
    for (int i = 0; i < 20; i++) {
        if (getaddrinfo("both.example", "80", &hints, &list)) return 1;
        if (strcmp(list->ai_canonname, "canonical.example")) return 2;
        freeaddrinfo(list);
    }
    return 0;
}
""")
        binary = self.workspace / "names"
        subprocess.run(["gcc", "-g", "-o", binary, program], check=True)
        result = self.door.run("/usr/bin/valgrind", "-q", "--leak-check=full", "--error-exitcode=9", binary)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_a_musl_program_is_asked_about_names_and_resolves_them_itself(self):
        source = self.file("home/work/m.c", """
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
int main(void)
{
    struct addrinfo *list;
    int code = getaddrinfo("localhost", "80", NULL, &list);
    printf("%d %d\\n", code, code ? errno : 0);
    if (!code) freeaddrinfo(list);
    return 0;
}
""")
        binary = self.workspace / "m"
        subprocess.run(["musl-gcc", "-o", binary, source], check=True)
        self.assertEqual(self.door.run(binary).stdout, "0 0\n")
        self.assertEqual([r.strings for r in self.door.of(d.LOOKUP)], [["localhost", "80"]])
        self.door.answer = no
        self.assertEqual(self.door.run(binary).stdout, "-11 13\n")


if __name__ == "__main__":
    main()
