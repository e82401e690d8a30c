"""The record of a run: what stands in it, its chain, and what happens when it cannot be written."""
import hashlib
import json
import os
import pathlib
import re
import resource
import stat
import subprocess

import support
from talk import READ, DoorCase, Session, Talker

RM = "/usr/bin/rm"


class Record(DoorCase):
    def lines(self, session):
        (path,) = session.audit_dir.glob("*.jsonl")
        return path.read_bytes().splitlines()

    def test_the_manual_names_every_field_and_every_event(self):
        page = (support.ROOT / "docs/askfirst-audit.5").read_text()
        named = set(re.findall(r"[a-z_0-9-]+", " ".join(re.findall(r"^\.(?:It )?Li (.*)$", page, re.M))))
        code = (support.ROOT / "launcher/records/audit.c").read_text()
        fields = re.findall(r"(?:put_|json_)\w+\(record, \"(\w+)\"", code)
        self.assertGreater(len(fields), 40)
        self.assertLessEqual(set(fields), named)
        section = page.split(".Ss event")[1].split(".Ss end")[0]
        listed = set(re.findall(r"[a-z-]+", " ".join(re.findall(r"^\.It Li (.*)$", section, re.M))))
        events = set()
        for file in (support.ROOT / "launcher").rglob("*.c"):
            if file.name == "audit.c": continue
            for call in re.findall(r"(?:_event|refuse_unjudged|kill_process)\(([^;]*);", file.read_text()):
                events |= set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', call))
        self.assertEqual(listed, events)

    def test_first_line_says_what_the_run_is(self):
        session, _ = self.session(options=["--mode=observe"])
        first = json.loads(self.lines(session)[0])
        self.assertEqual(first["type"], "session")
        self.assertEqual(first["command"], [str(support.PROGRAMS / "door_talk")])
        self.assertEqual((first["guard"], first["mode"], first["cwd"]), ("shim", "observe", str(self.workspace)))
        self.assertRegex(first["policy"], r"^[0-9a-f]{64}$")
        self.assertIn(str(self.tmp / "policy.yaml"), [f["name"] for f in first["policy_files"]])
        self.assertEqual(first["host"], os.uname().nodename)
        self.assertIsNone(first["previous"])

    def test_last_line_has_the_totals(self):
        session, talker = self.session()
        talker.exec(RM, "forbidden")
        connection = talker.begin_exec(RM, "a")
        session.answer(session.next("ask"))
        talker.receive(connection)
        session.close()
        session.finish()
        last = json.loads(self.lines(session)[-1])
        self.assertEqual((last["type"], last["exit"], last["acts"], last["asked"], last["denied"]), ("end", 0, 3, 1, 1))

    def test_each_line_has_the_digest_of_the_one_before(self):
        session, talker = self.session()
        talker.exec("/usr/bin/true", "\udcff", "\u202e")
        talker.exec(RM, "forbidden")
        session.close()
        session.finish()
        lines = self.lines(session)
        records = [json.loads(line) for line in lines]
        self.assertEqual([r["sequence"] for r in records], list(range(len(records))))
        for before, record in zip(lines, records[1:]):
            self.assertEqual(record["previous"], hashlib.sha256(before).hexdigest())

    def test_it_is_written_before_the_answer(self):
        session, talker = self.session()
        for number in range(20):
            talker.exec("/usr/bin/true", str(number))
            self.assertEqual(len(session.records("act", program="/usr/bin/true")), number + 1)

    def test_it_is_for_its_user_alone(self):
        session, _ = self.session()
        (path,) = session.audit_dir.glob("*.jsonl")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(session.audit_dir.stat().st_mode), 0o700)

    def test_it_goes_to_the_users_state_directory(self):
        result = self.askfirst("run", "--guard=shim", "--quiet", "--", "/usr/bin/true")
        self.assertEqual(result.returncode, 0, result.stderr)
        directory = self.home / ".local/state/askfirst/audit"
        self.assertEqual(len(list(directory.iterdir())), 1)
        self.assertEqual(stat.S_IMODE(directory.stat().st_mode), 0o700)

    def test_names_that_are_no_text_have_a_twin(self):
        session, talker = self.session()
        path = self.tmp / os.fsdecode(b"secret-\xff")
        path.mkdir()
        path = path / "secret"
        path.write_text("x")
        self.denied(talker.ask(READ, str(path), "x"))
        (record,) = session.records("act", act="read")
        self.assertIn("secret-\\xff", record["path"])
        self.assertTrue(record["path_base64"])

    def test_only_what_was_asked_or_denied_is_recorded_of_files(self):
        session, talker = self.session()
        self.gone(talker.ask(READ, "/etc/hosts", "hosts"))
        self.assertEqual(session.records("act", act="read"), [])


