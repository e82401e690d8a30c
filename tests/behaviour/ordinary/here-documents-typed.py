# Here-documents typed into a shell that an agent keeps open on a terminal of its own
# forgets: *.bash_history

import os
import pty
import re

shell, terminal = pty.fork()
if shell == 0:
    os.environ.update(PS1="", PS2="")
    os.execvp("bash", ["bash", "--norc"])


def ask(text):
    """What comes back between two marks, that the shell's echo of what was typed does not have."""
    os.write(terminal, f"echo 'be''gin'\n{text}\necho 'e''nd'\n".encode())
    got = b""
    while b"\nend\r" not in got:
        got += os.read(terminal, 4096)
    kept = re.sub(rb"\x1b\[\?2004.", b"", got).replace(b"\r", b"").decode()
    print([line for line in kept.splitlines() if line.startswith("result")])


ask("python3 - <<'EOF'\nprint('res' + 'ult', 6 * 7)\nEOF")
ask("name=World\npython3 - <<EOF\nprint('res' + 'ult', '$name')\nEOF")
ask("f() {\npython3 - <<-'EOF'\nprint('res' + 'ult', 'of a function')\nEOF\n}\nf")
ask("python3 <<< \"print('res' + 'ult', 'of $name')\"")
ask("timeout 20 bash <<'EOF'\necho 're''sult' of a shell\nEOF")
os.write(terminal, b"exit\n")
os.waitpid(shell, 0)
