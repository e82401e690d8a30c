# Shell: pipelines, here-documents, loops, functions, command substitution, redirections, traps, background jobs

set -e
seq 100 | awk '{ s += $1 } END { print s }'; printf 'b\na\nb\n' | sort | uniq -c | sort -rn | head -1 | tr -s ' '
cat <<END | sed 's/one/two/' | tee copy | wc -w
one word and $(echo another)
END
for f in README src/*; do case $f in *.py) echo "python $f" ;; *) echo "other $f" ;; esac; done
count() { while read -r line; do n=$((n + 1)); done; echo "$n"; }; n=0; ls | count
( cd src && pwd | sed 's/.*\///' ) > out 2>&1; cat out; { echo a; echo b >&2; } 2>> out >> out; cat out
trap 'echo leaving' EXIT; sleep 0.1 & wait $!; echo "$?"; test -f none || echo none; x=$(false) || echo "failed: $?"
printf 'a b\nc d\n' | xargs -n 1 echo | paste -sd, ; seq 5 | xargs -P 2 -I{} sh -c 'test {} -gt 0'; echo done | cat - README | grep -c .
cut -d: -f1 /etc/passwd | head -1; diff README README && comm -12 README README; tac README | rev | fold -w 3 | head -1; yes | head -2; expr 1 + 2; printf '%05d\n' 42
read -r first < README; echo "$first"; exec 3> third; echo three >&3; exec 3>&-; cat third; rm -f third out copy; : > empty; rm empty
