"""askfirst check: the verdict, the rule, the reason, and the exit status."""
import hashlib
import os
import pty
import shutil
import unittest

from support import ASKFIRST, Case, main

ALLOW, ASK, DENY, FAILED = 0, 2, 3, 125


class CheckCase(Case):
    def check(self, *words, policy=None, status=None, **more):
        options = [f"--policy={self.policy(policy)}"] if policy else []
        result = self.askfirst("check", *options, *words, **more)
        if status is not None:
            self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result

    def judged(self, *words, **more):
        """The one thing that was judged, from --json."""
        return self.json(self.check("--json", *words, **more))["judged"][0]


class Commands(CheckCase):
    def test_each_verdict_has_an_exit_status(self):
        policy = """
exec:
  - deny: git push --force
    because: overwrites history
  - ask: git push
  - allow: git
"""
        denied = self.check("exec", "--", "git", "-C", "d", "push", "origin", "--force", policy=policy, status=DENY)
        self.assertIn("deny: exec git -C d push origin --force\n", denied.stdout)
        self.assertIn("policy.yaml:4: deny git push --force\n", denied.stdout)
        self.assertIn("because: overwrites history\n", denied.stdout)
        self.assertEqual(denied.stderr, "")
        self.check("exec", "--", "git", "push", policy=policy, status=ASK)
        self.check("exec", "--", "git", "status", policy=policy, status=ALLOW)

    def test_options_that_take_a_value_before_the_subcommand(self):
        policy = "exec: [{ask: kubectl delete}]\notherwise: {exec: allow}\n"
        self.check("exec", "--", "kubectl", "-n", "prod", "delete", "pod", "x", policy=policy, status=ASK)
        self.check("exec", "--", "kubectl", "-n", "delete", "get", "pods", policy=policy, status=ALLOW)

    def test_a_command_without_two_dashes(self):
        self.check("exec", "git", "push", "--force", status=ASK)
        self.check("exec", "rm", "-rf", "/", status=DENY)

    def test_no_rule_fits(self):
        result = self.check("exec", "--", "ls", policy="exec: [{deny: rm}]\n", status=ASK)
        self.assertIn("no rule fits, so `otherwise` decides (nobody said anything about it)", result.stdout)
        result = self.check("exec", "ls", policy="otherwise: {exec: deny}\n", status=DENY)
        self.assertIn("policy.yaml:2)", result.stdout)

    def test_a_program_that_is_not_there(self):
        result = self.check("exec", "--", "no-such-program-here", "x", policy="exec: [{deny: no-such-program-here}]\n",
                            status=DENY)
        self.assertIn("program: /usr/bin/no-such-program-here\n", result.stdout)
        self.assertIn("note:    there is no such program here", result.stdout)

    def test_the_program_is_known_by_where_links_lead(self):
        real = self.file("home/work/bin/real", "#!/bin/sh\n", 0o755)
        link = self.tmp / "link"
        link.symlink_to(real)
        judged = self.judged("exec", "--", link, policy=f"exec: [{{deny: {real}}}]\n")
        self.assertEqual((judged["verdict"], judged["program"]), ("deny", str(real)))

    def test_a_relative_program_belongs_to_the_working_directory(self):
        program = self.file("elsewhere/tool", "#!/bin/sh\n", 0o755)
        judged = self.judged("--cwd", program.parent, "exec", "--", "./tool")
        self.assertEqual(judged["program"], str(program))

    def test_what_a_wrapper_runs_is_judged_too(self):
        result = self.check("exec", "--", "env", "-u", "A", "B=1", "nice", "-n", "5", "git", "push", "--force", status=ASK)
        self.assertIn("allow: exec env -u A", result.stdout)
        self.assertIn("\nthen allow: exec nice -n 5 git push --force\n", result.stdout)
        self.assertIn("\nthen ask: exec git push --force\n", result.stdout)

    def test_the_tightest_verdict_is_the_exit_status(self):
        policy = "exec: [{deny: env}, {allow: git}]\n"
        self.check("exec", "--", "env", "git", policy=policy, status=DENY)
        policy = "exec: [{allow: env}, {deny: git}]\n"
        self.check("exec", "--", "env", "git", policy=policy, status=DENY)

    def test_the_wrapper_is_the_parent_of_what_it_runs(self):
        policy = "exec: [{deny: {program: git, parent: nice}}, {allow: '*'}]\n"
        self.check("exec", "--", "nice", "git", policy=policy, status=DENY)
        self.check("--parent=env", "exec", "--", "git", policy=policy, status=ALLOW)

    @unittest.skipUnless(shutil.which("busybox"), "busybox is not installed")
    def test_an_applet_is_what_it_is(self):
        judged = self.judged("exec", "--", "busybox", "rm", "-rf", "x", policy="exec: [{deny: rm -r}]\n")
        self.assertEqual(judged["verdict"], "deny")
        self.assertEqual(judged["argv"], ["rm", "-rf", "x"])
        self.assertTrue(judged["program"].endswith("/rm"))

    def test_an_applet_that_is_a_wrapper(self):
        result = self.check("exec", "--", "busybox", "env", "A=1", "rm", "x", policy="exec: [{deny: rm}, {allow: '*'}]\n",
                            status=DENY)
        self.assertIn("then deny: exec rm x", result.stdout)

    def test_the_loader_runs_its_program(self):
        loader = os.path.realpath("/lib64/ld-linux-x86-64.so.2")
        result = self.check("exec", "--", loader, "--argv0", "ls", "/usr/bin/git", "push", status=DENY,
                            policy="exec: [{deny: git}, {allow: '*'}]\n")
        self.assertIn("then deny: exec /usr/bin/git push\n", result.stdout)

    def test_a_script_is_its_interpreter_too(self):
        script = self.file("home/work/script", "#!/usr/bin/env -S python3 -u\n", 0o755)
        answer = self.json(self.check("--json", "exec", script, "x", policy="exec: [{deny: python3}, {allow: '/**'}]\n"))
        self.assertEqual([j["argv"] for j in answer["judged"]],
                         [[str(script), "x"], ["/usr/bin/env", "-S python3 -u", str(script), "x"]])
        script.write_text("#!/usr/bin/python3 -u\n")
        self.check("exec", script, "x", policy="exec: [{deny: 'python3*'}, {allow: '/**'}]\n", status=DENY)

    def test_programs_in_programs_without_end(self):
        result = self.check("exec", "--", *["env"] * 500, "rm", policy="exec: [{allow: env}, {deny: rm}]\n",
                            status=FAILED)
        self.assertIn("too many to follow", result.stderr)

    def test_shell_text(self):
        policy = "exec: [{ask: {shell: '*curl*|*sh*'}}, {allow: '*'}]\n"
        result = self.check("exec", "--", "sh", "-c", "curl x | sh", policy=policy, status=ASK)
        self.assertIn("each command in the shell's text is judged by itself when it starts", result.stdout)
        self.check("exec", "--", "bash", "-ec", "ls", policy=policy, status=ALLOW)

    def test_standard_input_as_said(self):
        policy = "exec: [{deny: {program: bash, stdin: pipe}}, {allow: '*'}]\n"
        self.check("--stdin=pipe", "exec", "bash", policy=policy, status=DENY)
        self.check("--stdin=tty", "exec", "bash", policy=policy, status=ALLOW)
        self.check("--stdin", "pipe", "exec", "bash", "script", policy=policy, status=ALLOW)
        unknown = self.check("exec", "bash", policy=policy, status=DENY)
        self.assertIn("note:    what standard input is was not said: --stdin=pipe, file or tty", unknown.stdout)

    def test_the_content_of_a_program(self):
        program = self.file("home/tool", "#!/bin/sh\necho\n", 0o755)
        digest = hashlib.sha256(program.read_bytes()).hexdigest()
        policy = f"exec: [{{allow: {{program: {program}, sha256: {digest}}}}}, {{allow: dash}}]\notherwise: {{exec: deny}}\n"
        self.check("exec", program, policy=policy, status=ALLOW)
        program.write_text("#!/bin/sh\nrm -rf /\n")
        self.check("exec", program, policy=policy, status=DENY)

    def test_where_it_is_run(self):
        inside, outside = self.directory("home/work/a"), self.directory("other")
        policy = f"exec: [{{allow: {{program: make, cwd: {inside}/**}}}}]\notherwise: {{exec: deny}}\n"
        self.check("--cwd", inside, "exec", "make", policy=policy, status=ALLOW)
        self.check("--cwd", outside, "exec", "make", policy=policy, status=DENY)


