// Fills a log with orders, through the log itself. Arguments: directory, events, events a stream,
// and the address of a database if the log is to be there.
import { randomUUID } from "node:crypto";
import { DEFAULT_LOG_LIMITS } from "../../dist/src/log/log.js";
import { openLog } from "../../dist/src/log/open.js";

const [directory, events, perStream, store] = process.argv.slice(2);
const { log } = await openLog(directory, DEFAULT_LOG_LIMITS, store === undefined ? {} : { store });
const streams = Math.ceil(Number(events) / Number(perStream));
const NOTHING = Buffer.alloc(0);

// Round after round over all streams, as a real log grows, so that no stream lies in one place of
// the file.
const PER_APPEND = Math.min(50, Number(perStream));
for (let done = 0; done < Number(perStream); done += PER_APPEND) {
	for (let stream = 1; stream <= streams; stream += 200) await appendTo(stream, done);
}
await log.close();

async function appendTo(first, done) {
	const last = Math.min(first + 200 - 1, streams);
	const appends = [];
	for (let stream = first; stream <= last; stream++) {
		const events = Array.from({ length: PER_APPEND }, (_, index) => order(stream, done + index));
		appends.push(log.append({ stream: `order-${stream}`, expected: "any", events }));
	}
	await Promise.all(appends);
}

function order(stream, version) {
	const data = {
		orderId: String(stream),
		customer: `c-${(stream * 7919 + version * 104_729) % 100_000}`,
		total: Math.round(Math.random() * 1e6) / 100,
		currency: "EUR",
		lines: [
			{ sku: `A-${1000 + (version % 1000)}`, count: 1 + (version % 5) },
			{ sku: `B-${2000 + (stream % 1000)}`, count: 1 },
		],
		note: "leave at the door",
	};
	return {
		id: randomUUID(),
		type: "OrderPlaced",
		isJson: true,
		data: Buffer.from(JSON.stringify(data)),
		metadata: NOTHING,
	};
}
