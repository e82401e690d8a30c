# What agents start each command with: a login shell, and an interactive one, in a home where they set up pyenv, rbenv, nvm and the like
# needs: bash
# home: login-shells

for how in -lc -ic -lic; do bash $how 'of-pyenv; of-rbenv; of-nodenv; of-nvm; cd /; pwd' 2> /dev/null; done
bash -lc 'python3 -c "import subprocess; subprocess.run([\"bash\", \"-lc\", \"of-pyenv\"])"'
