"""The door: who may speak there, what is malformed, and what the answers to sound requests are."""
import os
import signal
import socket
import struct
import time

import support
from talk import (CONNECT, CUT, EXEC, FAILED, GO, LOOKUP, NO, READ, REFUSED, SEND, SHELL, SOCKET, SPAWN, WRITE,
                  DoorCase, inet)

RM = "/usr/bin/rm"
OTHERS = "exec:\n  - allow: '/**'\n"


class Strangers(DoorCase):
    def test_a_process_outside_the_run_is_not_answered(self):
        session, talker = self.session()
        pid = int(talker.say("pid"))
        directory = [v for v in open(f"/proc/{pid}/environ").read().split("\0") if v.startswith("ASKFIRST_SESSION=")]
        foreigner = self.foreigner(directory[0].partition("=")[2])
        self.assertIsNone(foreigner.exec("/usr/bin/true", "true"))
        self.assertEqual(len(session.records("event", event="foreign")), 1)
        self.gone(talker.exec("/usr/bin/true"))

    def test_the_socket_is_for_its_user_alone(self):
        session, talker = self.session()
        pid = int(talker.say("pid"))
        directory = [v for v in open(f"/proc/{pid}/environ").read().split("\0") if v.startswith("ASKFIRST_SESSION=")]
        directory = directory[0].partition("=")[2]
        self.assertEqual(os.stat(directory).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(directory + "/door").st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(directory + "/policy").st_mode & 0o777, 0o400)


class Malformed(DoorCase):
    def test_what_makes_no_sense_is_closed_and_recorded(self):
        session, talker = self.session()
        bad = [
            ("no magic", dict(kind=EXEC, strings=("/bin/true", "/bin/true", "true"), magic=1)),
            ("no kind", dict(kind=99, strings=("a", "b"))),
            ("kind 0", dict(kind=0, strings=("a", "b"))),
            ("a failure out of nowhere", dict(kind=10, strings=())),
            ("too few strings", dict(kind=EXEC, strings=("/bin/true",))),
            ("too many strings", dict(kind=READ, strings=("/a", "/a", "/a"))),
            ("fewer strings than said", dict(kind=EXEC, strings=("/bin/true", "/bin/true"), count=5)),
            ("more strings than said", dict(kind=EXEC, strings=("/bin/true", "/bin/true", "a", "b"), count=3)),
            ("more strings than bytes", dict(kind=EXEC, strings=("a", "b"), count=0xFFFFFFFF)),
            ("an endless body", dict(kind=EXEC, strings=("a", "b"), length=0xFFFFFFFF)),
            ("a body longer than said", dict(kind=EXEC, strings=("/bin/true", "/bin/true"), length=3)),
            ("an address that is too long", dict(kind=CONNECT, strings=(), body=b"\2\0" * 200)),
            ("no NUL at the end", dict(kind=EXEC, strings=(), body=b"/bin/true\0/bin/true", count=2)),
        ]
        for index, (name, request) in enumerate(bad):
            with self.subTest(name):
                request = dict(request)
                kind, strings = request.pop("kind"), request.pop("strings")
                self.assertIsNone(talker.ask(kind, *strings, **request))
                self.assertEqual(len(session.records("event", event="malformed")), index + 1)
        self.gone(talker.exec("/usr/bin/true"))

    def test_packets_that_are_too_short_or_too_long_are_closed(self):
        session, talker = self.session()
        for size in (1, 20, 55, 32769, 65536):
            with self.subTest(size=size):
                connection = talker.open()
                talker.say(f"repeat {connection} {size}")
                self.assertIsNone(talker.receive(connection))
        self.assertEqual(len(session.records("event", event="malformed")), 5)

    def test_a_request_that_is_broken_off_is_no_request(self):
        session, talker = self.session()
        connection = talker.request(EXEC, "/bin/true", "/bin/true", "x" * 100, length=5000)
        talker.say(f"close {connection}")
        self.gone(talker.exec("/usr/bin/true"))
        self.assertEqual(len(session.records("event", event="malformed")), 1)

    def test_a_request_that_never_ends_is_closed_in_time(self):
        session, talker = self.session()
        connection = talker.request(EXEC, "/bin/true", "/bin/true", length=5000)
        began = time.monotonic()
        self.gone(talker.exec("/usr/bin/true"))  # others are answered meanwhile
        self.assertIsNone(talker.receive(connection))
        self.assertLess(time.monotonic() - began, 15)

    def test_a_second_request_on_a_connection_is_not_answered(self):
        session, talker = self.session()
        connection = talker.request(EXEC, "/usr/bin/true", "/usr/bin/true", "true")
        self.gone(talker.receive(connection))
        talker.request(EXEC, "/usr/bin/true", "/usr/bin/true", "true", connection=connection)
        self.assertIsNone(talker.receive(connection))

    def test_words_while_an_answer_is_awaited_are_a_breach(self):
        session, talker = self.session()
        connection = talker.begin_exec(RM, "-r", "out")
        session.next("ask")
        talker.request(EXEC, "/usr/bin/true", "/usr/bin/true", connection=connection)
        self.assertIsNone(talker.receive(connection))
        self.assertEqual(session.next("settled")["outcome"], "cancelled")


