#!/usr/bin/env bash
# @castore/core 2.4.2 with its storage in memory (npm).
# Expected: an event's version is the next number of its aggregate, or the append is refused.
# Seen: only a version that is taken is refused. After 1, it takes 5, and then 3. Events come back in
# the order of the appends, and so the aggregate's version goes backwards.
# For us: an import from such a store must not take its versions for numbers without gaps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund @castore/core@2.4.2 @castore/event-storage-adapter-in-memory@2.4.2
cat > seen.mjs <<'END'
import { EventStore, EventType } from "@castore/core";
import { InMemoryEventStorageAdapter } from "@castore/event-storage-adapter-in-memory";

const store = new EventStore({
	eventStoreId: "orders",
	eventTypes: [new EventType({ type: "Counted" })],
	reducer: (_, { aggregateId, version }) => ({ aggregateId, version }),
	eventStorageAdapter: new InMemoryEventStorageAdapter(),
});
for (const version of [1, 1, 5, 3]) {
	const taken = await store.pushEvent({ aggregateId: "a", version, type: "Counted" }).then(
		() => "taken",
		({ constructor }) => constructor.name,
	);
	console.log(`version ${version}: ${taken}`);
}
const { events } = await store.getEvents("a");
console.log("read:", events.map(({ version }) => version).join(", "));
console.log("aggregate at", (await store.getAggregate("a")).aggregate.version);
END
node seen.mjs | tee seen.txt
diff - seen.txt <<'END'
version 1: taken
version 1: InMemoryEventAlreadyExistsError
version 5: taken
version 3: taken
read: 1, 5, 3
aggregate at 3
END
echo "as described"
