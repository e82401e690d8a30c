# sed -i, awk, grep, sort, cut, tr, join, patch, diff, tee, split, head and tail, comm
# needs: patch

set -e
seq 20 | sed 's/$/ line/' > a; sed -i 's/^3 /three /' a; sed -i.bak -e 2d a; cp a b; sed -i '$a last' b; diff -u a b > p || true
patch -s a < p; cmp a b && echo patched; awk -F' ' '{ print $1 > "c" }' a; sort -n c | tail -2; grep -rn three a | cut -d: -f2; grep -c line a
split -l 5 a part-; cat part-* | cmp - a; join a b | wc -l; tr a-z A-Z < p | head -1 | cut -c1-3; perl -pi -e 's/line/row/' a; head -2 a; wc -l a b | tail -1
awk 'BEGIN { "date -u +%Y" | getline y; print (y > 2000); system("echo system") }'; sort -o b -R b; sort -T . -S 1M a | tail -1; shuf -n 1 a > /dev/null; od -c README | head -1; base64 README; sha256sum README
rm -f part-* a.bak c b a p; ls
