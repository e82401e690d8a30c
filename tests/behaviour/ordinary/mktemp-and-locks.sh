# mktemp, temporary files and folders in /tmp and TMPDIR, flock, trap that cleans up

set -e
t=$(mktemp); d=$(mktemp -d); echo text > "$t"; cp "$t" "$d/copy"; cat "$d/copy"; u=$(mktemp -p "$d" name.XXXX.txt); echo "${u##*.}"; rm -rf "$t" "$d"
mkdir tmp; TMPDIR=$PWD/tmp; export TMPDIR; f=$(mktemp); case $f in "$PWD"/tmp/*) echo here ;; esac; rm "$f"
python3 -c 'import tempfile, os; print(os.path.dirname(tempfile.mkdtemp()) == os.environ["TMPDIR"])'; rm -rf tmp; unset TMPDIR
flock lock echo locked; (flock -n 9 && echo again) 9> lock; rm lock; : > /dev/shm/behaviour-$$; rm /dev/shm/behaviour-$$
