"""What docs/integrations shows works as it stands there."""
import os
import runpy

import support
import terminal

APPROVER = support.ROOT / "docs" / "integrations" / "approver.py"
POLICY = """
extends: default
exec:
  - ask: [touch, git push]
    because: somebody has to look
"""


class Approver(support.Case):
    def setUp(self):
        super().setUp()
        self.file("home/.config/askfirst/policy.yaml", "askfirst: 1" + POLICY)
        self.env = self.environment(PATH=f"{support.BUILD}:/usr/bin:/bin")

    def run_with(self, *command):
        return self.command("/usr/bin/python3", "-B", APPROVER, *command, env=self.env)

    def test_what_it_allows_by_rule_goes_through_and_nobody_is_asked(self):
        self.command("git", "init", "-q", "--bare", self.tmp / "remote", env=self.env)
        for words in (["init", "-q"], ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "--allow-empty", "-m", "x"],
                      ["remote", "add", "origin", self.tmp / "remote"], ["config", "push.autoSetupRemote", "true"]):
            self.command("git", *words, env=self.env)
        for words in (["push", "--force", "origin"], ["push", "origin", "--delete", "master"], ["push", "elsewhere"]):
            result = self.run_with("git", *words)
            self.assertIn("ask the person who runs this to do it", result.stderr, words)
            self.assertEqual(result.returncode, 126, words)
        result = self.run_with("git", "push", "origin")
        self.assertIn("question 1: approved", result.stderr)

    def test_a_command_that_its_words_do_not_say_is_no_such(self):
        allowed = runpy.run_path(str(APPROVER))["is_allowed"]
        question = {"act": "exec", "program": "/usr/bin/git", "argv": ["git", "push", "origin"], "choices": [{"scope": "exact"}]}
        self.assertTrue(allowed(question))
        for change in ({"choices": [{"scope": "once"}]}, {"argv_cut": 400}, {"act": "read"}, {"program": "/home/ada/work/git"},
                       {"argv": ["git", "push", "origin", "--force"]}, {"argv": ["git", "push"]}):
            self.assertFalse(allowed({**question, **change}), change)

    def test_without_a_terminal_it_says_no_to_the_rest(self):
        result = self.run_with("sh", "-c", "touch it")
        self.assertIn("denied: touch it", result.stderr)
        self.assertFalse((self.workspace / "it").exists())

    def test_on_a_terminal_a_person_decides(self):
        for key, made in (("n", False), ("y", True)):
            with self.subTest(key):
                screen = terminal.Terminal(self, ["/usr/bin/python3", "-B", APPROVER, "sh", "-c", "touch $(printf 'a\\033[2J')"], self.env,
                                           self.workspace)
                screen.expect(r"exec: \['touch', 'a\\x1b\[2J'\]\n  'somebody has to look'\n  once\? \[y/N\] ")
                os.write(screen.master, key.encode() + b"\n")
                screen.expect(r"question \d+: " + ("approved" if made else "refused"))
                while screen.read(1):
                    pass
                self.assertEqual((self.workspace / "a\x1b[2J").exists(), made)


if __name__ == "__main__":
    support.main()
