/** Metrics and traces by OTLP, at a real collector. A server sends what it has when it closes. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOtlp } from "../../../src/observe/otlp/otlp.ts";
import { toldTo } from "../../observe/told.ts";
import { ROOT } from "../../structure/source.ts";
import { batch, get } from "../ask.ts";
import { startServers, until } from "../harness.ts";
import { type Collector, startCollector } from "./collector.ts";

let collector: Collector;
beforeEach(async () => {
	collector = await startCollector();
});
afterEach(() => collector.close());

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

type Value = { stringValue?: string; intValue?: number };
type Span = {
	readonly name: string;
	readonly traceId: string;
	readonly parentSpanId?: string;
	readonly status: { readonly code?: number };
	readonly attributes: readonly { readonly key: string; readonly value: Value }[];
};
type Point = { readonly asDouble?: number; readonly count?: number; readonly sum?: number };
type Points = { readonly dataPoints: readonly Point[]; readonly isMonotonic?: boolean };
type Metric = { readonly name: string; readonly unit: string } & {
	readonly [kind in "sum" | "gauge" | "histogram"]?: Points;
};

function spans(): Span[] {
	type Body = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
	return sent("/v1/traces").flatMap((body) =>
		(body as Body).resourceSpans.flatMap((one) => one.scopeSpans.flatMap((two) => two.spans)),
	);
}

function metrics(): Metric[] {
	type Body = { resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[] };
	return sent("/v1/metrics").flatMap((body) =>
		(body as Body).resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap((two) => two.metrics)),
	);
}

function sent(path: string): unknown[] {
	return collector.received.filter((one) => one.path === path).map(({ body }) => body);
}

function attributesOf({ attributes }: Span): object {
	return Object.fromEntries(
		attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]),
	);
}

test("each request is a span, under the trace that it names", async () => {
	const servers = await startServers({ otlpEndpoint: collector.url });
	const events = [{ eventId: randomUUID(), eventType: "t", data: 1 }];
	await servers.ask(batch("s", events, { traceparent: PARENT }));
	await servers.ask(get("/streams/none?embed=body", undefined, { traceparent: "nonsense" }));
	await servers.ask({ method: "PUT", path: "/nowhere" });
	await servers.close();
	const [append, read, put] = spans();
	expect(append).toMatchObject({
		name: "POST /streams/:stream",
		traceId: TRACE,
		parentSpanId: "b7ad6b7169203331",
	});
	expect(attributesOf(append as Span)).toEqual({
		"http.request.method": "POST",
		"http.route": "/streams/:stream",
		"url.path": "/streams/s",
		"http.response.status_code": 201,
	});
	expect(read).toMatchObject({ name: "GET /streams/:stream" });
	expect(read?.traceId).not.toBe(TRACE);
	expect(attributesOf(read as Span)).toMatchObject({
		"url.path": "/streams/none",
		"http.response.status_code": 404,
	});
	expect(put).toMatchObject({ name: "PUT none" });
});

test("its sender decides whether a request with a traceparent is traced", async () => {
	const servers = await startServers({ otlpEndpoint: collector.url, otlpTracePercent: 0 });
	await servers.ask(get("/ping", "*/*"));
	await servers.ask(get("/ping", "*/*", { traceparent: PARENT }));
	await servers.ask(get("/ping", "*/*", { traceparent: PARENT.replace(/01$/, "00") }));
	await servers.close();
	expect(spans().map(({ traceId }) => traceId)).toEqual([TRACE]);
});

test("metrics have the names and the numbers of /metrics", async () => {
	const servers = await startServers({ otlpEndpoint: `${collector.url}/` });
	const events = [{ eventId: randomUUID(), eventType: "t", data: 12345 }];
	await servers.ask(batch("s", events));
	const { text } = await servers.ask({ path: "/metrics" });
	await servers.close();
	const named = new Map(metrics().map((metric) => [metric.name, metric]));
	const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
	expect([...named.keys()].sort()).toEqual(served.map((n) => n.replace(/_total$/, "")).sort());
	expect(named.get("varve_log_appended_bytes")).toMatchObject({
		unit: "By",
		sum: { isMonotonic: true, dataPoints: [{ asDouble: 5 }] },
	});
	expect(named.get("varve_log_commit_duration_seconds")).toMatchObject({
		unit: "s",
		histogram: { dataPoints: [{ count: 1 }] },
	});
	expect(named.get("varve_log_events")?.gauge?.dataPoints).toMatchObject([{ asDouble: 1 }]);
});

test("a collector that fails is told of once, and when it works again", async () => {
	const told: unknown[] = [];
	const log = toldTo(
		(what) => told.push(what),
		(what) => told.push(what),
	);
	const options = { tracePercent: 100, version: "1", metrics: async () => [] };
	const otlp = await startOtlp({ ...options, endpoint: collector.url }, log);
	// As many as one export holds, so that it goes out at once.
	const trace = (count: number) => {
		for (let i = 0; i < count; i++) otlp.tracing.begin({ headers: {} }, "/x")(200);
	};
	collector.answer(400);
	trace(512);
	await until(() => told.length === 1);
	collector.answer(200);
	trace(512);
	await until(() => told.length === 2);
	await otlp.close();
	expect(told).toEqual([
		"the collector of OTLP does not take traces",
		"the collector of OTLP takes traces again",
	]);
});

test("nothing of the SDK is loaded unless there is a collector", () => {
	const loaded = (endpoint: string) => {
		const script = `
			import { createRequire } from "node:module";
			import { startServer } from "varve";
			import { parseSettings } from "./dist/src/config.js";
			const options = ["--data", process.argv[1], "--port", "0", "--log-level", "error"];
			const server = await startServer(parseSettings([...options, ${endpoint}], {}));
			await server.close();
			const loaded = Object.keys(createRequire(process.cwd() + "/").cache);
			console.log(loaded.some((path) => path.includes("@opentelemetry/sdk")));`;
		const directory = mkdtempSync(join(tmpdir(), "varve-otlp-"));
		const args = ["--input-type=module", "--eval", script, directory];
		const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
		rmSync(directory, { recursive: true });
		return `${stdout.trim()}${stderr}`;
	};
	expect(loaded("")).toBe("false");
	// A port where nobody listens.
	expect(loaded('"--otlp-endpoint", "http://127.0.0.1:9"')).toMatch(/^true/);
});