class Exec(DoorCase):
    def test_allowed_goes_and_is_recorded(self):
        session, talker = self.session()
        self.gone(talker.exec("/usr/bin/true", "a b", "\udcff"))
        (record,) = session.records("act", program="/usr/bin/true")
        self.assertEqual((record["verdict"], record["argv"]), ("allow", ["/usr/bin/true", "a b", "\\xff"]))
        self.assertEqual(record["argv_base64"], [None, None, "/w=="])
        self.assertNotIn("outcome", record)

    def test_denied_says_what_and_why(self):
        session, talker = self.session()
        self.denied(talker.exec(RM, "-r", "forbidden"), "askfirst: denied: /usr/bin/rm -r forbidden\n",
                    "  rule: ", "policy.yaml:12: that is forbidden\n", "  next: ")
        (record,) = session.records("act", verdict="deny")
        self.assertEqual(record["rule"]["because"], "that is forbidden")
        session.quiet()

    def test_quiet_says_nothing(self):
        _, talker = self.session(options=["--quiet"])
        self.assertEqual(talker.exec(RM, "-r", "forbidden"), (NO, 13, b""))

    def test_asked_waits_for_its_answer(self):
        session, talker = self.session()
        connection = talker.begin_exec(RM, "-r", "out")
        question = session.next("ask")
        self.assertEqual((question["act"], question["program"], question["argv"]), ("exec", RM, [RM, "-r", "out"]))
        self.assertEqual(question["rule"]["because"], "it removes")
        self.assertTrue(question["chain"][-1]["program"].endswith("/door_talk"))
        session.answer(question)
        self.gone(talker.receive(connection))
        self.assertEqual(session.next("settled")["outcome"], "approved")

    def test_the_words_of_a_refusal_reach_the_program(self):
        session, talker = self.session()
        connection = talker.begin_exec(RM, "-r", "out")
        session.answer(session.next("ask"), "deny", note="keep the results", by="ada")
        self.denied(talker.receive(connection), "askfirst: denied: /usr/bin/rm -r out\n",
                    "  why: refused by ada: keep the results\n")

    def test_an_applet_is_judged_as_what_it_is(self):
        session, talker = self.session(policy="exec:\n  - deny: {program: rm}\n  - allow: '/**'\n")
        self.denied(talker.exec("/bin/busybox", "rm", "-r", "x"), "busybox rm -r x")

    def test_a_loader_is_judged_as_the_program_that_it_runs(self):
        loader = "/lib64/ld-linux-x86-64.so.2"
        _, talker = self.session()
        self.denied(talker.exec(loader, RM, "forbidden"), "/usr/bin/rm forbidden")
        self.gone(talker.exec(loader, "/usr/bin/true"))
        self.denied(talker.exec(loader, "/bin/busybox", "true"), "static")

    def test_the_interpreter_of_a_script_is_judged_too_however_deep(self):
        _, talker = self.session(policy="exec:\n  - deny: {program: python3*, words: [deep]}\n  - allow: '/**'\n")
        script = self.file("s0", "#!/usr/bin/python3 deep\n", mode=0o700)
        for depth in range(1, 4):
            with self.subTest(depth=depth):
                self.denied(talker.exec(str(script)), "deep", script.name if depth == 1 else "s")
            script = self.file(f"s{depth}", f"#!{script}\n", mode=0o700)

    def test_scripts_that_name_each_other_for_ever_fail_as_they_would(self):
        _, talker = self.session()
        path = self.tmp / "loop"
        path.write_text(f"#!{path}\n")
        path.chmod(0o700)
        verdict, error, _ = talker.exec(str(path))
        self.assertEqual((verdict, error), (NO, 40))

    def test_what_the_kernel_would_not_run_fails_as_it_would(self):
        _, talker = self.session()
        text = self.file("text", "echo hello\n", mode=0o700)
        missing = self.file("missing", "#!/nowhere/python\n", mode=0o700)
        self.assertEqual(talker.exec(str(text)), (NO, 8, b""))
        self.assertEqual(talker.exec(str(self.tmp / "absent")), (NO, 2, b""))
        self.assertEqual(talker.exec(str(missing)), (NO, 2, b""))
        self.assertEqual(talker.exec(str(self.tmp)), (NO, 13, b""))

    def test_programs_that_would_never_say_hello_are_refused(self):
        _, talker = self.session()
        setid = self.tmp / "setid"
        setid.write_bytes(open("/usr/bin/true", "rb").read())
        setid.chmod(0o4755)
        odd = self.tmp / "odd"
        odd.write_bytes(open("/usr/bin/true", "rb").read().replace(b"/lib64/ld-linux-x86-64.so.2\0",
                                                                   b"/tmp/ld-elsewhere.so.2\0\0\0\0\0\0"))
        odd.chmod(0o755)
        narrow = bytearray(open("/usr/bin/true", "rb").read())
        narrow[4] = 1
        foreign = bytearray(open("/usr/bin/true", "rb").read())
        foreign[18] = 183
        broken = bytearray(open("/usr/bin/true", "rb").read())
        broken[32:40] = b"\xff" * 8
        cases = {
            "/bin/busybox": "static program",
            setid: "set-id",
            odd: "interpreter",
            self.file("narrow", bytes(narrow), mode=0o755): "32-bit",
            self.file("foreign", bytes(foreign), mode=0o755): "another processor",
            self.file("broken", bytes(broken), mode=0o755): "makes no sense",
            self.file("script", "#!/bin/busybox sh\n", mode=0o755): "static program",
        }
        for path, word in cases.items():
            with self.subTest(word=word, path=path):
                self.denied(talker.exec(str(path), "ls"), "rule: guard shim: ", word, "next: run with --guard=kernel")

    def test_another_file_than_the_shim_found_is_refused(self):
        session, talker = self.session()
        status = os.stat("/usr/bin/false")
        self.denied(talker.exec("/usr/bin/true", device=status.st_dev, inode=status.st_ino), "changed")
        status = os.stat("/usr/bin/true")
        self.gone(talker.exec("/usr/bin/true", device=status.st_dev, inode=status.st_ino))
        self.assertEqual(len(session.records("event", event="changed")), 1)

    def test_a_program_that_changes_while_the_question_waits_is_refused(self):
        session, talker = self.session(policy="exec:\n  - ask: '**/job'\n  - allow: '/**'\n")
        path = self.tmp / "job"
        for how in ("replaced", "written", "removed"):
            with self.subTest(how=how):
                path.write_bytes(open("/usr/bin/true", "rb").read())
                path.chmod(0o755)
                connection = talker.begin_exec(str(path))
                question = session.next("ask")
                if how == "replaced":
                    other = self.file("other", open("/usr/bin/true", "rb").read(), mode=0o755)
                    other.rename(path)
                elif how == "written":
                    with open(path, "ab") as program:
                        program.write(b"x")
                else:
                    path.unlink()
                session.answer(question)
                self.denied(talker.receive(connection), "gone" if how == "removed" else "changed")
        self.assertEqual(len(session.records("act", verdict="deny", outcome="approved")), 3)

    def test_a_cut_argument_vector_is_refused(self):
        _, talker = self.session()
        verdict, error, body = talker.exec("/usr/bin/true", flags=CUT)
        self.assertEqual((verdict, error), (NO, 7))
        self.assertIn(b"too many words", body)

    def test_a_hundred_thousand_arguments(self):
        session, talker = self.session()
        self.gone(talker.exec("/usr/bin/true", *["argument"] * 100000))
        (record,) = session.records("act", program="/usr/bin/true")
        self.assertEqual(record["argv_count"], 100001)

    def test_no_arguments_at_all(self):
        _, talker = self.session()
        self.gone(talker.ask(EXEC, "/usr/bin/true", "/usr/bin/true"))

    def test_relative_paths_are_the_callers(self):
        self.file("home/work/rm", "#!/bin/sh\n", mode=0o700)
        session, talker = self.session()
        connection = talker.begin_exec("./rm")
        question = session.next("ask")
        self.assertEqual(question["program"], str(self.workspace / "rm"))
        self.assertEqual(question["cwd"], str(self.workspace))

    def test_a_caller_that_leaves_withdraws_its_question(self):
        session, talker = self.session()
        connection = talker.begin_exec(RM, "-r", "out")
        question = session.next("ask")
        talker.say(f"close {connection}")
        self.assertEqual(session.next("settled"), {"type": "settled", "id": question["id"], "outcome": "cancelled"})
        self.assertEqual(len(session.records("act", outcome="cancelled")), 1)

    def test_a_shells_text_comes_with_the_call_it_came_through(self):
        session, talker = self.session(policy="exec:\n  - ask: {shell: '*curl*'}\n  - allow: '/**'\n")
        connection = talker.request(SHELL, "/bin/sh", os.path.realpath("/bin/sh"), "sh", "-c", "curl x | sh", detail=1)
        self.assertEqual(session.next("ask")["argv"], ["sh", "-c", "curl x | sh"])
        self.gone(talker.ask(SHELL, "/bin/sh", os.path.realpath("/bin/sh"), "sh", "-c", "true"))


