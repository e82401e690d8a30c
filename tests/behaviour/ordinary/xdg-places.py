# Caches, logs and state in their XDG places, made where they are missing

import logging, logging.handlers, os, pathlib, pickle, shelve

home = pathlib.Path.home()
for place in (".cache/app", ".local/state/app"):
    folder = home / place; folder.mkdir(parents=True)
    (folder / "data").write_bytes(pickle.dumps({"a": 1})); (folder / "data.tmp").write_text("new")
    os.replace(folder / "data.tmp", folder / "data"); print((folder / "data").read_text())
handler = logging.handlers.RotatingFileHandler(home / ".local/state/app/log", maxBytes=100, backupCount=2)
log = logging.getLogger("app"); log.addHandler(handler); log.warning("x" * 80); log.warning("y" * 80); log.warning("z")
print(sorted(os.listdir(home / ".local/state/app")))
with shelve.open(str(home / ".cache/app/shelf")) as shelf: shelf["a"] = [1]
for old in (home / ".cache/app").glob("shelf*"): old.unlink()
print((home / ".config/git/config").read_text().splitlines()[0], (home / ".bashrc").read_text(), (home / ".ssh/config").exists())
