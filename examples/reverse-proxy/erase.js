#!/usr/bin/env node
// The proof: what was deleted is gone from the proxy, too. Pages that show an event are fetched
// through it until they come from its cache; the stream is deleted; then they are fetched again.
// Exit code 0 where none of them shows the event, and pages of other streams are still kept.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { appendEvents, deleteStream } from "varve/feeds";
import { startServer } from "../varve.js";
import { lacksForPurging, startNginx } from "./nginx.js";
import { freePort } from "./ports.js";
import { hasVarnish, startVarnish } from "./varnish.js";

const FEED = "application/vnd.eventstore.atom+json";
const SECRET = "the secret";
const PROXIES = {
	varnish: { lacks: lacksVarnish, start: startVarnish, options: ["--purge-method", "BAN"] },
	nginx: { lacks: lacksForPurging, start: startNginxPurging, options: ["--purge-by", "urls"] },
};

const [name = "varnish"] = process.argv.slice(2);
const proxy = PROXIES[name];
const lacking = proxy ? proxy.lacks() : "Usage: erase.js [varnish | nginx]";
if (lacking !== undefined) {
	process.stderr.write(`${lacking}\n`);
	process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), "varve-erase-"));
const closing = [() => rmSync(directory, { recursive: true, force: true })];
try {
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	// The example comes through the proxy, which marks what it passes on.
	const purge = ["--allow-anonymous", "--purge-url", url, ...proxy.options];
	const server = await startServer(join(directory, "data"), ...purge);
	closing.push(() => server.stop());
	const started = await proxy.start(join(directory, name), new URL(server.url).port, port);
	// The server first: it has purges to send until it ends.
	closing.splice(1, 0, () => started.stop());
	process.exitCode = (await prove(url)) ? 0 : 1;
} catch (error) {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
} finally {
	for (const close of closing.reverse()) await close();
}

async function prove(url) {
	const [customer, other] = [`customer-${randomUUID()}`, `other-${randomUUID()}`];
	for (const stream of [customer, other]) await append(url, stream);
	const shown = [`${customer}/0/forward/20`, `$ce-customer/0/forward/20`].map(page);
	const beside = page(`${other}/0/forward/20`);
	for (const path of [...shown, beside]) {
		await read(url, path);
		await expectKept(url, path);
	}
	await deleteStream({ url, stream: customer }, { forEver: true });
	// The purge follows the delete: it is never waited for.
	for (const path of shown) {
		while ((await read(url, path)).text.includes(SECRET)) await sleep(50);
	}
	for (const path of shown) process.stdout.write(`${(await read(url, path)).status} ${path}\n`);
	const kept = (await read(url, beside)).cache;
	process.stdout.write(`another stream's page: ${kept}\n`);
	return kept === "HIT";
}

function page(path) {
	return `/streams/${path.replace("$", "%24")}?embed=body`;
}

async function append(url, stream) {
	const registered = { type: "Registered", data: { name: SECRET } };
	await appendEvents({ url, stream }, Array(20).fill(registered));
}

async function expectKept(url, path) {
	const { cache, text } = await read(url, path);
	if (cache !== "HIT" || !text.includes(SECRET)) throw new Error(`${path} was not kept: ${cache}`);
}

async function read(url, path) {
	const response = await fetch(url + path, { headers: { Accept: FEED } });
	const cache = response.headers.get("x-cache-status");
	return { status: response.status, cache, text: await response.text() };
}

function lacksVarnish() {
	return hasVarnish() ? undefined : "varnishd is not installed";
}

function startNginxPurging(at, upstreamPort, port) {
	return startNginx(at, upstreamPort, { port, purging: true });
}
