"""Approvers of every kind with a real run: they answer, and when they do not, the run goes on without what was asked."""
import ast
import asyncio
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

import support
from talk import Session

POLICY = """
read:
  - allow: "/**"
write:
  - allow: ["${workspace}/**", "/dev/**"]
exec:
  - ask: {program: rm}
    because: it removes
  - allow: "/**"
"""
TWICE = "rm -f one; echo status $?; rm -f two; echo status $?"


class Pipes(support.Case):
    def session(self, script=TWICE, **more):
        return Session(self, "bash", "-c", script, policy=POLICY, **more)

    def fails(self, misbehave, why, options=(), outcome="failed"):
        """After that, what was asked is denied with the reason, what comes next finds nobody, and the run goes on."""
        session = self.session(options=options)
        question = session.next("ask")
        misbehave(session, question)
        status, out, err = session.finish()
        self.assertEqual((status, out), (0, "status 126\nstatus 126\n"))
        self.assertRegex(err, why)
        self.assertEqual([r.get("outcome") for r in session.records("act") if r["verdict"] == "ask"],
                         [outcome, "undelivered" if outcome == "failed" else outcome])

    def send(self, text):
        return lambda session, question: os.write(session.answers, text.encode())

    def test_it_answers(self):
        session = self.session()
        hello = session.line()
        self.assertEqual((hello["type"], hello["askfirst"], hello["guard"]), ("hello", 1, "shim"))
        self.assertEqual(hello["command"], ["bash", "-c", TWICE])
        session.answer(session.next("ask"))
        self.assertEqual(session.next("settled")["outcome"], "approved")
        session.answer(session.next("ask"), "deny", note="keep it", by="ada")
        self.assertEqual(session.next("settled")["outcome"], "refused")
        self.assertEqual(session.next("bye"), {"type": "bye", "exit": 0, "asked": 2, "denied": 1})
        status, out, err = session.finish()
        self.assertEqual((status, out), (0, "status 0\nstatus 126\n"))
        self.assertRegex(err, "refused by ada: keep it")

    def test_a_no_to_what_is_like_it_ends_a_flood(self):
        session = self.session("for n in 1 2 3; do rm -f out$n; done; echo status $?")
        question = session.next("ask")
        self.assertIn("like", [choice["scope"] for choice in question["choices"]])
        session.answer(question, "deny", scope="like", by="ada")
        self.assertEqual(session.next("bye"), {"type": "bye", "exit": 0, "asked": 1, "denied": 3})
        status, out, err = session.finish()
        self.assertEqual((status, out, err.count(" by ada")), (0, "status 126\n", 3), err)

    def test_it_dies(self):
        def die(session, question):
            os.close(session.questions)
            os.close(session.answers)
            session.questions = session.answers = None
        self.fails(die, "hung up|cannot write")

    def test_it_closes_its_answers(self):
        def close(session, question):
            os.close(session.answers)
            session.answers = None
        self.fails(close, "hung up")

    def test_it_says_something_that_is_no_answer(self):
        self.fails(self.send("yes\n"), "no JSON")

    def test_it_answers_another_question(self):
        self.fails(self.send('{"type":"answer","id":77,"decision":"allow"}\n'), "77, which is not open")

    def test_it_says_two_megabytes(self):
        def say(session, question):
            try:
                os.write(session.answers, b"x" * (2 << 20))
            except BrokenPipeError:
                pass
        self.fails(say, "longer than 1048576 bytes")

    def test_it_answers_twice(self):
        session = self.session()
        question = session.next("ask")
        session.answer(question)
        second = session.next("ask")
        session.answer(question)
        status, out, err = session.finish()
        self.assertEqual((status, out), (0, "status 0\nstatus 126\n"))
        self.assertIn(f"question {question['id']}, which is not open", err)
        self.assertNotEqual(question["id"], second["id"])

    def test_it_hangs(self):
        self.fails(lambda session, question: None, "no answer in 1s", options=("--ask-timeout=1s",), outcome="timeout")

    def test_it_answers_too_late(self):
        session = self.session(options=("--ask-timeout=1s",))
        question = session.next("ask")
        self.assertEqual(session.next("settled"), {"type": "settled", "id": question["id"], "outcome": "timeout"})
        session.answer(question)  # it crossed that line
        session.answer(session.next("ask"))
        status, out, _ = session.finish()
        self.assertEqual((status, out), (0, "status 126\nstatus 0\n"))

    def test_a_question_of_two_megabytes(self):
        script = "rm -f $(seq -f 'a-name-that-is-rather-long-%08.0f' 40000); echo status $?"
        session = self.session(script)
        question = session.next("ask")
        self.assertEqual(question["argv_cut"], 40002)
        self.assertEqual(question["argv"][:3], ["rm", "-f", "a-name-that-is-rather-long-00000001"])
        session.answer(question)
        self.assertEqual(session.finish()[:2], (0, "status 0\n"))

    def test_bytes_that_are_no_text(self):
        session = self.session("rm -f $'a\\xff\\e'; echo status $?")
        question = session.next("ask")
        self.assertEqual(question["argv"], ["rm", "-f", "a\\xff\\e"])
        self.assertEqual(question["argv_base64"], ["cm0=", "LWY=", "Yf8b"])
        session.answer(question)
        self.assertEqual(session.finish()[:2], (0, "status 0\n"))

    def test_the_command_does_not_get_the_pipes(self):
        session = self.session("ls -l /proc/self/fd | grep -c pipe")
        self.assertEqual(session.finish()[1], "3\n")  # its three streams


