"""The built-in strict policy: what its short list lets look is silent, and all else is stopped."""
import unittest

import cases

SILENT = ["cat README", "head -1 README src/main.py", "ls -la", "grep -r main .", "wc -l README", "sort README", "stat README",
          "date", "id -un", "cp README copy", "touch new", "mkdir folder", "sha256sum README", "du -s .", "git status --short",
          "git log --oneline", "git show --stat HEAD", "git rev-parse HEAD", "git ls-files", "git blame README",
          "git describe --always"]
STOPPED = {
    "python3 -c print(1)": "ask", "sh -c ls": "ask", "gcc --version": "ask", "rm README": "ask", "curl -s localhost:1": "ask",
    "git commit --allow-empty -m x": "ask", "git config --list": "ask", "cat ../.config/git/config": "ask",
    "cat ../.profile": "ask", "cp README ../new": "ask", "cat ../.aws/credentials": "ask", "cat ../.ssh/id_ed25519": "deny",
}


class Strict(unittest.TestCase):
    maxDiff = None

    def stopped(self, guard, command):
        with cases.Place() as place:
            place.fresh()
            place.guarded(guard, command.split(), options=["--policy=strict"])
            acts = [line["verdict"] for line in place.record() if line["type"] == "act"]
            return [verdict for verdict in acts if verdict in ("ask", "deny")]

    def test_what_only_looks_is_silent(self):
        for guard in cases.GUARDS:
            for command in SILENT:
                with self.subTest(guard=guard, command=command):
                    self.assertEqual([], self.stopped(guard, command))

    def test_all_else_is_stopped(self):
        for guard in cases.GUARDS:
            for command, verdict in STOPPED.items():
                with self.subTest(guard=guard, command=command):
                    self.assertIn(verdict, self.stopped(guard, command))
