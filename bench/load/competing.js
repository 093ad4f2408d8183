// Four competing consumers empty a queue that was filled before: of ours, of RabbitMQ, or of NATS.
// Arguments: `varve`, `varve-apart`, `varve-stream`, `rabbitmq`, `rabbitmq-all` or `nats`; the url;
// messages; the folder of the clients.
// Writes the messages a second, from the first question to the last acknowledgement, and what that
// cost the server and this process: microseconds of computing a message. The last argument is the
// process id of the server.
import { createRequire } from "node:module";
import { join } from "node:path";
import { cpuMicros } from "../processes.js";
import { ask, fill, listen } from "./subscription.js";

const CONSUMERS = 4;
const BATCH = 100;
const QUEUE = "bench";
const LINES = "application/vnd.varve.messages+ndjson";
const BODY = JSON.stringify({ total: 1234, currency: "EUR", customer: "c-118", lines: [1, 2, 3] });

const [kind, url, expected, packages, pid] = process.argv.slice(2);
const messages = Number(expected);
const from = packages && createRequire(join(packages, "package.json"));
const ways = {
	varve,
	"varve-apart": varveApart,
	"varve-stream": varveStream,
	rabbitmq,
	"rabbitmq-all": rabbitmq,
	nats,
};
const { seconds, server, client } = await ways[kind]();
const perMessage = (micros) => micros / messages;
const costs = { server: perMessage(server), client: perMessage(client) };
process.stdout.write(`${JSON.stringify({ rate: messages / seconds, ...costs })}\n`);
process.exit(0);

/** Ours over HTTP: a request that acknowledges a hundred and takes the next. */
function varve() {
	return untilEmpty(async (consumer, queue) => {
		const path = `/subscriptions/${QUEUE}/group/${BATCH}?wait=1`;
		const options = { headers: { Accept: LINES, ...consumer }, gone: queue.over.signal };
		for (let lines = []; ; ) {
			const text = await ask(url, path, { ...options, body: namesOf(lines) });
			if (text === undefined) return;
			lines = linesIn(text);
			if (queue.taken(lines.length) > 0) continue;
			await acknowledge(consumer, lines);
			queue.over.abort();
		}
	});
}

/**
 * Ours over HTTP, as before: a request for a hundred, a request that acknowledges them, and with it
 * the next request for a hundred.
 */
function varveApart() {
	return untilEmpty(async (consumer, queue) => {
		const path = `/subscriptions/${QUEUE}/group/${BATCH}?wait=1`;
		const options = { headers: { Accept: LINES, ...consumer }, gone: queue.over.signal };
		for (let acknowledged; ; ) {
			const [text] = await Promise.all([ask(url, path, options), acknowledged]);
			if (text === undefined) return;
			const lines = linesIn(text);
			if (lines.length > 0) acknowledged = acknowledge(consumer, lines);
			if (queue.taken(lines.length) > 0) continue;
			await acknowledged;
			queue.over.abort();
		}
	});
}

/** Ours as a stream: a consumer has at most a hundred, and acknowledges each half of that. */
function varveStream() {
	return untilEmpty(async (consumer, queue) => {
		const headers = { Accept: "application/x-ndjson", ...consumer };
		const acknowledged = [];
		let lines = [];
		const answer = () => {
			if (lines.length > 0) acknowledged.push(acknowledge(consumer, lines));
			lines = [];
		};
		const options = { headers, gone: queue.over.signal };
		await listen(url, `/subscriptions/${QUEUE}/group/${BATCH}`, options, (line) => {
			check(line.event.data);
			lines.push(line);
			if (lines.length === BATCH / 2) answer();
			if (queue.taken(1) === 0) queue.over.abort();
		});
		answer();
		await Promise.all(acknowledged);
	});
}

/**
 * Fills the queue, and has consumers empty it: from the first question to the last acknowledgement,
 * as with the brokers. A consumer that waits at the end of the queue is sent away there.
 */
async function untilEmpty(consume) {
	await fill(url, QUEUE, messages);
	let left = messages;
	const taken = (count) => {
		left -= count;
		return left;
	};
	return timed(async () => {
		const queue = { taken, over: new AbortController() };
		const consumer = (_, index) => consume({ "Varve-Consumer": `c${index}` }, queue);
		await Promise.all(Array.from({ length: CONSUMERS }, consumer));
		const { totalInFlightMessages } = JSON.parse(
			await ask(url, `/subscriptions/${QUEUE}/group/info`),
		);
		if (totalInFlightMessages > 0) throw new Error("not all of them were acknowledged");
	});
}