class Others(support.Case):
    def run_with(self, approve, script=TWICE, options=()):
        return self.askfirst("run", "--guard=shim", f"--audit={self.tmp}/audit", f"--policy={self.policy(POLICY)}",
                             f"--approve={approve}", *options, "--", "bash", "-c", script)

    def script(self, text):
        return self.file("answer", "#!/bin/sh\n" + text, mode=0o700)

    def test_a_command_answers(self):
        script = self.script('read -r line; id=${line#*\\"id\\":}; id=${id%%,*}; case $line in *one*) d=allow;; *) d=deny;; esac\n'
                             'echo "{\\"type\\":\\"answer\\",\\"id\\":$id,\\"decision\\":\\"$d\\",\\"note\\":\\"by hand\\"}"\n')
        result = self.run_with(f"exec:{script}")
        self.assertEqual((result.returncode, result.stdout), (0, "status 0\nstatus 126\n"))
        self.assertIn("refused by exec: by hand", result.stderr)

    def test_a_command_that_fails_is_run_again(self):
        script = self.script(f'echo run >> {self.tmp}/runs; exit 3\n')
        result = self.run_with(f"exec:{script}")
        self.assertEqual((result.returncode, result.stdout), (0, "status 126\nstatus 126\n"))
        self.assertIn("ended with status 3 and gave no answer", result.stderr)
        self.assertEqual((self.tmp / "runs").read_text(), "run\nrun\n")

    def test_a_command_that_hangs_is_killed(self):
        script = self.script(f'sleep 60 & echo $! > {self.tmp}/pid; wait\n')
        result = self.run_with(f"exec:{script}", "rm -f one; echo status $?", options=("--ask-timeout=1s",))
        self.assertEqual(result.stdout, "status 126\n")
        pid = (self.tmp / "pid").read_text().strip()
        stat = pathlib.Path(f"/proc/{pid}/stat")
        self.assertTrue(not stat.exists() or " Z " in stat.read_text())

    def test_a_command_is_not_guarded(self):
        """It sees the environment that askfirst was started with, and nothing of the session's."""
        script = self.script(f'env > {self.tmp}/env; exit 1\n')
        self.run_with(f"exec:{script}", "rm -f one")
        environment = (self.tmp / "env").read_text()
        self.assertIn("HOME=", environment)
        self.assertNotIn("ASKFIRST_SESSION", environment)
        self.assertNotIn("LD_PRELOAD", environment)

    def listener(self, answer):
        path = self.tmp / "socket"
        server = socket.socket(socket.AF_UNIX)
        server.bind(os.fspath(path))
        server.listen()
        self.addCleanup(server.close)

        def serve():
            connection, _ = server.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as lines:
                for message in map(json.loads, lines):
                    if message["type"] == "ask":
                        reply = answer(message)
                        if reply is None:
                            return
                        lines.write(json.dumps({"type": "answer", "id": message["id"], **reply}) + "\n")
                        lines.flush()
        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        return path

    def test_a_listener_answers(self):
        path = self.listener(lambda question: {"decision": "allow" if "one" in question["argv"] else "deny", "by": "eve"})
        result = self.run_with(f"unix:{path}")
        self.assertEqual((result.returncode, result.stdout), (0, "status 0\nstatus 126\n"))
        self.assertIn("refused by eve", result.stderr)

    def test_a_listener_that_leaves(self):
        result = self.run_with(f"unix:{self.listener(lambda question: None)}")
        self.assertEqual((result.returncode, result.stdout), (0, "status 126\nstatus 126\n"))
        self.assertIn("hung up", result.stderr)

    def test_the_first_that_can_be_reached_answers(self):
        result = self.run_with(f"unix:{self.tmp}/nobody", options=("--approve=allow", "--approve=deny"))
        self.assertEqual((result.returncode, result.stdout), (0, "status 0\nstatus 0\n"))

    def test_none_that_can_be_reached(self):
        result = self.run_with(f"unix:{self.tmp}/nobody")
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assertRegex(result.stderr, "unix:.*/nobody: cannot connect: No such file")

    def test_what_means_nothing(self):
        for approve in "pigeon", "fd:3", "fd:0,1", "exec:", "exec:a 'b", "deny:x", "unix:":
            result = self.run_with(approve, options=("--approve=allow",))
            self.assertEqual((result.returncode, result.stdout), (125, ""), approve)
            self.assertIn("askfirst: ", result.stderr)

    def test_descriptors_that_are_not_open(self):
        result = self.run_with("fd:100,101")
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assertIn("descriptor 100 is not open", result.stderr)


