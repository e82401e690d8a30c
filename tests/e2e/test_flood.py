"""Floods: of questions, of connections, of nonsense. What is allowed is answered meanwhile, and the run goes on."""
import os
import resource
import threading
import time

import support
from talk import GO, LOOKUP, NO, DoorCase, Session, Talker

RM = "/usr/bin/rm"


class Questions(DoorCase):
    def test_at_most_32_wait(self):
        session, talker = self.session()
        connections = [talker.begin_exec(RM, str(number)) for number in range(40)]
        for connection in connections[32:]:
            self.denied(talker.receive(connection), "why: too many questions: 32 questions are waiting")
        questions = [session.next("ask") for _ in range(32)]
        session.quiet()
        self.gone(talker.exec("/usr/bin/true"))
        for question, connection in zip(questions, connections):
            session.answer(question)
            self.gone(talker.receive(connection))
        self.assertEqual(len(session.records("act", outcome="flood")), 8)

    def test_ten_thousand(self):
        """Each of them ends, the approver hears of few, and nothing is left waiting."""
        session, talker = self.session()
        stop = threading.Event()
        heard = []

        def refuse():
            while not stop.is_set():
                line = session.line(limit=60)
                if line is None:
                    return
                if line["type"] == "ask":
                    heard.append(line["id"])
                    session.answer(line, "deny")

        approver = threading.Thread(target=refuse, daemon=True)
        approver.start()
        outcomes = {}
        began = time.monotonic()
        for number in range(10000):
            verdict, error, body = talker.exec(RM, str(number))
            self.assertEqual((verdict, error), (NO, 13))
            why = body.decode().splitlines()[1]
            outcome = "flood" if "too many questions" in why else "refused"
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        seconds = time.monotonic() - began
        self.assertEqual(sum(outcomes.values()), 10000)
        self.assertEqual(len(heard), outcomes["refused"])
        self.assertLess(outcomes["refused"], 200 + 2 * seconds)
        self.gone(talker.exec("/usr/bin/true"))
        session.close()
        approver.join(20)
        stop.set()
        session.process.wait(20)
        (end,) = session.records("end")
        self.assertEqual((end["denied"], end["asked"]), (10000, outcomes["refused"]))

    def test_approved_ones_are_no_flood(self):
        session, talker = self.session()
        stopped = []

        def approve():
            for _ in range(500):
                session.answer(session.next("ask"))
            stopped.append(True)

        approver = threading.Thread(target=approve, daemon=True)
        approver.start()
        for number in range(500):
            self.gone(talker.exec(RM, str(number)))
        approver.join(20)
        self.assertEqual(stopped, [True])

    def test_an_approver_who_is_nobody_does_not_tire(self):
        session, talker = self.session(approve=False, options=["--approve=deny"])
        for number in range(300):
            self.denied(talker.exec(RM, str(number)), "refused by deny")


class Names(DoorCase):
    def test_lookups_that_take_their_time_hold_nobody_up(self):
        session, talker = self.session(policy="exec:\n  - allow: '/**'\nconnect:\n  - allow: '*.invalid'\n")
        connections = [talker.request(LOOKUP, f"name{number}.invalid", "") for number in range(100)]
        began = time.monotonic()
        self.gone(talker.exec("/usr/bin/true"))
        self.assertLess(time.monotonic() - began, 2)
        for connection in connections[:50]:
            talker.say(f"close {connection}")
        for connection in connections[50:]:
            verdict, error, body = talker.receive(connection)
            self.assertEqual((verdict, body), (GO, b""))
            self.assertLess(error, 0)


class Connections(DoorCase):
    def two(self):
        """Two processes of one run."""
        first, into = os.pipe()
        out, second = os.pipe()
        program = support.PROGRAMS / "door_talk"
        script = f"{program} <&{first} >&{second} & exec {program}"
        session = Session(self, "/bin/sh", "-c", script, more_fds=(first, second))
        os.close(first)
        os.close(second)
        other = Talker(self, os.fdopen(into, "wb", buffering=0), os.fdopen(out, "rb", buffering=0))
        self.addCleanup(other.into.close)
        self.addCleanup(other.out.close)
        return session, Talker(self, session.process.stdin, session.process.stdout), other

    def test_connections_without_a_request_do_not_keep_others_out(self):
        session, talker, other = self.two()
        opened = [talker.say("open") for _ in range(600)]
        began = time.monotonic()
        self.gone(other.exec("/usr/bin/true"))
        self.assertLess(time.monotonic() - began, 5)
        self.assertGreater(len(session.records("event", event="flood")), 50)
        for connection in opened[:300]:
            talker.say(f"close {connection}")
        self.gone(talker.exec("/usr/bin/true"))

    def test_few_descriptors_are_enough(self):
        session, talker = self.session(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, 4096)))
        opened = [talker.say("open") for _ in range(60)]
        time.sleep(0.2)
        for connection in opened:
            talker.say(f"close {connection}")
        self.gone(talker.exec("/usr/bin/true"))

    def test_ten_thousand_pieces_of_nonsense(self):
        session, talker = self.session()
        for _ in range(10000):
            connection = talker.open()
            talker.tell(f"repeat {connection} 100")
            talker.hear()
            talker.tell(f"close {connection}")
            talker.hear()
        self.gone(talker.exec("/usr/bin/true"))
        self.assertLessEqual(len(session.records("event", event="malformed")), 1000)
        session.close()
        session.process.wait(20)
        self.assertEqual(len(session.records("event", event="left-out")), 1)


if __name__ == "__main__":
    support.main()
