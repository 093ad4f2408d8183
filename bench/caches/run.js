#!/usr/bin/env node
// Runs Varve behind each cache that is installed, and prints what the caches do with its answers:
//
//     npm run caches                   all of them; on Debian, apt-get install nginx varnish squid haproxy
//                                      apache2 trafficserver libnginx-mod-http-cache-purge first
//     npm run caches -- Squid got      some
//     npm run caches -- --write        puts the table into docs/caching.md
import { createHash, randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startCountingHop } from "../../examples/reverse-proxy/counting-hop.js";
import { startServer } from "../../examples/varve.js";
import { clients } from "./clients.js";
import { PROBES } from "./probes.js";
import { PROXIES } from "./proxies.js";

const PAGE = fileURLToPath(new URL("../../docs/caching.md", import.meta.url));
const TABLE = /(?<=<!-- npm run caches -->\n)[\s\S]*?(?=<!-- end -->)/;

const SETTLED_MS = 50;
const KEEPING = ["--head-max-age", "600"];

const args = process.argv.slice(2);
const names = args.filter((one) => !one.startsWith("--"));
const directory = mkdtempSync(join(tmpdir(), "varve-caches-"));
// Some proxies run as another user.
chmodSync(directory, 0o755);
const closing = [() => rmSync(directory, { recursive: true, force: true })];
try {
	const servers = {
		plain: await startServer(join(directory, "plain"), "--allow-anonymous"),
		keeping: await startServer(join(directory, "keeping"), "--allow-anonymous", ...KEEPING),
	};
	for (const server of Object.values(servers)) closing.push(() => server.stop());
	mkdirSync(join(directory, "packages"));
	const wanted = [...PROXIES, ...clients(join(directory, "packages"))].filter(
		({ name }) => names.length === 0 || names.includes(name),
	);
	const absent = wanted.filter(({ version }) => version === undefined);
	for (const { name } of absent) process.stderr.write(`SKIPPED: ${name} is not installed\n`);
	const columns = [];
	for (const cache of wanted.filter((one) => !absent.includes(one))) {
		process.stderr.write(`${cache.name} ${cache.version}\n`);
		columns.push({ cache, cells: await cellsOf(cache, servers) });
	}
	const table = tableOf(columns);
	process.stdout.write(table);
	if (args.includes("--write")) {
		writeFileSync(
			PAGE,
			readFileSync(PAGE, "utf8").replace(TABLE, () => table),
		);
	}
} catch (error) {
	process.stderr.write(`${error.stack}\n`);
	process.exitCode = 1;
} finally {
	for (const close of closing.reverse()) await close();
}

async function cellsOf(cache, servers) {
	const cells = new Map();
	for (const [on, server] of Object.entries(servers)) {
		const hop = await startCountingHop(server.url);
		const folder = join(directory, `${cache.name}-${on}`.replace(/\W+/g, "-"));
		mkdirSync(folder);
		const started = await cache.start(folder, hop.port);
		try {
			for (const { fact, see } of PROBES.filter((probe) => probe.on === on)) {
				cells.set(fact, await see(tools(started, server, hop)));
			}
		} finally {
			await started.stop();
			hop.close();
		}
	}
	return cells;
}

function tools(started, server, hop) {
	const through = started.ask ?? ((path, asked) => askAt(started.url, path, asked));
	const askNow = (path, headers, method) => through(`/streams/${path}`, { method, headers });
	// Some have an answer in their store only a little after their reader has it.
	const ask = async (path, headers, method) => {
		const answer = await askNow(path, headers, method);
		await sleep(SETTLED_MS);
		return answer;
	};
	const direct = (path, headers) => askAt(server.url, `/streams/${path}`, { headers });
	const add = async (count, eventType = "Placed", data = {}, stream = `s-${randomUUID()}`) => {
		await append(server, stream, count, eventType, data);
		return stream;
	};
	add.position = (stream) => append(server, stream, 1, "Placed", {});
	const tagOf = (stream) => createHash("sha256").update(stream).digest("hex").slice(0, 16);
	return { ask, askNow, direct, hop, add, tagOf, isClient: started.ask !== undefined };
}

/** With `node:http`, since `fetch` adds headers of its own. */
function askAt(url, path, { method = "GET", headers }) {
	return new Promise((resolve, reject) => {
		const req = request(url + path, { method, headers, agent: false }, async (res) => {
			const chunks = [];
			for await (const chunk of res) chunks.push(chunk);
			const named = Object.entries(res.headers).map(([name, value]) => [name, String(value)]);
			const text = Buffer.concat(chunks).toString();
			resolve({ status: res.statusCode, headers: new Headers(named), text });
		});
		req.on("error", reject);
		req.end();
	});
}

async function append(server, stream, count, eventType, data) {
	const events = Array.from({ length: count }, () => ({ eventId: randomUUID(), eventType, data }));
	const response = await fetch(`${server.url}/streams/${stream}`, {
		method: "POST",
		headers: { "Content-Type": "application/vnd.eventstore.events+json" },
		body: JSON.stringify(events),
	});
	if (response.status !== 201) throw new Error(await response.text());
	return response.headers.get("es-position");
}

function tableOf(columns) {
	const row = (first, cells) => `| ${[first, ...cells].join(" | ")} |\n`;
	const heads = columns.map(({ cache }) => `${cache.name} ${cache.version}`);
	const settings = columns.map(({ cache }) => cache.settings);
	const rows = PROBES.map(({ fact }) =>
		row(
			fact,
			columns.map(({ cells }) => cells.get(fact)),
		),
	);
	return [
		row("", heads),
		row(
			"---",
			columns.map(() => "---"),
		),
		row("set up with", settings),
		...rows,
	].join("");
}
