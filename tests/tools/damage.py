"""damage.py - harms a copy of a ledger, and says what is in one: with python's own sqlite3.

damage.py flip FILE SUBJECT    one bit of what is stored of a subject's first day in a leaf
damage.py page FILE SUBJECT    the whole page that holds that day
damage.py head FILE            the first page
damage.py table FILE NAME N... leaf pages of a table's tree, by number
damage.py set FILE SQL         an SQL statement, which has checksum_of_numbers() at hand
damage.py rows FILE            a line for each total: its name, day, batch and a hash of its values
damage.py numbers FILE TABLE   the whole-number keys of a table, a line each
"""
import datetime, hashlib, os, sqlite3, struct, sys

PAGE = 8192
KINDS = {"c": "customer", "f": "feature", "s": "service", "l": "region", "w": "workload"}

def totals(path):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    out = []
    for subject, period, seq, values in db.execute(
            'SELECT subject, period, seq, "values" FROM total'):
        day = datetime.date(1970, 1, 1) + datetime.timedelta(days=period)
        out.append("%s %s on %s\t%d\t%s" % (KINDS[chr(subject[0])], subject[2:].decode(), day, seq,
                                           hashlib.sha256(values).hexdigest()[:16]))
    db.close()
    return sorted(out)

def folded_into_file(path):
    """The log's pages into the file, so that what is harmed is what is read."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()

def rows_of(path, subject):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    rows = db.execute('SELECT subject, "values" FROM total WHERE subject = ? ORDER BY period',
                      (subject.encode(),)).fetchall()
    db.close()
    return rows

def leaves(data, root):
    """Leaf pages of a table or index tree, in order (file format 1.6)."""
    head = (root - 1) * PAGE + (100 if root == 1 else 0)
    kind, cells = data[head], struct.unpack(">H", data[head + 3:head + 5])[0]
    if kind in (10, 13):
        return [root]
    out = []
    for i in range(cells):
        cell = struct.unpack(">H", data[head + 12 + 2 * i:head + 14 + 2 * i])[0]
        at = (root - 1) * PAGE + cell
        out += leaves(data, struct.unpack(">I", data[at:at + 4])[0])
    return out + leaves(data, struct.unpack(">I", data[head + 8:head + 12])[0])

def root_of(path, name):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    db.close()
    return root

def place_of(data, root, row):
    """Where the row's values are in a leaf: free space may hold older copies of it."""
    subject, values = row[0], row[1][:32]
    for page in leaves(data, root):
        start = (page - 1) * PAGE
        for i in range(struct.unpack(">H", data[start + 3:start + 5])[0]):
            at = start + struct.unpack(">H", data[start + 8 + 2 * i:start + 10 + 2 * i])[0]
            found = data.find(values, at, at + 300)
            if subject in data[at:at + 40 + len(subject)] and found > 0:
                return found
    return None

MASK = (1 << 64) - 1

def checksum_of_numbers(*numbers):
    """What the ledger's row_checksum() makes of integers: XXH3 of eight bytes, one after the other."""
    total = 0
    for n in numbers:
        seed = (total + 1) & MASK # 1: SQLITE_INTEGER
        seed ^= int.from_bytes((seed & 0xFFFFFFFF).to_bytes(4, "little"), "big") << 32
        low, high = struct.unpack("<II", struct.pack("<q", n))
        h = (high + (low << 32)) ^ ((0x1cad21f72c81017c ^ 0xdb979083e96dd4de) - seed & MASK)
        h ^= (h << 49 | h >> 15) & MASK ^ (h << 24 | h >> 40) & MASK
        h = h * 0x9fb21c651e98df25 & MASK
        h = (h ^ (h >> 35) + 8) * 0x9fb21c651e98df25 & MASK
        total = h ^ h >> 28
    return total - (1 << 64) if total >> 63 else total

def main():
    verb, path = sys.argv[1], sys.argv[2]
    if verb == "rows":
        print("\n".join(totals(path)))
        return
    if verb == "numbers":
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        for (n,) in db.execute("SELECT rowid FROM %s ORDER BY 1" % sys.argv[3]):
            print(n)
        return
    if verb == "set":
        db = sqlite3.connect(path)
        db.create_function("checksum_of_numbers", -1, checksum_of_numbers)
        db.execute(sys.argv[3])
        db.commit()
        db.close()
        return
    folded_into_file(path)
    with open(path, "rb") as f:
        data = bytearray(f.read())
    if verb == "head":
        data[:PAGE] = os.urandom(PAGE)
    elif verb == "table":
        pages = leaves(data, root_of(path, sys.argv[3]))
        for n in sys.argv[4:]:
            page = pages[int(n)]
            data[(page - 1) * PAGE:page * PAGE] = os.urandom(PAGE)
    else:
        root = root_of(path, "total")
        places = (place_of(data, root, row) for row in rows_of(path, sys.argv[3]))
        at = next((place for place in places if place is not None), None)
        if at is None:
            sys.exit("no day of it is in a leaf: name another subject")
        if verb == "flip":
            data[at + 5] ^= 4
        else:
            page = at // PAGE
            data[page * PAGE:(page + 1) * PAGE] = os.urandom(PAGE)
    with open(path, "r+b") as f:
        f.write(data)

main()
