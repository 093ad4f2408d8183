// The delay from the moment an append is sent until a consumer that waits has the message.
// Arguments: url, number of appends. Writes the shares of the delays, and of the answers, as JSON.
import { ask, fill, subscribe } from "./subscription.js";

const GAP_MS = 20;
const STREAM = "delayed";
const LINES = { headers: { Accept: "application/vnd.varve.messages+ndjson" } };

const [url, appends] = process.argv.slice(2);
const total = Number(appends);
await subscribe(url, STREAM, "group", { startFrom: 0 });
const sentMs = [];
const answered = [];
const delivered = [];
const consuming = consume();
for (let n = 0; n < total; n++) {
	await new Promise((resolve) => setTimeout(resolve, GAP_MS));
	sentMs.push(performance.now());
	await fill(url, STREAM, 1);
	answered.push(performance.now() - sentMs[n]);
}
await consuming;
process.stdout.write(
	`${JSON.stringify({ answered: shares(answered), delivered: shares(delivered) })}\n`,
);
process.exit(0);

async function consume() {
	while (delivered.length < total) {
		const text = await ask(url, `/subscriptions/${STREAM}/group/100?wait=20`, LINES);
		const nowMs = performance.now();
		const lines = text.split("\n").filter(Boolean).map(JSON.parse);
		if (lines.length === 0) continue;
		for (const { event } of lines) delivered.push(nowMs - sentMs[event.version]);
		const body = JSON.stringify({
			ids: lines.map(({ id }) => id),
			tokens: lines.map(({ token }) => token),
		});
		await ask(url, `/subscriptions/${STREAM}/group/ack`, { body });
	}
}

function shares(numbers) {
	const sorted = numbers.toSorted((a, b) => a - b);
	const at = (share) => sorted[Math.floor(share * (sorted.length - 1))];
	return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
