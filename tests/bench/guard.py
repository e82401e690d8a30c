"""What guard kernel costs: an open and close that the launcher carries out, decisions with 8 processes, the launcher's memory.

Ratios are to the same work without a guard; the better of some runs, for a machine that has other things to do.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASKFIRST = pathlib.Path(os.environ.get("ASKFIRST") or ROOT / "build" / "askfirst").resolve()
RUNS = 5
PROGRAM = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
            for (int j = 0; j < rounds; j++) close(open(argv[3], O_RDONLY));
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

        def measure(prefix, rounds, processes):
            command = [*prefix, top / "program", str(rounds), str(processes), top / "file"]
            return min(float(subprocess.run(command, env=env, cwd=top, check=True, stdout=subprocess.PIPE).stdout) for _ in range(RUNS))

        bare, carried = measure([], 100000, 1), measure(guard, 20000, 1)
        print(f"open+close carried out by the launcher: {carried * 1e6:.2f} us, bare {bare * 1e6:.2f} us, {carried / bare:.1f} times "
              "(6.5 at most)")
        print(f"decisions with 8 processes at once: {1 / measure(guard, 5000, 8):,.0f} a second (100,000 wanted, 60,000 the least)")

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


if __name__ == "__main__":
    sys.exit(main())
