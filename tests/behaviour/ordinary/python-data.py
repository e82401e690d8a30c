# Python: csv, json, pickle, configparser, xml, struct, mmap, memory-mapped and locked files, disk usage

import configparser, csv, fcntl, io, json, mmap, os, pickle, shutil, struct, xml.etree.ElementTree as tree

with open("a.csv", "w", newline="") as file: csv.writer(file).writerows([["a", "b"], [1, "x y"]])
with open("a.csv") as file: print(list(csv.DictReader(file)))
config = configparser.ConfigParser(); config["s"] = {"k": "v"}
with open("a.ini", "w") as file: config.write(file)
print(open("a.ini").read()); tree.ElementTree(tree.Element("root", a="1")).write("a.xml"); print(open("a.xml").read())
with open("a.bin", "w+b") as file:
    file.write(struct.pack("<4I", 1, 2, 3, 4)); file.flush()
    with mmap.mmap(file.fileno(), 0) as mapped: mapped[0:4] = b"mmap"; mapped.flush()
    fcntl.flock(file, fcntl.LOCK_EX); fcntl.lockf(file, fcntl.LOCK_UN)
print(open("a.bin", "rb").read(), shutil.disk_usage(".").total > 0, os.statvfs("/").f_bsize > 0)
os.posix_fallocate(os.open("zeros", os.O_RDWR | os.O_CREAT, 0o600), 0, 5000); print(os.path.getsize("zeros")); os.unlink("zeros")
fd = os.memfd_create("m"); os.write(fd, b"memory"); os.sendfile(os.open("sent", os.O_WRONLY | os.O_CREAT), fd, 0, 6); print(open("sent").read())
print(pickle.loads(pickle.dumps({1: 2})), json.load(io.StringIO("[1]")))
