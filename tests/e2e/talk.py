"""A guarded run under a test's control: its questions come over pipes, its door is spoken to by tests/programs/door_talk."""
import json
import os
import select
import socket
import struct
import subprocess
import time

import support

EXEC, SHELL, READ, WRITE, CONNECT, SEND, SOCKET, LOOKUP, FAILED, MOVE, PROCESS, DEBUG = range(1, 13)
SPAWN, REFUSED, DIRECTORY, CUT = 1, 2, 4, 8
GO, NO = 1, 2
MAGIC = 0x61736B31
HEAD = struct.Struct("=7Ii3Q")  # struct wire_request
ANSWER = struct.Struct("=3Ii2I")  # struct wire_answer
TIME = 20

POLICY = """
askfirst: 1
read:
  - deny: "**/secret"
    because: it is secret
  - ask: "**/ask/**"
  - allow: "/**"
write:
  - ask: "**/ask/**"
  - allow: "${workspace}/**"
exec:
  - deny: {program: rm, words: [forbidden]}
    because: that is forbidden
  - ask: {program: rm}
    because: it removes
  - ask: mv
  - allow: "/**"
connect:
  - deny: "10.0.0.0/8"
  - ask: "*"
otherwise: {read: ask, write: ask, exec: ask, connect: ask}
"""


class Session:
    """askfirst run with an approver over two pipes."""

    def __init__(self, case, *command, options=(), policy=POLICY, approve=True, env=None, audit=None, more_fds=(), cwd=None,
                 **more):
        self.case = case
        self.audit_dir = audit or case.tmp / "audit"
        questions, out = os.pipe()
        answers, into = os.pipe()
        argv = [support.ASKFIRST, "run", "--guard=shim", f"--audit={self.audit_dir}"]
        if approve:
            argv.append(f"--approve=fd:{answers},{out}")
        if policy:
            argv.append(f"--policy={case.policy(policy)}")
        argv += [*options, "--", *command]
        more.setdefault("stderr", subprocess.PIPE)
        self.process = subprocess.Popen([os.fspath(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        pass_fds=(answers, out, *more_fds), env=case.environment() if env is None else env,
                                        cwd=cwd or case.workspace, start_new_session=True, **more)
        os.close(answers)
        os.close(out)
        self.questions, self.answers = questions, into
        self.pending = b""
        case.addCleanup(self.end)

    def line(self, limit=TIME):
        """The next line of the approver's; None at its end."""
        until = time.monotonic() + limit
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.questions], [], [], max(0, until - time.monotonic()))
            if not ready:
                self.case.fail("no line came")
            more = os.read(self.questions, 1 << 16)
            if not more:
                return None
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return json.loads(line)

    def next(self, kind, **more):
        while True:
            line = self.line(**more)
            if line is None or line["type"] == kind:
                return line

    def quiet(self, kind="ask", seconds=0.3):
        """No line of this kind comes."""
        until = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self.questions], [], [], max(0, until - time.monotonic()))
            if b"\n" not in self.pending and not ready:
                return
            line = self.line()
            self.case.assertIsNotNone(line)
            self.case.assertNotEqual(line["type"], kind)

    def answer(self, question, decision="allow", **more):
        line = {"type": "answer", "id": question["id"], "decision": decision, **more}
        if decision == "allow":
            line.setdefault("scope", "once")
        os.write(self.answers, json.dumps(line).encode() + b"\n")

    def close(self):
        """Its command sees the end of its input."""
        self.process.stdin.close()
        self.process.stdin = None

    def finish(self, limit=TIME):
        """-> status, standard output, standard error"""
        out, err = self.process.communicate(timeout=limit)
        return self.process.returncode, out.decode(errors="replace"), err.decode(errors="replace")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        self.process.wait()
        for fd in (self.questions, self.answers):
            if fd is not None:
                os.close(fd)
        self.questions = self.answers = None

    def records(self, kind=None, **fields):
        """What the record of the run says so far."""
        (path,) = self.audit_dir.glob("*.jsonl")
        records = [json.loads(line) for line in path.read_text().splitlines()]
        return [r for r in records if kind in (None, r["type"]) and fields.items() <= r.items()]


