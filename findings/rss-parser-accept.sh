#!/usr/bin/env bash
# rss-parser 3.13.0 (npm).
# Expected: a reader that understands Atom asks for Atom, or for anything.
# Seen: it sends `Accept: application/rss+xml` and nothing else, and then parses Atom.
# For us: a server that takes `Accept` at its word answers 406 to a reader that could read it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund rss-parser@3.13.0
cat > seen.mjs <<'END'
import { once } from "node:events";
import { createServer } from "node:http";
import Parser from "rss-parser";

const feed = `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<title>orders</title><id>urn:orders</id><updated>2020-01-01T00:00:00Z</updated>
<entry><title>0@order-1</title><id>urn:order-1:0</id><updated>2020-01-01T00:00:00Z</updated>
</entry></feed>`;
const server = createServer((req, res) => {
	console.log("Accept:", req.headers.accept);
	res.writeHead(200, { "Content-Type": "application/atom+xml" }).end(feed);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { items } = await new Parser().parseURL(`http://127.0.0.1:${server.address().port}/`);
console.log("parsed:", items[0].title);
server.close();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
Accept: application/rss+xml
parsed: 0@order-1
END
echo "as described"
