# Python: sqlite with journals, WAL, attached and temporary databases, backup
# varies: *.db *.db-wal *.db-shm

import os, sqlite3

base = sqlite3.connect("a.db")
base.execute("pragma journal_mode=wal"); base.execute("create table t(a, b)")
base.executemany("insert into t values (?, ?)", [(n, str(n) * 100) for n in range(5000)]); base.commit()
base.execute("attach 'b.db' as other"); base.execute("create table other.t as select * from t"); base.commit()
base.execute("pragma temp_store=1"); base.execute("create temp table scratch as select * from t order by b desc")
print(base.execute("select count(*), max(b) from scratch").fetchone()[0])
with sqlite3.connect("copy.db") as copy: base.backup(copy)
base.execute("pragma journal_mode=delete"); base.execute("vacuum"); base.close()
reader = sqlite3.connect(f"file:{os.getcwd()}/b.db?mode=ro", uri=True); print(reader.execute("select count(*) from t").fetchone())
