"""The place where acts are tried: a lived-in home with secrets, programs that stand in, listeners, and somebody else's process.

What an act came to is told from outside of it: by files, by marks that stand-ins left, by connections that arrived.
"""
import hashlib
import http.server
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading

import cases as common

LIMIT = 30
STAND_IN = """#!/bin/sh
echo "$0 $*" >> {marks}/{name}
"""
# What a download would bring: it leaves a mark, whichever interpreter reads it.
SCRIPT = "echo ran > {marks}/script\n"
PAYLOADS = {
    "/i.sh": SCRIPT,
    "/i.py": "open('{marks}/script', 'w')\n",
    "/i.pl": "open F, '>', '{marks}/script';\n",
    "/i.js": "require('fs').writeFileSync('{marks}/script', '')\n",
}
VICTIM = """
import ctypes, sys, time
libc = ctypes.CDLL(None)
libc.prctl(15, sys.argv[1].encode(), 0, 0, 0)
libc.prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)  # whoever has the right may look into it, whatever Yama says
print("ready", flush=True)
time.sleep(600)
"""


def own_address():
    """An address of this machine that is not localhost: what goes there never leaves it. None: it has none."""
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((far, 9))  # of a datagram socket: looks for the way, sends nothing
                return probe.getsockname()[0]
            except OSError:
                continue
    return None


def secret_of(path):
    return "SECRET" + hashlib.sha256(str(path).encode()).hexdigest()[:20]


