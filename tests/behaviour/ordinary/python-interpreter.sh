# Python started in its ways: -c, -m, a script with #!, -I, -S, -X, an option file, and standard input that is data

set -e
python3 -c 'print(1)'; python3 -m json.tool < /dev/null 2>/dev/null || true
printf '#!/usr/bin/env python3\nimport sys; print(sys.argv[1:])\n' > tool; chmod +x tool; ./tool a b
echo '{"a": 1}' | python3 -m json.tool
echo data | python3 -c 'import sys; print(sys.stdin.read())'
printf 'print("script")\n' > s.py; echo data | python3 s.py; python3 -I -S -X utf8 s.py; python3 -W error -B s.py
python3 -m timeit -n 1 -r 1 pass > /dev/null; python3 -m this | tail -1; python3 --version | cut -c1-8
python3 -c 'import ctypes, ctypes.util, mmap, resource, pwd, ssl, hashlib; print(pwd.getpwuid(0).pw_name, ctypes.CDLL(None).abs(-3))'
python3 -m cProfile -s name s.py | tail -1 | wc -l; python3 -m pydoc json > /dev/null; python3 -m site > /dev/null
