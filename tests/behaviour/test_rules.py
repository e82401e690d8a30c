"""The rules of the built-in default policy: each decides something, and none takes what another is written for."""
import unittest

import reach


class Rules(unittest.TestCase):
    maxDiff = None

    def test_each_rule_is_reached_by_a_test_of_the_policy(self):
        self.assertEqual([], reach.unreached(set()))

    def test_no_pattern_is_taken_by_a_rule_of_another_verdict(self):
        self.assertEqual([], reach.swallowed())
