#!/usr/bin/env node
// The proof: two readers catch up through nginx, one after the other, and the server is counted.
// The second asks it for nothing but the head: where that is, and the page that ends there. Exit
// code 0 where that is so.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readStream } from "varve/feeds";
import { startServer, varve } from "../varve.js";
import { startCountingHop } from "./counting-hop.js";
import { hasNginx, startNginx } from "./nginx.js";

const SAMPLE = fileURLToPath(
	new URL("../../test/data/git-history-2000.ndjson.gz", import.meta.url),
);

const [log = SAMPLE] = process.argv.slice(2);
if (!existsSync(log)) {
	process.stderr.write(`Usage: count.js [LOG.ndjson[.gz]]\n\n${log} is not there.\n`);
	process.exit(2);
}
if (!hasNginx()) {
	process.stderr.write("nginx is not installed\n");
	process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), "varve-reverse-proxy-"));
const closing = [() => rmSync(directory, { recursive: true, force: true })];
try {
	// What nginx passes on comes from beyond this machine.
	const server = await startServer(join(directory, "data"), "--allow-anonymous");
	closing.push(() => server.stop());
	process.stdout.write(await varve("import", log, "--url", server.url));
	const hop = await startCountingHop(server.url);
	closing.push(() => hop.close());
	const nginx = await startNginx(join(directory, "nginx"), hop.port);
	closing.push(() => nginx.stop());
	hop.take();

	await catchUp("first reader", nginx.url, hop);
	const asked = await catchUp("second reader", nginx.url, hop);
	process.exitCode = asked.length === 2 ? 0 : 1;
} catch (error) {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
} finally {
	for (const close of closing.reverse()) await close();
}

async function catchUp(who, url, hop) {
	let events = 0;
	const startedAt = performance.now();
	for await (const _event of readStream({ url, stream: "$all", retriesMax: 8 })) events++;
	const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
	const asked = hop.take();
	process.stdout.write(
		`${who}: ${events} events, origin requests: ${asked.length}, ${seconds} s\n`,
	);
	for (const one of asked.length <= 3 ? asked : []) process.stdout.write(`  ${one}\n`);
	return asked;
}
