"""Ordinary work: each workload runs bare and guarded; nothing is asked, nothing denied, and nothing comes out differently. Files
that the policy hides are counted: the work has to come out as it would with what is in them.

A workload is a file here. Its first comment says what it is; the comments after it may say `needs: TOOL...` (what has to be
installed), `varies: GLOB...` (files whose bytes are never the same twice, so that only their being there is compared),
`forgets: GLOB...` (files whose names are never the same twice), `guards: kernel` (what guard shim refuses by its nature), `slow: yes` (begins
before the others), `own: TOOL...` (like `needs`, of programs that lie in the home of whoever runs the tests), `home: FILE` (a script in
homes/ that makes a home like somebody's, before anything is run) and `arranged: NAME...` (the work is done again in each of these
ARRANGEMENTS).
"""
import fnmatch
import hashlib
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

import cases as common

FOLDER = pathlib.Path(__file__).parent
INTERPRETERS = {".sh": "sh", ".bash": "bash", ".py": "python3", ".js": "node", ".pl": "perl", ".rb": "ruby"}
# The workspace's index and compiled Python hold the times of files.
VARIES = ["*/.git/index", "*.pyc"]


def elsewhere(place):
    """A working directory below /tmp, gone with the place."""
    return pathlib.Path(tempfile.mkdtemp(prefix="askfirst-work-", dir="/tmp"))


def linked(place):
    (place.home / "link").symlink_to("work")
    return place.home / "link"


def without_repository(place):
    common.sweep(place.workspace / ".git")


def bare_home(place):
    """As in a container that was started a moment ago."""
    for path in place.home.iterdir():
        if path.name != "work":
            common.sweep(path) if path.is_dir() else path.unlink()


def closed_home(place):
    for root, folders, _ in os.walk(place.home):
        if "work" in folders:
            folders.remove("work")
        os.chmod(root, 0o500)


# What is done to a place -> where the work is done; None: in the workspace. Then what becomes of HOME, if anything.
ARRANGEMENTS = {
    "home-is-the-workspace": (lambda place: without_repository(place) or place.home, None),
    "below-tmp": (elsewhere, None),
    "through-a-link": (linked, None),
    "no-repository": (without_repository, None),
    "bare-home": (bare_home, None),
    "closed-home": (closed_home, None),
    "home-missing": (lambda place: None, lambda place: str(place.top / "nowhere")),
    "home-is-root": (lambda place: None, lambda place: "/"),
    "no-HOME": (lambda place: None, lambda place: None),
}


class Workload:
    def __init__(self, file, arrangement=None):
        self.file = file
        self.arrangement = arrangement
        self.name = f"{file.name} {arrangement}" if arrangement else file.name
        comments = re.findall(r"^(?:#|//)\s?(.*)$", file.read_text().split("\n\n", 1)[0], re.M)
        comments = [line for line in comments if not line.startswith("!")]
        self.what = comments[0] if comments else ""
        self.needs = [INTERPRETERS[file.suffix]] + self.list_of(comments, "needs")
        self.varies = VARIES + self.list_of(comments, "varies")
        self.forgets = self.list_of(comments, "forgets")
        self.slow = bool(self.list_of(comments, "slow"))
        self.guards = self.list_of(comments, "guards") or common.GUARDS
        self.own = self.list_of(comments, "own")
        self.homes = self.list_of(comments, "home")
        self.arranged = self.list_of(comments, "arranged")

    @staticmethod
    def list_of(comments, key):
        return [word for line in comments if line.startswith(f"{key}:") for word in line.split(":", 1)[1].split()]

    def missing(self):
        return [tool for tool in self.needs if not there(tool)] + [tool for tool in self.own if not shutil.which(tool)]

    def command(self):
        return [INTERPRETERS[self.file.suffix], self.file.name]

    def environment(self, place):
        env = place.environment()
        if self.own:
            found = [os.path.dirname(shutil.which(tool)) for tool in self.own]
            env["PATH"] = ":".join([env["PATH"], *dict.fromkeys(found)])
            env.setdefault("RUSTUP_HOME", os.environ.get("RUSTUP_HOME") or str(pathlib.Path.home() / ".rustup"))
        home = ARRANGEMENTS[self.arrangement][1] if self.arrangement else None
        if home:
            env["HOME"] = home(place)
        return {name: value for name, value in env.items() if value is not None}

    def arrange(self, place):
        """-> where the work is done."""
        for home in self.homes:
            status, _, err = place.run(["sh", "-e", FOLDER / "homes" / home], cwd=place.home)
            if status != 0:
                raise RuntimeError(f"{home}: {err.decode()}")
        return (ARRANGEMENTS[self.arrangement][0](place) if self.arrangement else None) or place.workspace


