# Files with unusual names: blanks, newlines, quotes, bytes that are no UTF-8, long ones, ones that look like options or patterns

import glob, os, shutil, subprocess

names = [b"a b", b"new\nline", b"quote'\"", b"\xff\xfe", b"-rf", b"*", b"[x]", b"$HOME", b"tab\t", b"\xe2\x80\xae", b"x" * 255, b"..." , b"~", b"a\\b", b"env"]
os.mkdir(b"odd")
for name in names:
    with open(os.path.join(b"odd", name), "wb") as file: file.write(name)
print(sorted(os.listdir(b"odd")) == sorted(names), len(glob.glob("odd/*")))
for name in names:
    assert subprocess.check_output([b"cat", b"--", b"odd/" + name]) == name
    os.rename(b"odd/" + name, b"odd/" + name[:250] + b".new"); os.unlink(b"odd/" + name[:250] + b".new")
deep = "odd"
for _ in range(30): deep += "/" + "d" * 100; os.mkdir(deep) if len(deep) < 3000 else None
cwd = os.getcwd()
for part in deep.split("/")[:20]: os.chdir(part)
open("bottom", "w").close(); os.chdir(cwd); shutil.rmtree("odd"); print(os.path.exists("odd"))
shutil.copy("/bin/echo", "my prog"); print(subprocess.check_output(["./my prog", "ran"])); os.unlink("my prog")
