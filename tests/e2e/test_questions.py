"""What may be answered to a question, what each answer covers, and every way in which a question ends."""
import os
import signal
import time

import support
from talk import CONNECT, EXEC, POLICY, READ, SHELL, SPAWN, WRITE, DoorCase, Session, inet

RM = "/usr/bin/rm"


class Choices(DoorCase):
    def covers(self, question):
        return {c["scope"]: c.get("covers") for c in question["choices"]}

    def test_of_a_command(self):
        session, talker = self.session()
        talker.begin_exec(RM, "-rf", "out dir")
        covers = self.covers(session.next("ask"))
        self.assertEqual(list(covers), ["once", "exact", "like", "tree", "always"])
        self.assertEqual(covers["exact"], "/usr/bin/rm -rf 'out dir'")
        self.assertEqual(covers["like"], "rm -rf …")
        self.assertRegex(covers["tree"], r"^everything that rm \(process \d+\) does and starts$")
        self.assertEqual(covers["always"], 'exec: allow: {program: "/usr/bin/rm", words: ["-rf", "out dir"], exact: true, '
                                           f'cwd: "{self.workspace}"}}')

    def test_of_a_file(self):
        session, talker = self.session()
        path = self.file("ask/a/notes")
        talker.request(READ, str(path), "notes")
        covers = self.covers(session.next("ask"))
        self.assertEqual((covers["exact"], covers["like"]), (str(path), str(path.parent) + "/**"))
        self.assertEqual(covers["always"], f'read: allow: "{path}"')

    def test_of_a_connection(self):
        session, talker = self.session()
        talker.request(CONNECT, body=inet("192.0.2.1", 443))
        covers = self.covers(session.next("ask"))
        self.assertEqual((covers["exact"], covers["like"]), ("192.0.2.1:443", "192.0.2.1, any port"))
        self.assertEqual(covers["always"], 'connect: allow: "192.0.2.1:443"')

    def test_a_home_directory_as_a_whole_is_never_like_a_file_in_it(self):
        session, talker = self.session(policy="read:\n  - ask: ~/notes\nexec:\n  - allow: '/**'\n")
        talker.request(READ, str(self.file("home/notes")), "notes")
        self.assertNotIn("like", self.covers(session.next("ask")))

    def test_nothing_is_like_a_shells_text(self):
        session, talker = self.session(policy="exec:\n  - ask: {shell: '*curl*'}\n  - allow: '/**'\n")
        talker.request(SHELL, "/bin/sh", os.path.realpath("/bin/sh"), "sh", "-c", "curl [x] | sh")
        covers = self.covers(session.next("ask"))
        self.assertEqual(list(covers), ["once", "exact", "tree", "always"])
        self.assertIn('words: ["-c", "curl \\\\[x\\\\] | sh"], exact: true', covers["always"])

    def test_of_a_script_from_a_pipe_a_yes_or_a_no_is_for_that_one(self):
        session, talker = self.session(policy="exec:\n  - ask: sh\n  - ask: python3\n  - allow: '/**'\n")
        for words in ["/bin/sh"], ["/bin/sh", "-s", "x"], ["/usr/bin/python3", "-"], ["/bin/sh", "/dev/fd/63"]:
            with self.subTest(words=words):
                asked = [talker.begin_exec(*words) for _ in range(2)]  # two at the same time are two
                questions = [session.next("ask") for _ in range(2)]
                self.assertEqual(list(self.covers(questions[0])), ["once", "tree"])
                session.answer(questions[0])
                session.answer(questions[1], "deny")
                for connection, question in zip(asked, questions):
                    (self.gone if question is questions[0] else self.denied)(talker.receive(connection))
                self.denied(talker.exec(*words))  # it tries the next directory of PATH
                self.assertEqual(talker.say("fork"), "forked")
                connection = talker.begin_exec(*words)
                session.answer(session.next("ask"))  # neither the yes nor the no has stayed
                self.gone(talker.receive(connection))
        connection = talker.begin_exec("/bin/sh", str(self.file("script")))
        self.assertIn("exact", self.covers(session.next("ask")))

    def test_of_a_script_from_a_pipe_its_source_is_shown(self):
        for command, source in ((["bash", "-c", "printf 'echo hello' | sh; true"], "printf 'echo hello' | sh; true"),
                                (["python3", "-c", "import subprocess as s; s.run('sh', stdin=s.Popen(['tail', '-f', '/etc/hosts'], "
                                                   "stdout=s.PIPE).stdout)"], "tail -f /etc/hosts")):
            with self.subTest(command=command):
                session = Session(self, *command, policy="exec:\n  - ask: sh\n  - allow: '/**'\nread:\n  - allow: '/**'\n"
                                                          "write:\n  - allow: '/dev/**'\n")
                question = session.next("ask")
                self.assertEqual(question.get("input"), source)
                session.answer(question, "deny")
                self.assertIsNone(session.next("ask"))

    def test_always_is_not_offered_for_a_program_that_guarded_code_may_write(self):
        session, talker = self.session(policy="write:\n  - allow: '${workspace}/**'\n"
                                              "exec:\n  - ask: '${workspace}/**'\n  - allow: '/**'\n")
        script = self.file("home/work/job", "#!/bin/sh\n", mode=0o700)
        talker.begin_exec(str(script))
        self.assertNotIn("always", self.covers(session.next("ask")))

    def test_always_is_not_offered_for_bytes_that_no_rule_can_hold(self):
        session, talker = self.session()
        talker.begin_exec(RM, "-r", "\udcff")
        self.assertNotIn("always", self.covers(session.next("ask")))


