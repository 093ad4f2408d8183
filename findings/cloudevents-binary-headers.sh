#!/usr/bin/env bash
# cloudevents 10.0.0 (npm) and cloudevents 2.2.0 (Python), binary mode over HTTP.
# Expected: attributes in `ce-` headers are percent-encoded by the sender and decoded by the receiver
# (HTTP protocol binding 1.0.2, section 3.1.3.2).
# Seen: Python's does both. npm's does neither: it puts "€" into a header, which node:http refuses to
# send, and gives `caf%C3%A9` to the program as it is.
# For us: an event that crosses from one SDK to the other in binary mode arrives changed. Structured
# mode has no such trap.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv .
bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
npm install --silent --no-audit --no-fund cloudevents@10.0.0
cat > seen.py <<'END'
from cloudevents.core.bindings.http import HTTPMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

attributes = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "subject": "café €"}
sent = to_binary(CloudEvent(attributes=attributes, data={}), JSONFormat())
print("Python sends:", sent.headers["ce-subject"])
print("Python reads:", from_binary(sent, JSONFormat(), CloudEvent).get_subject())
END
cat > seen.mjs <<'END'
import { validateHeaderValue } from "node:http";
import { CloudEvent, HTTP } from "cloudevents";

const event = new CloudEvent({ id: "1", source: "/s", type: "t", subject: "café €", data: {} });
const { headers } = HTTP.binary(event);
let told = "sent";
try {
	validateHeaderValue("ce-subject", headers["ce-subject"]);
} catch ({ code }) {
	told = code;
}
console.log("npm sends:", headers["ce-subject"], "→", told);
const encoded = { ...headers, "ce-subject": "caf%C3%A9%20%E2%82%AC" };
console.log("npm reads:", HTTP.toEvent({ headers: encoded, body: "{}" }).subject);
END
{ node seen.mjs && bin/python seen.py; } | tee seen.txt
diff - seen.txt <<'END'
npm sends: café € → ERR_INVALID_CHAR
npm reads: caf%C3%A9%20%E2%82%AC
Python sends: caf%C3%A9%20%E2%82%AC
Python reads: café €
END
echo "as described"
