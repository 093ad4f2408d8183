/**
 * Writes a small store of the schema this program has, something of everything in it, and beside it
 * what reads of it return: `0005.sqlite`, `0005.expected.json`. To be run once for each version that
 * is released, or whose schema was in use, with its code:
 *
 *     npm run build && node test/log/sqlite/stores/write.js
 */
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_LOG_LIMITS } from "../../../../dist/src/log/log.js";
import { migrationsFor } from "../../../../dist/src/log/migrate.js";
import { raiseIncarnation } from "../../../../dist/src/log/sqlite/files/incarnation.js";
import { openSqliteLog } from "../../../../dist/src/log/sqlite/log.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const name = String(migrationsFor("sqlite").length).padStart(4, "0");
const directory = mkdtempSync(join(tmpdir(), "varve-store-"));

let ordinal = 0;
let time = Date.UTC(2026, 0, 1);
let log = await open();

for (let i = 0; i < 45; i++) {
	await append("order-1", [event({ data: json({ count: i, price: "1.10" }) })]);
}
await append("order-2", [event(), event({ type: "OrderPaid", metadata: json({ by: "card" }) })]);
for (const stream of ["order-3", "payment-3"]) {
	await append(stream, [event({ metadata: json({ $correlationId: "c-3" }) })]);
}
await append("Größe/ä 100 %-1", [event({ isJson: false, data: Buffer.alloc(5000, 7) })]);
await append("empty", [event({ isJson: false, data: Buffer.alloc(0) })]);
await append("links", [link("3@order-1"), link("0@order-2"), link("0@nowhere")]);
await append("$$order-1", [event({ type: "$metadata", data: json({ $maxCount: 5 }) })]);
await append("$$payment-3", [event({ type: "$metadata", data: json({ $tb: 1, owner: "me" }) })]);
await log.delete({ stream: "order-2", expected: "any", hard: false });
await append("order-2", [event({ type: "OrderReopened" })]);
await log.delete({ stream: "order-3", expected: "any", hard: true });
await append("hidden-1", [event()]);
await log.delete({ stream: "hidden-1", expected: "any", hard: false });
// Since schema 4: one event without its data, another without its metadata too, and what is hidden
// in the streams above is erased.
await append("person-1", [event({ metadata: json({ by: "me" }) }), event(), event()]);
await log.redact({ stream: "person-1", version: 0, metadata: true });
await log.redact({ stream: "person-1", version: 1, metadata: false });
for (let from = 0; from !== undefined; ) from = (await log.scavenge(from)).next;
// Since schema 5: what comes now is of another history.
await log.close();
raiseIncarnation(directory, 7);
log = await open();
await append("later-1", [event()]);

const streams = ["$all", "$streams", "$ce-order", "$et-OrderPaid", "$bc-c-3", "links", "order-1"];
const more = [
	"order-2",
	"$$order-1",
	"Größe/ä 100 %-1",
	"empty",
	"hidden-1",
	"person-1",
	"later-1",
];
const expected = {};
for (const stream of [...streams, ...more]) expected[stream] = await read(stream);
await log.close();

copyFileSync(join(directory, "log.sqlite"), join(here, `${name}.sqlite`));
writeFileSync(join(here, `${name}.expected.json`), `${JSON.stringify(expected, null, "\t")}\n`);
rmSync(directory, { recursive: true });

function open() {
	return openSqliteLog(directory, DEFAULT_LOG_LIMITS, { clock: () => (time += 1000) });
}

function append(stream, events) {
	return log.append({ stream, expected: "any", events });
}

function event(fields = {}) {
	const none = Buffer.alloc(0);
	const hash = createHash("md5").update(`event ${ordinal++}`).digest("hex");
	const id = hash.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
	return {
		id,
		type: "OrderPlaced",
		isJson: true,
		data: json({ total: 1 }),
		metadata: none,
		...fields,
	};
}

function link(target) {
	return event({ type: "$>", isJson: false, data: Buffer.from(target) });
}

function json(value) {
	return Buffer.from(JSON.stringify(value));
}

/** What the stream shows; `upgrade.test.ts` asks the same. */
async function read(stream) {
	const range = { from: 0, limit: 4096, direction: "forward", content: true };
	const { last, entries } = await log.read({ stream, ...range });
	const shown = entries.map(({ version, event, link }) => {
		const { position, id, type, created, data } = event;
		const from = `${event.version}@${event.stream}`;
		const text = Buffer.from(data).toString("base64");
		return `${version}: ${position} ${from} ${id} ${type} ${created} ${text} ${link?.id ?? ""}`;
	});
	return { last, shown };
}
