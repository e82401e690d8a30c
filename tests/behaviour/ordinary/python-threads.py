# Python: threads, executors, events, timers

import concurrent.futures, queue, subprocess, threading

with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(lambda n: len(open("README").read()) + n, range(50))))
    print(sorted(pool.map(lambda n: subprocess.check_output(["echo", str(n)]).strip(), range(8))))
with concurrent.futures.ProcessPoolExecutor(2) as pool:
    print(list(pool.map(abs, [-1, -2])))
jobs, done = queue.Queue(), threading.Event()
threading.Thread(target=lambda: (jobs.put("job"), done.set())).start()
print(jobs.get(), done.wait(5))
timer = threading.Timer(0.01, print, ["timer"]); timer.start(); timer.join()