class Paths(CheckCase):
    def test_files_that_do_not_exist_yet(self):
        self.check("write", "new/deep/file", status=ALLOW)
        result = self.check("write", self.home / "new", status=ASK)
        self.assertIn(f"ask: write {self.home}/new\n", result.stdout)

    def test_a_link_out_of_the_workspace(self):
        (self.workspace / "out").symlink_to(self.home)
        judged = self.judged("write", "out/.bashrc")
        self.assertEqual((judged["verdict"], judged["path"]), ("ask", f"{self.home}/.bashrc"))

    def test_a_link_to_what_does_not_exist(self):
        (self.workspace / "link").symlink_to(self.home / ".ssh" / "id_new")
        self.check("write", "link", status=DENY)

    def test_dots(self):
        self.check("read", "a/../../.ssh/id_ed25519", status=DENY)

    def test_workspace_as_said(self):
        other = self.directory("other")
        self.check("write", other / "file", policy="write: [{allow: '${workspace}/**'}]\n", status=ASK)
        self.check("--workspace", other, "write", other / "file", policy="write: [{allow: '${workspace}/**'}]\n",
                   status=ALLOW)

    def test_options_after_the_path(self):
        result = self.check("read", "x", "--why", "--workspace", self.workspace, status=ALLOW)
        self.assertIn("looked", result.stdout)

    def test_who_acts(self):
        policy = """
write:
  - allow: /srv/x
    program: [sh, /srv/tools/*]
  - ask: /srv/x
    because: not everybody
  - deny: /srv/y
    program: cat
  - allow: /srv/**
"""
        allowed = self.check("write", "--program=sh", "/srv/x", policy=policy, status=ALLOW)
        self.assertIn("policy.yaml:4: allow /srv/x, program: [sh, \"/srv/tools/*\"]\n", allowed.stdout)
        self.assertIn(f"program: {os.path.realpath('/bin/sh')}\n", allowed.stdout)
        self.check("write", "/srv/x", "--program", "/srv/tools/a", policy=policy, status=ALLOW)
        other = self.check("--why", "write", "--program=/srv/sh", "/srv/x", policy=policy, status=ASK)
        self.assertIn("the program lies where the guarded code may write", other.stdout)
        other = self.check("--why", "write", "--program=cat", "/srv/x", policy=policy, status=ASK)
        self.assertIn("another program does it", other.stdout)
        unknown = self.check("write", "/srv/y", policy=policy, status=DENY)
        self.assertIn("which program does it was not said: --program=PROGRAM", unknown.stdout)
        self.check("write", "/srv/y", "--program=sh", policy=policy, status=ALLOW)
        judged = self.judged("write", "/srv/x", policy=policy)
        self.assertEqual((judged["needs"], "program" in judged), (["program"], False))
        judged = self.judged("write", "/srv/x", "--program=cat", "--why", policy=policy)
        self.assertEqual((judged["needs"], judged["program"]), ([], os.path.realpath("/bin/cat")))
        self.assertEqual([one["fit"] for one in judged["considered"]], ["program", "yes", "later"])

    def test_debug(self):
        self.check("debug", "./a.out", status=ALLOW)
        self.check("debug", "/usr/bin/git", status=ASK)


