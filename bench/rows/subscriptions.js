// Competing consumers: ours over HTTP beside message brokers over their own protocols.
import { join } from "node:path";
import { compare, median } from "../compare.js";
import { installClients, lacksNats, lacksRabbit, startNats, startRabbit } from "../load/brokers.js";
import { subscribe } from "../load/subscription.js";
import { cpuMicros, residentNow, runScript, startVarve } from "../processes.js";

/** In less, a server that was started a moment ago would still be compiling its code. */
const MESSAGES = 100_000;
const IDLE_GROUPS = 1000;
const APPENDED = 300;
const CONSUMING = "4 consumers, batches of 100, each acknowledged with the request for the next";

export const rows = [
	{
		name: "subscription-rabbitmq",
		what: `${CONSUMING}, over HTTP`,
		floorIs:
			"RabbitMQ: durable classic queue, persistent messages, manual ack, prefetch 100, amqplib",
		unit: "messages/s",
		target: { ratio: 1 },
		skip: lacksRabbit,
		run: (bench) => against(bench, "rabbitmq", startRabbit),
	},
	{
		name: "subscription-rabbitmq-all",
		what: "the same",
		floorIs: "RabbitMQ, as before, but 50 messages acknowledged with one frame",
		unit: "messages/s",
		target: { ratio: 1 },
		skip: lacksRabbit,
		run: (bench) => against(bench, "rabbitmq-all", startRabbit),
	},
	{
		name: "subscription-rabbitmq-stream",
		what: "4 consumers, streams of at most 100 unanswered, acknowledged by 50, over HTTP",
		floorIs: "RabbitMQ, each message acknowledged",
		unit: "messages/s",
		target: { ratio: 1 },
		skip: lacksRabbit,
		run: (bench) => against(bench, "rabbitmq", startRabbit, "varve-stream"),
	},
	{
		name: "subscription-nats",
		what: `${CONSUMING}, over HTTP`,
		floorIs: "NATS JetStream on files: pull by 100, explicit ack of each, nats.js",
		unit: "messages/s",
		target: {},
		skip: lacksNats,
		run: (bench) => against(bench, "nats", startNats),
	},
	delay("subscription-delay", 0.5, 10),
	delay("subscription-delay-p99", 0.99, 50),
	{
		name: "subscription-idle",
		what: `delay to a consumer, p50, beside ${IDLE_GROUPS} groups that nobody asks`,
		floorIs: "the same without them",
		unit: "ms",
		target: { max: 10 },
		run: idle,
	},
];

/** The note has what a message cost: microseconds of computing, of the server and its client. */
async function against(bench, kind, start, way = "varve") {
	const packages = await bench.once(join(bench.workDir, "brokers"), () =>
		installClients(bench.workDir),
	);
	const broker = await start(bench.workDir);
	const server = await startVarve(join(bench.workDir, `beside-${kind}-${way}`), [
		"--insecure-defaults",
	]);
	await subscribe(server.url, "bench", "group");
	const costs = { [kind]: [], [way]: [] };
	const measure = async (what, { url, pid }) => {
		const args = [what, url, String(MESSAGES), packages, String(pid)];
		const { rate, ...cost } = JSON.parse(await runScript("bench/load/competing.js", args));
		costs[what].push(cost);
		return rate;
	};
	try {
		const compared = await compare(
			bench,
			() => measure(kind, broker),
			() => measure(way, server),
		);
		const of = (what) => {
			const [served, asked] = ["server", "client"].map((side) =>
				median(costs[what].map((cost) => cost[side])).toFixed(0),
			);
			return `${served} + ${asked}`;
		};
		const note = `µs of CPU a message, server + client: ${of(way)}, ${kind} ${of(kind)}`;
		return { ...compared, note };
	} finally {
		await server.stop();
		await broker.stop();
	}
}

function delay(name, share, max) {
	return {
		name,
		what: `append to a consumer that waits: p${share * 100}`,
		floorIs: "the answer to the append itself",
		unit: "ms",
		target: { max },
		run: async (bench) => {
			const seen = await delays(bench, 0);
			const of = share === 0.5 ? "p50" : "p99";
			return { floor: seen.answered[of], ours: seen.delivered[of] };
		},
	};
}

async function idle(bench) {
	const [without, beside] = [await delays(bench, 0), await delays(bench, IDLE_GROUPS)];
	const kilobytes = ((beside.bytes - without.bytes) / 1024 / IDLE_GROUPS).toFixed(1);
	const note = `${kilobytes} kB a group; at rest ${beside.restMs} ms of CPU in 5 s, ${without.restMs} ms without`;
	return { floor: without.delivered.p50, ours: beside.delivered.p50, note };
}

const measured = new Map();

/** Rows of as many groups share a run. */
async function delays(bench, groups) {
	if (!measured.has(groups)) measured.set(groups, await measureDelays(bench, groups));
	return measured.get(groups);
}

async function measureDelays(bench, groups) {
	const server = await startVarve(join(bench.workDir, `delay-${groups}`), ["--insecure-defaults"]);
	try {
		for (let n = 0; n < groups; n++) await subscribe(server.url, `idle-${n}`, "group");
		await new Promise((resolve) => setTimeout(resolve, 2000));
		const before = cpuMicros(server.pid);
		await new Promise((resolve) => setTimeout(resolve, 5000));
		const restMs = Math.round((cpuMicros(server.pid) - before) / 1000);
		const args = [server.url, String(APPENDED)];
		const seen = JSON.parse(await runScript("bench/load/subscription-delay.js", args));
		return { ...seen, restMs, bytes: residentNow(server.pid) };
	} finally {
		await server.stop();
	}
}
