# Programs that run others: env, env -i, nice, nohup, timeout, setsid, stdbuf, xargs, time, watch-like loops, exec

set -e
env A=1 sh -c 'echo $A'; env -i PATH=/usr/bin:/bin sh -c 'echo ${HOME:-no home}'; env -u HOME sh -c 'echo ${HOME-unset}'; nice -n 5 nice; nohup echo nohup 2>/dev/null; timeout 5 echo timeout; setsid -w echo setsid
stdbuf -oL echo stdbuf; seq 3 | xargs -n 1 -P 3 echo | sort; find src -name '*.py' | xargs -I{} cp {} copy.py; command -v sh > /dev/null; type cat > /dev/null; (exec echo exec); sh -ec 'true'; sh < README 2>/dev/null || echo a script from a file
for n in 1 2 3; do sleep 0.02; done; ./none 2>/dev/null || echo $?; sh none 2>/dev/null || echo $?; printf '#!/bin/sh\necho "$0 $#"\n' > s; chmod +x s; ./s a b; PATH=$PWD:$PATH s; printf 'echo no mark\n' > plain; chmod +x plain; ./plain; ionice -c 3 true; taskset 1 true || true
