"""Which rules of the built-in default policy decide something: in the policy's own tests, and in what the behaviour proof ran.

A rule is known by its place and its text, as the record and `policy show` both write them.
"""
import json
import re
import shutil
import subprocess
import tempfile

import cases as common

POLICY = common.ROOT / "policy" / "default.yaml"
MOST_ERRORS = 20  # that one load tells


def askfirst(*argv):
    return subprocess.run([common.ASKFIRST, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def rules():
    """The rules of default.yaml, as `policy show --json` gives them."""
    shown = json.loads(askfirst("policy", "show", "--json", "--policy=default"))
    return [rule for rule in shown["rules"] if rule["file"] == "default.yaml"]


def key(rule):
    return f"default.yaml:{rule['line']}", rule["text"]


def own_tests():
    """The lines of the policy's own tests, one each."""
    text = POLICY.read_text()
    return re.findall(r"^  - (\{.*, expect: \w+\})$", text[text.index("\ntests:"):], re.M)


def decided_in_own_tests():
    """A test that expects what it will not get is an error that says which rule decided."""
    found, tests = set(), own_tests()
    wrong = {"allow": "deny", "ask": "deny", "hide": "deny", "deny": "allow"}
    for at in range(0, len(tests), MOST_ERRORS - 1):
        lines = [re.sub(r"expect: (\w+)\}$", lambda m: f"expect: {wrong[m[1]]}}}", t) for t in tests[at:at + MOST_ERRORS - 1]]
        with tempfile.NamedTemporaryFile("w", dir=common.PLACE, suffix=".yaml") as file:
            file.write("askfirst: 1\nextends: default\ntests:\n" + "".join(f"  - {line}\n" for line in lines))
            file.flush()
            said = askfirst("policy", "test", f"--policy={file.name}")
        got = re.findall(r"expected \w+, got \w+ by (?:(default\.yaml:\d+) \((.*)\)|otherwise[^:]*:\d+\)|core\.yaml:\d+ \(.*\)): (?:write|change)", said)
        if len(got) != len(lines):
            raise RuntimeError(f"{len(lines)} tests, {len(got)} answers:\n{said}")
        found |= set(got)
    return found


def groups():
    """The rules as the file has them: a verdict with its list and its `because`."""
    found, last = [], None
    for rule in rules():
        head = rule["act"], rule["verdict"], rule.get("because")
        if head != last:
            found.append([])
        found[-1].append(rule)
        last = head
    return found


def unreached(decided):
    """Groups of which nothing in `decided` and none of the policy's own tests has reached any rule, as sentences."""
    seen = decided | decided_in_own_tests() | allowed_by_name()
    return [f"{rules[0]['act']} {rules[0]['verdict']} {key(rules[0])}" for rules in groups()
            if not any(key(rule) in seen for rule in rules)]


def sample(pattern):
    """Something that a glob fits."""
    pieces = re.split(r"(\[!?.[^]]*\])", pattern)
    for at, piece in enumerate(pieces):
        if at % 2:
            pieces[at] = "y" if piece[1] == "!" else piece[1]
        else:
            piece = piece.replace("/**", "/no/such").replace("**/", "/srv/", 1) if not at else piece
            pieces[at] = piece.replace("**/", "no/such/").replace("/**", "/no/such").replace("*", "x").replace("?", "x")
    return re.sub(r":(\d+)-\d+$", r":\1", "".join(pieces))


def sample_command(rule):
    """The words and options of `askfirst check` for a command that the rule is written for."""
    program = sample(rule["patterns"][0]) if rule.get("patterns") else "program"
    argv = [program, *(w if w.startswith("-") else sample(w) for w in rule.get("words", [])), *(sample(o) for o in rule.get("options", [])[:1])]
    if rule.get("shell"):
        argv = ["sh", "-c", sample(rule["shell"][0])]
    # A working directory has to be there; in the workspace of these checks, `tests` is.
    facts = [f"--cwd={sample(rule['cwd'][0].replace('*', 'tests'))}"] if rule.get("cwd") else []
    facts += [f"--parent={shutil.which(rule['parent'][0])}"] if rule.get("parent") else []
    facts += ["--stdin=pipe"] if "stdin: pipe" in rule["text"] else []
    return [*facts, "exec", "--", *argv]


def samples(rule):
    """What to give `askfirst check`, for each pattern of a rule."""
    if rule["act"] == "exec":
        return [sample_command(rule)]
    actor = sample(rule["program"][0]) if rule.get("program") else "true"  # which no rule names
    facts = [f"--program={shutil.which(actor) or f'/usr/bin/{actor}'}"] if rule["act"] in ("read", "write") else []
    return [[rule["act"], *facts, sample(pattern)] for pattern in rule["patterns"]]


def decision(words):
    """The rule that decides, or `otherwise`, which has no text; None with what was said instead."""
    said = askfirst("check", "--json", "--policy=default", *words)
    if not said.startswith("{"):
        return None, said
    judged = json.loads(said)["judged"][0]
    return judged.get("rule") or {"text": "otherwise", **judged["otherwise"]}, said


def allowed_by_name():
    """Rules that allow programs by their names hold only where programs cannot be written, so they are in none of the policy's
    own tests, which have to hold everywhere."""
    named = [rule for rule in rules() if rule["act"] == "exec" and rule["verdict"] == "allow"]
    decided = (decision(words)[0] for rule in named for words in samples(rule))
    return {key(rule) for rule in decided if rule}


def swallowed():
    """Samples of rules that another rule takes with another verdict, as sentences."""
    found = []
    for rule in rules():
        for words in samples(rule):
            decided, said = decision(words)
            if not decided or decided["verdict"] != rule["verdict"]:
                found.append(f"{key(rule)[0]} {rule['text']}: {' '.join(words)}: {said}")
    return found
