/** GET /metrics: what is counted, and how it is written. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../structure/source.ts";
import { batch, get, raw } from "../ask.ts";
import { type Lane, type Servers, startServers, until } from "../harness.ts";
import { Consumer } from "../subscriptions/consumer.ts";
import { described, samples, sumOf } from "./shown.ts";

const REQUESTS = "varve_http_requests_total";
const SECONDS = "varve_http_request_duration_seconds_count";
/** As Prometheus sends it. */
const PROMETHEUS =
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
	"application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

let servers: Servers;
beforeEach(async () => {
	servers = await startServers();
});
afterEach(() => servers.close());

function append(stream: string, ...ids: string[]) {
	const events = ids.map((eventId) => ({ eventId, eventType: "t", data: 12345678 }));
	return servers.ask(batch(stream, events));
}

/** Makes a webhook that reaches nobody, and waits until it has tried. */
async function behind(): Promise<void> {
	const body = JSON.stringify({ url: "https://127.0.0.1:9/", stream: "s", start: 0 });
	const headers = { "Content-Type": "application/json" };
	await servers.ask({ method: "PUT", path: "/webhooks/w", headers, body });
	await append("s", randomUUID());
	await until(() => sumOf(servers, "varve_webhook_attempts_total", 'outcome="refused-address"'));
}

test("docs/metrics.md has every metric with its labels, and no other", async () => {
	await servers.ask({ path: "/ping" });
	const consumer = new Consumer(servers, "s");
	await consumer.create();
	await consumer.info();
	await append("s", randomUUID());
	await keepPosition("s", 0);
	await defineGroup("s");
	const query = "fromAll().when({ $any() {} })";
	await servers.ask({ path: "/projections/continuous?name=p", body: query });
	await behind();
	const { text } = await servers.ask({ path: "/metrics" });
	const page = readFileSync(join(ROOT, "docs/metrics.md"), "utf8");
	expect(page.match(/^\| `\w+` \|.*$/gm)).toEqual(described(text));
});

function keepPosition(stream: string, at: number) {
	const headers = { "Content-Type": "application/json" };
	const body = JSON.stringify({ stream, at });
	return servers.ask({ method: "PUT", path: `/positions/of-${stream}`, headers, body });
}

function defineGroup(stream: string) {
	const headers = { "Content-Type": "application/json" };
	const body = JSON.stringify({ stream, partitions: 4 });
	return servers.ask({ method: "PUT", path: `/groups/of-${stream}`, headers, body });
}

test("groups are told by name, with their lag, their members, and what nobody has", async () => {
	await append("g", ...Array.from({ length: 5 }, () => randomUUID()));
	await defineGroup("g");
	await defineGroup("h");
	await servers.ask({ method: "POST", path: "/groups/of-g/members" });
	const told = async (what: string) =>
		(await samples(servers))
			.filter(({ name }) => name === `varve_group_${what}`)
			.map(({ labels, value }) => [labels, value]);
	const [g, h] = ['stream="g",group="of-g"', 'stream="h",group="of-h"'];
	expect(await told("lag_events")).toEqual([
		[g, 5],
		[h, 0],
	]);
	expect(await told("members")).toEqual([
		[g, 1],
		[h, 0],
	]);
	expect(await told("unowned_partitions")).toEqual([
		[g, 0],
		[h, 4],
	]);
	expect(await sumOf(servers, "varve_groups")).toBe(2);
});

test("reader positions are told by name, the furthest behind first, with their lag", async () => {
	await append("p", ...Array.from({ length: 5 }, () => randomUUID()));
	await append("q", ...Array.from({ length: 3 }, () => randomUUID()));
	for (const [stream, at] of [
		["q", 2],
		["p", 1],
	] as const)
		await keepPosition(stream, at);
	await keepPosition("$all", 0).then(({ status }) => expect(status).toBe(400));
	const told = (await samples(servers)).filter(({ name }) => name === "varve_position_lag_events");
	expect(told.map(({ labels, value }) => [labels, value])).toEqual([
		['stream="p",name="of-p"', 3],
		['stream="q",name="of-q"', 0],
	]);
	expect(await sumOf(servers, "varve_positions")).toBe(2);
	expect(await sumOf(servers, "varve_position_lag_seconds", 'name="of-q"')).toBe(0);
});

