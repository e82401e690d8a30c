# jq, curl of a file, bc, xxd, envsubst, column, getopt: small tools in a row
# needs: jq curl bc

set -e
echo '{"a": [1, 2]}' | jq -c '.a | map(. * 2)'; curl -fsS "file://$PWD/README"; echo '2 ^ 10' | bc; column -t -s: /etc/passwd | head -1 | cut -c1-4; getopt ab: -a -b c; cmp README README; factor 42; numfmt --to=iec 2048; tsort < /dev/null; echo a,b | cut -d, -f2; jq -n env.HOME > /dev/null; cksum README; file README; file -b --mime-type src/main.py; tree src 2> /dev/null | wc -l > /dev/null; less README | cat
