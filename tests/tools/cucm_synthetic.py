#!/usr/bin/env python3
"""Synthetic files of a Cisco Unified CM: CDRs of conferences and CMRs, and what they must count to.

    cucm_synthetic.py FOLDER [--seed 1] [--conferences 200] [--day 2026-03-01]
    cucm_synthetic.py FOLDER --check crm.db [--day 2026-03-01]      is that in the store?

Made from documented facts, not from a real system: the columns of release 14, a line of types, six
CDRs for an ad hoc conference of three, legs into a bridge b00... that share destConversationId, set-up
calls cleared by cause 393216, the call of the two who stay (redirect reason 98), recording legs, links between two
bridges, announcements of Conference Now, refused and broken legs, addresses as signed numbers,
causes as unsigned ones, and a file that is sent twice. Beside them truth.json: per customer legs, seconds, failed,
participants and conferences, and how many records are left out for which reason.
"""
import argparse, collections, datetime, io, json, os, random, sqlite3, sys, uuid


def video2(side):
    names = ["Cap_Codec", "Cap_Bandwidth", "Cap_Resolution", "TransportAddress_IP", "TransportAddress_Port", "Channel_Role"]
    return [side + "Video" + n + "_Channel2" for n in names]


def media(side):
    cap = side + "MediaCap_"
    return [side + "Cause_location", side + "Cause_value", side + "PrecedenceLevel", side + "MediaTransportAddress_IP",
            side + "MediaTransportAddress_Port", cap + "payloadCapability", cap + "maxFramesPerPacket",
            cap + "g723BitRate", side + "VideoCap_Codec", side + "VideoCap_Bandwidth", side + "VideoCap_Resolution",
            side + "VideoTransportAddress_IP", side + "VideoTransportAddress_Port", side + "RSVPAudioStat",
            side + "RSVPVideoStat"]


CDR = ("cdrRecordType globalCallID_callManagerId globalCallID_callId origLegCallIdentifier dateTimeOrigination origNodeId"
       " origSpan origIpAddr callingPartyNumber callingPartyUnicodeLoginUserID").split() + media("orig") + (
       "destLegIdentifier destNodeId destSpan destIpAddr originalCalledPartyNumber finalCalledPartyNumber"
       " finalCalledPartyUnicodeLoginUserID").split() + media("dest") + (
       "dateTimeConnect dateTimeDisconnect lastRedirectDn pkid originalCalledPartyNumberPartition"
       " callingPartyNumberPartition finalCalledPartyNumberPartition lastRedirectDnPartition duration origDeviceName"
       " destDeviceName origCallTerminationOnBehalfOf destCallTerminationOnBehalfOf origCalledPartyRedirectOnBehalfOf"
       " lastRedirectRedirectOnBehalfOf origCalledPartyRedirectReason lastRedirectRedirectReason destConversationId"
       " globalCallId_ClusterID joinOnBehalfOf comment authCodeDescription authorizationLevel clientMatterCode"
       " origDTMFMethod destDTMFMethod callSecuredStatus origConversationId origMediaCap_Bandwidth"
       " destMediaCap_Bandwidth authorizationCodeValue outpulsedCallingPartyNumber outpulsedCalledPartyNumber"
       " origIpv4v6Addr destIpv4v6Addr").split() + video2("orig") + video2("dest") + (
       "IncomingProtocolID IncomingProtocolCallRef OutgoingProtocolID OutgoingProtocolCallRef currentRoutingReason"
       " origRoutingReason lastRedirectingRoutingReason huntPilotPartition huntPilotDN calledPartyPatternUsage"
       " wasCallQueued totalWaitTimeInQueue callingPartyNumber_uri originalCalledPartyNumber_uri").split()
CMR = ("cdrRecordType globalCallID_callManagerId globalCallID_callId nodeId directoryNum callIdentifier dateTimeStamp"
       " numberPacketsSent numberOctetsSent numberPacketsReceived numberOctetsReceived numberPacketsLost jitter latency"
       " pkid directoryNumPartition globalCallId_ClusterID deviceName varVQMetrics duration videoContentType"
       " videoDuration").split()
