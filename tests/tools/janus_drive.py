"""Lets people enter and leave a room of Janus' audio bridge: janus_drive.py API-PORT ROOM.

ann joins and leaves, bob joins and his session ends, cid joins, leaves and joins again (as another
participant), all with the opaque_id ACME but cid, who has GLOBEX. No media: Janus tells of people
as soon as they have joined."""
import json
import sys
import time
import urllib.request

api, room = f"http://127.0.0.1:{sys.argv[1]}/janus", int(sys.argv[2])


def post(path, **body):
    body["transaction"] = "t"
    request = urllib.request.Request(api + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


class Person:
    def __init__(self, name, customer):
        self.name = name
        self.session = post("", janus="create")["data"]["id"]
        self.path = f"/{self.session}"
        handle = post(self.path, janus="attach", plugin="janus.plugin.audiobridge", opaque_id=customer)
        self.handle = f"{self.path}/{handle['data']['id']}"

    def events(self, wanted):
        """Waits for what the bridge answers to this person."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with urllib.request.urlopen(f"{api}{self.path}?maxev=10", timeout=40) as answer:
                for event in json.load(answer):
                    if event.get("plugindata", {}).get("data", {}).get("audiobridge") == wanted:
                        return
        raise SystemExit(f"{self.name}: Janus never said {wanted}")

    def join(self):
        post(self.handle, janus="message", body={"request": "join", "room": room, "display": self.name})
        self.events("joined")

    def leave(self):
        post(self.handle, janus="message", body={"request": "leave"})
        self.events("left")


ann, bob, cid = Person("ann", "ACME"), Person("bob", "ACME"), Person("cid", "GLOBEX")
for person in (ann, bob, cid):
    person.join()
cid.leave()
cid.join()
ann.leave()
cid.leave()
post(bob.path, janus="destroy")
