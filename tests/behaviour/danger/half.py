"""Danger: each act takes effect unguarded, none before a yes, all after one, and none that the policy denies.

What is tried is in the *.acts files here; acts.py says how they are written.
"""
import os
import pathlib
import shutil
import sys

import cases as common

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import acts  # noqa: E402
import stage  # noqa: E402


def run(act, spellings):
    result = common.Result(stopped=True, missing=missing(act, spellings))
    if result.missing:
        result.stopped = None
        return result
    with stage.Stage(act) as place:
        for number, (name, make, why_not) in enumerate(spellings):
            if not attempt(place, make, place.run)[0]:
                result.problems.append(f"{name}: unguarded, it has no effect, so that it proves nothing{shown(place)}")
                result.stopped = False
                continue
            for guard in common.GUARDS:
                if guard == "shim" and why_not:
                    continue
                # After a yes, one guard is enough for a spelling: they take turns.
                answered = why_not or guard == common.GUARDS[number % 2]
                guarded(result, place, name, make, guard, answered)
    return result


def guarded(result, place, name, make, guard, answered):
    effect, _ = attempt(place, make, lambda argv, **more: place.guarded(guard, argv, approve="deny", **more))
    result.rules |= common.decided(place.record())
    if effect:
        result.stopped = False
        result.problems.append(f"{name}: {guard}: took effect before a yes")
    if effect or not answered or guard in (place.act.one("held") or "").partition(":")[0].split():
        return
    effect, _ = attempt(place, make, lambda argv, **more: place.guarded(guard, argv, approve="allow", **more))
    hidden = any(line.get("verdict") == "hide" for line in place.record())
    from_whom = place.act.one("hidden", "partly")
    wanted = place.act.one("expect", "ask") == "ask" and (not hidden or from_whom.startswith("partly"))
    if effect and not wanted:
        result.stopped = False
        result.problems.append(f"{name}: {guard}: took effect, where it is denied or hidden")
    elif wanted and not effect:
        result.problems.append(f"{name}: {guard}: no effect after a yes{', a file was hidden' if hidden else ''}{shown(place)}")


def attempt(place, make, runner):
    """-> whether it took effect, what it printed."""
    place.begin()
    status, out, err = runner(make(place), limit=stage.LIMIT)
    place.said = out + err + (b"took too long" if status is None else b"")
    return place.took_effect(out + err), place.said


def shown(place):
    text = place.said.decode(errors="backslashreplace").strip()
    return f": {text[-500:]!r}" if text else ""


def missing(act, spellings):
    """What this machine lacks of what the act is made of."""
    tools = {tool for name, make, _ in spellings for tool in ("perl", "node", "busybox", "gcc") if tool in name.split(":")[0]}
    return sorted(tool for tool in tools | set((act.one("only") or "").split()) if not there(tool))


def there(tool):
    if tool == "address":
        return stage.own_address() is not None
    if tool.startswith("/"):
        return os.access(tool, os.R_OK)
    return shutil.which(tool, path=common.PATH) is not None


def cases():
    found = []
    for act in acts.read_all():
        spellings = act.spellings()
        found.append(common.Case("danger", act.name, lambda a=act, s=spellings: run(a, s)))
    return found