class ObserveMode(DoorCase):
    def test_everything_goes_and_is_recorded_with_what_it_would_have_been(self):
        session, talker = self.session(options=["--mode=observe"])
        self.gone(talker.exec(RM, "forbidden"))
        self.gone(talker.exec(RM, "out"))
        self.gone(talker.exec("/bin/busybox", "true"))
        self.gone(talker.ask(READ, str(self.file("secret")), "secret"))
        session.quiet()
        self.assertEqual([r["verdict"] for r in session.records("act")][-4:], ["deny", "ask", "deny", "deny"])


class Files(DoorCase):
    def test_asked_and_answered(self):
        session, talker = self.session()
        path = self.file("ask/notes")
        connection = talker.request(WRITE, str(path), "notes", detail=4)
        question = session.next("ask")
        self.assertEqual((question["act"], question["path"]), ("write", str(path)))
        session.answer(question, "deny")
        self.denied(talker.receive(connection), f"askfirst: denied: remove {path}\n")

    def test_what_the_shim_refused_stays_refused_and_is_recorded(self):
        session, talker = self.session()
        path = self.file("secret")
        self.denied(talker.ask(READ, str(path), "secret", flags=REFUSED), f"read {path}", "it is secret")
        self.denied(talker.ask(READ, "/etc/passwd", "passwd", flags=REFUSED), "read /etc/passwd")
        self.assertEqual(len(session.records("act", act="read", verdict="deny")), 2)

    def test_what_the_shim_refused_is_recorded_though_it_is_gone(self):
        session, talker = self.session()
        self.denied(talker.ask(READ, "/nowhere/at/all/secret", "x", flags=REFUSED), "read /nowhere/at/all/secret")
        self.assertEqual(len(session.records("act", path="/nowhere/at/all/secret", verdict="deny")), 1)
        self.assertEqual(talker.ask(READ, "/nowhere/at/all/secret", "x"), (NO, 2, b""))

    def test_a_file_that_does_not_exist_yet(self):
        session, talker = self.session()
        directory = self.directory("ask")
        connection = talker.request(WRITE, str(directory / "new"), "new", detail=2)
        session.answer(session.next("ask"))
        self.gone(talker.receive(connection))

    def test_a_path_that_leads_elsewhere_is_refused(self):
        session, talker = self.session()
        self.directory("real")
        link = self.tmp / "link"
        link.symlink_to("real")
        self.denied(talker.ask(WRITE, str(link / "new"), "new"), "elsewhere")
        self.denied(talker.ask(READ, str(self.tmp) + "/real/../real", "x"), "elsewhere")

    def test_a_file_that_is_swapped_while_the_question_waits_is_refused(self):
        session, talker = self.session()
        path = self.file("ask/notes")
        status = path.stat()
        connection = talker.request(READ, str(path), "notes", device=status.st_dev, inode=status.st_ino)
        question = session.next("ask")
        self.file("ask/other").rename(path)
        session.answer(question)
        self.denied(talker.receive(connection), "another file")

    def test_a_relative_path_is_no_real_path(self):
        _, talker = self.session()
        self.assertEqual(talker.ask(READ, "notes", "notes")[:2], (NO, 22))


