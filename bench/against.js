// `npm run bench:against -- DIR`: this checkout against another one, built, in the same run. The
// other is what a floor is to `npm run bench`; a ratio below 1 says that this one is slower.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./arguments.js";
import { compare } from "./compare.js";
import { append, get } from "./load/load.js";
import { runScript, startVarve } from "./processes.js";

const JSON_TYPE = "application/vnd.eventstore.atom+json";
const SEALED = "/streams/order-1/0/forward/20?embed=body";
const HEAD = "/streams/order-1?embed=body";
const EVENTS = 100_000;

/** Each row: how to start the servers, and one measurement of one of them, which gives a rate. */
const ROWS = {
	"page-json": reading(SEALED, { Accept: JSON_TYPE }),
	"page-json-gzip": reading(SEALED, { Accept: JSON_TYPE, "Accept-Encoding": "gzip" }),
	"page-atom": reading(SEALED, { Accept: "application/atom+xml" }),
	"304-sealed": reading(SEALED, { Accept: JSON_TYPE }, "conditional"),
	"304-head": reading(HEAD, { Accept: JSON_TYPE }, "conditional"),
	"head-page": { ...reading(HEAD, { Accept: JSON_TYPE }), args: ["--cache-bytes-max", "0"] },
	"head-page-kept": reading(HEAD, { Accept: JSON_TYPE }),
	"append-1": appending({ connections: 1 }),
	"append-32": appending({ connections: 32 }),
	"append-128": appending({ connections: 128 }),
	"batch-100": appending({ connections: 8, events: 100 }),
	"catch-up": catchingUp(["--cache-pages-max", "1"]),
	"catch-up-cached": catchingUp(["--cache-bytes-max", String(1024 ** 3)]),
};

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		only: { type: "string", multiple: true, default: [] },
		rounds: { type: "string", default: "9" },
		seconds: { type: "string", default: "1" },
	},
});
if (positionals.length !== 1) {
	process.stderr.write(
		"npm run bench:against -- DIR [--only NAME] [--rounds N] [--seconds S]\n" +
			`DIR is another checkout, built. Rows: ${Object.keys(ROWS).join(", ")}\n`,
	);
	process.exit(2);
}

const roots = [resolve(positionals[0]), ROOT];
const workDir = mkdtempSync(join(tmpdir(), "varve-against-"));
process.on("exit", () => rmSync(workDir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

process.stdout.write("| row | other | this | ratio (lowest–highest pair) |\n|---|---|---|---|\n");
for (const [name, row] of Object.entries(ROWS)) {
	const { only } = values;
	if (only.length > 0 && !only.some((start) => name.startsWith(start))) continue;
	const { floor, ours, ratio, spread } = await measure(name, row);
	const pairs = `${spread.low.toFixed(2)}–${spread.high.toFixed(2)}`;
	process.stdout.write(
		`| ${name} | ${Math.round(floor)} | ${Math.round(ours)} | ${ratio.toFixed(2)} (${pairs}) |\n`,
	);
}

async function measure(name, { args = [], events = 10_000, perStream = 1000, rate }) {
	const servers = [];
	try {
		for (const [index, root] of roots.entries()) {
			const directory = join(workDir, `${name}-${index}`);
			const size = [directory, String(events), String(perStream)];
			if (events > 0) await runScript("bench/load/fill.js", size, undefined, root);
			servers.push(await startVarve(directory, args, root));
		}
		const [other, ours] = servers.map(
			({ url }, index) =>
				() =>
					rate(url, roots[index]),
		);
		return await compare({ rounds: Number(values.rounds) }, other, ours);
	} finally {
		for (const server of servers) await server.stop();
		for (const index of roots.keys())
			rmSync(join(workDir, `${name}-${index}`), { recursive: true });
	}
}

function reading(path, headers, condition) {
	return {
		async rate(url) {
			const asked = { ...headers };
			if (condition) {
				// `fetch` asks for br by itself, and each coding has a tag of its own.
				const answer = await fetch(url + path, {
					headers: { "Accept-Encoding": "identity", ...headers },
				});
				await answer.arrayBuffer();
				asked["If-None-Match"] = answer.headers.get("etag");
			}
			return get(url + path, { seconds: Number(values.seconds), headers: asked });
		},
	};
}

function appending(load) {
	const events = load.events ?? 1;
	return {
		events: 0,
		rate: async (url) => events * (await append(url, { ...load, seconds: Number(values.seconds) })),
	};
}

function catchingUp(args) {
	return {
		args,
		events: EVENTS,
		// The reader of each checkout reads from its own server.
		async rate(url, root) {
			return Number(
				await runScript("bench/load/consume.js", [url, "1", String(EVENTS)], undefined, root),
			);
		},
	};
}
