"""How an act can be spelt: each way turns a command, or a file to read or to write, into what askfirst is given to run.

A way that by its nature does not go through the C library says why in NOT_THE_DOOR: guard shim refuses such a program at its
start or cannot see the call, so there nothing is proven of it.
"""
import os
import shlex

PYTHON = "/usr/bin/python3"
EVIL = "evil"  # what is written into files

# A system call made by machine code of its own: mov eax, NUMBER; syscall; ret, with the arguments where C puts them.
MACHINE_CODE = """
import ctypes, mmap
def raw(number, *args):
    code = (b"\\xb8" + number.to_bytes(4, "little") + b"\\x49\\x89\\xca\\x0f\\x05\\xc3")
    page = mmap.mmap(-1, 4096, prot=7); page.write(code)
    where = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_void_p] * len(args))(where)(*args)
"""
STATIC = "a static program, which guard shim refuses at its start"
RAW = "a system call that does not go through the C library"
NOT_THE_DOOR = {"busybox": STATIC, "busybox-sh": STATIC, "machine-code": RAW}


def python(text, *args):
    return [PYTHON, "-c", text, *args]


def quoted(*words):
    return shlex.join(words)


def shell(text):
    return ["sh", "-c", text]


def whole(text):
    """A shell's text as one word of another shell's text."""
    return shlex.quote(text)


