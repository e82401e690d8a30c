"""The page about the default policy: each of its snippets is a policy that loads, has nothing to warn of, and passes its tests."""
import pathlib
import re
import subprocess
import tempfile
import unittest

import cases

PAGE = cases.ROOT / "docs" / "default-policy.md"


def snippets():
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


class Page(unittest.TestCase):
    def askfirst(self, *argv, home):
        """As its user would: the snippet is the user's own policy, and the work is elsewhere in the home."""
        return subprocess.run([cases.ASKFIRST, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd=f"{home}/work", env={"HOME": home, "PATH": cases.PATH}, check=False)

    def test_there_are_snippets(self):
        self.assertGreater(len(snippets()), 12)

    def test_each_snippet_loads_without_a_warning_and_passes_its_tests(self):
        cases.PLACE.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number, snippet in enumerate(snippets()):
            with self.subTest(number=number, begins=snippet[:120]), tempfile.TemporaryDirectory(dir=cases.PLACE) as home:
                file = pathlib.Path(home) / ".config" / "askfirst" / "policy.yaml"
                cases.write(file, snippet)
                (pathlib.Path(home) / "work").mkdir()
                for command in ("lint", "test"):
                    result = self.askfirst("policy", command, home=home)
                    self.assertEqual(0, result.returncode, result.stdout)

    def test_each_group_of_the_policy_is_named_on_the_page(self):
        text = (cases.ROOT / "policy" / "default.yaml").read_text()
        named = re.findall(r"^  (\w+): .*", text[text.index("\nvariables:"):text.index("\nread:")], re.M)
        for group in set(named) - {"devices", "disks", "fetch", "into", "reads", "runs", "shells", "interpreters", "gitruns", "byname"}:
            self.assertIn(f"`{group}`", PAGE.read_text().replace("${", "").replace("}`", "`"), group)


if __name__ == "__main__":
    unittest.main()