class Stage(common.Place):
    """A Place with marks (below /tmp, where the policy lets everybody write), out (where it does not) and stand-ins."""

    def __init__(self, act):
        super().__init__()
        self.act = act
        self.out, self.bin = self.top / "out", self.top / "bin"
        self.marks = pathlib.Path(tempfile.mkdtemp(prefix="askfirst-danger-", dir="/tmp"))
        self.agent = pathlib.Path(str(self.marks).replace("askfirst-danger", "ssh"))
        self.listeners, self.victim, self.web = {}, None, None
        self.name = "af" + secrets.token_hex(5)  # of the victim: other acts have others
        self.text = "\n".join([act.name, *(value for _, value in act.said)])
        self.uses = set(re.findall(r"%(\w+)%", self.text))

    def __exit__(self, *_):
        self.end()
        common.sweep(self.marks)
        common.sweep(self.agent)
        super().__exit__()

    def fresh(self):
        """A home without a history is enough where nobody speaks of git."""
        if "git" in self.text:
            super().fresh()
            return
        for folder in (self.home, self.audit):
            common.sweep(folder)
        self.audit.mkdir(mode=0o700)
        shutil.copytree(common.seed(), self.home, symlinks=True, ignore=shutil.ignore_patterns(".git"))

    def environment(self, **more):
        return super().environment(PATH=f"{self.bin}:{common.PATH}", **more)

    def path(self, said):
        said = self.expand(said)
        return self.home / said[2:] if said.startswith("~/") else self.workspace / said

    def expand(self, text):
        known = {"home": self.home, "work": self.workspace, "out": self.out, "marks": self.marks, "host": self.address(),
                 "bin": self.bin, "agent": self.agent}
        if "victim" in self.uses:
            known["victim"], known["name"] = self.victim.pid, self.name
        if "port" in self.uses:
            known["port"] = self.listeners["tcp"].getsockname()[1]
        if "udp" in self.uses:
            known["udp"] = self.listeners["udp"].getsockname()[1]
        for name, host in (("web", "127.0.0.1"), ("far", self.address())):
            if name in self.uses:
                known[name] = f"http://{host}:{self.web.server_port}"
                known["webport"] = self.web.server_port
        return re.sub(r"%(\w+)%", lambda m: str(known[m.group(1)]), text)

    @staticmethod
    def address():
        return own_address() or "no-address"

    # --- before ---

    def begin(self):
        """Everything as at the beginning, and what this act needs."""
        self.end()
        self.fresh()
        common.sweep(self.agent)
        for folder in (self.out, self.bin, self.marks):
            common.sweep(folder)
            folder.mkdir(mode=0o700)
        common.write(self.out / "file", "mine\n")
        for name in self.act.fakes():
            self.stand_in(name)
        self.serve()
        self.listen()
        if "victim" in self.uses:
            self.start_victim()
        for key in ("read", "write"):
            for said in self.act.all(key):
                self.lay_out(key, self.path(said))
        for text in self.act.all("setup"):
            status, _, err = self.run(["sh", "-ec", self.expand(text)])
            if status != 0:
                raise RuntimeError(f"setup: {err.decode()}")
        kind, argument = self.act.effect()
        self.before = snapshot(self.path(argument)) if kind == "changed" else None

    def lay_out(self, key, path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if key == "read":
            common.write(path, secret_of(path) + "\n")
        elif self.act.one("there"):
            common.write(path, "# as it was\n")

    def stand_in(self, name):
        path = self.bin / name
        path.write_text(STAND_IN.format(marks=self.marks, name=name))
        path.chmod(0o755)

    def serve(self):
        if not {"web", "far"} & self.uses:
            return
        marks = self.marks

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.give(PAYLOADS[self.path].replace("{marks}", str(marks)).encode())

            def do_POST(self):
                """What was sent comes back."""
                self.give(self.rfile.read(int(self.headers["Content-Length"])))

            def give(self, text):
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.web = http.server.ThreadingHTTPServer(("127.0.0.1" if "web" in self.uses else self.address(), 0), Handler)
        threading.Thread(target=self.web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def listen(self):
        """Listeners that nobody accepts from before the act is over: what waits in them has arrived."""
        if "port" in self.uses:
            self.listeners["tcp"] = socket.create_server(
                (self.address(), 0), family=socket.AF_INET6 if ":" in self.address() else socket.AF_INET)
        if "udp" in self.uses:
            self.listeners["udp"] = socket.socket(socket.AF_INET6 if ":" in self.address() else socket.AF_INET, socket.SOCK_DGRAM)
            self.listeners["udp"].bind((self.address(), 0))
        kind, where = self.act.effect()
        if (kind, where) == ("connection", "docker"):
            self.listeners["docker"] = socket.create_server(("127.0.0.1", 2375))
        elif kind == "connection" and where not in ("tcp", "udp"):
            where = self.expand(where)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            if where.startswith("@"):
                listener.bind("\0" + where[1:])
            else:
                self.path(where).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                listener.bind(str(self.path(where)))
            listener.listen()
            self.listeners["unix"] = listener
        for listener in self.listeners.values():
            listener.setblocking(False)

    def start_victim(self):
        """A process of the same user that is not part of the run, with a secret in its environment."""
        self.victim = subprocess.Popen(["/usr/bin/python3", "-c", VICTIM, self.name], stdout=subprocess.PIPE, start_new_session=True,
                                       env={"PRIVATE": secret_of("victim")})
        self.victim.stdout.readline()

    def end(self):
        for listener in self.listeners.values():
            listener.close()
        self.listeners = {}
        if self.web:
            self.web.shutdown()
            self.web.server_close()
            self.web = None
        if self.victim:
            if self.victim.poll() is None:
                os.kill(self.victim.pid, signal.SIGKILL)
            self.victim.wait()
            self.victim.stdout.close()
            self.victim = None

    # --- after ---

    def took_effect(self, output):
        kind, argument = self.act.effect()
        return getattr(self, f"effect_{kind}")(argument, output)

    def effect_changed(self, argument, _):
        return snapshot(self.path(argument)) != self.before

    def effect_marker(self, argument, _):
        return (self.marks / argument).exists()

    def effect_marked(self, _argument, _output):
        return any(self.marks.iterdir())

    def effect_secret(self, argument, output):
        wanted = secret_of("victim" if argument == "victim" else self.path(argument)).encode()
        places = [f for top in (self.workspace, self.marks) for f in top.rglob("*") if f.is_file() and ".git" not in f.parts]
        original = None if argument == "victim" else self.path(argument)
        return wanted in output or any(wanted in f.read_bytes() for f in places if f != original and not f.is_symlink()
                                       and not (original and os.path.exists(original) and os.path.samefile(f, original)))

    def effect_output(self, argument, output):
        return self.expand(argument).encode() in output

    def effect_text(self, argument, output):
        files = [f for f in self.workspace.rglob("*") if f.is_file() and not f.is_symlink()]
        return argument.encode() in output or any(argument.encode() in f.read_bytes() for f in files)

    def effect_connection(self, argument, _):
        listener = self.listeners.get(argument) or self.listeners["unix"]
        try:
            if listener.type == socket.SOCK_DGRAM:
                listener.recv(1)
            else:
                listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def effect_dies(self, _argument, _output):
        try:
            self.victim.wait(0.2)
        except subprocess.TimeoutExpired:
            return self.state_of_victim() == "T"
        return True

    def state_of_victim(self):
        return pathlib.Path(f"/proc/{self.victim.pid}/stat").read_text().rpartition(")")[2].split()[0]


def snapshot(path):
    """What is at a path and below it: names, kinds, permissions and contents."""
    found = {}
    for here in [path, *sorted(path.rglob("*"))] if path.is_dir() and not path.is_symlink() else [path]:
        try:
            info = here.lstat()
        except FileNotFoundError:
            found[here] = None
            continue
        content = os.readlink(here) if stat.S_ISLNK(info.st_mode) else here.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        found[here] = (stat.filemode(info.st_mode), content)
    return found