class Talker:
    """Speaks to the door through a door_talk process."""

    def __init__(self, case, into, out):
        self.case, self.into, self.out = case, into, out

    def tell(self, line):
        self.into.write(line.encode() + b"\n")
        self.into.flush()

    def hear(self, limit=TIME):
        ready, _, _ = select.select([self.out], [], [], limit)
        if not ready:
            self.case.fail("door_talk says nothing")
        return self.out.readline().decode().rstrip("\n")

    def say(self, line, **more):
        self.tell(line)
        return self.hear(**more)

    def open(self):
        return int(self.say("open"))

    def request(self, kind, *strings, body=b"", flags=0, detail=0, device=0, inode=0, id=7, count=None, length=None,
                magic=MAGIC, python=0, connection=None):
        """A request on a connection of its own -> the connection"""
        body = body or b"".join(os.fsencode(s) + b"\0" for s in strings)
        head = HEAD.pack(magic, kind, id, flags, detail, len(strings) if count is None else count,
                         len(body) if length is None else length, 0, python, device, inode)
        connection = self.open() if connection is None else connection
        data = head + body
        self.say(f"send {connection} {data[:32768].hex()}")
        for at in range(32768, len(data), 32768):
            self.say(f"send {connection} {data[at:at + 32768].hex()}")
        return connection

    def receive(self, connection, **more):
        """-> verdict, error, body; None: it was closed without an answer"""
        text = self.say(f"receive {connection}", **more)
        if text == "" or text.startswith("error"):
            return None
        data = bytes.fromhex(text)
        magic, id_, verdict, error, length, _ = ANSWER.unpack(data[:ANSWER.size])
        self.case.assertEqual((magic, length), (MAGIC, len(data) - ANSWER.size))
        return verdict, error, data[ANSWER.size:]

    def ask(self, kind, *strings, **more):
        connection = self.request(kind, *strings, **more)
        answer = self.receive(connection)
        self.tell(f"close {connection}")
        self.hear()
        return answer

    def exec(self, *argv, **more):
        """The answer to an exec of argv[0]."""
        return self.ask(EXEC, argv[0], os.path.realpath(argv[0]), *argv, **more)

    def hello(self):
        self.case.assertEqual(self.say("hello"), "sent 0")

    def begin_exec(self, *argv, **more):
        return self.request(EXEC, argv[0], os.path.realpath(argv[0]), *argv, **more)


class DoorCase(support.Case):
    """A test with a run of door_talk below askfirst."""

    def session(self, **more):
        session = Session(self, support.PROGRAMS / "door_talk", **more)
        talker = Talker(self, session.process.stdin, session.process.stdout)
        talker.session = session
        self.assertTrue(talker.say("pid").isdigit())
        return session, talker

    def foreigner(self, directory):
        """door_talk outside the run."""
        process = subprocess.Popen([support.PROGRAMS / "door_talk"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.communicate)
        talker = Talker(self, process.stdin, process.stdout)
        self.assertEqual(talker.say(f"door {directory}"), "ok")
        return talker

    def denied(self, answer, *words):
        self.assertIsNotNone(answer)
        verdict, error, body = answer
        self.assertEqual((verdict, error), (NO, 13), body)
        for word in words:
            self.assertIn(word, body.decode())

    def gone(self, answer):
        self.assertEqual(answer and answer[0], GO, answer)


def inet(host, port, family=socket.AF_INET):
    if family == socket.AF_INET6:
        return struct.pack("=HH", family, socket.htons(port)) + b"\0" * 4 + socket.inet_pton(family, host) + b"\0" * 4
    return struct.pack("=HH", family, socket.htons(port)) + socket.inet_pton(family, host) + b"\0" * 8