class Connections(DoorCase):
    def test_addresses_of_every_spelling(self):
        session, talker = self.session()
        self.denied(talker.ask(CONNECT, body=inet("10.1.2.3", 80)), "connect 10.1.2.3:80")
        self.denied(talker.ask(CONNECT, body=inet("::ffff:10.1.2.3", 80, socket.AF_INET6)), "connect 10.1.2.3:80")
        spelled = {inet("192.0.2.1", 443): "192.0.2.1:443",
                   inet("2001:db8::1", 443, socket.AF_INET6): "[2001:db8::1]:443",
                   b"\1\0/run/nowhere.sock\0": "unix:/run/nowhere.sock",
                   b"\1\0\0hidden": "unix:@hidden"}
        for body, shown in spelled.items():
            with self.subTest(shown):
                connection = talker.request(CONNECT, body=body)
                question = session.next("ask")
                self.assertEqual((question["act"], question["address"]), ("connect", shown))
                session.answer(question)
                self.gone(talker.receive(connection))

    def test_a_datagram_without_a_family_is_one_to_its_address(self):
        _, talker = self.session()
        self.denied(talker.ask(SEND, body=b"\0\0" + inet("10.1.2.3", 53)[2:]), "10.1.2.3:53")

    def test_kinds_of_sockets(self):
        session, talker = self.session(policy="connect:\n  - deny: [raw, packet]\n  - allow: [udp, netlink]\n" + OTHERS)
        self.gone(talker.ask(SOCKET, detail=socket.AF_INET << 16 | socket.SOCK_STREAM))
        self.gone(talker.ask(SOCKET, detail=socket.AF_INET << 16 | socket.SOCK_DGRAM | socket.SOCK_CLOEXEC))
        self.denied(talker.ask(SOCKET, detail=socket.AF_INET << 16 | socket.SOCK_RAW), "connect raw")
        self.denied(talker.ask(SOCKET, detail=socket.AF_PACKET << 16 | socket.SOCK_DGRAM), "connect packet")

    def test_addresses_that_make_no_sense(self):
        _, talker = self.session()
        for body in (b"\2", b"\2\0", b"\2\0\0\x50\x0a\0", b"\x0a\0\0\x50", b"\1\0"):
            with self.subTest(body=body):
                self.assertEqual(talker.ask(CONNECT, body=body)[:2], (NO, 22))

    def test_names_are_looked_up_by_the_launcher_and_remembered(self):
        session, talker = self.session(policy="connect:\n  - allow: 'localhost:443'\n  - ask: '*'\n" + OTHERS)
        verdict, error, body = talker.ask(LOOKUP, "localhost", "", detail=1)
        self.assertEqual((verdict, error), (GO, 0))
        family, scope, address = struct.unpack("=II16s", body[:24])
        self.assertEqual((family, address[:4]), (socket.AF_INET, bytes([127, 0, 0, 1])))
        talker.request(CONNECT, body=inet("127.0.0.1", 80))
        self.assertEqual(session.next("ask")["address"], "localhost (127.0.0.1):80")

    def test_a_name_that_is_none_gives_the_resolvers_error(self):
        _, talker = self.session()
        verdict, error, body = talker.ask(LOOKUP, "no.such.name", "", detail=4)
        self.assertEqual((verdict, error, body), (GO, socket.EAI_NONAME, b""))


