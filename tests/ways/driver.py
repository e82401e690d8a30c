"""Runs each of the ways in FILE in its directory below ROOT, a few at a time; prints the names of those that put out WORD."""
import concurrent.futures
import pathlib
import subprocess
import sys

file, root, word = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3].encode()


def one(line):
    name, _, command = line.partition(": ")
    here = root / name
    try:
        done = subprocess.run(["sh", "-c", command.replace("@HERE@", str(here))], cwd=here, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
        return name if word in done.stdout.replace(b"\0", b"") else None
    except (subprocess.TimeoutExpired, OSError):
        return None


with concurrent.futures.ThreadPoolExecutor(3) as pool:
    lines = [line.rstrip("\n") for line in open(file) if not line.startswith("#")]
    print("\n".join(filter(None, pool.map(one, lines))))