TEXT = {"callingPartyNumber", "callingPartyUnicodeLoginUserID", "originalCalledPartyNumber", "finalCalledPartyNumber",
        "finalCalledPartyUnicodeLoginUserID", "lastRedirectDn", "pkid", "origDeviceName", "destDeviceName",
        "globalCallId_ClusterID", "comment", "authCodeDescription", "clientMatterCode", "authorizationCodeValue",
        "directoryNum", "deviceName", "varVQMetrics", "videoContentType"}
EMPTY = {"videoDuration"}


def is_text(name):
    return name in TEXT or name.endswith(("Partition", "Stat", "Addr", "CallRef", "_uri", "huntPilotDN")) and \
        not name.endswith("IpAddr")


class Site:
    def __init__(self, seed, start):
        self.random = random.Random(seed)
        self.start, self.call, self.leg, self.conversation = start, 25000, 47874000, 16777220
        self.cdr, self.cmr = [], []
        self.left_out = collections.Counter()
        self.poor = []  # (customer, feature that a stream lacked)
        self.legs = []  # (customer, participant, conference or None, start, seconds, failed)

    def row(self, columns, values):
        out = io.StringIO()
        for i, name in enumerate(columns):
            value = values.get(name, "" if is_text(name) or name in EMPTY else 0)
            out.write(("," if i else "") + ('"%s"' % str(value).replace('"', '""') if is_text(name) else str(value)))
        return out.getvalue()

    def record(self, left_out=None, **values):
        self.leg += 2
        base = dict(cdrRecordType=1, globalCallID_callManagerId=2, globalCallID_callId=self.call,
                    origLegCallIdentifier=self.leg, destLegIdentifier=self.leg + 1, globalCallId_ClusterID="Lab_1",
                    origIpAddr=self.random.randint(-2**31, 2**31 - 1), origNodeId=2,
                    origMediaCap_payloadCapability=4, pkid=str(uuid.UUID(int=self.random.getrandbits(128))))
        base.update(values)
        if base.get("dateTimeConnect"):
            base.setdefault("dateTimeOrigination", base["dateTimeConnect"] - 3)
            base["duration"] = base["dateTimeDisconnect"] - base["dateTimeConnect"]
            base.setdefault("origCause_value", 16)
        self.cdr.append(self.row(CDR, base))
        if left_out:
            self.left_out[left_out] += 1
        return base

    def stream(self, of, who, customer=None):
        seconds = of["duration"]
        received = seconds * 50
        lossy = self.random.random() < 0.2
        jitter = self.random.choice([1, 3, 9, 31] if lossy else [1, 3, 9])
        mos = self.random.choice(["", ";MLQKav=3.5900", ";MLQKav=4.1"] if lossy else ["", ";MLQKav=3.6000"])
        self.cmr.append(self.row(CMR, dict(
            cdrRecordType=2, globalCallID_callManagerId=2, globalCallID_callId=of["globalCallID_callId"], nodeId=2,
            directoryNum=who, callIdentifier=of["origLegCallIdentifier"], dateTimeStamp=of["dateTimeDisconnect"],
            numberPacketsReceived=received, numberPacketsLost=received // (20 if lossy else 1000), jitter=jitter,
            pkid=str(uuid.UUID(int=self.random.getrandbits(128))), globalCallId_ClusterID="Lab_1",
            varVQMetrics="CCR=0.0011;SCS=0;VoRxCodec=G.711 u-la" + mos, duration=seconds)))
        if not lossy:
            self.left_out["stream of good quality"] += 1
        elif customer:
            lacked = ["good_audio", "low_packet_loss"] + ["low_jitter"] * (jitter > 30) + ["good_mos"] * ("3.59" in mos)
            self.poor += [(customer, feature) for feature in lacked]

    def conference(self):
        rnd = self.random
        kind = rnd.choice(["ad hoc"] * 3 + ["meet-me", "now"])
        begin = self.start + rnd.randrange(3600, 20 * 3600)
        people = rnd.sample(range(1000, 1400), rnd.randrange(3, 9))
        customer = "C%02d" % rnd.randrange(12)
        self.conversation += 1
        self.call += 3
        key = "Lab_1:%d" % self.conversation
        bridge = "b00%012d" % self.conversation
        host = people[0]
        shared = dict(finalCalledPartyNumber=bridge, destConversationId=self.conversation, clientMatterCode=customer)
        if kind == "ad hoc":
            spelling = rnd.choice(["ConfControllerDn=%d;ConfRequestorDn=%d", "ConfControlerDn-%d;ConfRequestorDn-%d"])
            shared.update(origCalledPartyRedirectOnBehalfOf=4, lastRedirectRedirectOnBehalfOf=4, joinOnBehalfOf=4,
                          comment=(spelling + ";ConfControllerDeviceName=SEP0011") % (host, host))
            for other in people[1:3]:  # the call that was there, and the set-up call
                self.record("two-party", callingPartyNumber=host, finalCalledPartyNumber=other, clientMatterCode=customer,
                            dateTimeConnect=begin - 60, dateTimeDisconnect=begin, origCause_value=393216,
                            origCallTerminationOnBehalfOf=4)
        elif kind == "meet-me":
            shared.update(originalCalledPartyNumber="8%03d" % rnd.randrange(20), joinOnBehalfOf=6)
        else:
            shared.update(joinOnBehalfOf=7, originalCalledPartyNumber="7000",
                          comment="ConferenceNowHostId=h%d;ConferenceNowMeetingNumber=70%03d" % (host, rnd.randrange(99)))
            self.record("announcement leg", callingPartyNumber=host, finalCalledPartyNumber="c0012345",
                        clientMatterCode=customer, joinOnBehalfOf=7, dateTimeConnect=begin - 20,
                        dateTimeDisconnect=begin)
        for who in people:
            self.person(who, customer, key, begin, shared)
        self.extras(kind, customer, bridge, begin, people)

    def person(self, who, customer, key, begin, shared):
        rnd = self.random
        fate = rnd.random()
        at = begin + rnd.randrange(0, 300)
        if fate < 0.04:  # full, or a SIP answer 503
            cause = rnd.choice([262144, (87 << 24) | 41])
            self.record(callingPartyNumber=who, dateTimeOrigination=at, dateTimeDisconnect=at, destCause_value=cause,
                        **dict(shared, destConversationId=0))
            self.legs.append((customer, who, None, at, 0, True))
            return
        seconds = rnd.randrange(5, 4000)
        made = self.record(callingPartyNumber=who, dateTimeConnect=at, dateTimeDisconnect=at + seconds,
                           destCause_value=rnd.choice([16, 458752]), **shared)
        self.legs.append((customer, who, key, at, seconds, False))
        if rnd.random() < 0.3:
            self.stream(made, who, customer)

    def extras(self, kind, customer, bridge, begin, people):
        rnd = self.random
        if rnd.random() < 0.3:
            self.record("recording leg", callingPartyNumber=bridge, finalCalledPartyNumber="5030079981",
                        origCalledPartyRedirectOnBehalfOf=27, lastRedirectRedirectOnBehalfOf=27, joinOnBehalfOf=27,
                        dateTimeOrigination=begin, dateTimeDisconnect=begin, origConversationId=self.leg,
                        destCause_value=1459617833, clientMatterCode=customer)
        if kind == "ad hoc" and rnd.random() < 0.2:
            self.record("link between two conferences", callingPartyNumber=bridge, clientMatterCode=customer,
                        finalCalledPartyNumber="b00999", joinOnBehalfOf=4, destConversationId=self.conversation + 500000,
                        origConversationId=self.conversation, dateTimeConnect=begin, dateTimeDisconnect=begin + 60)
        if kind == "ad hoc" and rnd.random() < 0.5:
            two = self.record("two-party", callingPartyNumber=people[0], finalCalledPartyNumber=people[1],
                              clientMatterCode=customer, lastRedirectDn=bridge, lastRedirectRedirectReason=98,
                              dateTimeConnect=begin + 4400, dateTimeDisconnect=begin + 4500)
            self.stream(two, people[0])  # of a call that is left out

    def truth(self):
        customers = {}
        for customer, who, conference, at, seconds, failed in self.legs:
            c = customers.setdefault(customer, dict(legs=0, seconds=0, failed=0, participants=set(), conferences=set()))
            if failed:
                c["failed"] += 1
                continue
            c["legs"] += 1
            c["seconds"] += seconds
            c["participants"].add(who)
            c["conferences"].add(conference)
        for c in customers.values():
            c["participants"], c["conferences"] = len(c["participants"]), len(c["conferences"])
        things = {}
        for customer, who, conference, at, seconds, failed in self.legs:
            if not failed:
                t = things.setdefault(conference, [customer, at, at + seconds, 0, set()])
                t[1], t[2], t[3] = min(t[1], at), max(t[2], at + seconds), t[3] + 1
                t[4].add(who)
        lacked = {}
        for customer, feature in self.poor:
            n = lacked.setdefault(feature, [0, set()])
            n[0] += 1
            n[1].add(customer)
        return dict(customers=customers, lacked={f: [n, len(c)] for f, (n, c) in lacked.items()}, conferences={k: t[:4] + [len(t[4])] for k, t in things.items()}, left_out=self.left_out, cdrs=len(self.cdr), cmrs=len(self.cmr))


