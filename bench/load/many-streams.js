// Fills a data directory with many streams of one event, and one long stream, through the log itself.
// Arguments: directory, streams, events of the long stream.
import { createHash, randomUUID } from "node:crypto";
import { openSqliteLog } from "../../dist/src/log/sqlite/log.js";

const [directory, streams, long] = process.argv.slice(2);
const log = await openSqliteLog(directory);
const NOTHING = Buffer.alloc(0);
const CATEGORIES = [
	"order",
	"cart",
	"customer",
	"payment",
	"shipment",
	"invoice",
	"device",
	"ticket",
];
const TYPES = ["LedgerOpened", "AmountPosted", "AmountReserved", "ReservationReleased"];
const AT_ONCE = 4000;
const LONG_BATCH = 1000;
const STEP = 500_000;

for (let first = 0; first < Number(streams); first += AT_ONCE) {
	const count = Math.min(AT_ONCE, Number(streams) - first);
	const appends = Array.from({ length: count }, (_, index) => {
		const number = first + index;
		return log.append({ stream: nameOf(number), expected: "any", events: [created(number)] });
	});
	await Promise.all(appends);
	if ((first + count) % STEP < AT_ONCE) process.stderr.write(`${first + count} streams\n`);
}
for (let first = 0; first < Number(long); first += LONG_BATCH) {
	const events = Array.from({ length: LONG_BATCH }, (_, index) => posted(first + index));
	await log.append({ stream: "ledger-main", expected: "any", events });
}
await log.close();

// Every second name has a part that nobody can guess, as names that hold an id have.
function nameOf(number) {
	const category = CATEGORIES[number % CATEGORIES.length];
	const id = createHash("md5").update(String(number)).digest("hex").slice(0, 12);
	return number % 2 === 0 ? `${category}-${number}` : `${category}-${number}-${id}`;
}

function created(number) {
	const category = CATEGORIES[number % CATEGORIES.length];
	return event(`${category[0].toUpperCase()}${category.slice(1)}Created`, {
		id: number,
		total: number % 1000,
		currency: "EUR",
	});
}

function posted(number) {
	const type = number === 0 ? TYPES[0] : TYPES[1 + (number % 3)];
	return event(type, { number, amount: (number * 7919) % 100_000, balance: number % 977 });
}

function event(type, data) {
	const content = { data: Buffer.from(JSON.stringify(data)), metadata: NOTHING };
	return { id: randomUUID(), type, isJson: true, ...content };
}
