#!/usr/bin/env bash
# eventsource 4.1.1 (npm), and the EventSource of undici 7.30.0.
# Expected: an event that a server names `error` or `open` goes to those who listen for that name.
# Seen: undici calls `onerror` and `onopen` for them too, as browsers do, so that an event looks
# like a broken connection. The npm package calls neither, only `addEventListener`. Neither calls
# `onmessage` for an event that has a name.
# For us: types of events that are called `error` or `open` need a client that tells them apart: the
# event has `data`, the broken connection has none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund eventsource@4.1.1 undici@7.30.0
cat > seen.mjs <<'END'
import { once } from "node:events";
import { createServer } from "node:http";
import { EventSource as FromNpm } from "eventsource";
import { EventSource as FromUndici } from "undici";

const server = createServer((req, res) => {
	res.writeHead(200, { "Content-Type": "text/event-stream" });
	res.write("event: error\ndata: 1\n\nevent: open\ndata: 2\n\nevent: last\ndata: 3\n\n");
}).listen(0, "127.0.0.1");
await once(server, "listening");

for (const [name, Source] of Object.entries({ eventsource: FromNpm, undici: FromUndici })) {
	const source = new Source(`http://127.0.0.1:${server.address().port}/`);
	const tell = (how) => ({ data }) => console.log(`${name}: ${how}, data ${data ?? "none"}`);
	source.onopen = tell("onopen");
	source.onerror = tell("onerror");
	source.onmessage = tell("onmessage");
	source.addEventListener("error", tell("listener of error"));
	source.addEventListener("open", tell("listener of open"));
	await new Promise((resolve) => source.addEventListener("last", resolve));
	source.close();
}
server.close();
server.closeAllConnections();
END
node --no-warnings seen.mjs | tee seen.txt
diff - seen.txt <<'END'
eventsource: onopen, data none
eventsource: listener of open, data none
eventsource: listener of error, data 1
eventsource: listener of open, data 2
undici: onopen, data none
undici: listener of open, data none
undici: onerror, data 1
undici: listener of error, data 1
undici: onopen, data 2
undici: listener of open, data 2
END
echo "as described"
