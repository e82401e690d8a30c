"""Names: a look-up tells the outside what is in the name, so it is judged as the connection that it is for."""
import json
import socket

import support

LOOK_UP = """
import socket, sys
for name, port in [word.split(":") for word in sys.argv[1:]]:
    try: socket.getaddrinfo(name, port or None, type=socket.SOCK_STREAM); print(name, "found")
    except OSError as error: print(name, error.strerror)
"""


class LookUps(support.Case):
    def look_up(self, policy, *names, approve="deny"):
        policy = self.policy("exec: [{allow: \"/**\"}]\nread: [{allow: \"/**\"}]\nwrite: [{allow: \"/dev/**\"}]\n" + policy)
        result = self.askfirst("run", "--guard=shim", "--policy", policy, "--approve", approve, "--", "/usr/bin/python3",
                               "-c", LOOK_UP, *names)
        self.said = result.stderr
        return result.stdout.splitlines()

    def records(self):
        lines = []
        for path in self.home.glob(".local/state/askfirst/audit/*.jsonl"):
            lines += [json.loads(line) for line in path.read_text().splitlines()]
        return [line for line in lines if line["type"] == "act" and line["act"] == "connect"]

    def test_a_name_that_nothing_may_be_connected_to_is_not_looked_up(self):
        found = self.look_up("connect: [{allow: localhost}, {deny: \"*\"}]\n", "secret-in-a-name.invalid:443")
        self.assertEqual(found, ["secret-in-a-name.invalid Permission denied"])
        self.assertIn("askfirst: denied: look up secret-in-a-name.invalid:443", self.said)
        self.assertEqual([line["verdict"] for line in self.records()], ["deny"])

    def test_a_name_that_is_asked_about_waits_for_a_yes(self):
        rules = "connect: [{ask: \"*\"}]\n"
        self.assertEqual(self.look_up(rules, "localhost:80"), ["localhost Permission denied"])
        self.assertEqual(self.look_up(rules, "localhost:80", approve="allow"), ["localhost found"])

    def test_this_machines_own_name_is_looked_up_as_localhost_is_unless_a_rule_names_it(self):
        own = socket.gethostname()
        self.look_up("connect: [{allow: localhost}]\n", f"{own}:80")
        self.assertEqual(self.records(), [])
        self.assertEqual(self.look_up(f"connect: [{{allow: localhost}}, {{deny: \"{own}\"}}]\n", f"{own}:80"),
                         [f"{own} Permission denied"])

    def test_a_name_that_is_allowed_on_any_port_is_looked_up_without_one(self):
        rules = "connect: [{allow: \"localhost:443\"}, {deny: \"*\"}]\n"
        self.assertEqual(self.look_up(rules, "localhost:", "localhost:443", "localhost:25"),
                         ["localhost found", "localhost found", "localhost Permission denied"])

    def test_an_address_in_numbers_is_no_name(self):
        self.assertEqual(self.look_up("connect: [{deny: \"*\"}]\n", "127.0.0.1:80"), ["127.0.0.1 found"])

    def test_who_said_yes_to_the_look_up_is_not_asked_about_the_connection(self):
        policy = self.policy("exec: [{allow: \"/**\"}]\nread: [{allow: \"/**\"}]\nconnect: [{ask: \"*\"}]\n")
        text = "import socket\nsocket.create_connection(('localhost', 9), timeout=5)"
        result = self.askfirst("run", "--guard=shim", "--policy", policy, "--approve=allow", "--", "/usr/bin/python3", "-c", text)
        self.assertIn("ConnectionRefusedError", result.stderr)
        records = self.records()
        self.assertEqual(records[0]["detail"], "look up")
        self.assertGreaterEqual(len(records), 2)
        self.assertEqual([line.get("before", False) for line in records], [False] + [True] * (len(records) - 1))


if __name__ == "__main__":
    support.main()