function acknowledge(consumer, lines) {
	const body = namesOf(lines);
	return ask(url, `/subscriptions/${QUEUE}/group/ack`, { headers: consumer, body });
}

/** A durable classic queue, persistent messages, manual acknowledgement, prefetch 100. */
async function rabbitmq() {
	const amqp = from("amqplib");
	const connections = await Promise.all(Array.from({ length: CONSUMERS }, () => amqp.connect(url)));
	const publisher = await connections[0].createConfirmChannel();
	await publisher.assertQueue(QUEUE, { durable: true });
	for (let n = 0; n < messages; n++) {
		publisher.sendToQueue(QUEUE, Buffer.from(BODY), { persistent: true });
		if (n % 1000 === 999) await publisher.waitForConfirms();
	}
	await publisher.waitForConfirms();
	const channels = await Promise.all(connections.map((one) => one.createChannel()));
	await Promise.all(channels.map((one) => one.prefetch(BATCH)));
	let left = messages;
	const isEach = kind === "rabbitmq";
	const taken = await timed(async () => {
		let done;
		const all = new Promise((resolve) => {
			done = resolve;
		});
		await Promise.all(
			channels.map(async (channel) => {
				let unanswered = 0;
				const take = (message) => {
					check(JSON.parse(message.content.toString()));
					left--;
					unanswered++;
					if (isEach) channel.ack(message);
					else if (unanswered === BATCH / 2 || left === 0) {
						unanswered = 0;
						channel.ack(message, true);
					}
					if (left === 0) done();
				};
				await channel.consume(QUEUE, take, { noAck: false });
			}),
		);
		await all;
		// The broker has taken in every acknowledgement before this.
		await Promise.all(channels.map((channel) => channel.checkQueue(QUEUE)));
	});
	for (const channel of channels) await channel.recover();
	await Promise.all(connections.map((one) => one.close()));
	return taken;
}

/** JetStream on files: pull by hundreds, each message acknowledged. */
async function nats() {
	const { connect, AckPolicy, StorageType } = from("nats");
	const connections = await Promise.all(
		Array.from({ length: CONSUMERS }, () => connect({ servers: url })),
	);
	const [first] = connections;
	const manager = await first.jetstreamManager();
	const subjects = [QUEUE];
	await manager.streams
		.add({ name: QUEUE, subjects, storage: StorageType.File })
		.catch(() => undefined);
	const durable = {
		durable_name: "group",
		ack_policy: AckPolicy.Explicit,
		max_ack_pending: 10_000,
	};
	await manager.consumers.add(QUEUE, durable).catch(() => undefined);
	const publisher = first.jetstream();
	const body = new TextEncoder().encode(BODY);
	for (let n = 0; n < messages; n += 500) {
		const part = Math.min(500, messages - n);
		await Promise.all(Array.from({ length: part }, () => publisher.publish(QUEUE, body)));
	}
	let left = messages;
	let consumers = [];
	let ended;
	const all = new Promise((resolve) => {
		ended = resolve;
	});
	const consume = async (connection) => {
		const consumer = await connection.jetstream().consumers.get(QUEUE, "group");
		while (left > 0) {
			const batch = await consumer.fetch({ max_messages: BATCH, expires: 1000 });
			for await (const message of batch) {
				check(message.json());
				message.ack();
				left--;
				if (left <= 0) break;
			}
		}
		ended();
	};
	const taken = await timed(async () => {
		consumers = connections.map(consume);
		await all;
		// Those that wait at the end of the queue have acknowledged all they had.
		await Promise.all(connections.map((connection) => connection.flush()));
	});
	await Promise.all(consumers);
	await Promise.all(connections.map((one) => one.close()));
	return taken;
}

function linesIn(text) {
	const lines = text.split("\n").filter(Boolean).map(JSON.parse);
	for (const { event } of lines) check(event.data);
	return lines;
}

function namesOf(lines) {
	return JSON.stringify({
		ids: lines.map(({ id }) => id),
		tokens: lines.map(({ token }) => token),
	});
}

function check({ total }) {
	if (!(total >= 0)) throw new Error("the data is not what was sent");
}

async function timed(work) {
	const startedAt = performance.now();
	const used = process.cpuUsage();
	const before = cpuMicros(pid);
	await work();
	const seconds = (performance.now() - startedAt) / 1000;
	const { user, system } = process.cpuUsage(used);
	return { seconds, server: cpuMicros(pid) - before, client: user + system };
}
