"""Some of the attacks again, by those who are not who they are in test_escape.py, and other ways out: shells, Python, a launcher
inside, a question that waits.
"""
import os
import pathlib

import support
import test_escape


class EscapeStatic(test_escape.Attempts):
    """By static programs, of glibc and of musl in turn."""


class EscapeAsUser(test_escape.Attempts):
    """By an ordinary user, where the tests run as root."""
    user = 65534
    place = pathlib.Path("/tmp")


def static(number, needs):
    return ["attacks-static", "attacks-musl"][number // 4 % 2] if number % 4 == 0 and needs != "root" else None


def user(number, needs):
    return "attacks" if number % 2 and needs != "root" and os.getuid() == 0 else None


test_escape.choose(EscapeStatic, static)
test_escape.choose(EscapeAsUser, user)


if __name__ == "__main__":
    support.main()
