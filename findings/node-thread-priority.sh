#!/usr/bin/env bash
# Node.js 20.20.2, os.setPriority(0) in a worker thread on Linux.
# Expected: its documentation calls the 0 the current process, so all of it gets the priority.
# Seen: only the thread that calls it gets one, since Linux keeps a priority for each thread. POSIX has
# one for the process.
# For us: a thread that checks the log leaves the processor to the ones that serve, on Linux alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > threads.cjs <<'END'
const { getPriority, setPriority } = require("node:os");
const { Worker, isMainThread, parentPort } = require("node:worker_threads");

if (isMainThread) {
	new Worker(__filename).on("message", (priority) => {
		console.log(`worker ${priority}, main thread ${getPriority(0)}`);
	});
} else {
	setPriority(0, 19);
	parentPort.postMessage(getPriority(0));
}
END

node threads.cjs > seen.txt
cat seen.txt
diff - seen.txt <<'END'
worker 19, main thread 0
END
echo "as described"
