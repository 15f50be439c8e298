"""conference_server.py ami|esl SECRET [PEM]: a telephone system's side of an ami or esl input.

Says its port on the first line, and does what its standard input tells it, a command a line:

    join ROOM ID NUMBER     somebody comes, and everybody connected is told
    leave ROOM ID           the same of who goes
    unheard join|leave ...  nobody is told
    drop                    closes all connections, in the middle of a packet
    count                   answers on standard output how often somebody has logged in

PEM is a file with a certificate and its key: then it speaks TLS.
"""
import asyncio
import hashlib
import ssl
import sys
import time

KIND, SECRET = sys.argv[1:3]
tls = None
if len(sys.argv) > 3:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(sys.argv[3])
rooms = {}  # name -> {id: number}
clients = set()
logins = 0


def room_id(room):
    return "bridge-" + room


class Ami:
    hello = b"Asterisk Call Manager/9.0.0\r\n"

    @staticmethod
    def packet(**keys):
        return "".join(f"{k}: {v}\r\n" for k, v in keys.items()) + "\r\n"

    @classmethod
    def channel(cls, room, who, number):
        return {"Conference": room, "BridgeUniqueid": room_id(room), "Channel": f"SIP/{number}-{who}",
                "CallerIDNum": number, "AccountCode": "acme", "Uniqueid": who}

    @classmethod
    def event(cls, what, room, who, number):
        name = {"join": "ConfbridgeJoin", "leave": "ConfbridgeLeave"}[what]
        return cls.packet(Event=name, Privilege="call,all", **cls.channel(room, who, number))

    @classmethod
    def answer(cls, text):
        """What is said to an action; whether it was a login that succeeded."""
        a = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        name, mark = a.get("Action"), {"ActionID": a.get("ActionID")}
        if name == "Challenge":
            return cls.packet(Response="Success", **mark, Challenge="271828"), False
        if name == "Login":
            good = a.get("Key") == hashlib.md5(("271828" + SECRET).encode()).hexdigest()
            return cls.packet(Response="Success" if good else "Error", **mark,
                              Message="Authentication " + ("accepted" if good else "failed")), good
        out = cls.packet(Response="Success", **mark)
        full = {r: m for r, m in rooms.items() if m}
        if name == "BridgeList":
            for room in full:
                out += cls.packet(Event="BridgeListItem", **mark, BridgeUniqueid=room_id(room),
                                  BridgeCreator="ConfBridge", BridgeName=room)
            out += cls.packet(Event="BridgeListComplete", **mark)
        elif name == "ConfbridgeListRooms" and not full:
            out = cls.packet(Response="Error", **mark, Message="No active conferences.")
        elif name == "ConfbridgeListRooms":
            for room in full:
                out += cls.packet(Event=name, **mark, Conference=room)
            out += cls.packet(Event=name + "Complete", **mark)
        elif name == "ConfbridgeList":
            room = a["Conference"]
            for who, number in rooms.get(room, {}).items():
                keys = cls.channel(room, who, number)
                del keys["BridgeUniqueid"]
                out += cls.packet(Event=name, **mark, **keys)
            out += cls.packet(Event=name + "Complete", **mark)
        return out, False

    @staticmethod
    async def read(reader):
        return (await reader.readuntil(b"\r\n\r\n")).decode()


class Esl:
    hello = b"Content-Type: auth/request\n\n"

    @staticmethod
    def event(what, room, who, number):
        body = (f"Event-Name: CUSTOM\nEvent-Date-Timestamp: {time.time_ns() // 1000}\n"
                "Event-Subclass: conference%3A%3Amaintenance\n"
                f"Conference-Name: {room}\nConference-Domain: acme\n"
                f"Conference-Unique-ID: {room_id(room)}\n"
                f"Action: {'add' if what == 'join' else 'del'}-member\nMember-ID: {who}\n"
                f"Unique-ID: uuid-{who}\nCaller-Caller-ID-Number: {number}\n\n")
        return f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n{body}"

    @staticmethod
    def answer(text):
        command = text.strip()
        if command.startswith("auth "):
            good = command == "auth " + SECRET
            say = "+OK accepted" if good else "-ERR invalid"
            return f"Content-Type: command/reply\nReply-Text: {say}\n\n", good
        if not command.startswith("api "):
            return "Content-Type: command/reply\nReply-Text: +OK\n\n", False
        body = "<conferences>"
        for room, members in rooms.items():
            body += f'<conference name="{room}" uuid="{room_id(room)}"><members>'
            for who, number in members.items():
                body += (f'<member type="caller"><id>{who}</id><uuid>uuid-{who}</uuid>'
                         f"<caller_id_number>{number}</caller_id_number>"
                         "<join_time>5</join_time></member>")
            body += "</members></conference>"
        body += "</conferences>\n"
        return f"Content-Type: api/response\nContent-Length: {len(body)}\n\n{body}", False

    @staticmethod
    async def read(reader):
        return (await reader.readuntil(b"\n\n")).decode()


system = {"ami": Ami, "esl": Esl}[KIND]


async def serve(reader, writer):
    global logins
    writer.write(system.hello)
    try:
        while True:
            text, let_in = system.answer(await system.read(reader))
            writer.write(text.encode())
            await writer.drain()
            if let_in:
                logins += 1
                clients.add(writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    clients.discard(writer)
    writer.close()


def move(what, room, who, number=""):
    """Changes who is there; answers the event."""
    if what == "join":
        rooms.setdefault(room, {})[who] = number
    else:
        number = rooms[room].pop(who)
    return system.event(what, room, who, number)


def drop():
    for writer in list(clients):
        writer.write(system.event("join", "9", "9", "9")[:40].encode())
        writer.close()
    clients.clear()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        words = line.decode().split()
        if words[0] == "drop":
            drop()
        elif words[0] == "count":
            print(logins, flush=True)
        elif words[0] == "unheard":
            move(*words[1:])
        else:
            event = move(*words)
            for writer in clients:
                writer.write(event.encode())


asyncio.run(main())
