"""A half of the behaviour proof as unit tests: every case is one. A half runs its cases one after the other; `make test` runs the
halves side by side."""
import unittest

import cases


def behaviour(half, enough):
    """A TestCase with a test for each case of a half, which has to have `enough` of them."""
    chosen = [case for case in cases.halves() if case.half == half]

    class Behaviour(unittest.TestCase):
        maxDiff = None

        def test_there_are_enough_cases(self):
            self.assertGreaterEqual(len(chosen), enough)

    for case in chosen:
        setattr(Behaviour, f"test_{case.name}", test_of(case))
    return Behaviour


def test_of(case):
    def test(self):
        result = case.run()
        if result.missing:
            self.skipTest(f"this machine lacks {', '.join(result.missing)}")
        self.assertEqual([], result.problems)

    return test
