/**
 * What only the leader does goes on at another node when the leader dies: a subscription's consumer
 * gets every message at least once, and a projection counts every event once.
 */
import type { Ask, Json } from "../../http/ask.ts";
import type { Cluster } from "../hosts/cluster.ts";
import { until } from "../hosts/until.ts";
import { appendSome } from "./events.ts";

const STREAM = "order-1";
const EVENTS = 60;
const SUBSCRIPTION = "/subscriptions/order-1/group";
const LINES = "application/vnd.varve.messages+ndjson";
const JSON_TYPE = { "Content-Type": "application/json" };
const SCRIPT = `fromStream("${STREAM}").when({
	$init: () => ({ count: 0 }),
	Placed: (state) => ({ count: state.count + 1 }),
});`;
const ASK_MS = 10_000;

export type LeadersResult = { readonly delivered: number; readonly again: number };

/** @throws Error if something was left out */
export async function killTheLeader(cluster: Cluster): Promise<LeadersResult> {
	const { nodes, front } = cluster;
	await cluster.begin();
	const settings = JSON.stringify({ messageTimeoutMilliseconds: 2000, maxRetryCount: 1000 });
	await ask(front.url, { path: SUBSCRIPTION, method: "PUT", body: settings, headers: JSON_TYPE });
	await ask(front.url, {
		path: "/projections/continuous?name=counting",
		method: "POST",
		body: SCRIPT,
		headers: { "Content-Type": "application/javascript" },
	});
	const ids = await appendSome(front.url, STREAM, EVENTS);
	const acknowledged = new Set<string>();
	let delivered = 0;
	/** Takes some messages, and acknowledges them unless the answer is to be lost. */
	const consume = async () => {
		const path = `${SUBSCRIPTION}/10?wait=1`;
		const text = await ask(front.url, { path, headers: { Accept: LINES } });
		const lines = text.split("\n").filter((line) => line !== "");
		const messages = lines.map((line) => JSON.parse(line) as { id: string; token: string });
		delivered += messages.length;
		if (messages.length === 0) return;
		const tokens = messages.map(({ token }) => token);
		const body = JSON.stringify({ ids: messages.map(({ id }) => id), tokens });
		await ask(front.url, { path: `${SUBSCRIPTION}/ack`, method: "POST", body, headers: JSON_TYPE });
		for (const { id } of messages) acknowledged.add(id);
	};
	await until("some messages were handled", async () => {
		await consume();
		return acknowledged.size >= EVENTS / 3;
	});
	const leader = await nodes.leader();
	await nodes.end(leader, "SIGKILL");
	await until("another node leads", async () => (await nodes.leader()) !== leader);
	ids.push(...(await appendSome(front.url, STREAM, EVENTS)));
	await until("every message was handled", async () => {
		await consume();
		return ids.every((id) => acknowledged.has(id));
	});
	await until("the projection has counted every event", async () => {
		const state = JSON.parse(await ask(front.url, { path: "/projection/counting/state" })) as Json;
		if (Number(state.count) > ids.length) throw new Error(`it has counted ${state.count}`);
		return state.count === ids.length;
	});
	await nodes.stop();
	return { delivered, again: delivered - ids.length };
}

/** @throws Error if the answer is a refusal */
async function ask(url: string, { path, method = "GET", headers, body }: Ask): Promise<string> {
	const answer = await fetch(`${url}${path}`, {
		method,
		headers: headers as Record<string, string>,
		...(body === undefined ? {} : { body }),
		signal: AbortSignal.timeout(ASK_MS),
	});
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 200)}`);
	return text;
}
