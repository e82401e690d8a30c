# Editors, databases and filters that are told by a pipe what to do, as scripts do
# needs: ed sqlite3 script vim

set -e
printf '%s\n' one two three > list
printf '%s\n' 2d w q | ed -s list
printf '%s\n' '%s/three/3/' wq | ex -s list
printf '%s\n' '1s/one/1/' wq | vim -es -u NONE list
cat list
echo 'create table t (x); insert into t values (42); select x from t;' | sqlite3 base
echo 'select x + 1 from t;' > query
sqlite3 base < query
echo 's/1/one/' > edit.sed
cat list | sed -f edit.sed
echo '{ n += $1 } END { print n }' > sum.awk
seq 10 | awk -f sum.awk
echo ignored | script -qec 'echo from a terminal' /dev/null | grep from    # its echo of the other comes at any time
sed -n -f /dev/stdin list <<'END'
2p
END
awk -f - list <<'END'
{ print NR, $0 }
END
