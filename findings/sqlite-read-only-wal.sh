#!/usr/bin/env bash
# SQLite 3.40 and later, on Linux; asked through the sqlite3 module of Python 3.
# Expected: a database that was closed in order can be read from a read-only mount: its WAL is empty.
# Seen: in WAL mode it cannot be opened there, since the last connection removed -wal and -shm and a
# reader cannot make them. With two empty files of these names beside it, it is read, with locks.
# `immutable=1` helps too, but takes no locks and sees no WAL.
# For us: an orderly stop leaves the two files, empty.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > seen.py <<'PY'
import os, sqlite3, subprocess, sys

def read(label):
    try:
        database = sqlite3.connect("file:medium/log.sqlite?mode=ro", uri=True)
        print(label, database.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError as error:
        print(label, error)

if len(sys.argv) > 1:
    read(sys.argv[1])
    sys.exit()

def read_only(label):
    own = ["--mount"] if os.getuid() == 0 else ["--mount", "--map-root-user"]
    script = "mount --bind medium medium && mount -o remount,ro,bind medium && exec python3 seen.py \"$1\""
    subprocess.run(["unshare", *own, "sh", "-c", script, "sh", label], check=True)

os.mkdir("medium")
database = sqlite3.connect("medium/log.sqlite")
database.execute("PRAGMA journal_mode = WAL")
database.execute("CREATE TABLE events (data)")
database.execute("INSERT INTO events VALUES ('one')")
database.commit()
database.close()
print(sorted(os.listdir("medium")))
read_only("alone:")
for end in ["-wal", "-shm"]:
    open("medium/log.sqlite" + end, "w").close()
read_only("with two empty files:")
PY
python3 -c 'import sqlite3; print(sqlite3.sqlite_version)'
python3 seen.py | tee seen.txt
diff - seen.txt <<'END'
['log.sqlite']
alone: unable to open database file
with two empty files: 1
END
echo "as described"
