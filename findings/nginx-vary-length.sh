#!/usr/bin/env bash
# nginx 1.22.1 as a cache (Debian 12).
# Expected: a `Vary` may have any length, and nginx keeps one answer for each set of values.
# Seen: of 128 characters, the answer is kept; of 129, it is not, without a word in the log. Spaces count.
# For us: the longest `Vary` of the server is written without spaces.
set -euo pipefail
command -v nginx > /dev/null || { echo "skipped: nginx is not installed"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"

cat > seen.mjs <<'END'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const vary = (length) => `Accept,${"X".repeat(length)}`.slice(0, length);
const server = createServer((req, res) => {
	const headers = { "Cache-Control": "max-age=100", Vary: vary(Number(req.url.slice(1))) };
	res.writeHead(200, headers).end("a page");
}).listen(0, "127.0.0.1");
await once(server, "listening");
const free = createServer().listen(0, "127.0.0.1");
await once(free, "listening");
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));

mkdirSync("temp");
const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
const user = process.getuid() === 0 ? "user root;" : "";
writeFileSync("nginx.conf", `${user} daemon off; pid nginx.pid; events {}
http {
	access_log off;
	${temporary.map((name) => `${name}_temp_path temp/${name};`).join(" ")}
	proxy_cache_path kept keys_zone=pages:1m;
	server {
		listen 127.0.0.1:${port};
		location / {
			proxy_pass http://127.0.0.1:${server.address().port};
			proxy_cache pages;
			add_header X-Cache-Status $upstream_cache_status;
		}
	}
}`);
const nginx = spawn("nginx", ["-p", `${process.cwd()}/`, "-c", "nginx.conf", "-e", "error.log"]);
const get = (path) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
while (!(await get("/6"))?.ok);
for (const length of [127, 128, 129]) {
	await get(`/${length}`);
	console.log(`${length}: ${(await get(`/${length}`)).headers.get("x-cache-status")}`);
}
nginx.kill();
await once(nginx, "exit");
process.exit();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
127: HIT
128: HIT
129: MISS
END
echo "as described"
