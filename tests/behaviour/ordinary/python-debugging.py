# Python: profiling, tracing, faulthandler, pdb with commands, logging of children, resource limits

import cProfile, faulthandler, io, os, pdb, pstats, resource, subprocess, sys, tracemalloc

faulthandler.enable(); tracemalloc.start(); profile = cProfile.Profile(); profile.runcall(sorted, [3, 1, 2]); profile.dump_stats("stats")
print(pstats.Stats("stats", stream=io.StringIO()).total_calls > 0, len(tracemalloc.take_snapshot().traces) > 0); os.unlink("stats")
print("(Pdb)" in subprocess.run([sys.executable, "-m", "pdb", "src/main.py"], input="n\nn\nq\n", capture_output=True, text=True).stdout)
print(subprocess.run([sys.executable, "-X", "faulthandler", "-c", "import os; os.abort()"], capture_output=True).returncode)
resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1])); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
print(subprocess.run(["sh", "-c", "ulimit -n"], capture_output=True).stdout, os.nice(0), os.getpriority(os.PRIO_PROCESS, 0), os.umask(0o22))
