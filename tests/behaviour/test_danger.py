"""Danger under the built-in default policy: stopped, in every spelling, until somebody says yes."""
import in_tests

Danger = in_tests.behaviour("danger", 120)
