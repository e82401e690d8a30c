"""Ordinary work: each workload runs bare and guarded; nothing is asked, nothing denied, and nothing comes out differently. Files
that the policy hides are counted: the work has to come out as it would with what is in them.

A workload is a file here. Its first comment says what it is; the comments after it may say `needs: TOOL...` (what has to be
installed), `varies: GLOB...` (files whose bytes are never the same twice, so that only their being there is compared),
`forgets: GLOB...` (files whose names are never the same twice), `guards: kernel` (what guard shim refuses by its nature) and `slow: yes` (begins
before the others).
"""
import fnmatch
import hashlib
import os
import pathlib
import re
import shutil
import stat
import subprocess

import cases as common

FOLDER = pathlib.Path(__file__).parent
INTERPRETERS = {".sh": "sh", ".bash": "bash", ".py": "python3", ".js": "node", ".pl": "perl", ".rb": "ruby"}
# The workspace's index and compiled Python hold the times of files.
VARIES = ["*/.git/index", "*.pyc"]


class Workload:
    def __init__(self, file):
        self.file = file
        comments = re.findall(r"^(?:#|//)\s?(.*)$", file.read_text().split("\n\n", 1)[0], re.M)
        comments = [line for line in comments if not line.startswith("!")]
        self.what = comments[0] if comments else ""
        self.needs = [INTERPRETERS[file.suffix]] + self.list_of(comments, "needs")
        self.varies = VARIES + self.list_of(comments, "varies")
        self.forgets = self.list_of(comments, "forgets")
        self.slow = bool(self.list_of(comments, "slow"))
        self.guards = self.list_of(comments, "guards") or common.GUARDS

    @staticmethod
    def list_of(comments, key):
        return [word for line in comments if line.startswith(f"{key}:") for word in line.split(":", 1)[1].split()]

    def missing(self):
        return [tool for tool in self.needs if not there(tool)]

    def command(self):
        return [INTERPRETERS[self.file.suffix], self.file.name]


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
            guarded = once(place, workload, lambda argv, g=guard: place.guarded(g, argv))
            compare(result, guard, bare, guarded)
            judge(result, guard, place.record())
    return result


def once(place, workload, runner):
    place.fresh()
    shutil.copy(workload.file, place.workspace)
    status, out, err = runner(workload.command())
    return {"status": status, "standard output": out, "standard error": err, "files": left(place.home, workload)}


def left(home, workload):
    """What lies in the home: path -> kind, permissions, and what is in it."""
    found = {}
    for root, folders, files in os.walk(home):
        for name in folders + files:
            path = os.path.join(root, name)
            if not fits(path, workload.forgets):
                found[os.path.relpath(path, home)] = describe(path, workload.varies)
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
    workloads = [Workload(f) for f in sorted(FOLDER.iterdir()) if f.suffix in INTERPRETERS and f.name != "half.py"]
    workloads.sort(key=lambda w: not w.slow)
    return [common.Case("ordinary", w.file.name, lambda w=w: run(w)) for w in workloads]
