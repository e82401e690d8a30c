# Python: files, folders, temporary files, paths, copies and renames

import glob, json, os, pathlib, shutil, tempfile

work = pathlib.Path("data")
(work / "deep/er").mkdir(parents=True)
(work / "a.json").write_text(json.dumps({"a": 1}))
shutil.copytree(work, "copy")
os.rename("copy/a.json", "copy/b.json")
os.symlink("b.json", "copy/link")
os.link("copy/b.json", "copy/hard")
os.chmod("copy/b.json", 0o640)
os.truncate("copy/hard", 4)
with tempfile.TemporaryDirectory() as folder:
    (pathlib.Path(folder) / "x").write_bytes(b"x" * 100000)
    print(sorted(os.listdir(folder)))
with tempfile.NamedTemporaryFile("w+") as file, tempfile.TemporaryFile() as other, tempfile.SpooledTemporaryFile() as third:
    file.write("text"); file.flush(); other.write(b"y"); third.write(b"z")
    print(os.path.getsize(file.name))
print(sorted(glob.glob("**/*", recursive=True)), open("copy/link").read())
os.utime("copy/b.json", (1, 1)); print(os.stat("copy/hard").st_mtime)
with open("log.txt", "a") as log: log.write("line\n")
with open("log.txt", "r+") as log: log.seek(2); log.write("X")
print(open("log.txt").read(), open("README").read())
os.remove("copy/hard"); shutil.rmtree("data"); os.rmdir("copy/deep/er")