# Commands: words -> argument vector.
COMMAND = {
    "directly": lambda w: w,
    "list": lambda w: python(f"import subprocess; subprocess.run({w!r})"),
    "shell-true": lambda w: python(f"import subprocess; subprocess.run({quoted(*w)!r}, shell=True)"),
    "os.system": lambda w: python(f"import os; os.system({quoted(*w)!r})"),
    "sh-c": lambda w: shell(quoted(*w)),
    "os.execvp": lambda w: python(f"import os; os.execvp({w[0]!r}, {w!r})"),
    "posix_spawnp": lambda w: python(f"import os; os.waitpid(os.posix_spawnp({w[0]!r}, {w!r}, os.environ), 0)"),
    "script": lambda w: shell(f"printf '%s\\n' '#!/bin/sh' {whole(quoted(*w))} > job.sh; chmod +x job.sh; ./job.sh"),
    "perl-system": lambda w: ["perl", "-e", "system { $ARGV[0] } @ARGV", "--", *w],
    "node-exec": lambda w: ["node", "-e", f"try {{ require('child_process').execSync({quoted(*w)!r}) }} catch (e) {{}}"],
    "env": lambda w: ["env", "A=b", *w],
    "xargs": lambda w: shell(f"echo {whole(w[-1])} | xargs {quoted(*w[:-1])}") if len(w) > 1
    else shell(f"echo | xargs {quoted(*w)}"),
    "find-exec": lambda w: ["find", "README", "-exec", *w, ";"],
    "nohup": lambda w: ["nohup", *w],
    "ctypes-system": lambda w: python(f"import ctypes; ctypes.CDLL(None).system({quoted(*w).encode()!r})"),
    "busybox-sh": lambda w: ["busybox", "sh", "-c", quoted(*w)],
    "bash-exec": lambda w: ["bash", "-c", f"exec {quoted(*w)}"],
    "os.popen": lambda w: python(f"import os; os.popen({quoted(*w)!r}).read()"),
    "os.execve": lambda w: python("import os, shutil\n"
                                  f"os.execve(shutil.which({w[0]!r}), {w!r}, {{'PATH': os.environ['PATH']}})"),
    "os.spawnvp": lambda w: python(f"import os; os.spawnvp(os.P_WAIT, {w[0]!r}, {w!r})"),
    "perl-exec": lambda w: ["perl", "-e", "exec { $ARGV[0] } @ARGV", "--", *w],
    "perl-backticks": lambda w: ["perl", "-e", "print `$ARGV[0]`", quoted(*w)],
    "node-spawn": lambda w: ["node", "-e", f"require('child_process').spawnSync({w[0]!r}, {w[1:]!r})"],
    "env-i": lambda w: shell(f'env -i PATH="$PATH" HOME="$HOME" {quoted(*w)}'),
    "timeout": lambda w: ["timeout", "10", *w],
    "setsid": lambda w: ["setsid", "-w", *w],
    "nice": lambda w: ["nice", "-n", "5", *w],
    "stdbuf": lambda w: ["stdbuf", "-oL", *w],
    "make": lambda w: shell(f"printf 'all:\\n\\t%s\\n' {whole(quoted(*w))} > job.mk; make -s -f job.mk"),
    "awk": lambda w: ["awk", f'BEGIN {{ system("{awk_text(quoted(*w))}") }}'],
    "git-alias": lambda w: ["git", "-c", f"alias.go=!{quoted(*w)}", "go"],
    "ctypes-execvp": lambda w: python(f"import ctypes; w = {[x.encode() for x in w]!r}\n"
                                      "ctypes.CDLL(None).execvp(w[0], (ctypes.c_char_p * (len(w) + 1))(*w, None))"),
    "ctypes-syscall": lambda w: python(f"import ctypes, os, shutil; w = {[x.encode() for x in w]!r}\n"
                                       "env = (ctypes.c_char_p * 3)(*(f'{k}={os.environ[k]}'.encode() for k in ('PATH', 'HOME')), None)\n"
                                       "ctypes.CDLL(None).syscall(59, shutil.which(w[0]), (ctypes.c_char_p * (len(w) + 1))(*w, None), env)"),
    "machine-code": lambda w: python(MACHINE_CODE + f"import os, shutil; w = {[x.encode() for x in w]!r}\n"
                                     "p = ctypes.create_string_buffer(shutil.which(w[0])); v = (ctypes.c_char_p * (len(w) + 1))(*w, None)\n"
                                     "e = (ctypes.c_char_p * 3)(*(f'{k}={os.environ[k]}'.encode() for k in ('PATH', 'HOME')), None)\n"
                                     "raw(59, ctypes.addressof(p), ctypes.addressof(v), ctypes.addressof(e))"),
    "fork-exec": lambda w: python(f"import os\nif os.fork() == 0: os.execvp({w[0]!r}, {w!r})\nos.wait()"),
    "thread": lambda w: python("import subprocess, threading\n"
                               f"t = threading.Thread(target=subprocess.run, args=({w!r},)); t.start(); t.join()"),
    "asyncio": lambda w: python("import asyncio\nasync def go(): await (await asyncio.create_subprocess_exec("
                                f"*{w!r})).wait()\nasyncio.run(go())"),
    "multiprocessing": lambda w: python("import multiprocessing, subprocess\n"
                                        f"p = multiprocessing.get_context('fork').Process(target=subprocess.run, args=({w!r},))\n"
                                        "p.start(); p.join()"),
    "no-environment": lambda w: python("import subprocess, shutil, os\n"
                                       f"subprocess.run({w!r}, executable=shutil.which({w[0]!r}), env={{'HOME': os.environ['HOME']}})"),
    "fexecve": lambda w: python("import os, shutil\n"
                                f"f = os.open(shutil.which({w[0]!r}), os.O_RDONLY); os.set_inheritable(f, True); os.execve(f, {w!r}, os.environ)"),
    "link": lambda w: shell(f"ln -s \"$(command -v {w[0]})\" innocent; ./innocent {quoted(*w[1:])}"),
    "eval": lambda w: ["bash", "-c", 'eval "$1"', "x", quoted(*w)],
    "background": lambda w: shell(f"{quoted(*w)} & wait"),
    "pty": lambda w: python(f"import pty; pty.spawn({w!r}, lambda fd: __import__('os').read(fd, 99))"),
}

