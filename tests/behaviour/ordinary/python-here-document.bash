# The same from bash, with arguments, in a subshell and as a here-string

set -e
python3 - one two <<'END'
import sys
print(sys.argv)
END
(
    cd src
    python3 <<END
import os
print(os.path.basename(os.getcwd()))
END
)
python3 <<< 'print("a here-string")'
bash -c 'python3 - <<END
print("in a command")
END
'
