# Python: packages of one's own, compiled files, importlib, PYTHONPATH, a zip file that is imported, warnings, tracebacks

set -e
mkdir -p lib/pkg/sub; echo 'from .sub.mod import f' > lib/pkg/__init__.py; touch lib/pkg/sub/__init__.py; echo 'def f(): return __name__' > lib/pkg/sub/mod.py; echo data > lib/pkg/data.txt
PYTHONPATH=lib python3 -c 'import pkg, pkgutil, importlib; print(pkg.f(), [m.name for m in pkgutil.iter_modules(["lib"])]); importlib.reload(pkg)'
PYTHONPATH=lib python3 -c 'import importlib.resources as r; print(r.files("pkg").joinpath("data.txt").read_text())'; PYTHONPYCACHEPREFIX=$PWD/pyc PYTHONPATH=lib python3 -c 'import pkg.sub'
(cd lib && python3 -m zipfile -c ../z.zip pkg); PYTHONPATH=z.zip python3 -c 'import pkg; print(pkg.__file__.endswith("z.zip/pkg/__init__.py"))'; rm -rf z.zip pyc
python3 -c 'raise SystemExit(3)' || echo $?; python3 -c 'import warnings; warnings.warn("w")' 2>&1 | tail -1; python3 -c '1/0' 2>&1 | tail -1; python3 -c 'import not_there' 2>&1 | tail -1; python3 no-such.py 2>&1 | grep -c 'No such file' || true
