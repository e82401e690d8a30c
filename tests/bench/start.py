"""What it costs to begin in a git workspace: a guarded `true` beside a bare one, and `askfirst check`, in turn; medians, what a tenth
stayed below, and the least that was seen. Run by root, it is measured once more as nobody."""
import os
import pwd
import statistics
import subprocess
import sys
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


def milliseconds(command, env, workspace):
    begin = time.perf_counter()
    status = subprocess.run(command, env=env, cwd=workspace, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, check=False).returncode
    return (time.perf_counter() - begin) * 1000, status


def measure():
    with tempfile.TemporaryDirectory(prefix="askfirst-bench-") as place:
        workspace = os.path.join(place, "workspace")
        os.makedirs(os.path.join(workspace, ".git", "hooks"))
        env = dict(os.environ, XDG_STATE_HOME=os.path.join(place, "state"))
        works = {}
        for name, (command, _) in COMMANDS.items():
            status = milliseconds(command, env, workspace)[1]
            works[name] = status != 125
            if not works[name]:
                print(f"{name}: does not run here (exit status 125)")
        times = {name: [] for name in COMMANDS if works[name]}
        for _ in range(ROUNDS):
            for name in times:
                times[name].append(milliseconds(COMMANDS[name][0], env, workspace)[0])
    show({name: (statistics.median(taken), sorted(taken)[len(taken) // 10], min(taken))
          for name, taken in times.items()})


def show(times):
    bare = times.pop("true")
    print(f"{f'user {os.getuid()}, in milliseconds':46}{'median':>9}{'tenth':>9}{'least':>9}{'at most':>9}")
    print(f"{'true':46}" + "".join(f"{value:9.2f}" for value in bare))
    for name, values in times.items():
        above, limit = [value - own for value, own in zip(values, bare)], COMMANDS[name][1]
        over = "" if not limit or above[0] <= limit else " EXCEEDED" if above[2] > limit else " (a busy machine)"
        print(f"{name + ', above it':46}" + "".join(f"{value:9.2f}" for value in above) + f"{limit or '':>9}{over}")


def measure_as_nobody():
    person = pwd.getpwnam("nobody")
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    os.setgroups([])
    os.setgid(person.pw_gid)
    os.setuid(person.pw_uid)
    os.environ.update(HOME=tempfile.gettempdir(), USER=person.pw_name)
    os.environ.pop("XDG_RUNTIME_DIR", None)
    measure()
    sys.stdout.flush()
    os._exit(0)


measure()
sys.stdout.flush()
if os.getuid() == 0:
    measure_as_nobody()
