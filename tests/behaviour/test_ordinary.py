"""Ordinary work under the built-in default policy: nothing asked, nothing denied, nothing different."""
import in_tests

Ordinary = in_tests.behaviour("ordinary", 60)
