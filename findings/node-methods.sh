#!/usr/bin/env bash
# Node.js 20.20.2, node:http.
# Expected: a server gets every method that is a token (RFC 9110), and decides for itself.
# Seen: the parser has a list. PURGE is on it, BAN is not: the program sees no request, and the
# client gets a bare 400.
# For us: a relay for purges that is written in Node.js takes PURGE or POST.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > seen.mjs <<'END'
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

const server = createServer((req, res) => res.end());
server.on("clientError", (error, socket) => socket.end(`HTTP/1.1 400 ${error.code}\r\n\r\n`));
server.listen(0, "127.0.0.1");
await once(server, "listening");
for (const method of ["PURGE", "BAN", "REFRESH", "SOURCE"]) {
	const socket = connect(server.address().port, "127.0.0.1");
	socket.write(`${method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
	console.log(method, (await text(socket)).split("\r\n")[0]);
}
server.close();
END
node --version
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
PURGE HTTP/1.1 200 OK
BAN HTTP/1.1 400 HPE_INVALID_METHOD
REFRESH HTTP/1.1 400 HPE_INVALID_METHOD
SOURCE HTTP/1.1 200 OK
END
echo "as described"
