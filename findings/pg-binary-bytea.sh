#!/usr/bin/env bash
# pg 8.23.1 (node-postgres), with a PostgreSQL server (Debian: postgresql).
# Expected: with `binary: true` a query gets the binary form of its results, and a bytea its bytes.
# Seen: the driver decodes every field as UTF-8 before anything else sees it: bytes from 0x80 on become
# U+FFFD, three bytes each. Small numbers survive, so nothing fails at once.
# For us: results are read as text, and content as hexadecimal.
set -euo pipefail
folder=$(mktemp -d)
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
as=()
if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid postgres --regid postgres --init-groups); fi
trap '"${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop > stop.txt || true; rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund pg@8.23.1

# PostgreSQL refuses root.
chmod 755 "$folder"
mkdir data
if [ "$(id -u)" = 0 ]; then chown postgres data; fi
"${as[@]}" "$programs/initdb" -D data -A trust -U postgres --no-sync > init.txt
"${as[@]}" "$programs/pg_ctl" -D data -w -l data/log \
	-o "-c listen_addresses='' -c unix_socket_directories='$folder/data'" start > start.txt

cat > seen.cjs <<'JS'
const { Client } = require("pg");
async function see() {
	const client = new Client({ host: `${process.cwd()}/data`, user: "postgres", database: "postgres" });
	await client.connect();
	const values = [Buffer.from([0x41, 0x80, 0xff])];
	for (const binary of [false, true]) {
		const { rows } = await client.query({ text: "SELECT $1::bytea AS bytes", values, binary });
		console.log(`binary ${binary}:`, Buffer.from(rows[0].bytes).toString("hex"));
	}
	await client.end();
}
see();
JS
node seen.cjs | tee seen.txt
diff - seen.txt <<'END'
binary false: 4180ff
binary true: 41efbfbdefbfbd
END
echo "as described"
