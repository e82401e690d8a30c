# Python: asyncio with subprocesses, a TCP server, a UNIX socket in the workspace, signals and threads

import asyncio, os, signal


async def serve(reader, writer):
    writer.write((await reader.readline()).upper()); await writer.drain(); writer.close()


async def talk(opening):
    reader, writer = await opening
    writer.write(b"hello\n"); print(await reader.readline()); writer.close()


async def main():
    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    print(await child.communicate(b"async"))
    child = await asyncio.create_subprocess_shell("echo shell; exit 2", stdout=-1)
    print(await child.communicate(), child.returncode)
    server = await asyncio.start_server(serve, "localhost", 0)
    port = server.sockets[0].getsockname()[1]
    await talk(asyncio.open_connection("localhost", port)); await talk(asyncio.open_connection("127.0.0.1", port))
    server.close()
    async with await asyncio.start_unix_server(serve, "s.sock"):
        await talk(asyncio.open_unix_connection("s.sock"))
    os.unlink("s.sock")
    got = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
    os.kill(os.getpid(), signal.SIGUSR1); await asyncio.wait_for(got.wait(), 5)
    print(await asyncio.to_thread(lambda: open("README").read()))


asyncio.run(main())