class Connections(CheckCase):
    POLICY = """
connect:
  - allow: [localhost, "10.1.0.0/16:443", "*.example.org:443", "unix:${workspace}/**", "unix:@mine-*"]
  - deny: [udp, "[2001:db8::1]:80"]
"""

    def test_addresses(self):
        for address, status in {
            "localhost:80": ALLOW, "127.0.0.1": ALLOW, "[::1]:5432": ALLOW, "::1": ALLOW, "0.0.0.0:80": ALLOW,
            "[::ffff:10.1.2.3]:443": ALLOW, "10.1.2.3:443": ALLOW, "10.1.2.3:80": ASK, "10.2.0.1:443": ASK,
            "[2001:db8::1]:80": DENY, "2001:db8::1": ASK, "udp": DENY, "udp:10.1.2.3:443": ALLOW, "udp:10.9.2.3:443": DENY, "raw": ASK,
            "netlink": ASK, "unix:sock": ALLOW, f"unix:{self.home}/sock": ASK, "unix:@mine-1": ALLOW, "unix:@other": ASK,
        }.items():
            with self.subTest(address):
                self.check("connect", address, policy=self.POLICY, status=status)

    def test_a_name_that_leads_nowhere(self):
        result = self.check("connect", "a.example.org:443", policy=self.POLICY, status=ALLOW,
                            env=self.environment(RES_OPTIONS="timeout:1 attempts:1"))
        self.assertIn("allow: connect a.example.org:443", result.stdout)

    def test_a_name_stands_for_its_addresses(self):
        result = self.check("connect", "localhost:80", policy="connect: [{deny: '127.0.0.0/8'}, {deny: '::1'}]\n",
                            status=DENY)
        self.assertRegex(result.stdout, r"deny: connect localhost:80 \((127\.0\.0\.1|::1)\)")

    def test_bad_addresses(self):
        for address in ["", ":80", "[::1", "[::1]x", "host:", "host:x", "host:65536", "host:-1", "[]:80", "unix:",
                        "unix:@", "h" * 2000]:
            with self.subTest(address):
                result = self.check("connect", address, policy=self.POLICY, status=FAILED)
                self.assertRegex(result.stderr, r"^askfirst: .*(write HOST|a path)")
                self.assertEqual(result.stdout, "")