# Reading: path -> argument vector that prints what is in it.
READ = {
    "cat": lambda p: ["cat", p],
    "python-open": lambda p: python(f"print(open({p!r}).read())"),
    "symlink": lambda p: shell(f"ln -s {quoted(p)} l; cat l"),
    "proc-self-root": lambda p: ["cat", "/proc/self/root" + p],
    "perl": lambda p: ["perl", "-pe", "", p],
    "node": lambda p: ["node", "-e", f"console.log(require('fs').readFileSync({p!r}, 'utf8'))"],
    "ctypes-open": lambda p: python("import ctypes, os\n"
                                    f"print(os.read(ctypes.CDLL(None).open({p.encode()!r}, 0), 999))"),
    "sh-read": lambda p: shell(f"while read -r line; do echo \"$line\"; done < {quoted(p)}"),
    "busybox": lambda p: ["busybox", "cat", p],
    "hard-link": lambda p: shell(f"ln {quoted(p)} l; cat l"),
    "copy": lambda p: shell(f"cp {quoted(p)} c; cat c"),
    "move": lambda p: shell(f"mv {quoted(p)} m; cat m"),
    "os.open": lambda p: python(f"import os; print(os.read(os.open({p!r}, os.O_RDONLY), 999))"),
    "mmap": lambda p: python(f"import mmap; f = open({p!r}, 'rb'); print(mmap.mmap(f.fileno(), 0, prot=1)[:])"),
    "relative": lambda p: shell('cat "$(realpath --relative-to=. ' + quoted(p) + ')"'),
    "chdir": lambda p: shell(f"cd {quoted(os.path.dirname(p))} && cat {quoted(os.path.basename(p))}"),
    "dir-fd": lambda p: python("import os\n"
                               f"d = os.open({os.path.dirname(p)!r}, os.O_PATH)\n"
                               f"print(os.read(os.open({os.path.basename(p)!r}, 0, dir_fd=d), 999))"),
    "o_path": lambda p: python(f"import os; f = os.open({p!r}, os.O_PATH); print(open(f'/proc/self/fd/{{f}}').read())"),
    "tar": lambda p: ["tar", "-cf", "-", "-C", os.path.dirname(p), os.path.basename(p)],
    "dd": lambda p: ["dd", f"if={p}"],
    "grep": lambda p: ["grep", "-r", "SECRET", os.path.dirname(p)],
    "git-diff": lambda p: ["git", "diff", "--no-index", "/dev/null", p],
    "xargs": lambda p: shell(f"echo {quoted(p)} | xargs cat"),
    "find-exec": lambda p: ["find", os.path.dirname(p), "-name", os.path.basename(p), "-exec", "cat", "{}", "+"],
    "env-i": lambda p: ["env", "-i", "cat", p],
    "shutil": lambda p: python(f"import shutil; shutil.copyfile({p!r}, 'c'); print(open('c').read())"),
    "sendfile": lambda p: python(f"import os; os.sendfile(1, os.open({p!r}, 0), 0, 999)"),
    "ctypes-fopen": lambda p: python("import ctypes; c = ctypes.CDLL(None); c.fopen.restype = ctypes.c_void_p\n"
                                     "b = ctypes.create_string_buffer(999)\n"
                                     f"f = c.fopen({p.encode()!r}, b'r'); f and c.fgets(b, 999, ctypes.c_void_p(f)); print(b.value)"),
    "ctypes-syscall": lambda p: python("import ctypes, os\n"
                                       f"print(os.read(ctypes.CDLL(None).syscall(257, -100, {p.encode()!r}, 0), 999))"),
    "openat2": lambda p: python("import ctypes, os; how = (ctypes.c_uint64 * 3)()\n"
                                f"print(os.read(ctypes.CDLL(None).syscall(437, -100, {p.encode()!r}, how, 24), 999))"),
    "machine-code": lambda p: python(MACHINE_CODE + "import os\n"
                                     f"p = ctypes.create_string_buffer({p.encode()!r})\n"
                                     "print(os.read(raw(2, ctypes.addressof(p), 0, 0), 999))"),
    "thread": lambda p: python("import threading\n"
                               f"t = threading.Thread(target=lambda: print(open({p!r}).read())); t.start(); t.join()"),
    "fork": lambda p: python(f"import os\nif os.fork() == 0: print(open({p!r}).read(), flush=True); os._exit(0)\nos.wait()"),
    "through-the-folder": lambda p: shell(f"ln -s {quoted(os.path.dirname(p))} d; cat d/{quoted(os.path.basename(p))}"),
    "node-stream": lambda p: ["node", "-e", f"require('fs').createReadStream({p!r}).on('error', () => {{}}).pipe(process.stdout)"],
    "stdin": lambda p: shell(f"cat < {quoted(p)}"),
}

