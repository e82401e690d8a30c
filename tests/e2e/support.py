"""What end-to-end tests share: a home and a workspace of their own, and askfirst run in them.

ASKFIRST names the program under test; without it, build/askfirst is taken.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKFIRST = pathlib.Path(os.environ.get("ASKFIRST") or ROOT / "build" / "askfirst").resolve()
BUILD = ASKFIRST.parent
SHIM = BUILD / "libaskfirst.so"
PROGRAMS = BUILD / "programs"  # tests/programs/NAME.c, built by make
LIMIT = 60  # seconds that any one command may take
# Not below /tmp, where the default policy lets everything be written.
PLACE = pathlib.Path.home() / ".cache" / "askfirst-tests"


class Case(unittest.TestCase):
    """A test with self.tmp (real path, 0700, gone afterwards), self.home and self.workspace in it."""

    maxDiff = None

    def setUp(self):
        PLACE.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.tmp = pathlib.Path(tempfile.mkdtemp(dir=PLACE)).resolve()
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        self.home = self.directory("home")
        self.workspace = self.directory("home/work")

    def directory(self, name):
        path = self.tmp / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def file(self, name, text="", mode=0o600):
        """A file below self.tmp, its directories made where they are missing."""
        path = self.tmp / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def policy(self, text, name="policy.yaml"):
        """A policy file; `askfirst: 1` is put before what does not begin with it."""
        if not text.lstrip().startswith("askfirst:"):
            text = "askfirst: 1\n" + text
        return self.file(name, text)

    def environment(self, **more):
        """What a plain login would have; a value of None takes a variable away."""
        env = {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "USER": "tester", "LANG": "C.UTF-8",
               "TERM": "dumb"}
        env.update(more)
        return {name: str(value) for name, value in env.items() if value is not None}

    def command(self, *argv, env=None, cwd=None, input=None, limit=LIMIT, **more):
        """Runs any command: a CompletedProcess with text output. Its whole process group goes with it."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        if input is None:
            more.setdefault("stdin", subprocess.DEVNULL)
        else:
            more["stdin"] = subprocess.PIPE
        with subprocess.Popen([os.fspath(a) for a in argv], env=self.environment() if env is None else env,
                              cwd=cwd or self.workspace, start_new_session=True, encoding="utf-8",
                              errors="surrogateescape", **more) as process:
            try:
                out, err = process.communicate(input, timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                self.fail(f"{argv} took more than {limit} s\n{out}\n{err}")
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def askfirst(self, *argv, **more):
        return self.command(ASKFIRST, *argv, **more)

    def json(self, result):
        """The JSON that a command printed."""
        try:
            return json.loads(result.stdout)
        except ValueError:
            self.fail(f"no JSON: {result.stdout!r}, standard error: {result.stderr!r}")


def main():
    unittest.main()
