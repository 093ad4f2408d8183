// Followers at the head of one stream, and a writer. Argument: JSON with the URLs `writer` and
// `reader`, the numbers of `followers` and `events`, and `gapMs` from one append to the next.
// Each follower must see each event once, in order. Writes JSON: milliseconds from the moment that
// an append was sent to the moment that a follower has the event, and, as `answered`, to the answer.
import { append } from "../../dist/feeds/index.js";
import { readStream } from "../../dist/feeds/node/index.js";

const { writer, reader, followers, events, gapMs } = JSON.parse(process.argv[2]);
const STREAM = "tail-1";
/** Until all followers wait. */
const SETTLE_MS = 700;

const sentAt = [];
const latencies = [];
const answers = [];
let arrived = 0;

await write(0);
const following = Array.from({ length: followers }, follow);
while (arrived < followers) await sleep(10);
await sleep(SETTLE_MS);
latencies.length = 0;
const startedAt = performance.now();
for (let n = 1; n <= events; n++) {
	await write(n);
	await sleep(startedAt + n * gapMs - performance.now());
}
await Promise.all(following);
const delays = { ...percentiles(latencies), answered: percentiles(answers) };
process.stdout.write(JSON.stringify(delays));

async function write(n) {
	sentAt[n] = performance.now();
	await append({ url: writer, stream: STREAM }, { type: "Happened", data: { n } });
	answers.push(performance.now() - sentAt[n]);
}

function percentiles(times) {
	const sorted = times.toSorted((one, other) => one - other);
	const at = (share) => sorted[Math.floor((sorted.length - 1) * share)];
	return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

async function follow() {
	let next = 0;
	for await (const { at } of readStream({ url: reader, stream: STREAM, follow: true })) {
		if (at !== next) throw new Error(`after ${next - 1} came ${at}`);
		latencies.push(performance.now() - sentAt[at]);
		if (next++ === 0) arrived++;
		if (next > events) return;
	}
}

function sleep(ms) {
	return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
