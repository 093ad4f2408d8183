#!/usr/bin/env bash
# cloudevents 10.0.0 (npm) and cloudevents 2.2.0 (Python).
# Expected: `time` of a CloudEvent is an RFC 3339 timestamp: it is given back as it came, or refused.
# An event without `time` has none.
# Seen: npm's turns a leap second, which RFC 3339 allows, into the time of reading, and cuts
# fractions to milliseconds. Python's current API refuses the leap second and cuts to microseconds; its
# older one keeps both. npm's gives an event without `time` the time of reading, another one at each
# reading.
# For us: validate `time` at the server, and do not let a client's SDK pass an event on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv .
bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
npm install --silent --no-audit --no-fund cloudevents@10.0.0
cat > seen.py <<'END'
import json
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.http import from_json

def current(text):
    return json.loads(JSONFormat().write(JSONFormat().read(CloudEvent, text)))["time"]

for time in ["2016-12-31T23:59:60Z", "2020-01-01T00:00:00.123456789Z"]:
    text = json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": time})
    for name, read in [("current", current), ("older", lambda text: from_json(text)["time"])]:
        try:
            print(f"Python, {name}: {time} → {read(text)}")
        except Exception:
            print(f"Python, {name}: {time} → refused")
END
cat > seen.mjs <<'END'
import { HTTP } from "cloudevents";

const began = new Date().toISOString();
const headers = { "content-type": "application/cloudevents+json" };
const read = (time) => {
	const event = { specversion: "1.0", id: "1", source: "/s", type: "t", time };
	const known = HTTP.toEvent({ headers, body: JSON.stringify(event) });
	return [known.time >= began ? "the time of reading" : known.time, known.validate()];
};
for (const time of ["2016-12-31T23:59:60Z", "2020-01-01T00:00:00.123456789Z", undefined]) {
	const [known, valid] = read(time);
	console.log(`npm: ${time ?? "none"} → ${known}, ${valid ? "valid" : "not valid"}`);
}
END
{ node seen.mjs && bin/python seen.py; } | tee seen.txt
diff - seen.txt <<'END'
npm: 2016-12-31T23:59:60Z → the time of reading, valid
npm: 2020-01-01T00:00:00.123456789Z → 2020-01-01T00:00:00.123Z, valid
npm: none → the time of reading, valid
Python, current: 2016-12-31T23:59:60Z → refused
Python, older: 2016-12-31T23:59:60Z → 2016-12-31T23:59:60Z
Python, current: 2020-01-01T00:00:00.123456789Z → 2020-01-01T00:00:00.123456Z
Python, older: 2020-01-01T00:00:00.123456789Z → 2020-01-01T00:00:00.123456789Z
END
echo "as described"
