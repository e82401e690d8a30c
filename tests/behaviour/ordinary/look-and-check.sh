# Tools that look at code and data: shellcheck, ctags, jq, bc, man, pictures, archives in several kinds, tables, checksums
# needs: shellcheck ctags jq bc man zip unzip xz zstd

set -e
printf '#!/bin/sh\necho "$1"\n' > s.sh; shellcheck s.sh; ctags -f - src/main.py | wc -l > /dev/null; echo '{"a": [1, 2]}' | jq -c '.a | map(. * 2)'; echo '2 ^ 64' | bc; man -P cat true > /dev/null 2>&1 || true
zip -qr a.zip src README; unzip -qo a.zip -d z; unzip -l a.zip | wc -l; tar -c src | xz > a.tar.xz; xz -dc a.tar.xz | tar -t; zstd -q README -o r.zst; zstd -qdc r.zst; rm -rf z a.zip a.tar.xz r.zst
printf 'b,2\na,1\n' > t.csv; sort t.csv | column -t -s, ; paste -d+ t.csv t.csv | head -1; join -t, t.csv t.csv 2> /dev/null | wc -l > /dev/null; awk -F, '{ s += $2 } END { print s }' t.csv; md5sum t.csv | cut -c1-6; file README | cut -d: -f1; xxd README 2> /dev/null | wc -l > /dev/null; iconv -t utf-16 README | wc -c; envsubst < README > /dev/null 2>&1 || true; date -d @0 -u +%Y
