"""The acts, read from the *.acts files here, and each of them in its spellings.

An act is a paragraph of `key: value` lines; a line that begins with blanks goes on with the one above.

    act: NAME             what the case is called
    what: …               what somebody would fear of it
    read: PATH            reads a file: what is in it must not come out
    write: PATH           changes a file, which need not be there (`there: yes`: it is)
    words: COMMAND …      a command, in several of the ways of ways.py
    sh: …  bash: …  python: …  perl: …  node: …  run: COMMAND …
                          one spelling as it stands; may be said more than once
    ways: 4 | all | NAME… which ways (else 2): so many, by the act's own name; or these
    effect: changed PATH | marker NAME | marked (by any) | connection WHERE | secret PATH | dies | output TEXT |
                          text TEXT (as output, or in a file that lies in the workspace)
    expect: deny          what no answer lifts (else ask)
    hidden: WHOM          these programs see an empty file and nobody is asked, so that a yes changes nothing for them;
                          `partly`: other programs of the same spelling are asked about
    fake: NAME…           programs that stand in for the real ones (else the first of `words`); `real` for none
    setup: …              shell text that prepares the place
    held: GUARD…: REASON  the kernel may stop it there whatever is answered, and why
    door: REASON          guard shim cannot see this by its nature, and why
    only: NAME… | PATH…   what this machine must have for it

%home% %work% %out% %bin% %marks% %host% %port% %web% %far% %webport% %victim% stand for this run's own. What would harm this machine is written
with %bin%/ before it, so that nothing but its stand-in can be meant: a shell of busybox, for one, prefers its own programs.
"""
import hashlib
import pathlib
import re
import shlex

import ways

FOLDER = pathlib.Path(__file__).parent
SPELT = {
    "sh": lambda t: ["sh", "-c", t],
    "bash": lambda t: ["bash", "-c", t],
    "python": lambda t: [ways.PYTHON, "-c", t],
    "perl": lambda t: ["perl", "-e", t],
    "node": lambda t: ["node", "-e", t],
    "run": shlex.split,
}
KEYS = {"act", "what", "read", "write", "there", "words", "ways", "effect", "expect", "hidden", "fake", "setup", "door", "held", "only"} | set(SPELT)
HOW_MANY = 2
STRIDE = 7  # between two ways of one act: neighbours are much alike


class Act:
    def __init__(self, group, lines):
        self.said = []
        for key, value in lines:
            if key not in KEYS:
                raise ValueError(f"{group}: {dict(lines).get('act')}: unknown key {key}")
            self.said.append((key, value))
        self.name = f"{group}/{self.one('act')}"
        if not self.one("what"):
            raise ValueError(f"{self.name}: what is it?")

    def one(self, key, otherwise=None):
        return next((value for k, value in self.said if k == key), otherwise)

    def all(self, key):
        return [value for k, value in self.said if k == key]

    def fakes(self):
        said = self.one("fake")
        if said is not None:
            return [name for name in said.split() if name != "real"]
        return [pathlib.PurePath(words.split()[0]).name for words in self.all("words")]

    def effect(self):
        """-> kind, argument."""
        said = self.one("effect")
        if said:
            kind, _, argument = said.partition(" ")
            return kind, argument
        if self.one("read"):
            return "secret", self.one("read")
        if self.one("write"):
            return "changed", self.one("write")
        return "marker", self.fakes()[0]

    def spellings(self):
        """-> (name, function of a place's expand -> argument vector, why the door cannot see it)."""
        found = []
        for key, table in (("read", ways.READ), ("write", self.writing()), ("words", ways.COMMAND)):
            for number, value in enumerate(self.all(key)):
                for way in self.chosen(table, f"{self.name} {key} {number}"):
                    found.append((f"{value} by {way}" if key == "words" else way, self.made(key, table[way], value),
                                  ways.NOT_THE_DOOR.get(way)))
        for key, spell in SPELT.items():
            for value in self.all(key):
                found.append((f"{key}: {value.splitlines()[0]}", lambda place, s=spell, v=value: s(place.expand(v)), None))
        return [(name, make, self.one("door", why)) for name, make, why in found]

    def writing(self):
        return {**ways.WRITE, **ways.CHANGE} if self.one("there") else ways.WRITE

    @staticmethod
    def made(key, way, value):
        if key == "words":
            return lambda place: way(shlex.split(place.expand(value)))
        return lambda place: way(str(place.path(value)))

    def chosen(self, table, what):
        """A new act leaves the ways of all others as they are."""
        said = self.one("ways", str(HOW_MANY if len(self.all("words")) < 2 else 1))
        names = list(table)
        if said == "all":
            return names
        if said.isdigit():
            first = int(hashlib.sha256(what.encode()).hexdigest(), 16)
            return [names[(first + number * STRIDE) % len(names)] for number in range(int(said))]
        return said.split()


def paragraphs(text):
    for part in re.split(r"\n\s*\n", re.sub(r"^#.*\n", "", text, flags=re.M)):
        lines = []
        for line in part.splitlines():
            if line[:1].isspace() and lines:
                lines[-1][1] += "\n" + line.strip("\n")[4:]
            elif line:
                key, colon, value = line.partition(":")
                if not colon:
                    raise ValueError(f"no key: {line}")
                lines.append([key, value.strip()])
        if lines:
            yield lines


def read_all():
    acts = []
    for file in sorted(FOLDER.glob("*.acts")):
        acts += [Act(file.stem, lines) for lines in paragraphs(file.read_text())]
    names = [act.name for act in acts]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} is there twice")
    return acts