def there(tool):
    """A program in PATH, or `python:MODULE`."""
    if tool.startswith("python:"):
        return subprocess.run(["python3", "-c", f"import {tool[7:]}"], env={"PATH": common.PATH}, stderr=subprocess.DEVNULL,
                              check=False).returncode == 0
    return shutil.which(tool, path=common.PATH) is not None


def run(workload):
    result = common.Result(missing=sorted(set(workload.missing())))
    if result.missing:
        return result
    with common.Place() as place:
        bare = once(place, workload, place.run)
        if bare["status"] != 0:
            result.problems.append(f"bare: ended with {bare['status']}: {tail(bare['standard error'])}")
            return result
        for guard in workload.guards:
            guarded = once(place, workload, lambda argv, g=guard, **more: place.guarded(g, argv, **more))
            compare(result, guard, bare, guarded)
            judge(result, guard, place.record())
    return result


def once(place, workload, runner):
    place.fresh()
    cwd = workload.arrange(place)
    try:
        shutil.copy(workload.file, cwd)
        status, out, err = runner(workload.command(), cwd=cwd, env=workload.environment(place))
        files = left(place.home, workload)
        if cwd.parent == pathlib.Path("/tmp"):
            files |= left(cwd, workload)
            out, err = (text.replace(os.fsencode(cwd), b"/tmp/work") for text in (out, err))
        return {"status": status, "standard output": out, "standard error": err, "files": files}
    finally:
        if cwd.parent == pathlib.Path("/tmp"):
            common.sweep(cwd)


def left(folder, workload):
    """What lies in a folder: path -> kind, permissions, and what is in it."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(root, name)
            if not fits(path, workload.forgets):
                found[os.path.relpath(path, folder)] = describe(path, workload.varies)
    return found


def fits(path, globs):
    return any(fnmatch.fnmatch(path, glob) for glob in globs)


def describe(path, varies):
    info = os.lstat(path)
    if stat.S_ISLNK(info.st_mode):
        return f"link to {os.readlink(path)}"
    kind = f"{stat.filemode(info.st_mode)}"
    if stat.S_ISREG(info.st_mode) and not fits(path, varies):
        with open(path, "rb") as file:
            return f"{kind}, {info.st_size} bytes, {hashlib.sha256(file.read()).hexdigest()[:12]}"
    return kind


def compare(result, guard, bare, guarded):
    for what in ("status", "standard output", "standard error"):
        if bare[what] != guarded[what]:
            result.problems.append(f"{guard}: {what}: {tail(guarded[what])} where it was {tail(bare[what])}")
    for path in sorted(bare["files"].keys() | guarded["files"].keys()):
        was, now = bare["files"].get(path, "not there"), guarded["files"].get(path, "not there")
        if was != now:
            result.problems.append(f"{guard}: {path}: {now} where it was {was}")


def judge(result, guard, record):
    if not record or record[-1]["type"] != "end":
        result.problems.append(f"{guard}: no whole record")
        return
    result.rules |= common.decided(record)
    for line in record:
        if line["type"] != "act":
            continue
        result.questions += line["verdict"] == "ask"
        result.denials += line["verdict"] == "deny"
        result.hidden += line["verdict"] == "hide"
        if line["verdict"] not in ("allow", "hide"):
            what = " ".join(line.get("argv") or []) or line.get("path") or line.get("address") or line.get("program")
            result.problems.append(f"{guard}: {line['verdict']}: {line['act']} {what} by {line['rule']['place']}")


def tail(what):
    if isinstance(what, bytes):
        text = what.decode(errors="backslashreplace")
        return repr(text if len(text) <= 600 else f"... {text[-600:]}")
    return what


def cases():
    plain = [Workload(f) for f in sorted(FOLDER.iterdir()) if f.suffix in INTERPRETERS and f.name != "half.py"]
    workloads = plain + [Workload(w.file, arrangement) for w in plain for arrangement in w.arranged]
    workloads.sort(key=lambda w: not w.slow)
    return [common.Case("ordinary", w.name, lambda w=w: run(w)) for w in workloads]
