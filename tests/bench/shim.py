#!/usr/bin/env python3
"""What the shim costs: each thing bare and guarded in turn, the median of several runs, and the ratio."""
import os
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKFIRST = pathlib.Path(os.environ.get("ASKFIRST") or ROOT / "build" / "askfirst").resolve()
MEASURE = ASKFIRST.parent / "programs" / "measure"
GUARDED = [ASKFIRST, "run", "--guard", "shim", "--policy", "default", "--approve", "deny", "--quiet", "--"]
ROUNDS = 7


def measure(*command):
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare(what, limit, *arguments, unit=1000, name="µs"):
    bare, guarded = [], []
    for _ in range(ROUNDS):
        bare.append(measure(MEASURE, *arguments))
        guarded.append(measure(*GUARDED, MEASURE, *arguments))
    before, after = statistics.median(bare) / unit, statistics.median(guarded) / unit
    verdict = "" if limit is None else f"limit {limit:.2f}" + (" EXCEEDED" if after / before > limit else "")
    print(f"{what:44} {before:9.2f} {after:9.2f} {name}  {after / before:5.2f}×  {verdict}")


def private_memory():
    """Anonymous memory, in a program that has opened a file. The policy's pages are the page cache's, for all processes."""
    def anonymous(*command):
        text = subprocess.run([*command, "/bin/cat", "/proc/self/smaps_rollup"], check=True, capture_output=True,
                              text=True).stdout
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:"))

    bare = statistics.median(anonymous() for _ in range(ROUNDS))
    guarded = statistics.median(anonymous(*GUARDED) for _ in range(ROUNDS))
    more = guarded - bare
    print(f"{'private memory of a process':44} {bare:9.0f} {guarded:9.0f} KiB +{more:.0f}     "
          f"limit +100{' EXCEEDED' if more > 100 else ''}")


def main():
    print(f"{'':44} {'bare':>9} {'guarded':>9}")
    compare("open+close of an allowed file", 1.15, "open", "/etc/passwd")
    compare("open+close of another file each time", None, "files", "/usr/include")
    with tempfile.TemporaryDirectory() as folder:
        link = pathlib.Path(folder, "link")
        link.symlink_to("/etc/passwd")
        compare("open+close by way of a link", None, "open", link)
    compare("spawn and wait of an empty program", 1.15, "spawn", "/bin/true")
    private_memory()


if __name__ == "__main__":
    main()
