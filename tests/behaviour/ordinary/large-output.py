# Large outputs: 8 MiB through standard output of a child, a big file, many small files, long argument lists and environments

import hashlib, os, subprocess, sys

out = subprocess.run([sys.executable, "-c", "import sys; sys.stdout.write('x' * (8 << 20))"], capture_output=True).stdout; print(len(out))
with open("big", "wb") as file: file.write(os.urandom(1 << 20) * 8)
print(os.path.getsize("big")); hashlib.sha256(open("big", "rb").read()); os.unlink("big")
os.mkdir("many")
for n in range(500): open(f"many/{n}", "w").write(str(n))
print(sum(len(open(entry.path).read()) for entry in os.scandir("many"))); subprocess.run(["rm", "-r", "many"])
print(subprocess.run(["sh", "-c", "echo $#", "sh", *map(str, range(5000))], capture_output=True).stdout)
print(len(subprocess.run(["env"], env={"BIG": "y" * 100000, "PATH": os.environ["PATH"]}, capture_output=True).stdout) > 100000)
print("line\n" * 20000, end="")
