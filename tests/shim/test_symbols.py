"""The table of wrapped functions against what the shim exports and what the C libraries here have."""
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import ROOT, SHIM, main  # noqa: E402

LIBRARIES = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib/ld-musl-x86_64.so.1"]
# What belongs to the wrapped families, by its name. It may catch too much: that stands in the table with a reason.
FAMILIES = re.compile(
    r"open|creat|exec|spawn|system|popen|wordexp|connect|send|unlink|remove|rename|link|mkdir|mkfifo|mknod|temp|tmp"
    r"|chmod|chown|utim|futim|xattr|truncate|mount|root|scandir|ftw|fts|glob|utx|utline|login|shm_|sem_|mq_|syscall"
    r"|socket|addrinfo|gethostby|swap|acct|fork|clone|handle_at|splice|sendfile|copy_file|memfd|setmnt|quotactl"
    r"|ptrace|process_vm|pidfd|module|reboot|kexec|fanotify|inotify|^bind$|^listen$|accept|daemon|rcmd|rexec|clnt"
    r"|kill|sigqueue|^raise$|prlimit|setpriority|process_m|rmdir|uselib|nfsserv|setns|unshare|ioctl|logwtmp|fspick")


def symbols(path, *options):
    """What it exports, old versions of a symbol included."""
    listing = subprocess.run(["nm", "-D", *options, path], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in listing.splitlines()]
    return {name.split("@")[0] for *_, kind, name in fields if kind in "TWVBDRiwU"}


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = (ROOT / "shim" / "symbols.def").read_text()
        cls.wrapped = re.findall(r"^WRAPPED\((\w+), (\w+), \"[^\"]+\"\)$", text, re.M)
        cls.left = re.findall(r"^LEFT\((\w+), \"[^\"]+\"\)$", text, re.M)
        cls.lines = [line for line in text.splitlines() if line.startswith(("WRAPPED", "LEFT"))]

    def names(self):
        return {name for name, _ in self.wrapped}

    def test_every_line_of_the_table_says_why(self):
        self.assertEqual(len(self.lines), len(self.wrapped) + len(self.left))

    def test_no_name_stands_twice(self):
        names = [name for name, _ in self.wrapped] + self.left
        self.assertEqual(sorted(names), sorted(set(names)))

    def test_the_shim_exports_what_the_table_says_and_nothing_else(self):
        self.assertEqual(symbols(SHIM, "--defined-only"), self.names())

    def test_the_version_script_lets_out_what_the_table_says(self):
        script = (ROOT / "shim" / "exports.map").read_text()
        self.assertEqual(set(re.findall(r"^\s+(\w+);$", script, re.M)), self.names())

    def test_each_wrapper_lies_in_the_room_that_the_table_names(self):
        for name, room in self.wrapped:
            text = (ROOT / "shim" / f"{room}.c").read_text()
            if not re.search(rf"(WRAP\([^()]*?,\s*|SAME\(|EXEC_LIST\(){name}\b|RAW_SYSCALL_ENTRY", text):
                self.fail(f"{name} is not in shim/{room}.c")

    def test_every_sibling_in_the_c_libraries_is_in_the_table(self):
        for library in LIBRARIES:
            with self.subTest(library):
                known = self.names() | set(self.left)
                family = {name for name in symbols(library, "--defined-only") if FAMILIES.search(name)}
                self.assertEqual(family - known, set(), "wrap them, or say in symbols.def why not")

    def test_the_table_leaves_nothing_that_no_c_library_has(self):
        there = set().union(*(symbols(library, "--defined-only") for library in LIBRARIES))
        self.assertEqual(set(self.left) - there, set())

    def test_a_new_sibling_would_be_missed(self):
        for name in ["__open_3", "execvpe64", "posix_spawn_v2", "renameat3", "fopen_2", "connectat", "setxattrat"]:
            self.assertTrue(FAMILIES.search(name), name)

    def test_the_shim_needs_nothing_and_asks_for_nothing_by_force(self):
        dynamic = subprocess.run(["readelf", "-d", SHIM], check=True, capture_output=True, text=True).stdout
        self.assertNotIn("NEEDED", dynamic)
        self.assertNotIn("TEXTREL", dynamic)
        listing = subprocess.run(["nm", "-D", "--undefined-only", SHIM], check=True, capture_output=True,
                                 text=True).stdout
        self.assertEqual({line.split()[0] for line in listing.splitlines()}, {"w"})

    def test_every_program_pays_for_two_mappings_and_one_page(self):
        """What the loader maps, protects and writes when it brings the shim in (layout.ld)."""
        listing = subprocess.run(["readelf", "-lW", SHIM], check=True, capture_output=True, text=True).stdout
        parts = [line.split() for line in listing.splitlines()]
        loads = [part for part in parts if part[:1] == ["LOAD"]]
        self.assertEqual(len(loads), 2, listing)
        self.assertNotIn("GNU_RELRO", listing)
        begin, in_file, in_memory = (int(loads[1][i], 16) for i in (2, 4, 5))
        self.assertEqual((begin + in_file - 1) // 4096, (begin + in_memory - 1) // 4096, listing)
        dynamic = next(int(part[2], 16) for part in parts if part[:1] == ["DYNAMIC"])
        self.assertEqual(dynamic // 4096, (begin + in_memory - 1) // 4096, listing)
        relocations = subprocess.run(["readelf", "-rW", SHIM], check=True, capture_output=True, text=True).stdout
        places = [int(line.split()[0], 16) for line in relocations.splitlines() if "R_" in line]
        self.assertEqual({place // 4096 for place in places}, {dynamic // 4096}, relocations)


if __name__ == "__main__":
    main()