class Grants(DoorCase):
    def answered(self, session, talker, *argv, **answer):
        connection = talker.begin_exec(*argv)
        session.answer(session.next("ask"), **answer)
        self.gone(talker.receive(connection))

    def asked(self, session, talker, *argv):
        connection = talker.begin_exec(*argv)
        session.answer(session.next("ask"))
        self.gone(talker.receive(connection))

    def test_once_covers_nothing_else(self):
        session, talker = self.session()
        self.answered(session, talker, RM, "-r", "a")
        self.asked(session, talker, RM, "-r", "a")

    def test_exact_covers_the_same_words_in_the_same_directory(self):
        session, talker = self.session()
        self.answered(session, talker, RM, "-r", "a", scope="exact", by="ada")
        self.gone(talker.exec(RM, "-r", "a"))
        self.asked(session, talker, RM, "-r", "b")
        (record,) = session.records("act", before=True)
        self.assertEqual((record["outcome"], record["scope"], record["by"]), ("approved", "exact", "ada"))

    def test_like_covers_other_words_but_no_other_options(self):
        session, talker = self.session()
        self.answered(session, talker, RM, "-rf", "a", scope="like")
        self.gone(talker.exec(RM, "-f", "-r", "b", "c"))
        self.asked(session, talker, RM, "-rfv", "a")
        self.asked(session, talker, RM, "-r", "a")
        self.asked(session, talker, "/usr/bin/mv", "-rf", "a")

    def test_like_covers_the_subcommand_alone(self):
        session, talker = self.session(policy="exec:\n  - ask: git\n  - allow: '/**'\n")
        self.answered(session, talker, "/usr/bin/git", "-C", "a", "push", "x", scope="like")
        self.gone(talker.exec("/usr/bin/git", "-C", "b", "push", "y"))
        self.asked(session, talker, "/usr/bin/git", "-C", "a", "pull", "x")
        self.asked(session, talker, "/usr/bin/git", "-C", "a", "push", "--force", "x")

    def test_like_a_file_covers_its_directory(self):
        session, talker = self.session()
        connection = talker.request(READ, str(self.file("ask/a/one")), "one")
        session.answer(session.next("ask"), scope="like")
        self.gone(talker.receive(connection))
        self.gone(talker.ask(READ, str(self.file("ask/a/deep/two")), "two"))
        talker.request(READ, str(self.file("ask/b")), "b")
        session.next("ask")
        talker.request(WRITE, str(self.file("ask/a/one")), "one", detail=1)
        session.next("ask")  # reading was granted, not writing

    def test_like_a_connection_covers_its_host(self):
        session, talker = self.session()
        connection = talker.request(CONNECT, body=inet("192.0.2.1", 443))
        session.answer(session.next("ask"), scope="like")
        self.gone(talker.receive(connection))
        self.gone(talker.ask(CONNECT, body=inet("192.0.2.1", 80)))
        talker.request(CONNECT, body=inet("192.0.2.10", 80))
        session.next("ask")

    def test_tree_covers_what_the_process_does_and_starts(self):
        itself = str(support.PROGRAMS / "door_talk")
        policy = POLICY.replace("- ask: mv", f"- ask: [mv, {{program: '{itself}', words: tree}}]")
        session, talker = self.session(policy=policy)
        self.answered(session, talker, itself, "tree", scope="tree")
        self.asked(session, talker, "/usr/bin/mv", "a", "b")  # it has not begun
        talker.tell("hello")
        talker.hear()
        self.gone(talker.exec("/usr/bin/mv", "a", "b"))
        self.gone(talker.ask(READ, str(self.file("ask/one")), "one"))
        self.assertEqual(talker.say("fork"), "forked")
        self.gone(talker.exec("/usr/bin/mv", "c", "d"))
        session.quiet()
        self.denied(talker.exec(RM, "forbidden"))  # no grant lifts a deny

    def test_tree_of_a_program_does_not_cover_who_asked_for_it(self):
        session, talker = self.session()
        self.answered(session, talker, RM, "-r", "a", scope="tree")
        talker.begin_exec("/usr/bin/mv", "a", "b")
        self.assertEqual(session.next("ask")["argv"], ["/usr/bin/mv", "a", "b"])

    def test_tree_of_a_child_does_not_cover_its_parent(self):
        session, talker = self.session(policy="exec:\n  - ask: sh\n  - ask: dash\n  - ask: '*/mv'\n  - allow: '/**'\n"
                                              .replace("'*/mv'", "mv"))
        connection = talker.request(EXEC, "/bin/sh", os.path.realpath("/bin/sh"), "sh", flags=SPAWN)
        session.answer(session.next("ask"), scope="tree")
        self.gone(talker.receive(connection))
        self.asked(session, talker, "/usr/bin/mv", "a", "b")

    def test_a_grant_ends_when_its_time_is_over(self):
        session, talker = self.session()
        self.answered(session, talker, RM, "-r", "a", scope="exact", for_s=1)
        self.gone(talker.exec(RM, "-r", "a"))
        time.sleep(1.1)
        self.asked(session, talker, RM, "-r", "a")

    def test_a_refusal_sticks(self):
        session, talker = self.session()
        connection = talker.begin_exec(RM, "-r", "a")
        session.answer(session.next("ask"), "deny", note="no", by="ada")
        self.denied(talker.receive(connection), "refused by ada: no")
        self.denied(talker.exec(RM, "-r", "a"), "refused earlier in this run by ada: no")
        session.quiet()
        self.assertEqual([r.get("before", False) for r in session.records("act", outcome="refused")], [False, True])

    def test_a_refusal_does_not_stick_where_the_policy_says_so(self):
        session, talker = self.session(policy="ask: {refusals: once}\nexec:\n  - ask: rm\n  - allow: '/**'\n")
        connection = talker.begin_exec(RM, "-r", "a")
        session.answer(session.next("ask"), "deny")
        self.denied(talker.receive(connection), "refused by")
        self.asked(session, talker, RM, "-r", "a")