class Reasons(CheckCase):
    POLICY = """
exec:
  - ask: {program: git, words: push, options: [--force]}
  - allow: git status
  - ask: git push
  - deny: git
otherwise: {exec: deny}
"""

    def test_why_lists_what_was_looked_at_in_order(self):
        result = self.check("--why", "exec", "git", "push", policy=self.POLICY, status=ASK)
        self.assertEqual(result.stdout.split("looked", 1)[1].splitlines()[1:], [
            f"    {self.tmp}/policy.yaml:4: ask {{program: git, words: push, options: [--force]}}: none of its options is there",
            f"    {self.tmp}/policy.yaml:5: allow git status: its words are not there",
            f"    {self.tmp}/policy.yaml:6: ask git push: fits",
            f"    {self.tmp}/policy.yaml:7: deny git: fits, but an earlier rule decides",
            f"    otherwise ({self.tmp}/policy.yaml:8): deny",
        ])

    def test_json(self):
        judged = self.judged("--why", "exec", "git", "push", policy=self.POLICY)
        self.assertEqual(judged["act"], "exec")
        self.assertEqual(judged["argv"], ["git", "push"])
        self.assertEqual((judged["rule"]["line"], judged["rule"]["verdict"], judged["rule"]["text"]),
                         (6, "ask", "git push"))
        self.assertEqual([c["fit"] for c in judged["considered"]], ["options", "words", "yes", "later"])
        self.assertEqual(judged["otherwise"]["verdict"], "deny")

    def test_json_of_a_wrapper(self):
        answer = self.json(self.check("--json", "exec", "env", "git", policy=self.POLICY))
        self.assertEqual(answer["verdict"], "deny")
        self.assertEqual([j["argv"] for j in answer["judged"]], [["env", "git"], ["git"]])

    def test_a_project_file_can_only_tighten(self):
        (self.workspace / ".askfirst.yaml").write_text("askfirst: 1\nexec:\n  - allow: git push\n  - deny: git fetch\n")
        result = self.check("exec", "git", "push", status=ASK)
        self.assertIn(".askfirst.yaml:3:", result.stderr)
        self.assertIn("warning", result.stderr)
        result = self.check("exec", "git", "fetch", status=DENY)
        self.assertIn(".askfirst.yaml:4: deny git fetch", result.stdout)

    def test_what_was_approved_for_always(self):
        self.file("home/.config/askfirst/approvals.yaml", "askfirst: 1\nexec:\n  - allow: git push origin\n")
        self.check("exec", "git", "push", "origin", status=ALLOW)
        self.check("exec", "rm", "-rf", "/", status=DENY)


class Showing(CheckCase):
    def test_what_came_from_outside_is_harmless(self):
        result = self.check("exec", "--", "ls", "\x1b[2Jx\n\u202ey", status=ALLOW)
        self.assertNotIn("\x1b", result.stdout)
        self.assertNotIn("\u202e", result.stdout)
        self.assertIn("\\e[2Jx\\n", result.stdout)

    def test_bytes_that_are_no_utf8_in_json(self):
        judged = self.judged("read", "caf\udce9")
        self.assertIn("\\xe9", judged["path"])
        self.assertIn("path_base64", judged)

    def test_a_very_long_command(self):
        result = self.check("exec", "--", "ls", *["x" * 100] * 5000, status=ALLOW)
        self.assertLess(len(result.stdout), 5000)
        self.assertIn("(5001 words)", result.stdout)

    def on_a_terminal(self, **env):
        screen, terminal = pty.openpty()
        self.command(ASKFIRST, "check", "exec", "ls", stdout=terminal, env=self.environment(**env))
        os.close(terminal)
        shown = os.read(screen, 65536)
        os.close(screen)
        return shown

    def test_colours_only_on_a_terminal_and_where_wanted(self):
        self.assertNotIn("\x1b", self.check("exec", "ls").stdout)
        self.assertIn(b"\x1b[32mallow\x1b[0m", self.on_a_terminal())
        self.assertNotIn(b"\x1b", self.on_a_terminal(NO_COLOR="1"))


