#!/usr/bin/env bash
# Squid 5.7 (Debian 12), as a cache in front of a server that answers with "Vary: Accept".
# Expected: `collapsed_forwarding on` only makes one request of several that come at once.
# Seen: with it, Squid keeps one variant of a URL at a time. Readers of two variants, in turn, make it ask
# each time, and each answer replaces the other. With `off`, which is the default, it keeps both.
# For us: Squid stays a cache for Atom and JSON of one page only if it is left off.
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
	const headers = { "Cache-Control": "max-age=3600, public", Vary: "Accept" };
	res.writeHead(200, headers).end(req.headers.accept);
}).listen(2181, "127.0.0.1");
END
node origin.mjs & started+=($!)

# Squid gives up its rights, and then has to write here.
chmod 755 . && mkdir -m 777 run
for collapsed in off on; do
port=$((2182 + ${#started[@]}))
cat > squid.conf <<END
collapsed_forwarding $collapsed
http_port 127.0.0.1:$port accel defaultsite=localhost
cache_peer 127.0.0.1 parent 2181 0 no-query originserver
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
root/usr/sbin/squid -N -n "findings$$$collapsed" -f squid.conf 2> /dev/null & started+=($!)
until curl -sf -o /dev/null http://127.0.0.1:$port/warm; do sleep 0.2; done

get() {
	curl -s -D - -o /dev/null -H "Accept: $1" http://127.0.0.1:$port/page | tr -d '\r' | sed -n 's/^X-Cache: \(\w*\).*/\1/p'
}
for type in a/a b/b; do get $type > /dev/null; done
echo "$collapsed: $(get a/a), $(get b/b), $(get a/a), $(get b/b)" >> seen.txt
done
cat seen.txt
diff - seen.txt <<'END'
off: HIT, HIT, HIT, HIT
on: MISS, MISS, MISS, MISS
END
echo "as described"
