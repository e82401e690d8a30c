# Python: subprocess in its forms, shell=True, os.system, os.popen, posix_spawn, fork and exec

import os, subprocess, sys

print(subprocess.run(["echo", "list"], capture_output=True, text=True).stdout)
print(subprocess.run("echo shell | tr a-z A-Z; exit 3", shell=True, capture_output=True, text=True))
print(subprocess.check_output(["cat"], input=b"through a pipe"))
print(subprocess.run([sys.executable, "-c", "import sys; sys.exit(7)"]).returncode)
print(subprocess.run(["env"], env={"ONLY": "this"}, capture_output=True, text=True).stdout.count("ONLY=this"))
print(subprocess.run(["pwd"], cwd="src", capture_output=True, text=True).stdout.endswith("/src\n"))
first = subprocess.Popen(["printf", "b\\na\\n"], stdout=subprocess.PIPE)
second = subprocess.Popen(["sort"], stdin=first.stdout, stdout=subprocess.PIPE)
first.stdout.close(); print(second.communicate()[0], first.wait())
try:
    subprocess.run(["sleep", "5"], timeout=0.2)
except subprocess.TimeoutExpired as error:
    print(error.cmd)
try:
    subprocess.run(["no-such-program"])
except FileNotFoundError as error:
    print(error)
print(os.WEXITSTATUS(os.system("echo system; exit 4")), os.popen("echo popen").read())
sys.stdout.flush()
read, write = os.pipe(); os.set_inheritable(write, True)
subprocess.run(["sh", "-c", f"echo fd >&{write}"], pass_fds=[write]); print(os.read(read, 9))
print(os.waitpid(os.posix_spawn("/bin/echo", ["echo", "spawn"], os.environ), 0)[1])
print(os.waitpid(os.posix_spawnp("true", ["true"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "out", os.O_WRONLY | os.O_CREAT, 0o644)]), 0)[1])
for start in (lambda: os.execvp("echo", ["echo", "execvp"]), lambda: os.execve("/bin/sh", ["sh", "-c", "echo execve"], {})):
    pid = os.fork()
    if pid == 0:
        start()
    print(os.waitpid(pid, 0)[1], flush=True)
