"""What guard kernel costs: an open and close that the launcher carries out, decisions with 8 processes, the launcher's memory, and
real work under the default policy.

What the launcher carries out is measured on all processors and on one alone: where others have nothing to do, what wakes up there
costs more than the rest of the call, on a virtual machine above all.

Ratios are to the same work without a guard, bare and guarded in turn: the least of some runs, and the median, for a machine that has
other things to do. The launcher's own time on a processor is hardly disturbed by them.
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKFIRST = pathlib.Path(os.environ.get("ASKFIRST") or ROOT / "build" / "askfirst").resolve()
RUNS = 5
REAL_RUNS = 7
PROGRAM = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
int main(int argc, char **argv)
{
    int rounds = atoi(argv[1]), processes = atoi(argv[2]);
    double began = now();
    for (int i = 0; i < processes; i++)
        if (!fork()) {
            char path[4096];
            int each = strchr(argv[3], '%') != NULL;
            if (!each) snprintf(path, sizeof path, "%s", argv[3]);
            for (int j = 0; j < rounds; j++) {
                if (each) snprintf(path, sizeof path, argv[3], j);
                close(open(path, O_RDONLY));
            }
            _exit(0);
        }
    while (wait(NULL) > 0) {}
    printf("%.9f\n", (now() - began) / rounds / processes);
    if (argc > 4) { /* how much memory the launcher has, from whom it is no secret */
        char line[256];
        FILE *status = fopen(argv[4], "r");
        while (status && fgets(line, sizeof line, status)) fputs(line, stdout);
    }
    return 0;
}
"""
POLICY = """
askfirst: 1
read: [{deny: "**/.env"}, {allow: "/**"}]
write: [{allow: ["${workspace}/**", "/dev/**"]}]
exec: [{allow: "/**"}]
otherwise: {read: deny, write: deny, exec: deny, connect: deny, debug: deny}
"""


SPAWNER = r"""
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
extern char **environ;
int main(int argc, char **argv)
{
    char *words[] = {argv[2], NULL};
    pid_t child;
    for (int i = 0; i < atoi(argv[1]); i++)
        if (posix_spawn(&child, argv[2], NULL, NULL, words, environ) || waitpid(child, NULL, 0) < 0) return 1;
    return 0;
}
"""
REPEAT = ["/usr/bin/python3", "-S", "-c", "import subprocess, sys, time\n"
          "began = time.perf_counter()\n"
          "for _ in range(int(sys.argv[1])): subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)\n"
          "print(time.perf_counter() - began)"]
REAL_WORK = {  # what it is: how often, at most how many times as long, the command
    "gcc -c": (10, 1.03, ["gcc", "-c", "small.c", "-o", "small.o"]),
    "a Python start with imports": (10, 1.05, ["/usr/bin/python3", "-c", "import argparse, asyncio, json, subprocess, urllib.request"]),
    "git status in 5,000 files": (1, 1.05, ["git", "-C", "tree", "status"]),
    "spawn and wait of an empty program, 100 times": (1, 1.2, ["./spawner", "100", "./empty"]),
}


def make_work(top):
    (top / "small.c").write_text("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
                                 "int main(void) { return puts(\"small\") < 0; }\n")
    (top / "empty.c").write_text("int main(void) { return 0; }\n")
    (top / "spawner.c").write_text(SPAWNER)
    for name in "empty", "spawner":
        subprocess.run(["cc", "-O2", "-o", top / name, top / (name + ".c")], check=True)
    for i in range(50):
        (top / "tree" / str(i)).mkdir(parents=True)
        for j in range(100):
            (top / "tree" / str(i) / str(j)).write_text(str(j))
    git = ["git", "-C", top / "tree", "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in ["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"], ["status", "-s"]:
        subprocess.run([*git, *words], check=True)


def real_work(top, env):
    make_work(top)
    guard = [ASKFIRST, "run", "--guard=kernel", "--approve", "deny", "--"]
    for name, (times, most, command) in REAL_WORK.items():
        took = {"bare": [], "guarded": []}
        for _ in range(REAL_RUNS):
            for how, prefix in ("bare", []), ("guarded", guard):
                result = subprocess.run([*prefix, *REPEAT, str(times), *command], env=env, cwd=top, check=True, stdout=subprocess.PIPE)
                took[how].append(float(result.stdout) / times)
        least, middle = (took["guarded"], took["bare"]), [statistics.median(took[how]) for how in ("guarded", "bare")]
        print(f"{name}: {min(least[0]) * 1e3:.2f} ms, bare {min(least[1]) * 1e3:.2f} ms, {min(least[0]) / min(least[1]):.3f} times, median "
              f"{middle[0] / middle[1]:.3f} ({most} at most); the launcher is at work {launcher_time(guard, command, top, env):.2f} ms of it")


def launcher_time(guard, command, top, env):
    """How many milliseconds of a processor the launcher itself took for one run of the command."""
    script = 'echo; read x; "$@" >/dev/null; echo; read x'
    with subprocess.Popen([*guard, "sh", "-c", script, "sh", *command], env=env, cwd=top, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          bufsize=0) as process:
        at = []
        for _ in range(2):
            process.stdout.readline()
            time.sleep(0.5)  # what it looks for when a run begins is not the command's
            at.append(int(pathlib.Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]))
            process.stdin.write(b"\n")
    return (at[1] - at[0]) / 1e6


