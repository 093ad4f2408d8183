#!/usr/bin/env bash
# Squid 5.7 (Debian 12), as a cache in front of a server that answers with "Vary: Accept-Encoding".
# Expected: PURGE of a URL makes Squid forget what it keeps under that URL.
# Seen: it forgets the variant that the PURGE itself would be answered with, by its own
# Accept-Encoding, and answers 200. The other variant is still served without a question. The answer
# names Squid in Server, which answers that Squid passes on from other servers do not.
# For us: `--purge-by urls` cannot promise that Squid shows redacted data to nobody. A purge that
# Squid answered counts as abandoned, by that Server.
set -euo pipefail
folder=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2> /dev/null; wait; rm -rf "$folder"' EXIT
cd "$folder"

if [[ $(apt-cache policy squid 2> /dev/null) != *' 5.7'* ]]; then
	echo "skipped: this machine's apt has no Squid 5.7"
	exit 0
fi
apt-get -qq download 'squid=5.7*' 'squid-common=5.7*' squid-langpack libecap3 libltdl7 libtdb1 \
	libnetfilter-conntrack3 libnfnetlink0 libdb5.3 2> downloaded.txt
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"

cat > origin.mjs <<'END'
import { createServer } from "node:http";

createServer((req, res) => {
	const coding = req.headers["accept-encoding"] ?? "identity";
	const headers = { "Cache-Control": "max-age=3600, public", Vary: "Accept-Encoding" };
	res.writeHead(200, { ...headers, "Content-Length": coding.length }).end(coding);
}).listen(2181, "127.0.0.1");
END
node origin.mjs & started+=($!)

# Squid gives up its rights, and then has to write here.
chmod 755 . && mkdir -m 777 run
cat > squid.conf <<END
http_port 127.0.0.1:2182 accel defaultsite=localhost
cache_peer 127.0.0.1 parent 2181 0 no-query originserver
acl purge method PURGE
http_access allow all
cache_mem 16 MB
cache_effective_user nobody
cache_log $folder/run/cache.log
access_log none
netdb_filename none
pid_filename none
coredump_dir $folder/run
mime_table $folder/root/usr/share/squid/mime.conf
icon_directory $folder/root/usr/share/squid/icons
error_directory $folder/root/usr/share/squid-langpack/templates
unlinkd_program /bin/true
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname localhost
END
root/usr/sbin/squid -N -n "findings$$" -f squid.conf 2> /dev/null & started+=($!)
until curl -sf -o /dev/null http://127.0.0.1:2182/warm; do sleep 0.2; done

gzip=(-H 'Accept-Encoding: gzip')
get() {
	curl -s -D - -o /dev/null "$@" http://127.0.0.1:2182/page | tr -d '\r' | sed -n 's/^X-Cache: \(\w*\).*/\1/p'
}
{
	root/usr/sbin/squid -v | head -1
	for _ in 1 2; do get > /dev/null; get "${gzip[@]}" > /dev/null; done
	echo "before: identity $(get), gzip $(get "${gzip[@]}")"
	curl -s -o /dev/null -w 'PURGE: %{http_code} from %header{server}\n' -X PURGE http://127.0.0.1:2182/page
	echo "after: gzip $(get "${gzip[@]}"), identity $(get)"
} | tee seen.txt
diff - seen.txt <<'END'
Squid Cache: Version 5.7
before: identity HIT, gzip HIT
PURGE: 200 from squid/5.7
after: gzip HIT, identity MISS
END
echo "as described"
