#!/usr/bin/env python3
"""A runner that answers askfirst's questions: python3 approver.py COMMAND...

decide() says yes to the few things that ALLOWED names and gives all else to ask_person(), which is yours to replace by a chat, a
queue or a web page. The protocol is described in askfirst-approval(7).
"""
import json
import os
import subprocess
import sys

# (program, its first words): what this runner's jobs do every day. A question comes only where the policy asks, so there is no
# need to name what the policy allows.
ALLOWED = [("/usr/bin/git", ["push", "origin"])]


def is_allowed(question):
    """The real path of the program and its words count, never a line that was joined from them. What was cut cannot be judged, and
    neither can what reads its program from a pipe, of which no "exact" is offered."""
    offered = {choice["scope"] for choice in question["choices"]}
    if question["act"] != "exec" or "exact" not in offered or question.get("argv_cut"):
        return False
    words = question["argv"][1:]
    return any(question["program"] == program and words == first for program, first in ALLOWED)


def decide(question):
    if is_allowed(question):
        return {"decision": "allow", "scope": "exact", "by": "approver.py"}
    return ask_person(question)


def ask_person(question):
    """Asks on the terminal, and says no where there is none. All that a program wrote is shown by ascii(), which draws nothing."""
    what = question.get("argv") or question.get("path") or question.get("address") or question.get("program")
    rule = question.get("rule") or {}
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:
            terminal.write(f"\n{question['act']}: {ascii(what)}\n  {ascii(rule.get('because', ''))}\n  once? [y/N] ".encode())
            if terminal.readline().strip() == b"y":
                return {"decision": "allow", "scope": "once", "by": "approver.py"}
    except OSError:
        pass
    return {"decision": "deny", "note": "ask the person who runs this to do it", "by": "approver.py"}


def main(command):
    questions, questions_end = os.pipe()  # askfirst writes to questions_end
    answers_end, answers = os.pipe()  # and reads from answers_end
    run = subprocess.Popen(["askfirst", "run", f"--approve=fd:{answers_end},{questions_end}", "--", *command],
                           pass_fds=(answers_end, questions_end))
    os.close(answers_end)
    os.close(questions_end)
    with open(questions, encoding="ascii") as lines, open(answers, "w", encoding="utf-8", buffering=1) as out:
        for message in map(json.loads, lines):
            if message["type"] == "ask":
                print(json.dumps({"type": "answer", "id": message["id"], **decide(message)}), file=out)
            elif message["type"] == "settled":
                print(f"question {message['id']}: {message['outcome']}", file=sys.stderr)
    return run.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