def launcher_memory(process):
    """The most that the launcher itself ever had, and what it has now, in KiB."""
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return [int(re.search(name + r":\s+(\d+)", text)[1]) for name in ("VmHWM", "VmRSS")]


def main():
    with tempfile.TemporaryDirectory() as top:
        top = pathlib.Path(top)
        (top / "program.c").write_text(PROGRAM)
        (top / "policy.yaml").write_text(POLICY)
        (top / "file").write_text("x")
        subprocess.run(["cc", "-O2", "-w", "-o", top / "program", top / "program.c"], check=True)
        env = {"HOME": str(top), "PATH": "/usr/bin:/bin"}
        guard = [ASKFIRST, "run", "--guard=kernel", "--policy", top / "policy.yaml", "--approve", "deny", "--"]

        (top / "link").symlink_to("file")
        (top / "many").mkdir()
        for i in range(5000):
            (top / "many" / str(i)).write_text("x")

        def runs(prefix, rounds, processes, path=top / "file"):
            command = [*prefix, top / "program", str(rounds), str(processes), path]
            return [float(subprocess.run(command, env=env, cwd=top, check=True, stdout=subprocess.PIPE).stdout) for _ in range(RUNS)]

        def measure(*what):
            return min(runs(*what))

        def measure_carried():
            """On the processors that this may run on: one, and eight at once."""
            one, eight = runs(guard, 20000, 1), runs(guard, 5000, 8)
            where = f"on {len(os.sched_getaffinity(0))} processor(s)"
            print(f"open+close carried out by the launcher, {where}: {min(one) * 1e6:.2f} us, bare {bare * 1e6:.2f} us, "
                  f"{min(one) / bare:.1f} times, median {statistics.median(one) / bare:.1f} (6.5 at most)")
            print(f"decisions with 8 processes at once, {where}: {1 / min(eight):,.0f} a second, median "
                  f"{1 / statistics.median(eight):,.0f} (100,000 wanted, 60,000 the least)")

        with_lane, guard = guard, [*guard[:-1], "--no-lane", "--"]
        bare, by_lane = measure([], 100000, 1), measure(with_lane, 100000, 1)
        print(f"open+close through the lane: {by_lane * 1e6:.2f} us, bare {bare * 1e6:.2f} us, {by_lane / bare:.2f} times (1.7 at most)")
        measure_carried()
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(processors)})
        measure_carried()
        os.sched_setaffinity(0, processors)
        for what, rounds, path in ("of a new file each time", 5000, "many/%d"), ("through a link", 50000, top / "link"):
            bare, by_lane = measure([], rounds, 1, path), measure(with_lane, rounds, 1, path)
            print(f"open+close {what}: {by_lane * 1e6:.2f} us, bare {bare * 1e6:.2f} us, {by_lane / bare:.2f} times")

        with subprocess.Popen([*guard, "sh", "-c", './program 1000 1 file; echo; read x; ./program 100000 1 file; echo; read x'], env=env,
                              cwd=top, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
            sizes = []
            for _ in range(2):
                while process.stdout.readline().strip():
                    pass
                sizes.append(launcher_memory(process))
                process.stdin.write(b"\n")
        print(f"the launcher's memory: {sizes[1][0]} KiB at most (8192 at most), {sizes[0][1]} KiB after 1,000 opens, "
              f"{sizes[1][1]} KiB after 101,000")
        real_work(top, env)


if __name__ == "__main__":
    sys.exit(main())
