# Here-documents into which the shell puts something, with tabs, in each other, and in functions of files that were read

set -e
mkdir -p tools
cat > tools/one.sh <<'END'
one() {
    python3 - "$1" <<'PY'
import sys
print("from a function", sys.argv[1])
PY
}
END
sed 's/one/two/' tools/one.sh > tools/two.sh
. tools/one.sh
source "$(dirname "$0")/tools/two.sh"
one a
two b
name=World
greeting="hello, (you)"
python3 - <<END
print("$HOME".endswith("home"), "$name", '${name}/x', $((1 + 2)), "$greeting", "\$name", "\\\\", "${nothing:-nothing}")
END
tabs() {
	python3 - <<-END
	print("with tabs taken away")
	if True:
	    print("$PWD".endswith("work"))
	END
}
tabs
python3 <<< "print('$name', \"twice\")"
sh <<A
echo outer
bash <<'B'
python3 - <<'C'
print("inner, $name")
C
B
A
timeout 20 bash -s <<'A'
python3 - <<'B'
print("in time")
B
A
cat > /dev/null <<A; python3 - <<B
print("not this")
A
print("but this")
B
bash -c "eval 'python3 - <<END
print(\"in a word, \$HOME\".endswith(\"home\"))
END'"
