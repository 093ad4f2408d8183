#!/usr/bin/env bash
# nginx 1.22.1 as a cache (Debian 12).
# Expected: `X-Accel-Expires` says how long nginx keeps an answer, and counts before `Cache-Control`.
# Seen: it counts only if it stands before `Cache-Control: private` in the answer. Behind it, nothing is
# kept. Its documents give no order.
# For us: the server writes the lifetimes for gateways first.
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

const EXPIRES = ["X-Accel-Expires", "100"];
const PRIVATE = ["Cache-Control", "private, max-age=100"];
const server = createServer((req, res) => {
	const headers = req.url === "/before" ? [...EXPIRES, ...PRIVATE] : [...PRIVATE, ...EXPIRES];
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
while (!(await get("/up"))?.ok);
for (const path of ["/before", "/behind"]) {
	await get(path);
	console.log(`${path}: ${(await get(path)).headers.get("x-cache-status")}`);
}
nginx.kill();
await once(nginx, "exit");
process.exit();
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
/before: HIT
/behind: MISS
END
echo "as described"
