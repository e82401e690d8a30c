"""docs/security.md: every sentence that it claims names tests that hold it, and those are there."""
import re
import unittest

import support

PAGE = support.ROOT / "docs" / "security.md"
TESTS = support.ROOT / "tests"
CLAIM = re.compile(r"^- (.*?)(?=^- |^#|^\n(?=[^ ])|\Z)", re.M | re.S)
HELD = re.compile(r"\(held\s+by\s+([^)]*)\)")
UNHELD = ("What stays open by nature",)  # said by nobody's test


def sections(text):
    """Title -> text, of the page's second and third level."""
    parts = re.split(r"^##+ (.*)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def references(text):
    for held in HELD.findall(text):
        for group in re.sub(r"\s+", " ", held).split("; "):
            place, _, names = group.partition(": ")
            for name in names.split(", "):
                yield place.strip(), name.strip()


def known(place):
    """The tests of a file: functions of Python, of cmocka, and attacks."""
    if place == "escape":
        return set(re.findall(r"ATTACK\((\w+)", "".join(path.read_text() for path in (TESTS / "escape").glob("*.c"))))
    text = "".join(path.read_text() for ending in ("py", "c") for path in TESTS.glob(f"*/{place}.{ending}"))
    return set(re.findall(r"(?:def |cmocka_unit_test\w*\(|TEST\()(\w+)", text))


class SecurityPage(unittest.TestCase):
    def setUp(self):
        self.text = PAGE.read_text()

    def test_every_claim_names_what_holds_it(self):
        claims = [(title, claim) for title, text in sections(self.text).items() if title not in UNHELD
                  for claim in CLAIM.findall(text)]
        self.assertGreater(len(claims), 40)
        for title, claim in claims:
            self.assertTrue(list(references(claim)), f"{title}: {claim}")

    def test_every_test_that_is_named_is_there(self):
        named = list(references(self.text))
        self.assertGreater(len(named), 100)
        for place, name in named:
            self.assertIn(name, known(place), place)


if __name__ == "__main__":
    support.main()
