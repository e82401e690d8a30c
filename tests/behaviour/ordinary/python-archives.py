# Python: gzip, bz2, lzma, tar and zip files

import bz2, gzip, io, lzma, os, shutil, tarfile, zipfile

data = os.urandom(1000) * 200
for kind, module in (("gz", gzip), ("bz2", bz2), ("xz", lzma)):
    with module.open(f"f.{kind}", "wb") as file: file.write(data)
    with module.open(f"f.{kind}") as file: print(kind, file.read() == data)
    os.unlink(f"f.{kind}")
with tarfile.open("a.tar.gz", "w:gz") as tar: tar.add("src")
with tarfile.open("a.tar.gz") as tar: tar.extractall("out"); print(tar.getnames())
with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive: archive.write("README"); archive.writestr("b", "text")
shutil.unpack_archive("a.zip", "out"); print(sorted(os.listdir("out")))
os.unlink("a.tar.gz"); os.unlink("a.zip")