class Documents(support.Case):
    """What the documents show works as they show it."""

    def guarded_home(self):
        self.file("home/.config/askfirst/policy.yaml", "askfirst: 1\n" + POLICY)
        return self.environment(PATH=f"{support.BUILD}:{os.environ['PATH']}")

    def test_the_asyncio_runner(self):
        page = (support.ROOT / "docs/integrations/execute-code.md").read_text()
        (code,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "async def guarded" in block]
        names = {"asyncio": asyncio, "os": os, "sys": sys, "json": json}
        exec(compile(ast.parse(code), "execute-code.md", "exec"), names)

        async def ask(question):
            return {"decision": "deny", "note": question["program"]}
        before, guarded = (os.getcwd(), dict(os.environ)), self.guarded_home()
        try:
            os.chdir(self.workspace)
            os.environ.clear()
            os.environ.update(guarded)
            status, out, err = asyncio.run(names["guarded"]("import os; print(os.system('rm -f one'))", ask))
        finally:
            os.chdir(before[0])
            os.environ.clear()
            os.environ.update(before[1])
        self.assertEqual(status, 0, err)
        self.assertIn(b"refused by fd: ", err)

    def examples(self):
        page = (support.ROOT / "docs/askfirst-approval.7").read_text()
        blocks = re.findall(r"\.Bd -literal\n(.*?)\.Ed", page, re.S)
        objects = [json.loads(block.replace(r"\e", "\\")) for block in blocks if block.startswith("{")]
        return {o["type"]: o for o in objects}, [o for o in objects if o["type"] == "answer"]

    def test_the_manual_shows_every_line_as_it_is(self):
        shown, _ = self.examples()
        script = "import subprocess\nsubprocess.call(['rm', '-rf', 'out'])"
        session = Session(self, sys.executable, "-c", script, policy=POLICY + "ask: {timeout: 5m}\n",
                          options=("--mode=enforce",))
        lines = {"hello": session.line(), "ask": session.next("ask")}
        session.answer(lines["ask"])
        lines["settled"] = session.next("settled")
        lines["bye"] = session.next("bye")
        self.assertEqual(set(shown), {"hello", "ask", "waiting", "settled", "bye", "answer"})
        for kind, line in lines.items():
            self.assertEqual(list(line), list(shown[kind]), kind)
        for key in "chain", "python", "rule", "file":
            first = [x[0] if isinstance(x, list) else x for x in (lines["ask"][key], shown["ask"][key])]
            self.assertEqual(list(first[0]), list(first[1]), key)
        self.assertEqual([list(c) for c in lines["ask"]["choices"]], [list(c) for c in shown["ask"]["choices"]])

    def test_the_manuals_answers_are_answers(self):
        _, answers = self.examples()
        self.assertEqual(len(answers), 2)
        session = Session(self, "bash", "-c", TWICE, policy=POLICY)
        outcomes = []
        for answer in answers:
            answer["id"] = session.next("ask")["id"]
            os.write(session.answers, json.dumps(answer).encode() + b"\n")
            outcomes.append(session.next("settled")["outcome"])
        self.assertEqual(outcomes, ["refused", "approved"])


if __name__ == "__main__":
    support.main()
