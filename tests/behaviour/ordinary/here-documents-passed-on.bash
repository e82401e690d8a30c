# Here-documents for a program that something else starts in turn: timeout, env, nice, and the shims of pyenv and its like

set -e
mkdir shims
printf '#!/usr/bin/env bash\nset -e\nexec "%s/shims/exec" "${0##*/}" "$@"\n' "$PWD" > shims/python3
printf '#!/usr/bin/env bash\nset -e\nexec /usr/bin/"$@"\n' > shims/exec
chmod +x shims/*
timeout 20 python3 - <<'END'
print("in time")
END
env A=b nice python3 - one <<'END'
import os, sys
print(os.environ["A"], sys.argv)
END
PATH="$PWD/shims:$PATH"
python3 - <<'END'
print("by a shim")
END
for shell in bash sh; do
    $shell -c "timeout 20 python3 - <<'END'
print('in a command')
END"
done
python3 -c 'import subprocess; subprocess.run("python3 - <<END\nprint(\"from Python\")\nEND", shell=True, check=True)'
timeout 20 bash -s <<'END'
echo "a script, $((1 + 1)) times"
END
python3 <<< 'print("a here-string")'
python3 - <<'END'
import shlex, subprocess
command = "timeout 20 python3 - <<'EOF'\nprint('quoted', \"twice\")\nEOF"
inside = command
for c in '\\"$`':
    inside = inside.replace(c, "\\" + c)
for word in shlex.quote(command), "'" + command.replace("'", "'\\''") + "'", f'"{inside}"':
    subprocess.run(["bash", "-c", f"shopt -u extglob || true && eval {word} < /dev/null && pwd -P > /dev/null"], check=True)
END
