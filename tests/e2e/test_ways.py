"""Honest-looking ways to do what a rule forbids, each in a directory of its own: what works bare does not work under guard shim.

tests/ways/ has them, a line each. What this machine has no program for works in neither."""
import os
import shutil

import support

WAYS = support.ROOT / "tests" / "ways"
POLICY = """
read: [{deny: "**/secret/**"}, {allow: "/**"}]
write: [{deny: ["**/secret/**", "**/kept/**"]}, {allow: ["/tmp/**", "/dev/**", "/proc/**", "${workspace}/**", "~/**"]}]
exec: [{deny: ["**/bin/tool", {shell: "*forbidden-text*"}]}, {allow: "/**"}]
connect: [{allow: ["*", "unix:/**", udp, netlink, other]}]
"""


class Ways(support.Case):
    def prepare(self, root, names):
        for name in names:
            here = root / name
            for directory in ("secret", "kept", "bin", "out"):
                (here / directory).mkdir(parents=True)
            (here / "secret/key").write_text("TOPSECRET\n")
            (here / "kept/k").write_text("kept\n")
            (here / "l1").symlink_to("secret/key")
            (here / "l2").symlink_to("secret")
            shutil.copy(support.PROGRAMS / "ran", here / "bin/tool")

    @staticmethod
    def kept(here):
        """All that a write could change in it."""
        if not (here / "kept").is_dir():
            return None
        def look(path):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            return (path.name, status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_mtime_ns, status.st_ino, content,
                    {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)})
        return sorted(map(look, [here / "kept", *(here / "kept").rglob("*")]), key=lambda one: one[0])

    def run_ways(self, kind, guarded, worked):
        """The names of those that worked."""
        file = WAYS / f"{kind}.txt"
        names = [line.partition(":")[0] for line in file.read_text().splitlines() if not line.startswith("#")]
        self.assertEqual(len(names), len(set(names)))
        root = self.workspace / ("guarded" if guarded else "bare")
        self.prepare(root, names)
        before = {name: self.kept(root / name) for name in names}
        run = self.askfirst if guarded else lambda *_, **more: self.command(*_[_.index("--") + 1:], **more)
        env = self.environment(TMUX_TMPDIR=self.directory("tmux"), GIT_CONFIG_NOSYSTEM="1", LESSHISTFILE="-")
        result = run("run", "--guard=shim", "--quiet", "--approve=deny", "--policy", self.policy(POLICY), "--", "/usr/bin/python3",
                     WAYS / "driver.py", file, root, "TOPSECRET", env=env, limit=280)
        self.assertEqual(result.returncode, 0, result.stderr)
        put_out = result.stdout.split()
        return [name for name in names if worked(root / name, before[name], name in put_out)]

    def hold(self, kind, at_least, worked):
        guarded = self.run_ways(kind, True, worked)
        bare = self.run_ways(kind, False, worked)
        self.assertEqual(guarded, [], f"of {len(bare)} that work bare")
        self.assertGreater(len(bare), at_least, bare)

    def test_what_may_not_be_read_is_not_read(self):
        self.hold("reading", 90, lambda here, before, put_out: put_out)

    def test_what_may_not_be_changed_is_not_changed(self):
        self.hold("writing", 70, lambda here, before, put_out: self.kept(here) != before)

    def test_what_may_not_run_does_not_run(self):
        self.hold("running", 70, lambda here, before, put_out: (here / "ran").exists())


if __name__ == "__main__":
    support.main()
