#!/usr/bin/env bash
# @event-driven-io/emmett 0.42.0 (npm), its event store in memory.
# Expected: `from` of a read is the position of the first event that one gets.
# Seen: positions count from 1, `from` counts from 0. `from: 1n` starts with the event whose position
# is 2; who asks for the position it saw last gets what comes after it.
# For us: a number of an event cannot be carried over to or from Emmett as it is. Ours count from 0,
# and `from` is the first event one gets.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund @event-driven-io/emmett@0.42.0
cat > seen.mjs <<'END'
import { getInMemoryEventStore } from "@event-driven-io/emmett";

const store = getInMemoryEventStore();
const event = (n) => ({ type: "Counted", data: { n } });
const { nextExpectedStreamVersion } = await store.appendToStream("a", ["x", "y", "z"].map(event));
console.log("three events, version", String(nextExpectedStreamVersion));
for (const from of [0n, 1n, 3n]) {
	const { events } = await store.readStream("a", { from });
	const seen = events.map(({ data, metadata }) => `${data.n} at ${metadata.streamPosition}`);
	console.log(`from ${from}: ${seen.join(", ") || "nothing"}`);
}
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
three events, version 3
from 0: x at 1, y at 2, z at 3
from 1: y at 2, z at 3
from 3: nothing
END
echo "as described"
