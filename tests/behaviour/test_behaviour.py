"""The behaviour proof in `make test`: every case of both halves is a test. All run at the beginning, two at a time."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

import cases
import reach

HERE = pathlib.Path(__file__).resolve().parent


def runner():
    loader = importlib.machinery.SourceFileLoader("behaviour_run", str(HERE / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


CASES = cases.halves()
RESULTS = {}


def setUpModule():
    for case, result, _ in runner().run_all(CASES, 2):
        RESULTS[case.half, case.name] = result


class Behaviour(unittest.TestCase):
    maxDiff = None

    def test_there_are_enough_cases(self):
        self.assertGreaterEqual(sum(case.half == "ordinary" for case in CASES), 60)
        self.assertGreaterEqual(sum(case.half == "danger" for case in CASES), 120)

    def test_each_rule_of_the_default_policy_is_reached(self):
        decided = set().union(*(result.rules for result in RESULTS.values()))
        self.assertEqual([], reach.unreached(decided))

    def test_no_pattern_is_taken_by_a_rule_of_another_verdict(self):
        self.assertEqual([], reach.swallowed())


def test_of(case):
    def test(self):
        result = RESULTS[case.half, case.name]
        if result.missing:
            self.skipTest(f"this machine lacks {', '.join(result.missing)}")
        self.assertEqual([], result.problems)

    return test


for each in CASES:
    setattr(Behaviour, f"test_{each.half}_{each.name}", test_of(each))
