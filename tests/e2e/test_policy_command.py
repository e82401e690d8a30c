"""askfirst policy show, lint and test."""
import hashlib
import unittest

from support import Case, main

FAILED = 125


class PolicyCase(Case):
    def run_policy(self, *words, policy=None, status=0):
        options = [f"--policy={self.policy(policy)}"] if policy else []
        result = self.askfirst("policy", *words, *options)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result


class Show(PolicyCase):
    POLICY = """
extends: default
read:
  - deny: ["*.secret", "${workspace}/private/**"]
    because: mine
exec:
  - ask: {program: make, words: deploy, without: [-n]}
otherwise: {read: deny}
env: {drop: ["*MINE*"], keep: [PATH]}
limits: {memory: 1GiB, time: 10m}
ask: {timeout: 90s, refusals: once}
""".replace('"*.secret"', '"**/*.secret"')

    def section(self, text, name):
        return text.split(f"\n{name}\n", 1)[1].split("\n\n", 1)[0].splitlines()

    def test_rules_by_section_strongest_first_with_places(self):
        text = self.run_policy("show", policy=self.POLICY).stdout
        read = self.section(text, "read")
        files = [line.split(":")[0].strip().rsplit("/", 1)[-1] for line in read]
        order = [f for i, f in enumerate(files) if i == 0 or f != files[i - 1]]
        self.assertEqual(order, ["core.yaml", "policy.yaml", "default.yaml", "policy.yaml"])
        self.assertEqual(read[3].split(), [f"{self.tmp}/policy.yaml:5", "deny", "**/*.secret", "#", "mine"])
        self.assertRegex(read[-1], r"policy\.yaml:9 +deny +otherwise")
        self.assertTrue(any("{program: make, words: deploy, without: [-n]}" in line for line in self.section(text, "exec")))

    def test_settings(self):
        text = self.run_policy("show", policy=self.POLICY).stdout
        self.assertEqual(self.section(text, "limits"), ["  memory     1073741824 bytes", "  time       600 s"])
        self.assertEqual(text.split("\nask\n", 1)[1].splitlines(), ["  timeout    90 s", "  refusals   once"])
        self.assertEqual(self.section(text, "env, from yours"), ["  keep PATH", "  drop *MINE*"])

    def test_what_nobody_said(self):
        text = self.run_policy("show", policy="exec: [{deny: rm}]\n").stdout
        self.assertRegex(self.section(text, "write")[-1], r"^ +ask +otherwise, as nobody said anything$")
        self.assertIn("  timeout    never", text)

    def test_a_built_in_policy_is_not_called_ones_own(self):
        lines = self.run_policy("show", "--policy=strict").stdout.splitlines()
        self.assertEqual(lines[2].split(), ["strict.yaml", "built", "in"])
        self.assertRegex(self.run_policy("test", "--policy=strict").stdout, r"^\d+ passed, 0 failed: 0 of your files, \d+ built in$")

    def test_files(self):
        lines = self.run_policy("show", policy=self.POLICY).stdout.splitlines()
        self.assertEqual(lines[0], "files, strongest first")
        self.assertRegex(lines[1], r"^  core\.yaml +built in")
        self.assertRegex(lines[2], r"policy\.yaml +yours$")
        self.assertRegex(lines[3], r"^  default\.yaml +what those extend$")

    def test_what_rules_come_to(self):
        text = self.run_policy("show", "--patterns", policy=self.POLICY).stdout
        self.assertIn(f"\n{' ' * 32}{self.workspace}/private/**\n", text)

    def test_json(self):
        path = self.policy(self.POLICY)
        shown = self.json(self.askfirst("policy", "show", "--json", path))
        mine = [r for r in shown["rules"] if r["layer"] == "user"]
        self.assertEqual([(r["act"], r["verdict"], r["line"]) for r in mine],
                         [("read", "deny", 5), ("read", "deny", 5), ("exec", "ask", 8)])
        self.assertEqual(mine[1]["patterns"], [f"{self.workspace}/private/**"])
        self.assertEqual((mine[2]["words"], mine[2]["without"]), (["deploy"], ["-n"]))
        self.assertEqual(shown["otherwise"]["read"]["verdict"], "deny")
        self.assertEqual(shown["limits"], {"memory": 1 << 30, "time": 600})
        self.assertEqual(shown["ask"], {"timeout": 90, "refusals": "once"})
        digests = {f["name"]: f["sha256"] for f in shown["files"]}
        self.assertEqual(digests[str(path)], hashlib.sha256(path.read_bytes()).hexdigest())

    def test_who_acts(self):
        policy = "read:\n  - deny: /x\n    program: [git, /opt/y]\n"
        self.assertRegex(self.run_policy("show", policy=policy).stdout, r"policy.yaml:3 +deny +/x, program: \[git, /opt/y\]\n")
        shown = self.json(self.askfirst("policy", "show", "--json", self.policy(policy)))
        self.assertEqual([r["program"] for r in shown["rules"] if r["layer"] == "user"], [["git", "/opt/y"]])

    def test_project_and_approvals_are_told_apart(self):
        (self.workspace / ".askfirst.yaml").write_text("askfirst: 1\nexec: [{deny: git fetch}]\notherwise: {connect: deny}\n")
        self.file("home/.config/askfirst/approvals.yaml", "askfirst: 1\nexec: [{allow: git push}]\n")
        text = self.run_policy("show").stdout
        self.assertRegex(text, r"\nexec, project: these can only tighten what stands above\n.*:2 +deny +git fetch\n")
        self.assertRegex(text, r"\nconnect, project: .*\n.*:3 +deny +otherwise\n")
        self.assertRegex(text, r"\nexec, approvals: these turn an ask into an allow\n.*:2 +allow +git push\n")