test.each(["both", "express-only"] as const)(
	"requests are counted by route, method and outcome (lanes: %s)",
	async (lanes) => {
		const lane: Lane = lanes === "both" ? servers : servers.express;
		await append("s", randomUUID());
		const before = await sumOf(lane, REQUESTS, 'method="GET",route="/streams/:stream"');
		await lane.ask(get("/streams/s"));
		await lane.ask({ path: "/streams/s", method: "HEAD" });
		await lane.ask(get("/streams/none"));
		const route = 'method="GET",route="/streams/:stream"';
		expect(await sumOf(lane, REQUESTS, route)).toBe(before + 3);
		expect(await sumOf(lane, REQUESTS, route, 'status="2xx"')).toBe(before + 2);
		expect(await sumOf(lane, REQUESTS, route, 'status="4xx"')).toBe(1);
		expect(await sumOf(lane, SECONDS, route)).toBe(before + 3);
	},
);

test("a page that is remembered is counted like one that is read", async () => {
	await append("s", ...Array.from({ length: 20 }, () => randomUUID()));
	for (let i = 0; i < 3; i++) await servers.ask(get("/streams/s/0/forward/20"));
	const route = 'route="/streams/:stream/:from/forward/:count"';
	expect(await sumOf(servers, REQUESTS, route, 'status="2xx"')).toBe(3);
	expect(await sumOf(servers, "varve_cache_requests_total", 'result="miss"')).toBe(1);
	expect(await sumOf(servers, "varve_cache_requests_total", 'result="hit"')).toBe(2);
});

test("whatever clients ask for, there are no more series", async () => {
	const strange = (text: string) => [
		...["PUT", "PATCH", "PROPFIND", "OPTIONS"].map((method) => ({ method, path: `/${text}` })),
		{ method: "PUT", path: `/streams/${text}` },
		get(`/${text}`),
		get(`/streams/${text}`),
		get(`/streams/%zz${text}`),
	];
	for (const request of strange("a")) await servers.ask(request);
	await raw(servers.port, "no http at all\r\n\r\n");
	// Those of /metrics itself.
	await samples(servers);
	const before = (await samples(servers)).length;
	const others = await sumOf(servers, REQUESTS, 'route="none"');
	for (let i = 0; i < 5; i++) {
		for (const request of strange(`x${i}"\n}`.replace("\n", "%0A"))) await servers.ask(request);
	}
	expect(await samples(servers)).toHaveLength(before);
	expect(await sumOf(servers, REQUESTS, 'route="none"')).toBe(others + 5 * 7);
});

test("subscriptions that were used are told by name, the furthest behind first", async () => {
	const group = 'a "group"\\';
	await append("s", randomUUID(), randomUUID(), randomUUID());
	for (const name of [group, "b"]) await new Consumer(servers, "s", name).create();
	await new Consumer(servers, "s", "idle").create();
	const [first, second] = [new Consumer(servers, "s", group), new Consumer(servers, "s", "b")];
	const lines = await first.take(2);
	await first.answer("ack", lines.slice(0, 1));
	await second.answer("nack?action=park", (await second.take(1)).slice(0, 1));
	const all = await samples(servers);
	const of = (name: string) =>
		all.filter((one) => one.name === name).map(({ labels, value }) => [labels, value]);
	const [a, b] = ['stream="s",group="a \\"group\\"\\\\"', 'stream="s",group="b"'];
	expect(of("varve_subscriptions")).toEqual([["", 3]]);
	expect(of("varve_subscription_lag_events")).toEqual([
		[a, 2],
		[b, 2],
	]);
	const named = (what: string) => Object.fromEntries(of(`varve_subscription_${what}`));
	expect(named("in_flight_messages")).toEqual({ [a]: 1, [b]: 0 });
	expect(named("parked_messages")).toEqual({ [a]: 0, [b]: 1 });
	expect(named("settled_messages_total")).toEqual({ [a]: 1, [b]: 1 });
	expect(named("retried_messages_total")).toEqual({ [a]: 0, [b]: 0 });
});

test("of many subscriptions at most 100 are told, and long names are cut", async () => {
	const group = (at: number) => `${"g".repeat(300)}${at}`;
	for (let at = 0; at < 103; at++) {
		const consumer = new Consumer(servers, at === 77 ? "s" : "empty", group(at));
		await consumer.create();
		await consumer.info();
	}
	await append("s", randomUUID());
	const told = (await samples(servers)).filter(
		({ name }) => name === "varve_subscription_lag_events",
	);
	expect(told).toHaveLength(100);
	expect(told[0]).toMatchObject({ value: 1, labels: expect.stringMatching(/^stream="s",/) });
	expect(new Set(told.map(({ labels }) => labels)).size).toBe(100);
	for (const { labels } of told) expect(labels.length).toBeLessThan(300);
	expect(await sumOf(servers, "varve_subscriptions")).toBe(103);
});

test("webhooks that have something to do are told by name", async () => {
	await behind();
	expect(await sumOf(servers, "varve_webhooks")).toBe(1);
	expect(await sumOf(servers, "varve_webhook_lag_events", 'webhook="w"')).toBe(1);
	expect(await sumOf(servers, "varve_webhook_open", 'webhook="w"')).toBe(0);
	expect(await sumOf(servers, "varve_webhook_events_total")).toBe(0);
});

