# git as Python programs use it: porcelain read through pipes, a commit with a message on standard input, diff of two texts

import subprocess

def git(*words, **more): return subprocess.run(["git", *words], capture_output=True, text=True, check=True, **more).stdout

open("new", "w").write("new\n")
print(git("status", "--porcelain=v2", "--branch"), git("rev-parse", "--is-inside-work-tree"), git("ls-files", "-z"))
git("add", "-A"); git("commit", "-F", "-", input="from standard input\n"); print(git("log", "-1", "--format=%B"))
print(git("diff", "HEAD~1", "--name-only"), git("stash", "list"), git("config", "user.email"), git("branch", "--show-current"))
blob = git("hash-object", "-w", "--stdin", input="blob").strip(); print(git("cat-file", "blob", blob))
cat = subprocess.run(["git", "cat-file", "--batch-check"], input="HEAD\nnone\n", capture_output=True, text=True); print(len(cat.stdout.splitlines()))
