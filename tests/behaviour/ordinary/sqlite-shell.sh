# sqlite3, the program: a script on standard input, a dump and its return, an import
# needs: sqlite3
# varies: *.db

set -e
sqlite3 a.db <<'END'
create table t(a, b); insert into t values (1, 'x'), (2, 'y');
END
sqlite3 a.db .dump | sqlite3 b.db; sqlite3 -csv -header b.db 'select * from t' > t.csv; cat t.csv; sqlite3 b.db 'select count(*) from t' '.tables'; sqlite3 :memory: 'select sqlite_version() > 0'
