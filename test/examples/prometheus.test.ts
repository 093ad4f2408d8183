/**
 * Prometheus itself with the configuration of examples/monitoring, against a server: every query of
 * the dashboard and of the alerts answers with data. Skipped where Prometheus is not installed.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, type Server, startServer } from "./processes.ts";

const MONITORING = join(ROOT, "examples/monitoring");
const yaml = createRequire(import.meta.url)("js-yaml") as { load(text: string): unknown };
const isInstalled = spawnSync("prometheus", ["--version"]).status === 0;
if (!isInstalled) console.warn("SKIPPED: the queries, prometheus is not installed");

const ADMIN = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;

type Panel = { readonly targets: readonly { readonly expr: string }[] };
const dashboard = JSON.parse(readFileSync(join(MONITORING, "dashboard.json"), "utf8")) as {
	readonly panels: readonly Panel[];
};
type Rule = { readonly alert: string; readonly expr: string };
const alerts = yaml.load(readFileSync(join(MONITORING, "alerts.yml"), "utf8")) as {
	readonly groups: readonly { readonly rules: readonly Rule[] }[];
};

/** A log in a file has no standbys. */
const OF_STANDBYS = "varve_log_standby";

/** Where no request has failed, there is no such count. */
function withoutFaults(expr: string): string {
	return expr.replace(/(?:, )?status="5xx"/, "");
}

/** As Grafana fills in its variables. */
const shown = dashboard.panels
	.flatMap(({ targets }) => targets.map(({ expr }) => expr))
	.map(withoutFaults)
	.map((expr) => expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "30s"));
/** What the alerts compare: where all is well, the comparison itself answers with nothing. */
const compared = alerts.groups
	.flatMap(({ rules }) => rules.map(({ expr }) => expr))
	.map(withoutFaults)
	.flatMap((expr) => expr.split(/\bor\b/))
	.map((part) => part.replace(/ (?:==|<|>) [^()]*$/, "").trim())
	.filter((part) => part !== OF_STANDBYS);

(isInstalled ? describe : describe.skip)("Prometheus", () => {
	let folder: string;
	let server: Server;
	let prometheus: ChildProcess;
	let url: string;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "varve-prometheus-"));
		server = await startServer(join(folder, "log"), "--insecure-defaults");
		const config = readFileSync(join(MONITORING, "prometheus.yml"), "utf8")
			.replace("127.0.0.1:2113", new URL(server.url).host)
			.replaceAll("15s", "1s");
		writeFileSync(join(folder, "prometheus.yml"), config);
		cpSync(join(MONITORING, "alerts.yml"), join(folder, "alerts.yml"));
		const options = ["--web.listen-address=127.0.0.1:0", `--storage.tsdb.path=${folder}/data`];
		prometheus = spawn("prometheus", [`--config.file=${folder}/prometheus.yml`, ...options]);
		url = await listening(prometheus);
	});
	afterAll(async () => {
		if (prometheus?.kill()) await once(prometheus, "exit");
		await server?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	async function answerTo(query: string): Promise<number> {
		const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
		const { data } = (await answer.json()) as { data?: { result: unknown[] } };
		return data?.result.length ?? -1;
	}

	test("finds the server up, and every query answers with data", async () => {
		let empty = [...shown, ...compared];
		expect(empty.length).toBeGreaterThan(40);
		for (let tries = 0; empty.length > 0 && tries < 60; tries++) {
			await use(server.url, 2 * tries);
			await use(server.url, 2 * tries + 1);
			const answers = await Promise.all(empty.map(answerTo));
			empty = empty.filter((_, at) => (answers[at] ?? 0) <= 0);
			// Rates need two scrapes, which come once a second.
			await new Promise((resolve) => setTimeout(resolve, 250));
		}
		expect(empty).toEqual([]);
		expect(await answerTo('up{job="varve"} == 1')).toBe(1);
		const rules = (await (await fetch(`${url}/api/v1/rules`)).json()) as {
			data: { groups: { rules: { health: string; lastError?: string }[] }[] };
		};
		const failed = rules.data.groups.flatMap((group) => group.rules).filter(isFailed);
		expect(failed).toEqual([]);
	});
});

function isFailed({ health }: { readonly health: string }): boolean {
	return health === "err";
}

/** Appends and reads, so that there is something to count. */
async function use(server: string, at: number): Promise<void> {
	const headers = { "Content-Type": "application/json", "ES-EventType": "T" };
	const id = { "ES-EventId": crypto.randomUUID() };
	const stream = `${server}/streams/order-${at}`;
	await fetch(stream, { method: "POST", headers: { ...headers, ...id }, body: "{}" });
	await (await fetch(stream)).arrayBuffer();
	if (at === 0) await keep(server);
	if (at % 2 === 0) await consume(server);
}

/** A position, a group and a webhook, which stay where they are. */
async function keep(server: string): Promise<void> {
	const put = (path: string, body: object) =>
		fetch(server + path, {
			method: "PUT",
			headers: { "Content-Type": "application/json", Authorization: ADMIN },
			body: JSON.stringify(body),
		});
	await put("/positions/search", { stream: "$ce-order", at: 0 });
	await put("/groups/billing", { stream: "$ce-order", partitions: 2 });
	// Its target is in a network that no push may reach.
	await put("/webhooks/orders", { stream: "$ce-order", start: 0, url: "https://127.0.0.1:9/" });
}

/** A consumer that is behind: it handles one message of a category at a time. */
async function consume(server: string): Promise<void> {
	const path = `${server}/subscriptions/%24ce-order/slow`;
	const Authorization = ADMIN;
	await (await fetch(path, { method: "PUT", headers: { Authorization } })).arrayBuffer();
	const Accept = "application/vnd.varve.messages+ndjson";
	const line = await (await fetch(path, { headers: { Authorization, Accept } })).text();
	if (line === "") return;
	const { id } = JSON.parse(line) as { id: string };
	await fetch(`${path}/ack/${id}`, { method: "POST", headers: { Authorization } });
}

/** Its address: it has chosen a port that is free. */
function listening(child: ChildProcess): Promise<string> {
	return new Promise((resolve, reject) => {
		let said = "";
		child.stderr?.on("data", (chunk) => {
			said += chunk;
			const address = /Listening on" address=(127\.0\.0\.1:\d+)/.exec(said)?.[1];
			if (address !== undefined) resolve(`http://${address}`);
		});
		child.on("exit", () => reject(new Error(`prometheus ended: ${said}`)));
	});
}
