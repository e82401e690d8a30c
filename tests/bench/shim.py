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


def measure(*command, **more):
    return float(subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout)


def verdict(limit, exceeded):
    return f"limit {limit}{' EXCEEDED' if exceeded else ''}"


def compare(what, limit, *arguments, unit=1000, name="µs"):
    bare, guarded = [], []
    for _ in range(ROUNDS):
        bare.append(measure(MEASURE, *arguments))
        guarded.append(measure(*GUARDED, MEASURE, *arguments))
    before, after = statistics.median(bare) / unit, statistics.median(guarded) / unit
    least = min(guarded) / min(bare)
    words = "" if limit is None else verdict(f"{limit:.2f}×", after / before > limit)
    print(f"{what:44} {before:9.2f} {after:9.2f} {name}  {after / before:5.2f}×  (least {least:5.2f}×)  {words}")


def preloaded():
    """The same spawn with a preload that does nothing: what the loader takes for any."""
    with tempfile.TemporaryDirectory() as folder:
        nothing = pathlib.Path(folder, "nothing.so")
        subprocess.run(["cc", "-shared", "-nostdlib", "-fPIC", "-x", "c", "/dev/null", "-o", nothing], check=True)
        bare, loaded = [], []
        for _ in range(ROUNDS):
            bare.append(measure(MEASURE, "spawn", "/bin/true"))
            loaded.append(measure(MEASURE, "spawn", "/bin/true", env={**os.environ, "LD_PRELOAD": str(nothing)}))
    before, after = statistics.median(bare) / 1000, statistics.median(loaded) / 1000
    print(f"{'  with a preload that does nothing':44} {before:9.2f} {after:9.2f} µs  {after / before:5.2f}×  "
          f"(least {min(loaded) / min(bare):5.2f}×)")


def answered_at_once():
    """A file that the policy asks about, and an approver at the other end of two pipes that says yes at once."""
    with tempfile.TemporaryDirectory() as folder:
        asked = pathlib.Path(folder, "asked")
        asked.write_text("x")
        policy = pathlib.Path(folder, "policy.yaml")
        policy.write_text(f"askfirst: 1\nread:\n  - ask: {asked}\notherwise: {{read: allow, write: allow, exec: allow}}\n")
        bare, guarded = [], []
        for _ in range(ROUNDS):
            bare.append(measure(MEASURE, "ask", asked))
            questions, answers = os.pipe(), os.pipe()
            approver = subprocess.Popen([MEASURE, "answer", str(questions[0]), str(answers[1])],
                                        pass_fds=(questions[0], answers[1]))
            guarded.append(measure(ASKFIRST, "run", "--guard", "shim", "--policy", policy, "--quiet", "--approve",
                                   f"fd:{answers[0]},{questions[1]}", "--", MEASURE, "ask", asked,
                                   pass_fds=(answers[0], questions[1])))
            for end in (*questions, *answers):
                os.close(end)
            approver.wait(20)
    before, after = statistics.median(bare) / 1000, statistics.median(guarded) / 1000
    print(f"{'a question, answered at once through a pipe':44} {before:9.2f} {after:9.2f} µs  +{after - before:.0f} µs "
          f"(least +{(min(guarded) - min(bare)) / 1000:.0f} µs)  {verdict('+200 µs', after - before > 200)}")


def private_memory():
    """Anonymous memory, in a program that has opened a file. The policy's pages are the page cache's, for all processes."""
    def anonymous(*command):
        text = subprocess.run([*command, "/bin/cat", "/proc/self/smaps_rollup"], check=True, capture_output=True,
                              text=True).stdout
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:"))

    bare = statistics.median(anonymous() for _ in range(ROUNDS))
    guarded = statistics.median(anonymous(*GUARDED) for _ in range(ROUNDS))
    more = guarded - bare
    print(f"{'private memory of a process':44} {bare:9.0f} {guarded:9.0f} KiB +{more:.0f} KiB  "
          f"{verdict('+100 KiB', more > 100)}")


def main():
    print(f"{'':44} {'bare':>9} {'guarded':>9}")
    compare("open+close of an allowed file", 1.15, "open", "/etc/passwd")
    compare("open+close of another file each time", None, "files", "/usr/include")
    compare("open+close of a directory", None, "open", "/usr/include")
    compare("open+close of .", None, "open", ".")
    compare("open+close by way of ..", None, "open", "/usr/lib/../include")
    compare("open+close of /proc/self/status", None, "open", "/proc/self/status")
    with tempfile.TemporaryDirectory() as folder:
        link = pathlib.Path(folder, "link")
        link.symlink_to("/etc/passwd")
        compare("open+close by way of a link", None, "open", link)
    compare("spawn and wait of an empty program", 1.15, "spawn", "/bin/true")
    preloaded()
    answered_at_once()
    private_memory()


if __name__ == "__main__":
    main()
