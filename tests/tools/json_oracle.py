#!/usr/bin/env python3
"""json_oracle.py MAP...: what python's json makes of lines, for test_ndjson.c.

Reads lines of hex digits, writes one line for each: "bad", or the fields found as NAME=HEX,
features as a list "features=[HEX,...]". A "?" in front says that a key was repeated, which
python sees only the last of. MAP is "field=path"; without any, fields have their own names.
"""
import json
import sys

FIELDS = """kind id version source customer conference conference_name participant participant_name
start end duration outcome cause features service region media direction wait handle agent reason
amount currency product quantity resource state""".split()
paths = [m.split("=", 1) for m in sys.argv[1:]]
STRICT = not paths
used = {p for _, p in paths}
mapped = {f for f, _ in paths}
paths += [[f, f] for f in FIELDS if f not in mapped and f not in used]


class Bad(Exception):
    pass


def text(s):
    if "\0" in s or any(0xD800 <= ord(c) <= 0xDFFF for c in s):
        raise Bad
    return s


class Word(str):
    """A number, true or false: its text."""


def check(v, depth):
    if depth > 32:
        raise Bad
    if isinstance(v, list):
        for x in v:
            check(x, depth + 1)
    elif isinstance(v, dict):
        for k, x in v.items():
            text(k)
            check(x, depth + 1)
    elif isinstance(v, str):
        text(v)


def constant(_):
    raise Bad


def find(v, path):
    for part in path.split("."):
        if isinstance(v, dict):
            v = v.get(part)
        elif isinstance(v, list):
            v = v[int(part)] if part.isdigit() and str(int(part)) == part and int(part) < len(v) else None
        else:
            return None
    return v


def simple(v):
    if v is True or v is False:
        return "true" if v else "false"
    return v if v not in (None, "") else None


def judge(line):
    repeated = []

    def pairs(items):
        if len({k for k, _ in items}) != len(items):
            repeated.append(1)
        return dict(items)

    try:
        if line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        s = line.decode("utf-8")
        v = json.loads(s, parse_constant=constant, parse_int=Word, parse_float=Word,
                       object_pairs_hook=pairs)
        if not isinstance(v, dict):
            raise Bad
        check(v, 1)
        out = {}
        for field, path in paths:
            x = find(v, path)
            if isinstance(x, list) and field == "features":
                if any(isinstance(i, (list, dict)) for i in x):
                    raise Bad
                x = [simple(i) for i in x]
                x = [i for i in x if i is not None] or None
            elif isinstance(x, (list, dict)):
                if STRICT:
                    raise Bad
                x = None
            else:
                x = simple(x)
            if x is not None and field not in out:
                out[field] = x
    except (Bad, ValueError, RecursionError):
        return ("?" if repeated else "") + "bad"
    words = []
    for f in FIELDS:
        if f in out:
            x = out[f]
            if isinstance(x, list):
                words.append(f + "=[" + ",".join(i.encode().hex() for i in x) + "]")
            else:
                words.append(f + "=" + x.encode().hex())
    return ("?" if repeated else "") + " ".join(words)


for hexed in sys.stdin:
    print(judge(bytes.fromhex(hexed.strip())))
