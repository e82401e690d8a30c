# The usual: Python, a venv, git, a compiler, archives and temporary files, wherever the workspace and the home are
# needs: python3 git cc make
# varies: */venv/* *.o */hello *.tar.gz
# arranged: home-is-the-workspace below-tmp through-a-link no-repository bare-home closed-home home-missing home-is-root no-HOME

set -e
mkdir -p usual/src; cd usual
printf 'import json, pathlib, sqlite3, subprocess, tempfile\nwith tempfile.TemporaryDirectory() as d:\n pathlib.Path(d, "x").write_text("x")\npathlib.Path("out.json").write_text(json.dumps({"a": 1}))\nprint(subprocess.run(["cat", "out.json"], capture_output=True).stdout)\nc = sqlite3.connect("a.db"); c.execute("create table t (x)"); c.commit()\nprint(pathlib.Path("~/x").expanduser().name)\n' > job.py
python3 -B job.py; python3 -B -m unittest -q 2>&1 | grep -c Ran
python3 -B -m venv --without-pip venv; venv/bin/python -B -c 'import sys; print(sys.prefix != sys.base_prefix)'
printf 'int main(void) { return 0; }\n' > src/hello.c; printf 'hello: src/hello.c\n\t$(CC) -o $@ $<\n' > Makefile; make -s; ./hello
git init -q repo; cd repo; git config user.name Tester; git config user.email tester@example.org
echo a > a; git add a; git commit -qm first; git switch -qc topic; echo b >> a; git commit -qam second; git log --format=%s; git status --short; cd ..
sed -i 's/int/int /' src/hello.c; tar -czf all.tar.gz src; tar -tzf all.tar.gz; find . -name '*.c' | wc -l
rm -rf venv repo; ls