class Mistakes(CheckCase):
    def fails(self, *words, says, **more):
        result = self.check(*words, status=FAILED, **more)
        self.assertIn(says, result.stderr)
        self.assertEqual(result.stdout, "")

    def test_the_command_line(self):
        self.fails(says="askfirst: what is to be checked was not said")
        self.fails("exec", says="askfirst: something is missing")
        self.fails("read", says="askfirst: something is missing")
        self.fails("read", "a", "b", says="askfirst: one thing at a time")
        self.fails("raed", "a", says="askfirst: check: raed: no such act: did you mean read?")
        self.fails("--polcy=x", "read", "a", says="askfirst: --polcy: unknown option: did you mean --policy?")
        self.fails("--why=1", "read", "a", says="askfirst: --why: takes no value")
        self.fails("read", "a", "--policy", says="askfirst: --policy: needs a value: --policy=FILE")
        self.fails("--policy=", "read", "a", says="askfirst: --policy: needs a value")
        self.fails("-w", "read", "a", says="askfirst: -w: unknown option")
        self.fails("--stdin=socket", "exec", "ls", says="askfirst: --stdin: socket: no such kind of input")
        self.fails("--workspace=/no/such/\x1b", "read", "a", says="askfirst: /no/such/\\e: ")
        self.fails("read", "", says="an empty path names nothing")
        self.fails("read", "x" * 5000, says="too long")

    def test_a_policy_that_cannot_be_read(self):
        self.fails("--policy=/no/such.yaml", "read", "a", says="/no/such.yaml")
        self.fails("read", "a", policy="raed: []\n", says='did you mean "read"?')
        self.fails("read", "a", policy="raed: []\n", says="nothing was checked")

    def test_an_answer_that_does_not_arrive(self):
        with open("/dev/full", "w") as full:
            result = self.command(ASKFIRST, "check", "exec", "ls", stdout=full)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn("askfirst: standard output: No space left on device", result.stderr)

    def test_a_working_directory_that_was_removed(self):
        gone = self.directory("gone")
        result = self.command("sh", "-c", f'rmdir "$PWD"; exec {ASKFIRST} check --workspace=/tmp read x', cwd=gone)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn("askfirst: the working directory: No such file or directory: name one with --cwd=DIR", result.stderr)


class Help(CheckCase):
    def test_help(self):
        result = self.check("--help", status=0)
        self.assertTrue(result.stdout.startswith("usage: askfirst check "))
        for option in ["--policy=FILE", "--workspace=DIR", "--why", "--json", "--stdin=KIND"]:
            self.assertIn(option, result.stdout)


class WrongUsage(Case):
    """One line that says what is wrong, once, and what to do."""

    def test_each_has_its_line(self):
        cases = (
            (["check", f"--cwd={self.tmp}/nosuch", "exec", "--", "ls"], f"askfirst: --cwd: {self.tmp}/nosuch: there is no such directory\n"),
            (["check", "exec", "--", ""], "askfirst: an empty word is no command: askfirst check exec -- COMMAND..., "
                                          "read PATH, write PATH, debug PATH or connect ADDRESS\n"),
            (["check", "connect", "192.168.0.0/16"], "askfirst: 192.168.0.0/16: a network is for rules, and a connection is to "
             "one address: write HOST, HOST:PORT, [ADDRESS]:PORT, unix:PATH, unix:@NAME or a kind of socket\n"),
            (["policy", "lint", "--patterns"], "askfirst: policy lint: --patterns belongs to policy show\n"),
            (["run", "--quiet", "--policy", "--", "true"], "askfirst: --policy: needs a value: --policy=FILE\n"),
            (["run", "--quiet", "--guard=foo", "--", "true"], "askfirst: --guard: foo: no such guard: auto, kernel or shim\n"),
            (["run", "--quiet", "--guard=shm", "--", "true"], "askfirst: --guard: shm: no such guard: did you mean shim?\n"),
            (["run", "--quiet", "--approve=foo", "--", "true"], "askfirst: foo: no such way of answering: use tty, fd:R,W, "
             "unix:PATH, exec:COMMAND, deny or allow\n"),
            (["run", "--quiet", "--approve=fd:99,98", "--", "true"], "askfirst: fd:99,98: descriptor 99 is not open\n"),
        )
        for argv, said in cases:
            with self.subTest(argv=argv):
                result = self.askfirst(*argv)
                self.assertEqual((result.returncode, result.stderr), (125, said))


if __name__ == "__main__":
    main()
