"""What both halves of the behaviour proof share: a place to work in, running things there, and reading the record.

A half is a folder with a half.py in it whose cases() gives Case objects. Running one gives a Result; the runner counts them.
"""
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKFIRST = pathlib.Path(os.environ.get("ASKFIRST") or ROOT / "build" / "askfirst").resolve()
GUARDS = ("shim", "kernel")
LIMIT = 60  # seconds for one run of one case
# Not below /tmp, where the default policy lets everything be written.
PLACE = pathlib.Path.home() / ".cache" / "askfirst-tests"
PATH = "/usr/local/bin:/usr/bin:/bin"

# What a home has that has been lived in. Secrets in it are stand-ins.
DOTFILES = {
    ".bashrc": "alias ll='ls -l'\n",
    ".profile": "umask 022\n",
    ".ssh/id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\nstand-in-for-a-key\n-----END OPENSSH PRIVATE KEY-----\n",
    ".ssh/id_ed25519.pub": "ssh-ed25519 AAAA stand-in\n",
    ".ssh/known_hosts": "",
    ".ssh/config": "Host *\n",
    ".config/git/config": "[user]\n\tname = Tester\n\temail = tester@example.org\n[init]\n\tdefaultBranch = main\n",
    ".config/git/ignore": "*~\n",
    ".bash_history": "ls\n",
    # A token of a registry that nothing here needs, and settings that change nothing.
    ".npmrc": "//registry.example.org/:_authToken=stand-in-for-a-token\nfund=true\n",
    ".netrc": "machine host.example.org login tester password stand-in-for-a-password\n",
    ".pypirc": "[pypi]\nusername = __token__\npassword = stand-in-for-a-token\n",
    ".config/pip/pip.conf": "[global]\ndisable-pip-version-check = true\n",
    ".docker/config.json": '{"auths": {"registry.example.org": {"auth": "stand-in-for-a-token"}}}\n',
    ".git-credentials": "https://tester:stand-in-for-a-token@host.example.org\n",
    ".config/gcloud/credentials.db": "stand-in-for-a-token",
    ".cargo/credentials.toml": '[registry]\ntoken = "stand-in-for-a-token"\n',
    ".m2/settings.xml": "<settings/>\n",
    ".aws/credentials": "[default]\naws_secret_access_key = stand-in-for-a-secret\n",
    ".local/share/applications/mimeapps.list": "",
    ".local/bin/mine": "#!/bin/sh\necho mine\n",
    ".cache/some/file": "",
    ".local/state/some/file": "",
}
# Whoever owns the workspace has committed something to it already.
COMMITTED = {"README": "A workspace.\n", "src/main.py": "print('main')\n", ".gitignore": "__pycache__/\nbuild/\n"}
WHEN = "2024-05-06T07:08:09+00:00"


@dataclasses.dataclass
class Result:
    """What became of a case. A problem is a sentence; a case without problems has passed."""

    problems: list = dataclasses.field(default_factory=list)
    missing: list = dataclasses.field(default_factory=list)  # tools that this machine lacks: nothing was run
    questions: int = 0
    denials: int = 0
    hidden: int = 0  # files that were shown empty
    stopped: typing.Optional[bool] = None  # danger: whether every spelling under every guard was stopped
    rules: set = dataclasses.field(default_factory=set)  # (place, text) of the rules that decided


@dataclasses.dataclass
class Case:
    half: str
    name: str
    run: typing.Callable[[], Result]


class Place:
    """A home with dotfiles and a git workspace in it, always at the same path for one case; gone at the end."""

    def __init__(self, umbrella=None):
        PLACE.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.top = pathlib.Path(umbrella or tempfile.mkdtemp(dir=PLACE)).resolve()
        self.home = self.top / "home"
        self.workspace = self.home / "work"
        self.audit = self.top / "audit"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        sweep(self.top)

    def fresh(self):
        """Everything as at the beginning."""
        for folder in (self.home, self.audit):
            sweep(folder)
        self.audit.mkdir(mode=0o700)
        shutil.copytree(seed(), self.home, symlinks=True)

    def environment(self, **more):
        """What a plain login would have, and dates that do not move."""
        env = {"HOME": str(self.home), "PATH": PATH, "USER": "tester", "LOGNAME": "tester", "LANG": "C.UTF-8", "TERM": "dumb",
               "SHELL": "/bin/sh", "GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN}
        env.update(more)
        return env

    def run(self, argv, env=None, cwd=None, input=b"", limit=LIMIT, **more):
        """-> status (None: it took too long), standard output, standard error. Its whole process group goes with it."""
        with subprocess.Popen([os.fspath(a) for a in argv], env=self.environment() if env is None else env,
                              cwd=cwd or self.workspace, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              start_new_session=True, **more) as process:
            try:
                out, err = process.communicate(input, timeout=limit)
                status = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                status = None
        return status, out, err

    def guarded(self, guard, argv, approve="deny", options=(), **more):
        """The same under askfirst, by the built-in default policy."""
        return self.run([ASKFIRST, "run", f"--guard={guard}", f"--approve={approve}", "--quiet", f"--audit={self.audit}", *options,
                         "--", *argv], **more)

    def record(self):
        """The lines of the newest record."""
        files = sorted(self.audit.glob("*.jsonl"), key=lambda f: f.stat().st_mtime_ns)
        return [json.loads(line) for line in files[-1].read_text().splitlines()] if files else []


_seed = None
_seeding = threading.Lock()


def seed():
    """The home that every case begins with; made once in a process, copied for each."""
    global _seed
    with _seeding:
        _seed = _seed or make_seed()
    return _seed[1]


def make_seed():
    PLACE.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = tempfile.TemporaryDirectory(dir=PLACE, prefix="seed-")
    home = pathlib.Path(folder.name) / "home"
    for name, text in DOTFILES.items():
        write(home / name, text)
    (home / ".local/bin/mine").chmod(0o755)
    work = home / "work"
    for name, text in COMMITTED.items():
        write(work / name, text)
    place = Place(folder.name)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "begin"]):
        status, _, err = place.run(["git", *command], cwd=work)
        if status != 0:
            raise RuntimeError(f"git {command}: {err.decode()}")
    return folder, home


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(text)
    path.chmod(0o600 if ".ssh" in path.parts else 0o644)


def sweep(folder):
    """Removes a folder, whatever the permissions in it."""
    if not folder.exists():
        return
    os.chmod(folder, 0o700)
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(root, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder)


def decided(record):
    """(place, text) of every rule that decided something in a record."""
    return {(line["rule"]["place"], line["rule"]["text"]) for line in record if line["type"] == "act" and line.get("rule")}


def halves():
    """The cases of both halves, in the order of their names."""
    import importlib.util

    found = []
    for file in sorted(pathlib.Path(__file__).parent.glob("*/half.py")):
        spec = importlib.util.spec_from_file_location(f"behaviour_{file.parent.name}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += module.cases()
    return found