test("bytes that are no HTTP count as a request that failed", async () => {
	expect(await raw(servers.port, "no http at all\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
	expect(await sumOf(servers, REQUESTS, 'route="none",status="4xx"')).toBe(1);
	expect(await sumOf(servers, SECONDS, 'route="none"')).toBe(0);
});

test("a request that waits for an event is counted, and its time is not", async () => {
	await append("s", randomUUID());
	const poll = servers.ask(get("/streams/s/1/forward/20", undefined, { "ES-LongPoll": "60" }));
	await until(() => servers.longPolls.waiting() === 1);
	expect(await sumOf(servers, "varve_long_polls")).toBe(1);
	await append("s", randomUUID());
	await poll;
	const route = 'route="/streams/:stream/:from/forward/:count"';
	expect(await sumOf(servers, REQUESTS, route)).toBe(1);
	expect(await sumOf(servers, SECONDS, route)).toBe(0);
	expect(await sumOf(servers, "varve_long_polls")).toBe(0);
});

test("appends are counted by what became of them, with their events and bytes", async () => {
	const [first, second] = [randomUUID(), randomUUID()];
	await append("s", first, second);
	await append("s", first, second);
	await servers.ask(
		batch("s", [{ eventId: randomUUID(), eventType: "t" }], { "ES-ExpectedVersion": "7" }),
	);
	const of = (result: string) => sumOf(servers, "varve_log_appends_total", `result="${result}"`);
	expect([await of("written"), await of("repeated"), await of("refused")]).toEqual([1, 1, 1]);
	expect(await sumOf(servers, "varve_log_appended_events_total")).toBe(2);
	expect(await sumOf(servers, "varve_log_appended_bytes_total")).toBe(16);
	expect(await sumOf(servers, "varve_log_events")).toBe(2);
	for (const name of ["commit_duration_seconds", "sync_duration_seconds", "commit_appends"]) {
		expect(await sumOf(servers, `varve_log_${name}_count`)).toBe(1);
	}
	expect(await sumOf(servers, "varve_log_append_duration_seconds_count")).toBe(3);
	expect(await sumOf(servers, "varve_append_queue_length")).toBe(0);
	expect(await sumOf(servers, "varve_append_queue_bytes")).toBe(0);
});

test("the buckets of a histogram hold all that is not larger", async () => {
	await append("s", randomUUID());
	const buckets = (await samples(servers)).filter(
		({ name }) => name === "varve_log_commit_duration_seconds_bucket",
	);
	const values = buckets.map(({ value }) => value);
	expect(values).toEqual([...values].sort((a, b) => a - b));
	expect(buckets.at(-1)).toMatchObject({ labels: 'le="+Inf"', value: 1 });
});

test("Prometheus gets OpenMetrics, and everyone else text", async () => {
	const open = await servers.ask(get("/metrics", PROMETHEUS));
	expect(open.headers["content-type"]).toBe(
		"application/openmetrics-text; version=1.0.0; charset=utf-8",
	);
	expect(open.text).toContain("# TYPE varve_log_appended_events counter\n");
	expect(open.text).toContain("\nvarve_log_appended_events_total 0\n");
	expect(open.text.endsWith("\n# EOF\n")).toBe(true);
	for (const accept of ["*/*", "text/plain", "text/html, */*;q=0.1"]) {
		const plain = await servers.ask(get("/metrics", accept));
		expect(plain.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
		expect(plain.headers["cache-control"]).toBe("no-store");
		expect(plain.text).toContain("# TYPE varve_log_appended_events_total counter\n");
	}
	expect((await servers.ask(get("/metrics", "image/png"))).status).toBe(406);
});

test("what the sockets carry is counted, also on connections that are closed", async () => {
	const before = await sumOf(servers, "varve_http_received_bytes_total");
	const request = "GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	const answer = await raw(servers.port, request);
	await until(async () => {
		const after = await sumOf(servers, "varve_http_received_bytes_total");
		return after >= before + request.length;
	});
	expect(await sumOf(servers, "varve_http_sent_bytes_total")).toBeGreaterThan(answer.length);
	expect(await sumOf(servers, "varve_http_connections")).toBe(1);
});

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
if (!hasPromtool) console.warn("SKIPPED: the text of /metrics, promtool is not installed");

(hasPromtool ? test : test.skip)("promtool finds nothing wrong in the text", async () => {
	await append("s", randomUUID());
	const { text } = await servers.ask({ path: "/metrics" });
	const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
		input: text,
		encoding: "utf8",
	});
	expect([status, stdout, stderr]).toEqual([0, "", ""]);
});
