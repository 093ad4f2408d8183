#!/usr/bin/env bash
# geteventstore 0.0.4 (Python), a client of EventStore's HTTP API.
# Expected: an event that is written without an id gets a new one, and its metadata go with it.
# Seen: the id is made once, when the module is loaded: all such events of a process share it. The
# metadata are never sent.
# For us: a store that takes an id once, as EventStore does, takes the first event and answers 201 to
# all. A repeat has to be told from an append in the answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv .
bin/pip install --quiet --disable-pip-version-check geteventstore==0.0.4 aiohttp==3.9.5 feedparser==6.0.14
cat > seen.py <<'END'
import asyncio

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
from aiohttp import web
from geteventstore import Client

requests = []

async def take(request):
    requests.append((dict(request.headers), await request.text()))
    return web.Response(status=201)

async def main():
    app = web.Application()
    app.router.add_post("/streams/orders", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    writer = Client("127.0.0.1", port, loop).stream_writer("orders")
    for n in range(3):
        await writer.write("Ordered", event_data={"n": n}, event_metadata={"by": "me"})
    await runner.cleanup()

loop.run_until_complete(main())
print("events:", len(requests))
print("ids:", len({headers["ES-EventId"] for headers, _ in requests}))
print("bodies:", ", ".join(body for _, body in requests))
print("metadata:", any("me" in f"{headers}{body}" for headers, body in requests))
END
bin/python seen.py 2> /dev/null | tee seen.txt
diff - seen.txt <<'END'
events: 3
ids: 1
bodies: {"n": 0}, {"n": 1}, {"n": 2}
metadata: False
END
echo "as described"