def types(columns):
    return ",".join("VARCHAR(50)" if is_text(n) else "INTEGER" for n in columns)


def write(path, columns, rows, end="\n"):
    with open(path, "w", newline="") as f:
        f.write(end.join([",".join('"%s"' % c for c in columns), types(columns)] + rows) + end)


def check(folder, store, day):
    names = ("legs", "seconds", "failed", "participants", "conferences")
    with open(os.path.join(folder, "truth.json")) as f:
        truth = json.load(f)
    customers = truth["customers"]
    db = sqlite3.connect("file:%s?mode=ro" % store, uri=True)
    rows = db.execute(
        "SELECT customer, %s FROM customer_day WHERE day = ?" % ", ".join(names), (day,))
    got = {row[0]: row[1:] for row in rows}
    for customer, want in customers.items():
        want, have = tuple(want[n] for n in names), got.get(customer, (0,) * len(names))
        near = all(abs(h - w) <= 0.03 * w for h, w in zip(have[3:], want[3:]))  # distinct ones are estimates
        if have[:3] != want[:3] or not near:
            sys.exit("%s: %s, but the truth is %s" % (customer, have, want))
    lacked = {row[0]: list(row[1:]) for row in db.execute(
        "SELECT feature, failed, customers FROM feature_demand WHERE feature IN"
        " ('good_audio', 'low_packet_loss', 'low_jitter', 'good_mos')")}
    if lacked != truth["lacked"]:
        sys.exit("features of streams: %s, but the truth is %s" % (lacked, truth["lacked"]))
    things = {}
    for row in db.execute("SELECT conference, customer, unixepoch(start), unixepoch(until), legs, people, joins, estimated"
                          " FROM conference WHERE conference LIKE 'Lab_1:%'"):
        if row[0] in things or row[6:] != (0, 0):
            sys.exit("conference %s: %s" % (row[0], row))
        things[row[0]] = list(row[1:6])
    if things != truth["conferences"]:
        sys.exit("conferences: %s, but the truth is %s" % (sorted(things.items())[:3], sorted(truth["conferences"].items())[:3]))


def main():
    a = argparse.ArgumentParser()
    a.add_argument("folder")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--conferences", type=int, default=200)
    a.add_argument("--day", default="2026-03-01")
    a.add_argument("--check")
    a = a.parse_args()
    if a.check:
        return check(a.folder, a.check, a.day)
    day = datetime.datetime.fromisoformat(a.day + "T00:00:00+00:00")
    site = Site(a.seed, int(day.timestamp()))
    for _ in range(a.conferences):
        site.conference()
    rows = site.cdr[:]
    site.random.shuffle(rows)
    half = len(rows) // 2
    stamp = a.day.replace("-", "")
    os.makedirs(a.folder, exist_ok=True)
    for name, part, end in (("1200_1", rows[:half], "\n"), ("1201_2", rows[half:], "\r\n"),
                            ("1202_3", rows[half // 2:half], "\n")):  # what comes again
        write(os.path.join(a.folder, "cdr_Lab_1_01_%s%s" % (stamp, name)), CDR, part, end)
    write(os.path.join(a.folder, "cmr_Lab_1_01_%s1200_1" % stamp), CMR, site.cmr)
    with open(os.path.join(a.folder, "truth.json"), "w") as f:
        json.dump(site.truth(), f, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