class Hello(DoorCase):
    """What was approved must say that the shim is at work in it. The environment that the program gets here has none."""

    def test_one_of_nobody_who_was_approved_is_recorded(self):
        session, talker = self.session()
        talker.hello()
        talker.ask(READ, "/etc/hosts", "/etc/hosts")
        self.assertEqual(len(session.records("event", event="unasked")), 1)

    def test_one_from_outside_of_the_run_is_recorded_and_means_nothing(self):
        session, talker = self.session()
        directory = [v for v in open(f"/proc/{talker.say('pid')}/environ").read().split("\0") if v.startswith("ASKFIRST_SESSION=")]
        self.foreigner(directory[0].partition("=")[2]).hello()
        talker.ask(READ, "/etc/hosts", "/etc/hosts")
        self.assertEqual([record["event"] for record in session.records("event")], ["foreign"])

    def killed(self, session, event):
        began = time.monotonic()
        while not session.records("event", event=event):
            self.assertLess(time.monotonic() - began, 20)
            time.sleep(0.1)
        (record,) = session.records("event", event=event)
        return record["pid"]

    def test_a_program_without_the_guard_is_killed(self):
        session, talker = self.session()
        pid = int(talker.say("pid"))
        connection = talker.begin_exec("/usr/bin/sleep", "30")
        self.gone(talker.receive(connection))
        talker.tell("exec /usr/bin/sleep 30")
        self.assertEqual(self.killed(session, "preload-missing"), pid)
        self.assertEqual(session.finish()[0], 137)

    def test_a_child_without_the_guard_is_killed_and_its_parent_is_not(self):
        session, talker = self.session()
        self.gone(talker.exec("/usr/bin/sleep", "30", flags=SPAWN))
        child = int(talker.say("spawn /usr/bin/sleep 30"))
        self.assertEqual(self.killed(session, "preload-missing"), child)
        self.gone(talker.exec("/usr/bin/true"))

    def test_a_child_that_has_only_just_begun_has_its_time(self):
        session, talker = self.session()
        self.gone(talker.exec("/usr/bin/sleep", "30", flags=SPAWN))
        time.sleep(6.5)
        child = int(talker.say("spawn /usr/bin/sleep 30"))
        time.sleep(4.5)  # what was approved is overdue, the child is not
        self.assertEqual(session.records("event"), [])
        self.assertEqual(self.killed(session, "preload-missing"), child)

    def test_another_program_than_the_approved_one_is_killed(self):
        session, talker = self.session()
        connection = talker.begin_exec("/usr/bin/true")
        self.gone(talker.receive(connection))
        talker.tell("exec /usr/bin/sleep 30")
        self.killed(session, "changed")

    def test_an_exec_that_failed_harms_nobody(self):
        session, talker = self.session()
        connection = talker.begin_exec("/usr/bin/true")
        self.gone(talker.receive(connection))
        talker.request(FAILED, connection=connection, detail=2)
        connection = talker.begin_exec("/usr/bin/true")
        self.gone(talker.receive(connection))
        talker.say(f"close {connection}")  # it could not even say so
        time.sleep(10)
        self.gone(talker.exec("/usr/bin/true"))
        self.assertEqual(session.records("event"), [])

    def test_a_stopped_program_has_its_time_when_it_goes_on(self):
        session, talker = self.session()
        pid = int(talker.say("pid"))
        self.gone(talker.receive(talker.begin_exec("/usr/bin/sleep", "30")))
        talker.tell("exec /usr/bin/sleep 30")
        time.sleep(0.5)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(10)
        self.assertEqual(session.records("event"), [])
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    support.main()