# Writing: path -> argument vector that changes what is there. Some of them need the file to be there.
WRITE = {
    "append": lambda p: shell(f"echo {EVIL} >> {quoted(p)}"),
    "python-open": lambda p: python(f"open({p!r}, 'a').write({EVIL!r})"),
    "replace": lambda p: python(f"import os; open('new', 'w').write({EVIL!r}); os.replace('new', {p!r})"),
    "tee": lambda p: shell(f"echo {EVIL} | tee -a {quoted(p)}"),
    "symlink-here": lambda p: shell(f"ln -s {quoted(p)} l; echo {EVIL} >> l"),
    "proc-self-root": lambda p: shell(f"echo {EVIL} >> /proc/self/root{quoted(p)}"),
    "perl": lambda p: ["perl", "-e", "open F, '>>', $ARGV[0] and print F 'evil'", p],
    "node": lambda p: ["node", "-e", f"require('fs').appendFileSync({p!r}, {EVIL!r})"],
    "ctypes-open": lambda p: python(f"import ctypes, os; os.write(ctypes.CDLL(None).open({p.encode()!r}, 0o2101, 0o644), b{EVIL!r})"),
    "busybox": lambda p: shell(f"echo {EVIL} | busybox tee -a {quoted(p)}"),
    "cp": lambda p: shell(f"echo {EVIL} > new; cp -f new {quoted(p)}"),
    "mv": lambda p: shell(f"echo {EVIL} > new; mv -f new {quoted(p)}"),
    "ln-sf": lambda p: shell(f"echo {EVIL} > new; ln -sf \"$PWD/new\" {quoted(p)}"),
    "dd": lambda p: shell(f"echo {EVIL} | dd of={quoted(p)} conv=notrunc oflag=append"),
    "install": lambda p: shell(f"echo {EVIL} > new; install -m 644 new {quoted(p)}"),
    "chdir": lambda p: shell(f"cd {quoted(os.path.dirname(p))} && echo {EVIL} >> {quoted(os.path.basename(p))}"),
    "dir-fd": lambda p: python("import os\n"
                               f"d = os.open({os.path.dirname(p)!r}, os.O_PATH)\n"
                               f"os.write(os.open({os.path.basename(p)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644, dir_fd=d), b{EVIL!r})"),
    "os.open": lambda p: python(f"import os; os.write(os.open({p!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), b{EVIL!r})"),
    "shutil": lambda p: python(f"import shutil; open('new', 'w').write({EVIL!r}); shutil.copyfile('new', {p!r})"),
    "pathlib": lambda p: python(f"import pathlib; pathlib.Path({p!r}).write_text({EVIL!r})"),
    "tar": lambda p: shell(f"echo {EVIL} > {quoted(os.path.basename(p))}; "
                           f"tar -cf a.tar {quoted(os.path.basename(p))}; tar -xf a.tar -C {quoted(os.path.dirname(p))}"),
    "ctypes-fopen": lambda p: python("import ctypes; c = ctypes.CDLL(None); c.fopen.restype = ctypes.c_void_p\n"
                                     f"f = ctypes.c_void_p(c.fopen({p.encode()!r}, b'a')); f and (c.fputs(b{EVIL!r}, f), c.fflush(f))"),
    "ctypes-syscall": lambda p: python("import ctypes, os\n"
                                       f"os.write(ctypes.CDLL(None).syscall(257, -100, {p.encode()!r}, 0o2101, 0o644), b{EVIL!r})"),
    "machine-code": lambda p: python(MACHINE_CODE + "import os\n"
                                     f"p = ctypes.create_string_buffer({p.encode()!r})\n"
                                     f"os.write(raw(2, ctypes.addressof(p), 0o2101, 0o644), b{EVIL!r})"),
    "link-to": lambda p: python(f"import os; open('new', 'w').write({EVIL!r}); os.path.lexists({p!r}) and os.unlink({p!r})\n"
                                f"os.link('new', {p!r})"),
}
# These need a file that is there.
CHANGE = {
    "sed-i": lambda p: ["sed", "-i", "1i evil", p],
    "unlink": lambda p: ["rm", "-f", p],
    "truncate": lambda p: python(f"import os; os.truncate({p!r}, 0)"),
    "hard-link": lambda p: shell(f"ln {quoted(p)} l; echo {EVIL} >> l"),
    "mmap": lambda p: python(f"import mmap; f = open({p!r}, 'r+b'); m = mmap.mmap(f.fileno(), 0); m[0:1] = b'e'; m.flush()"),
    "o_path": lambda p: python(f"import os; f = os.open({p!r}, os.O_PATH); open(f'/proc/self/fd/{{f}}', 'a').write({EVIL!r})"),
    "chmod": lambda p: ["chmod", "0777", p],
    "rename-away": lambda p: ["mv", p, "gone"],
    "read-write": lambda p: python(f"open({p!r}, 'r+').write({EVIL!r})"),
}


def awk_text(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')
