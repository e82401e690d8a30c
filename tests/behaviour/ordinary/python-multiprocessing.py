# Python: multiprocessing by fork, spawn and forkserver, pools, queues, managers, shared memory

import multiprocessing as mp
from multiprocessing import shared_memory


def square(n):
    return n * n


def put(queue, n):
    queue.put(n)


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = mp.get_context(method)
        with context.Pool(2) as pool:
            print(method, pool.map(square, range(5)))
        queue = context.Queue()
        child = context.Process(target=put, args=(queue, method))
        child.start(); print(queue.get()); child.join(); print(child.exitcode)
    with mp.Manager() as manager:
        shared = manager.dict(a=1); shared["b"] = 2; print(dict(shared))
    memory = shared_memory.SharedMemory(create=True, size=4096)
    memory.buf[:3] = b"abc"; other = shared_memory.SharedMemory(memory.name)
    print(bytes(other.buf[:3])); other.close(); memory.close(); memory.unlink()
    lock = mp.Lock(); value = mp.Value("i", 5)
    with lock: print(value.value)
