"""line_server.py: a system that sends its records to whoever connects (3CX's passive socket).

Says its port on the first line. Each line of standard input goes to everybody who is connected,
with CR LF; until somebody is, it waits. "drop" closes all connections.
"""
import asyncio
import sys

clients = set()
somebody = asyncio.Event()


async def serve(reader, writer):
    clients.add(writer)
    somebody.set()
    try:
        await reader.read()
    except ConnectionError:
        pass
    clients.discard(writer)
    if not clients:
        somebody.clear()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        await somebody.wait()
        for writer in list(clients):
            if line.strip() == b"drop":
                writer.close()
                clients.discard(writer)
                somebody.clear()
            else:
                writer.write(line.rstrip(b"\n") + b"\r\n")


asyncio.run(main())
