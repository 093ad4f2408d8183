// Consumers: each follows $all from the first event to the head with the reader of feeds/.
// Arguments: url, number of consumers, events there must be, and `parse` to parse the data of each.
// Writes the events a second of all of them.
import { readStream } from "../../dist/feeds/index.js";

const [url, consumers, expected, parse] = process.argv.slice(2);
const startedAt = performance.now();
const counts = await Promise.all(Array.from({ length: Number(consumers) }, consume));
for (const count of counts) {
	if (count !== Number(expected)) throw new Error(`a consumer saw ${count} of ${expected} events`);
}
const seconds = (performance.now() - startedAt) / 1000;
process.stdout.write(`${(counts.length * Number(expected)) / seconds}\n`);

async function consume() {
	let bytes = 0;
	let next = 0;
	for await (const event of readStream({ url, stream: "$all" })) {
		if (event.position !== next) throw new Error(`after ${next - 1} came ${event.position}`);
		next++;
		bytes += event.data.length;
		if (parse && !(event.json().total >= 0)) throw new Error("the data is no order");
	}
	if (bytes === 0) throw new Error("the events came without their data");
	return next;
}
