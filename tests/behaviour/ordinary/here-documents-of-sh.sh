# The same of a plain sh, and documents of all lengths

set -e
name=World
python3 - <<END
print("$HOME".endswith("home"), "$name", '${name}/x', $((1 + 2)))
END
tabs() {
	python3 - <<-END
	print("with tabs taken away")
	END
}
tabs
echo 'from_a_file() { python3 - <<END
print("from a file")
END
}' > read.sh
. ./read.sh
from_a_file
{
    echo "python3 - <<'END'"
    seq 1 4000 | sed 's/.*/x & = 1/' | tr -d ' '
    echo 'print(x4000)'
    echo END
} > long.sh
sh long.sh