class Always(DoorCase):
    """What is said `always` to is not asked again, in this run and in the next."""

    POLICY = "read:\n  - ask: '**/ask/**'\nexec:\n  - ask: rm\n  - allow: '/**'\n"

    def file_of_approvals(self):
        return self.home / ".config" / "askfirst" / "approvals.yaml"

    def always(self, *words, policy=POLICY):
        session, talker = self.session(policy=policy)
        connection = talker.begin_exec(RM, *words)
        question = session.next("ask")
        self.assertIn("always", [c["scope"] for c in question["choices"]])
        session.answer(question, scope="always", by="ada")
        self.gone(talker.receive(connection))
        self.gone(talker.exec(RM, *words))
        session.close()
        session.process.wait(20)
        return session

    def test_it_is_not_asked_in_the_next_run(self):
        self.always("-r", "out")
        path = self.file_of_approvals()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        self.assertRegex(path.read_text(), r"# \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, by ada, session \S+, for: /usr/bin/rm -r out\n")
        session, talker = self.session(policy=self.POLICY)
        self.gone(talker.exec(RM, "-r", "out"))
        session.quiet()
        talker.begin_exec(RM, "-r", "other")
        session.next("ask")

    def test_it_covers_that_command_in_that_directory_and_no_other(self):
        git = self.file("programs/git", "#!/bin/sh\n", mode=0o700)
        policy = f"exec:\n  - ask: git\n  - allow: '/**'\n"
        words = ["push", "origin", "main"]
        session, talker = self.session(policy=policy)
        connection = talker.begin_exec(str(git), *words)
        session.answer(session.next("ask"), scope="always")
        self.gone(talker.receive(connection))
        session.end()
        others = [words + ["--force"], ["push", "-f", "origin", "main"], words + [":other"], words + ["--", "x"], words[:2],
                  ["-C", "elsewhere"] + words, ["-c", "core.sshCommand=x"] + words, ["push", "origin", "main "],
                  ["push", "origin", "--force", "main"], ["--"] + words]
        for directory in self.workspace, self.directory("home/other"):
            session, talker = self.session(policy=policy, cwd=directory)
            if directory == self.workspace:
                self.gone(talker.exec(str(git), *words))
            for other in others + [words] * (directory != self.workspace):
                with self.subTest(directory=directory, words=other):
                    connection = talker.begin_exec(str(git), *other)
                    session.answer(session.next("ask"), "deny")
                    self.denied(talker.receive(connection))
            session.end()

    def test_it_covers_that_text_of_a_shell_and_no_other(self):
        policy = "exec:\n  - ask: {shell: '*'}\n  - allow: '/**'\n"
        session, talker = self.session(policy=policy)
        connection = talker.begin_exec("/bin/sh", "-c", 'cd "$1"\nrm -rf out', "sh", "a")
        session.answer(session.next("ask"), scope="always")
        self.gone(talker.receive(connection))
        session.end()
        session, talker = self.session(policy=policy)
        self.gone(talker.exec("/bin/sh", "-c", 'cd "$1"\nrm -rf out', "sh", "a"))
        for words in (["-c", 'cd "$1"\nrm -rf out', "sh", "b"], ["-c", 'cd "$1"\nrm -rf out', "sh"],
                      ["-xc", 'cd "$1"\nrm -rf out', "sh", "a"], ["-c", 'cd "$1"\nrm -rf out\n', "sh", "a"]):
            talker.begin_exec("/bin/sh", *words)
            session.next("ask")

    def test_words_of_every_kind_come_back(self):
        hostile = ["*", "[a]", "a\nb", "a: b", "#x", "- x", '"', "'", "\\", "$HOME ${home} $$", "é", "\u202e", "\x01", "{a: b}",
                   "%TAG", "\u2028", "\U0001f600", "a\tb", "&a", "!b", "?", "~"]
        for word in hostile:
            with self.subTest(word=word):
                self.always("-r", word)
                session, talker = self.session(policy=self.POLICY)
                self.gone(talker.exec(RM, "-r", word))
                talker.begin_exec(RM, "-r", word + "x")
                session.next("ask")
                session.end()

    def test_several_stand_in_one_section_and_files_in_their_own(self):
        self.always("-r", "one")
        self.always("-r", "two")
        session, talker = self.session(policy=self.POLICY)
        path = self.file("ask/we ird*")
        connection = talker.request(READ, str(path), "x")
        session.answer(session.next("ask"), scope="always")
        self.gone(talker.receive(connection))
        text = self.file_of_approvals().read_text()
        self.assertEqual((text.count("exec:\n"), text.count("read:\n"), text.count("  - allow: ")), (1, 1, 3))
        other, talker = self.session(policy=self.POLICY)
        self.gone(talker.exec(RM, "-r", "one"))
        self.gone(talker.exec(RM, "-r", "two"))
        self.gone(talker.ask(READ, str(path), "x"))
        other.quiet()

    def test_what_a_person_wrote_there_stays(self):
        path = self.file("home/.config/askfirst/approvals.yaml",
                         "# mine\naskfirst: 1\nexec:   # commands\n# first\n- allow: [ls]\nread:\n    - allow: /etc/hosts\n")
        self.always("-r", "out")
        text = path.read_text()
        self.assertTrue(text.startswith("# mine\naskfirst: 1\nexec:   # commands\n# 20"))
        self.assertTrue(text.endswith("# first\n- allow: [ls]\nread:\n    - allow: /etc/hosts\n"), text)

    def test_a_file_that_cannot_be_added_to_is_left_alone_and_the_answer_holds_for_the_run(self):
        before = "askfirst: 1\nexec: [{allow: ls}]\n"
        path = self.file("home/.config/askfirst/approvals.yaml", before)
        session = self.always("-r", "out")
        self.assertEqual(path.read_text(), before)
        self.assertEqual(len(session.records("event", event="approval-not-written")), 1)
        self.assertEqual(sorted(p.name for p in path.parent.iterdir()), ["approvals.yaml"])

    def test_a_directory_that_cannot_be_made(self):
        self.file("home/.config", "a file")
        session = self.always("-r", "out")
        self.assertEqual(len(session.records("event", event="approval-not-written")), 1)

    def test_it_never_lifts_a_deny(self):
        self.always("-r", "out")
        session, talker = self.session(policy="exec:\n  - deny: rm\n  - allow: '/**'\n")
        self.denied(talker.exec(RM, "-r", "out"))


