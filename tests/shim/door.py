"""A door of the tests' own, for what the real one never does: to see what the shim sends, and to answer nonsense.

    with Door(case, policy) as door:
        door.answer = lambda request: go(request)
        door.run("program", "argument")
"""
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import ASKFIRST, SHIM  # noqa: E402

MAGIC = 0x61736b31
REQUEST = struct.Struct("=IIIIIIIiQQQ")
ANSWER = struct.Struct("=IIIiII")
EXEC, SHELL, READ, WRITE, CONNECT, SEND, SOCKET, LOOKUP, FAILED, MOVE, PROCESS, DEBUG, NAMES = range(1, 14)
SPAWN, REFUSED, DIRECTORY = 1, 2, 4
GO, NO = 1, 2
SOUGHT, NONE, SOME = range(3)
NAMES_SIZE = 4096
HALF_OF_NAMES = NAMES_SIZE // 2
NO_NAMES = struct.pack("=I", NONE).ljust(HALF_OF_NAMES, b"\0") * 2
READS, WRITES = 64, 128
ALLOW_ALL = "otherwise: {read: allow, write: allow, exec: allow, connect: allow, debug: allow}\n"


class Request:
    def __init__(self, head, body, pid):
        (self.magic, self.kind, self.id, self.flags, self.detail, count, self.length, self.tid, self.python,
         self.device, self.inode) = REQUEST.unpack(head)
        self.body = body
        self.pid = pid
        self.failed = None  # the errno of what was approved and did not happen
        self.strings = [s.decode(errors="surrogateescape") for s in body.split(b"\0")[:count]]

    def __repr__(self):
        return f"<{self.kind} {self.strings}>"


def go(request, body=b"", error=0):
    return ANSWER.pack(MAGIC, request.id, GO, error, len(body), 0) + body


def no(request, text="", error=13):
    return ANSWER.pack(MAGIC, request.id, NO, error, len(text), 0) + text.encode()


def compiled(case, policy):
    """The policy's file as the launcher makes it, from a run that is ended again; it says that names are what they are."""
    run = subprocess.Popen([ASKFIRST, "run", "--guard", "shim", "--policy", case.policy(policy, "door.yaml"),
                            "--approve", "allow", "--quiet", "--", "cat"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           env=case.environment(), cwd=case.workspace)
    try:
        run.stdin.write(b"x")
        run.stdin.flush()
        run.stdout.read(1)  # cat runs
        for _ in range(100):
            for pid in descendants(run.pid):
                env = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                for entry in env:
                    if entry.startswith(b"ASKFIRST_SESSION="):
                        made = (pathlib.Path(os.fsdecode(entry.split(b"=", 1)[1])) / "policy").read_bytes()
                        return NO_NAMES + made[NAMES_SIZE:]
            time.sleep(0.02)
        raise AssertionError("no session was found")
    finally:
        run.stdin.close()
        run.wait(20)
        run.stdout.close()


def descendants(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from descendants(int(child))


class Door:
    """A session's directory with a door in it. `requests`: all that came; `hellos`: what came as those."""

    def __init__(self, case, policy=ALLOW_ALL):
        self.case = case
        self.directory = case.directory("session")
        self.image = compiled(case, policy)
        (self.directory / "policy").write_bytes(self.image)
        self.requests, self.hellos, self.servants, self.closed = [], [], [], False
        self.answer = go
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.directory / "door"))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()
        self.greeted = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.greeted.bind(str(self.directory / "hello"))
        threading.Thread(target=self.hear, daemon=True).start()
        case.addCleanup(self.close)

    def names(self, state, *inodes, deeds=READS | WRITES):
        """What the policy's file says of files of several names from now on, for readers, for writers, or for both."""
        bits = bytearray(HALF_OF_NAMES - 4)
        for inode in inodes:
            bit = inode % (8 * len(bits))
            bits[bit // 8] |= 1 << bit % 8
        with open(self.directory / "policy", "r+b") as policy:
            for deed, at in (READS, 0), (WRITES, HALF_OF_NAMES):
                policy.seek(at)
                if deeds & deed:
                    policy.write(struct.pack("=I", state) + bits)

    def close(self):
        self.closed = True
        for end in self.listener, self.greeted:
            try:
                end.shutdown(socket.SHUT_RDWR)  # or who waits there would take what is the next door's
            except OSError:
                pass  # a test has closed it
            end.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def hear(self):
        while True:
            try:
                hello = self.greeted.recv(64)
            except OSError:
                return
            if self.closed:
                return
            self.hellos.append(hello)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.servants.append(threading.Thread(target=self.serve, args=(connection,), daemon=True))
            self.servants[-1].start()

    def serve(self, connection):
        with connection:
            pid = struct.unpack("=iii", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            packet = connection.recv(1 << 16)
            head, body = packet[:REQUEST.size], packet[REQUEST.size:]
            if len(head) < REQUEST.size:
                return
            while len(body) < REQUEST.unpack(head)[6]:
                more = connection.recv(1 << 16)
                if not more:
                    return
                body += more
            request = Request(head, body, pid)
            self.requests.append(request)
            answer = self.answer(request)
            if answer is None:
                return
            connection.send(answer)
            try:
                last = connection.recv(1 << 16)
            except ConnectionResetError:  # it did not read all of the answer
                return
            if last:
                request.failed = REQUEST.unpack(last[:REQUEST.size])[4]

    def environment(self, **more):
        return self.case.environment(LD_PRELOAD=str(SHIM), ASKFIRST_SESSION=str(self.directory), **more)

    def run(self, *argv, env=None, **more):
        return self.case.command(*argv, env=env or self.environment(), **more)

    def count_hellos(self, expected):
        """How many came; nobody waits for a hello to be read, so those that are expected are given some time."""
        for _ in range(100):
            if len(self.hellos) >= expected:
                break
            time.sleep(0.02)
        time.sleep(0.05)
        return len(self.hellos)

    def of(self, kind):
        """Once those who have gone were heard to their end: their last word may still lie there."""
        for servant in self.servants:
            servant.join(2)
        return [r for r in self.requests if r.kind == kind]
