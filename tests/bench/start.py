"""What it costs to begin: a guarded `true` beside a bare one, and `askfirst check`, in turn; medians, and the least that was seen."""
import os
import statistics
import subprocess
import tempfile
import time

ASKFIRST = os.path.abspath(os.environ.get("ASKFIRST", "build/askfirst"))
ROUNDS = int(os.environ.get("ROUNDS", "60"))
RUN = [ASKFIRST, "run", "--quiet", "--approve", "deny"]
# What is measured, and how many milliseconds above `true` it may cost.
COMMANDS = {
    "true": (["true"], None),
    "askfirst --version": ([ASKFIRST, "--version"], None),
    "askfirst check exec ls": ([ASKFIRST, "check", "exec", "ls"], None),
    "askfirst run --guard=shim -- true": (RUN + ["--guard=shim", "--", "true"], 3),
    "askfirst run --guard=kernel -- true": (RUN + ["--guard=kernel", "--", "true"], 4),
}


def milliseconds(command, env):
    begin = time.perf_counter()
    status = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, check=False).returncode
    return (time.perf_counter() - begin) * 1000, status


def main():
    with tempfile.TemporaryDirectory(prefix="askfirst-bench-") as state:
        env = dict(os.environ, XDG_STATE_HOME=state)
        works = {}
        for name, (command, _) in COMMANDS.items():
            status = milliseconds(command, env)[1]
            works[name] = status != 125
            if not works[name]:
                print(f"{name}: does not run here (exit status 125)")
        times = {name: [] for name in COMMANDS if works[name]}
        for _ in range(ROUNDS):
            for name in times:
                times[name].append(milliseconds(COMMANDS[name][0], env)[0])
    bare, least = statistics.median(times["true"]), min(times["true"])
    print(f"{'':38}{'median':>9}{'above true':>12}{'least':>10}{'above true':>12}{'at most':>9}")
    for name, taken in times.items():
        median, best, limit = statistics.median(taken), min(taken), COMMANDS[name][1]
        over = "" if not limit or median - bare <= limit else " EXCEEDED" if best - least > limit else " (a busy machine)"
        print(f"{name:38}{median:6.2f} ms{median - bare:9.2f} ms{best:7.2f} ms{best - least:9.2f} ms"
              f"{f'{limit} ms' if limit else '':>9}{over}")


main()
