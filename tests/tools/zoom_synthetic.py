#!/usr/bin/env python3
"""zoom_synthetic.py --seed N --people P --meetings M --begin EPOCH --out FILE --truth FILE

Synthetic webhooks of Zoom meetings, made from what is documented of them and from no customer's data:
one JSON body a line, in the order in which they are sent. They have Zoom's habits: meeting.ended comes
before the last participant_left, bodies are sent again, neighbours change places, keys come in any
order, ids are numbers or texts, guests have no id, the same meeting number has many occurrences, and
the planned duration says nothing. With --lost PERCENT so many joins and leaves never come.

The truth is one JSON object: legs, seconds and people of each account, the number of meetings,
and, of the lines written, how many are there for the first time and how many again.
"""
import argparse
import datetime
import json
import random

EPOCH = datetime.datetime(1970, 1, 1)


def text(moment):
    return (EPOCH + datetime.timedelta(seconds=moment)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Maker:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.sent = []  # (moment of sending, body)
        self.legs = {}
        self.lost = 0

    def shuffled(self, members):
        items = list(members.items())
        self.random.shuffle(items)
        return dict(items)

    def send(self, event, account, meeting, moment, late=0.0, **more):
        number = meeting["number"]
        thing = {
            "id": number if self.random.random() < 0.5 else str(number),
            "uuid": meeting["uuid"],
            "host_id": "host-" + account,
            "topic": meeting["topic"],
            "type": 8,
            "duration": 60,
            "timezone": self.random.choice(["", "Europe/Berlin"]),
            **more,
        }
        body = {
            "event": event,
            "event_ts": int((moment + late) * 1000) + self.random.randrange(1000),
            "payload": self.shuffled({"account_id": account, "object": self.shuffled(thing)}),
        }
        self.sent.append((moment + late, json.dumps(self.shuffled(body), ensure_ascii=False)))

    def person(self, who, stay):
        guest = who.startswith("guest")
        return self.shuffled({
            "user_id": str(16778240 + self.random.randrange(1 << 20)),
            "user_name": who.title() + " Ö",
            "id": "" if guest else who,
            "participant_uuid": stay,
            "email": "" if guest else who + "@example.com",
            "registrant_id": self.random.choice([None, ""]),
        })

    def stay(self, account, meeting, who, begin, end, nth):
        stay = "%s-%s-%d" % (meeting["key"], who, nth)
        guest = who.startswith("guest")
        for event, key, moment in (("joined", "join_time", begin), ("left", "leave_time", end)):
            late = 0.0
            if event == "left" and end == meeting["end"]:
                late = self.random.uniform(0.5, 5)  # behind meeting.ended
            if self.random.random() * 100 < self.options.lost:
                self.lost += 1
                continue
            person = self.person(who, stay)
            person[key] = text(moment)
            self.send("meeting.participant_" + event, account, meeting, moment, late, participant=person)
        count = self.legs.setdefault(account, {"legs": 0, "seconds": 0, "people": set()})
        count["legs"] += 1
        count["seconds"] += end - begin
        count["people"].add(stay if guest else who)

    def meeting(self, nth):
        account = "account-%d" % self.random.randrange(3)
        begin = self.options.begin + nth * 600 + self.random.randrange(300)
        key = "m%d" % nth
        meeting = {
            "key": key,
            "number": 81234567890 + self.random.randrange(5),
            "uuid": "%s/+%s==" % (key, "abcdefgh"),
            "topic": "Wöchentliche Runde",
            "end": begin + self.random.randrange(600, 5400),
        }
        self.send("meeting.started", account, meeting, begin, start_time=text(begin))
        for i in range(self.random.randrange(2, self.options.people + 1)):
            who = "%s%d" % (self.random.choice(["user", "guest"]), i)
            came = begin + self.random.randrange(60)
            for again in range(self.random.choice([1, 1, 1, 2])):
                left = min(meeting["end"], came + self.random.randrange(30, 4000))
                if again == 0 and self.random.random() < 0.5:
                    left = meeting["end"]
                self.stay(account, meeting, who, came, left, again)
                came = left + self.random.randrange(5, 60)
                if came + 30 > meeting["end"]:
                    break
        self.send("meeting.ended", account, meeting, meeting["end"], end_time=text(meeting["end"]))

    def order(self):
        self.sent.sort(key=lambda item: item[0])
        bodies = [body for _, body in self.sent]
        first = len(bodies)
        for body in self.random.sample(bodies, first // 10):  # sent again, somewhat later
            at = bodies.index(body)
            bodies.insert(min(len(bodies), at + self.random.randrange(1, 20)), body)
        for i in range(0, len(bodies) - 1, 2):
            if self.random.random() < 0.2:
                bodies[i], bodies[i + 1] = bodies[i + 1], bodies[i]
        return first, bodies


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--meetings", type=int, default=20)
    parser.add_argument("--begin", type=int, required=True)
    parser.add_argument("--lost", type=float, default=0)
    parser.add_argument("--out", required=True)
    parser.add_argument("--truth", required=True)
    options = parser.parse_args()
    maker = Maker(options)
    for nth in range(options.meetings):
        maker.meeting(nth)
    first, bodies = maker.order()
    with open(options.out, "w", encoding="utf-8") as out:
        out.write("\n".join(bodies) + "\n")
    truth = {
        "first": first,
        "again": len(bodies) - first,
        "lost": maker.lost,
        "meetings": options.meetings,
        "accounts": {
            name: {"legs": c["legs"], "seconds": c["seconds"], "people": len(c["people"])}
            for name, c in sorted(maker.legs.items())
        },
    }
    with open(options.truth, "w", encoding="utf-8") as out:
        json.dump(truth, out, indent=1)


if __name__ == "__main__":
    main()
