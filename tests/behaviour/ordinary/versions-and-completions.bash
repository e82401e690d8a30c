# What agents and shells' start-up files ask tools that reach far: which version they are, and their completions
# home: far-reaching-tools

set -e
PATH="$HOME/.local/bin:$PATH"
for tool in aws gcloud kubectl helm terraform docker podman gh apt brew; do $tool --version; done
docker version
docker --help
eval "echo '$(kubectl completion bash)'"
eval "echo '$(gh completion -s bash)'"
eval "echo '$(brew shellenv)'"
brew --prefix
apt list --installed
systemctl --no-pager status
docker ps -a
git init -q --bare far.git
git push -q --dry-run far.git HEAD:main
git push -nq far.git HEAD:main
awk -f - README <<'PROGRAM'
END { print NR }
PROGRAM
echo 'print(4)' > four.py
python3 < four.py
git clone -q . other
git -C other fetch -q --tags --force
git -C other fetch -q origin '+refs/heads/*:refs/remotes/origin/*'
