#!/usr/bin/env python3
"""A runner that answers askfirst's questions itself: python3 approver.py COMMAND...

Replace decide() by your own chat, queue or web page. The protocol is described in askfirst-approval(7).
"""
import json
import os
import subprocess
import sys


def decide(question):
    """Yes, for the whole run, to commands in the working directory; no to everything else.

    A scope that was not offered must not be taken: what reads its program from a pipe has no "exact", and gets a no.
    """
    offered = {choice["scope"] for choice in question["choices"]}
    if question["act"] == "exec" and question["cwd"] == os.getcwd() and "exact" in offered and not question.get("argv_cut"):
        return {"decision": "allow", "scope": "exact", "by": "approver.py"}
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