class Trouble(DoorCase):
    def test_a_place_that_cannot_be_written_ends_it_before_it_begins(self):
        for place in (self.file("file"), self.tmp / "file" / "below", "/proc/nowhere"):
            with self.subTest(place=place):
                result = self.askfirst("run", "--guard=shim", f"--audit={place}", "--", "/bin/echo", "ran")
                self.assertEqual((result.returncode, result.stdout), (125, ""))
                self.assertIn("askfirst: ", result.stderr)

    def limited(self, size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def test_a_full_one_ends_it_before_it_begins(self):
        for size in (0, 100, 1 << 16):  # the last one is too small for the policy's image
            with self.subTest(size=size):
                result = self.askfirst("run", "--guard=shim", "--", "/bin/echo", "ran", preexec_fn=self.limited(size))
                self.assertEqual((result.returncode, result.stdout), (125, ""))
                self.assertIn("File too large", result.stderr)

    def test_what_cannot_be_recorded_is_denied_and_the_run_goes_on(self):
        """The file may grow to 1 MiB; its lines stay whole."""
        session, talker = self.session(preexec_fn=self.limited(1 << 20))
        answers = [talker.exec("/usr/bin/true", "x" * 100000) for _ in range(20)]
        self.gone(answers[0])
        self.denied(answers[-1], "the record of this run cannot be written")
        self.assertTrue(all(json.loads(line) for line in self.file_of(session).read_bytes().splitlines()))
        self.assertEqual(talker.say("pid").isdigit(), True)
        connection = talker.begin_exec(RM, "y" * 100000)
        session.answer(session.next("ask"))
        self.denied(talker.receive(connection), "cannot be written")

    def file_of(self, session):
        (path,) = session.audit_dir.glob("*.jsonl")
        return path

    def small_disk(self):
        """A directory with 64 KiB below it: a mount of a process of its own, which any user may make."""
        disk = self.directory("disk")
        script = 'mount -t tmpfs -o size=64k tmpfs "$1" && echo mounted && exec cat'
        holder = subprocess.Popen(["unshare", "-Urm", "sh", "-c", script, "sh", disk], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(holder.communicate)
        said = holder.stdout.readline()
        if said != "mounted\n":
            self.skipTest(f"no user namespace to mount a small disk in: {said.strip()}")
        return pathlib.Path(f"/proc/{holder.pid}/root{disk}")

    def test_a_disk_that_is_full(self):
        disk = self.small_disk()
        session = Session(self, support.PROGRAMS / "door_talk", audit=disk / "audit")
        talker = Talker(self, session.process.stdin, session.process.stdout)
        answers = [talker.exec("/usr/bin/true", "x" * 4000) for _ in range(20)]
        self.gone(answers[0])
        self.denied(answers[-1], "cannot be written")
        before = self.file_of(session).read_bytes()
        self.assertTrue(before.endswith(b"}\n"))
        self.gone(talker.exec("/usr/bin/true"))  # a short line still fits
        session.close()
        session.finish()


if __name__ == "__main__":
    support.main()