class Lint(PolicyCase):
    def test_nothing_to_say(self):
        for name in ["default", "strict"]:
            with self.subTest(name):
                result = self.run_policy("lint", name)
                self.assertRegex(result.stdout, r"^no mistakes in \d+ rules\n$")
                self.assertEqual(result.stderr, "")

    def test_a_rule_that_never_matches(self):
        policy = "exec:\n  - deny: git\n  - ask: git push\n"
        result = self.run_policy("lint", policy=policy, status=1)
        self.assertRegex(result.stderr, r"policy\.yaml:4:10: warning: .*policy\.yaml:3")

    def test_ten_mistakes_ten_messages(self):
        policy = """askfirst: 1
raed: []
read:
  - dney: /a
  - deny: relative/path
  - deny: "/a/**b"
  - deny: "${nothere}/x"
  - deny: "/a/[b"
    becuase: x
write: {allow: /tmp}
exec:
  - ask: {program: rm, option: [-r]}
  - allow: ""
connect:
  - allow: "host:99999"
limits: {memory: lots}
"""
        result = self.run_policy("lint", policy=policy, status=FAILED)
        lines = result.stderr.splitlines()
        places = [line.split(": ")[0].rsplit(".yaml", 1)[1] for line in lines]
        self.assertEqual(places, [":2:1", ":4:5", ":5:11", ":6:11", ":7:11", ":8:11", ":9:5", ":10:8", ":12:24", ":13:12",
                                  ":15:12", ":16:18"][:len(places)], result.stderr)
        self.assertGreaterEqual(len(places), 10)
        self.assertIn('did you mean "read"?', lines[0])
        self.assertIn('did you mean "deny"?', lines[1])
        self.assertEqual(result.stdout, "")


class Test(PolicyCase):
    def test_the_built_in_policies(self):
        for name, least in [("default", 40), ("strict", 60)]:
            with self.subTest(name):
                passed, word = self.run_policy("test", name).stdout.split()[:2]
                self.assertEqual(word, "passed,")
                self.assertGreaterEqual(int(passed), least)

    # But in "/": where everything may be written, no program can be trusted by its name.
    def test_wherever_one_works(self):
        for workspace in ["/usr/src", "/opt", self.home, "/tmp"]:
            for name in ["default", "strict"]:
                with self.subTest(f"{name} in {workspace}"):
                    self.run_policy("test", f"--workspace={workspace}", name)

    def test_whatever_is_a_link(self):
        for name in ["out", ".env", ".vscode", "no"]:
            (self.workspace / name).symlink_to("/usr")
        (self.workspace / ".git").symlink_to(self.directory("elsewhere"))  # not where git lies, or it could write itself
        for name in [".bashrc", ".npmrc", ".gitconfig", ".aws", ".kube", ".ssh", ".npm"]:
            target = self.directory("home/dotfiles") / name.lstrip(".")
            target.touch()
            (self.home / name).symlink_to(target)
        for workspace in [self.workspace, self.home / "dotfiles"]:
            with self.subTest(workspace):
                self.run_policy("test", f"--workspace={workspace}", "default")

    def test_one_that_fails(self):
        policy = "exec: [{deny: rm}]\ntests:\n  - {exec: rm x, expect: deny}\n  - {exec: rm y, expect: allow}\n"
        result = self.run_policy("test", policy=policy, status=1)
        self.assertRegex(result.stderr, r"^\S+policy\.yaml:5:5: .*expected allow, got deny")
        self.assertRegex(result.stdout, r"^\d+ passed, 1 failed: 2 of your files, \d+ built in\n$")

    def test_a_failing_one_is_an_error_everywhere_else(self):
        policy = "tests: [{exec: rm y, expect: allow}]\n"
        for action in ["show", "lint"]:
            result = self.run_policy(action, policy=policy, status=FAILED)
            self.assertIn("expected allow, got ask", result.stderr)
            self.assertEqual(result.stdout, "")


class Mistakes(PolicyCase):
    def test_the_command_line(self):
        for words, says in {
            (): "askfirst: policy: what is to be done was not said",
            ("shwo",): "askfirst: policy: shwo: no such action: did you mean show?",
            ("show", "a", "b"): "askfirst: policy: one file at a time",
            ("show", "--jsno"): "askfirst: --jsno: unknown option: did you mean --json?",
            ("lint", "/no/such/file.yaml"): "/no/such/file.yaml",
        }.items():
            with self.subTest(words):
                self.assertIn(says, self.run_policy(*words, status=FAILED).stderr)

    def test_a_policy_that_others_may_write(self):
        path = self.policy("exec: [{deny: rm}]\n")
        path.chmod(0o666)
        result = self.askfirst("policy", "lint", path)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn(str(path), result.stderr)


if __name__ == "__main__":
    main()
