# bash: process substitution, arrays, here-strings, coprocesses, mapfile, printf -v, [[ ]], time, pipefail

set -euo pipefail
diff <(sort README) <(cat README) && echo same; mapfile -t lines < README; echo "${#lines[@]}"; declare -A map=([a]=1); echo "${map[a]}"
cat <<< "here-string"; read -r word <<< "a word"; echo "$word"; [[ $word =~ ^a ]] && echo matches; printf -v made '%03d' 7; echo "$made"
coproc cat; echo through >&"${COPROC[1]}"; exec {COPROC[1]}>&-; cat <&"${COPROC[0]}"; wait
{ time true; } 2> times; grep -c real times; rm times; tee >(wc -c > counted) < README > /dev/null; sleep 0.2; cat counted; echo {1..3} $((2 ** 10)) "${word^^}"
shopt -s globstar nullglob; files=(**/*.py); echo "${files[@]}"; bash -c 'echo inner "$0" "$1"' a b; bash -lc 'echo login' ; . /dev/stdin <<< 'echo sourced'
