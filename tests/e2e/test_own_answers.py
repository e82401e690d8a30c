"""Nobody in the run answers its own questions: the launcher's pipes are not to be had through /proc."""
import os

import support

REACH = """
import os
def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
pid, opened = parent(os.getpid()), []
while pid > 1:
    try: names = os.listdir(f"/proc/{pid}/fd")
    except OSError: names = []
    for name in names:
        for way in (f"/proc/{pid}/fd/{name}", None):
            try:
                looked = os.open(f"/proc/{pid}/fd/{name}", os.O_PATH)
                fd = os.open(way or f"/proc/self/fd/{looked}", os.O_WRONLY | os.O_NONBLOCK)
            except OSError: continue
            opened.append(os.readlink(f"/proc/self/fd/{fd}")); os.close(fd)
    pid = parent(pid)
print(*opened)
own = os.pipe()
os.close(os.open(f"/proc/self/fd/{own[1]}", os.O_WRONLY)); os.close(os.open(f"/dev/fd/{own[0]}", os.O_RDONLY | os.O_NONBLOCK))
print("its own")
"""


class OwnAnswers(support.Case):
    def reach(self, before):
        answers, questions = os.pipe(), os.pipe()
        pipes = [os.readlink(f"/proc/self/fd/{fd}") for fd in (answers[0], questions[1])]
        try:
            result = self.command(*before(answers[0], questions[1]), "/usr/bin/python3", "-c", REACH,
                                  pass_fds=(answers[0], questions[1]))
        finally:
            for fd in answers + questions:
                os.close(fd)
        opened, own = result.stdout.splitlines()
        self.assertEqual(own, "its own")
        return [pipe for pipe in pipes if pipe in opened.split()]

    def guarded(self, guard):
        policy = self.policy("read: [{allow: \"/**\"}]\nwrite: [{allow: \"/**\"}]\nexec: [{allow: \"/**\"}]\n")
        return lambda read, write: (support.ASKFIRST, "run", "--quiet", f"--guard={guard}", "--policy", policy,
                                    "--approve", f"fd:{read},{write}", "--")

    def test_the_door_gives_nobody_the_launchers_pipes(self):
        self.assertEqual(self.reach(self.guarded("shim")), [])

    def test_the_kernel_guard_gives_nobody_the_launchers_pipes(self):
        self.assertEqual(self.reach(self.guarded("kernel")), [])


if __name__ == "__main__":
    support.main()