class Endings(DoorCase):
    def test_nobody_answers_in_time(self):
        session, talker = self.session(options=["--ask-timeout=1s"])
        self.denied(talker.exec(RM, "a"), "why: no answer in 1s")
        question = session.next("ask")
        self.assertIn("expires", question)
        self.assertEqual(session.next("settled"), {"type": "settled", "id": question["id"], "outcome": "timeout"})
        self.assertEqual(len(session.records("act", outcome="timeout")), 1)

    def test_the_policys_own_time_limit(self):
        _, talker = self.session(policy="ask: {timeout: 1s}\nexec:\n  - ask: rm\n  - allow: '/**'\n")
        self.denied(talker.exec(RM, "a"), "no answer in 1s")

    def test_there_is_nobody_to_ask(self):
        session, talker = self.session(approve=False)
        self.denied(talker.exec(RM, "a"), "why: nobody could be asked: tty")
        self.assertEqual(len(session.records("act", outcome="undelivered")), 1)

    def test_the_approver_breaks_while_it_is_asked(self):
        session, talker = self.session()
        connection = talker.begin_exec(RM, "a")
        session.next("ask")
        os.write(session.answers, b"nonsense\n")
        self.denied(talker.receive(connection), "why: the approver failed: fd:")
        self.denied(talker.exec(RM, "b"), "why: nobody could be asked: fd:")
        self.gone(talker.exec("/usr/bin/true"))  # the run goes on
        self.assertEqual(len(session.records("event", event="approver-lost")), 1)
        self.assertEqual([len(session.records("act", outcome=o)) for o in ("failed", "undelivered")], [1, 1])

    def test_the_next_approver_takes_over(self):
        session, talker = self.session(options=["--approve=allow"])
        connection = talker.begin_exec(RM, "a")
        session.next("ask")
        os.close(session.answers)
        session.answers = None
        self.denied(talker.receive(connection), "the approver failed")
        self.gone(talker.exec(RM, "a"))
        (record,) = session.records("act", outcome="approved")
        self.assertEqual(record["by"], "allow")

    def test_an_answer_that_was_not_offered_is_a_breach(self):
        session, talker = self.session(policy="read:\n  - ask: ~/notes\nexec:\n  - allow: '/**'\n")
        connection = talker.request(READ, str(self.file("home/notes")), "notes")
        session.answer(session.next("ask"), scope="like")
        self.denied(talker.receive(connection), "the approver failed")

    def test_the_run_ends_while_a_question_waits(self):
        session, talker = self.session()
        pid = int(talker.say("pid"))
        talker.begin_exec(RM, "a")
        question = session.next("ask")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(session.next("settled"), {"type": "settled", "id": question["id"], "outcome": "cancelled"})
        bye = session.next("bye")
        self.assertEqual((bye["exit"], bye["asked"]), (137, 1))
        session.finish()
        self.assertEqual(len(session.records("act", outcome="cancelled")), 1)

    def test_time_spent_waiting_counts_once_however_many_wait(self):
        session, talker = self.session()
        connections = [talker.begin_exec(RM, name) for name in "abc"]
        questions = [session.next("ask") for _ in connections]
        time.sleep(0.5)
        for question, connection in zip(questions, connections):
            session.answer(question)
            self.gone(talker.receive(connection))
        session.close()
        session.finish()
        (end,) = session.records("end")
        self.assertTrue(500 <= end["waited_ms"] < 1000, end)
        self.assertEqual((end["asked"], end["denied"]), (3, 0))

    def test_a_waiting_line_comes_every_ten_seconds(self):
        session, talker = self.session()
        talker.begin_exec(RM, "a")
        question = session.next("ask")
        line = session.next("waiting", limit=15)
        self.assertEqual((line["id"], line["waited_s"]), (question["id"], 10))

    def test_the_launcher_is_killed_while_a_question_waits(self):
        session, talker = self.session()
        connection = talker.begin_exec(RM, "a")
        session.next("ask")
        session.process.kill()
        talker.tell(f"receive {connection}")
        self.assertIn(talker.out.readline(), (b"", b"\n"))  # denied, or dead


class Joining(DoorCase):
    def test_the_same_at_the_same_time_is_asked_once(self):
        session, talker = self.session()
        connections = [talker.begin_exec(RM, "a") for _ in range(5)]
        question = session.next("ask")
        session.quiet()
        session.answer(question)
        for connection in connections:
            self.gone(talker.receive(connection))
        self.assertEqual(len(session.records("act", outcome="approved")), 5)

    def test_one_that_leaves_does_not_take_the_others_along(self):
        session, talker = self.session()
        first, second = talker.begin_exec(RM, "a"), talker.begin_exec(RM, "a")
        question = session.next("ask")
        self.gone(talker.exec("/usr/bin/true"))  # the second has been heard as well
        talker.say(f"close {first}")
        session.quiet("settled")
        session.answer(question)
        self.gone(talker.receive(second))


if __name__ == "__main__":
    support.main()
