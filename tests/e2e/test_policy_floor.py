"""askfirst policy show --floor: what the kernel holds by itself, and who holds the rest."""
import support

REFUSE = support.PROGRAMS / "refuse"


class Floor(support.Case):
    def setUp(self):
        super().setUp()
        for name in ("open", "mixed/free", "mixed/kept"):
            self.directory(f"home/work/{name}")

    def show(self, policy, *before, **more):
        return self.command(*before, support.ASKFIRST, "policy", "show", "--floor", self.policy(policy), **more)

    def floor(self, policy, *before, **more):
        result = self.command(*before, support.ASKFIRST, "policy", "show", "--floor", "--json", self.policy(policy), **more)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return self.json(result)

    def granted(self, floor, act):
        return {one["path"] for one in floor["grants"] if act in one["acts"]}

    def rule(self, floor, text, act=None):
        found = [one for one in floor["rules"] if one["text"] == text and act in (None, one["act"])]
        self.assertEqual(len(found), 1, text)
        return found[0]

    def test_what_is_granted(self):
        floor = self.floor('write: [{deny: "${workspace}/mixed/kept/**"}, {allow: ["${workspace}/open/**", "${workspace}/mixed/**"]}]\n'
                           'read: [{allow: ["${workspace}/open/**", /etc/passwd]}]\n')
        self.assertEqual(self.granted(floor, "write"), {str(self.workspace / "open")})
        self.assertEqual(self.granted(floor, "read") - {str(support.SHIM)}, {str(self.workspace / "open"), "/etc/passwd"})
        self.assertIn("files", floor["holds_back"])
        self.assertGreaterEqual(floor["landlock"], 1)

    def test_a_gap_has_its_place_and_its_rule(self):
        floor = self.floor('write:\n  - deny: "${workspace}/mixed/kept/**"\n  - allow: ["${workspace}/**"]\n')
        gaps = {one["path"]: one for one in floor["gaps"]}
        self.assertEqual(set(gaps), {str(self.workspace)})
        rule = gaps[str(self.workspace)]["rule"]
        self.assertEqual((rule["verdict"], rule["text"], rule["line"]), ("deny", "${workspace}/mixed/kept/**", 3))
        self.assertEqual(gaps[str(self.workspace)]["act"], "write")

    def test_what_was_not_looked_at_says_so(self):
        floor = self.floor('read: [{deny: "**/.env"}, {allow: /usr/**}]\n')  # tens of thousands of files
        self.assertTrue(any("budget" in one.get("why", "") for one in floor["gaps"]), floor["gaps"])
        self.assertNotIn("/usr", self.granted(floor, "read"))
        self.assertLessEqual(floor["entries_walked"], 20000)

    def test_protected_files_that_were_found(self):
        secret = self.file("home/work/mixed/.env", "key")
        self.file("home/work/mixed/other", "text")
        floor = self.floor('read: [{deny: "**/.env"}, {allow: "${workspace}/**"}]\n')
        status = secret.stat()
        self.assertEqual(floor["protected"], [{"path": str(secret), "device": status.st_dev, "inode": status.st_ino}])

    def test_whether_reading_is_held_back_and_why_not(self):
        self.assertEqual(self.floor('read: [{allow: ["${workspace}/**"]}]\n')["reading"], {"ring": "floor"})
        for policy, why, text in (
                ('read: [{allow: "${workspace}/*.txt"}]\n', "by a pattern", "${workspace}/*.txt"),
                ('read: [{deny: "${workspace}/mixed/**"}, {allow: "${workspace}/**"}]\n', "has something in it",
                 "${workspace}/mixed/**"),
                ("otherwise: {read: allow}\n", "what no rule names may be read", None)):
            reading = self.floor(policy)["reading"]
            self.assertEqual(reading["ring"], "watch")
            self.assertIn(why, reading["why"])
            self.assertEqual(reading.get("rule", {}).get("text"), text)

    def test_each_rule_has_its_ring(self):
        floor = self.floor("""
read: [{allow: "${workspace}/open/**"}, {ask: /etc/passwd}]
write: [{allow: "${workspace}/open/**"}, {allow: "${workspace}/mixed/one", program: git},
        {deny: "${workspace}/mixed/two", program: sh}, {deny: "**/.env"}, {deny: "${workspace}/mixed/kept/**"}, {ask: "${workspace}/asked"},
        {allow: "${workspace}/mixed/**"}, {allow: "**/notes.txt"}, {allow: "${workspace}/later/**"}]
exec: [{allow: ls}]
connect: [{deny: unix-datagram}, {allow: [udp, raw, "10.0.0.0/8", "fd00::1", "api.example.com:443", "unix:/run/x.sock"]}]
debug: [{deny: "/usr/bin/ssh-agent"}]
""")
        for text, ring, why in (
                ("${workspace}/open/**", "floor", "granted"), ("${workspace}/mixed/kept/**", "floor", "left out"),
                ("**/.env", "floor and watch", "made later"), ("${workspace}/mixed/**", "floor and watch", "gaps"),
                ("${workspace}/asked", "watch", "cannot ask"), ("/etc/passwd", "watch", "cannot ask"),
                ("${workspace}/mixed/one, program: git", "watch", "which program acts"),
                ("${workspace}/mixed/two, program: sh", "watch", "which program acts"), ("**/notes.txt", "watch", "no tree"), ("${workspace}/later/**", "watch", "not there yet"),
                ("ls", "watch", "executed"), ("udp", "watch", "sent"), ("unix-datagram", "watch", "made"), ("raw", "watch", "made"), ("10.0.0.0/8", "watch", "TCP"),
                ("fd00::1", "watch", "TCP"), ("unix:/run/x.sock", "watch", "connections"),
                ("api.example.com:443", "watch and door", "look-ups"), ("/usr/bin/ssh-agent", "watch", "other processes")):
            rules = [one for one in floor["rules"] if one["text"] == text]
            self.assertTrue(rules, text)
            for rule in rules:
                self.assertEqual((text, rule["ring"]), (text, ring))
                self.assertIn(why, rule["why"])

    def test_reading_that_is_not_held_back_is_carried_by_the_watch(self):
        floor = self.floor('read: [{deny: "${workspace}/mixed/**"}, {allow: "${workspace}/**"}]\n')
        for text in ("${workspace}/mixed/**", "${workspace}/**"):
            self.assertEqual(self.rule(floor, text)["ring"], "watch")

    def test_the_default_policy(self):
        result = self.askfirst("policy", "show", "--floor", "--policy=default")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for line in ("granted for reading", "granted for writing", "what the floor does not carry alone, and who does"):
            self.assertIn(f"\n{line}\n", result.stdout)
        self.assertRegex(result.stdout, r"(?m)^Landlock version \d+ holds back: files")
        self.assertRegex(result.stdout, r"(?m)^reading: not held back by the floor, but by the watch: ")
        self.assertRegex(result.stdout, r"(?m)^watch: programs and their words are judged when they are executed")

    def test_for_people(self):
        self.file("home/work/mixed/.env", "key")
        out = self.show('read:\n  - deny: "**/.env"\n  - allow: "${workspace}/**"\n').stdout
        self.assertIn(f"\nprotected files that were found: no other name for them helps\n  {self.workspace}/mixed/.env\n", out)
        self.assertIn(f"\n  read   {self.workspace}\n", out)
        self.assertRegex(out, r"(?m)^  \S+policy.yaml:3 +read +deny +\*\*/\.env$")

    def test_without_landlock_it_is_a_plan(self):
        out = self.show('write: [{allow: "${workspace}/**"}]\n', REFUSE, "landlock").stdout
        self.assertIn("this kernel has none", out)
        self.assertIn(f"\ngranted for writing\n  {self.workspace}\n", out)
        self.assertEqual(self.floor('write: [{allow: "${workspace}/**"}]\n', REFUSE, "landlock")["holds_back"], [])

    def test_the_plan_is_what_the_kernel_does(self):
        """What is granted for writing is written to, and what is not is refused, by a program that asks nobody."""
        self.file("home/work/open/a", "")
        self.file("home/work/mixed/kept/a", "")
        policy = 'write: [{deny: "${workspace}/mixed/kept/**"}, {allow: ["${workspace}/open/**", "${workspace}/mixed/free/**", /dev/null]}]\n' \
                 'read: [{allow: "/**"}]\nexec: [{allow: "/**"}]\n'
        granted = self.granted(self.floor(policy), "write")
        self.assertIn(str(self.workspace / "open"), granted)
        for name in ("open", "mixed/free", "mixed/kept"):
            result = self.askfirst("run", "--guard=kernel", "--quiet", "--approve=deny", "--policy", self.policy(policy), "--",
                                   "/bin/busybox", "touch", f"{name}/new")
            self.assertEqual(result.returncode == 0, str(self.workspace / name) in granted, result.stderr)

    def test_names_from_outside_are_made_harmless(self):
        self.file("home/work/mixed/\x1b[31m.env", "key")
        result = self.show('read: [{deny: "**/*.env"}, {allow: "${workspace}/**"}]\n')
        self.assertNotIn("\x1b", result.stdout)
        self.assertIn("\\e[31m.env", result.stdout)


if __name__ == "__main__":
    support.main()
