// The reads: sealed pages out of the cache, conditional requests, and head pages: read and composed
// for each request, or kept until the stream grows.
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { compare } from "../compare.js";
import { get } from "../load/load.js";
import { runScript, startProgram, startVarve } from "../processes.js";

const JSON_TYPE = "application/vnd.eventstore.atom+json";
const ATOM_TYPE = "application/atom+xml";
// As our reader asks: with the events in the page.
const SEALED = "/streams/order-1/0/forward/20?embed=body";
const HEAD = "/streams/order-1?embed=body";
const NOT_LESS = 0.93;
/** The user of `--insecure-defaults`. */
const ADMIN = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;

export const rows = [
	sealed("page-json", "sealed page, JSON", { Accept: JSON_TYPE }),
	sealed("page-json-gzip", "sealed page, JSON, gzip", {
		Accept: JSON_TYPE,
		"Accept-Encoding": "gzip",
	}),
	sealed("page-atom", "sealed page, Atom", { Accept: ATOM_TYPE }),
	sealed("page-atom-gzip", "sealed page, Atom, gzip", {
		Accept: ATOM_TYPE,
		"Accept-Encoding": "gzip",
	}),
	{
		name: "page-authenticated",
		what: "sealed page, JSON, from the cache, for a user with a password",
		floorIs: "node:http answering the same bytes",
		unit: "requests/s",
		target: { ratio: 0.75 },
		run: (bench) => {
			const args = ["--allow-anonymous", "no", "--insecure-defaults"];
			const headers = { Accept: JSON_TYPE, Authorization: ADMIN };
			return againstBare(bench, "page-authenticated", SEALED, headers, { args });
		},
	},
	notModified("304-sealed", "304, sealed page", SEALED),
	notModified("304-head", "304, head page", HEAD),
	{
		name: "head-page",
		what: "head page, not cached, 20 events, JSON",
		floorIs: "the sealed page of as many events, cached",
		unit: "requests/s",
		target: { ratio: 0.3 },
		run: (bench) => headPage(bench, ["--cache-bytes-max", "0"]),
	},
	{
		name: "head-page-first",
		what: "the same, of 2,000 streams in turn",
		floorIs: "the sealed page of as many events, cached",
		unit: "requests/s",
		target: {},
		run: (bench) => headPage(bench, ["--cache-bytes-max", "0"], 2000),
	},
	{
		name: "head-page-kept",
		what: "the head page, between two appends",
		floorIs: "the sealed page of as many events, cached",
		unit: "requests/s",
		target: {},
		run: (bench) => headPage(bench, []),
	},
];

function sealed(name, what, headers) {
	return {
		name,
		what: `${what}, from the cache`,
		floorIs: "node:http answering the same bytes",
		unit: "requests/s",
		target: { ratio: NOT_LESS },
		run: (bench) => againstBare(bench, name, SEALED, headers),
	};
}

function notModified(name, what, path) {
	return {
		name,
		what,
		floorIs: "node:http answering the same 304",
		unit: "requests/s",
		target: { ratio: NOT_LESS },
		async run(bench) {
			const headers = { Accept: JSON_TYPE };
			const condition = (answer) => ({
				...headers,
				"If-None-Match": answer.headers[answer.headers.indexOf("ETag") + 1],
			});
			return againstBare(bench, name, path, headers, { condition });
		},
	};
}

/**
 * @param condition the request's headers, from what its first answer was
 * @param args of the server
 */
async function againstBare(
	bench,
	name,
	path,
	headers,
	{ condition = () => headers, args = [] } = {},
) {
	const server = await startVarve(await smallLog(bench), args);
	const url = `${server.url}${path}`;
	const asked = condition(await capture(url, headers));
	const file = join(bench.workDir, `${name}.json`);
	writeFileSync(file, JSON.stringify(await capture(url, asked)));
	const floor = await startProgram("bench/floors/answer.js", [file]);
	const measure = (target) => () => get(target, { seconds: bench.seconds, headers: asked });
	try {
		return await compare(bench, measure(`${floor.url}${path}`), measure(url));
	} finally {
		await floor.stop();
		await server.stop();
	}
}

/** @param count how many streams are read, at random */
async function headPage(bench, args, count = 1) {
	const cached = await startVarve(await smallLog(bench));
	const directory = count === 1 ? smallLog(bench, "heads") : manyHeads(bench, count);
	const server = await startVarve(await directory, args);
	const options = { seconds: bench.seconds, headers: { Accept: JSON_TYPE } };
	try {
		return await compare(
			bench,
			() => get(`${cached.url}${SEALED}`, options),
			() => get(`${server.url}${HEAD}`, { ...options, count }),
		);
	} finally {
		await cached.stop();
		await server.stop();
	}
}

/**
 * What the server answers, to the byte, except for what node:http adds by itself; `fetch` would ask
 * for gzip.
 */
async function capture(url, headers) {
	return new Promise((resolve, reject) => {
		const asked = request(url, { headers }, async (res) => {
			const chunks = [];
			for await (const chunk of res) chunks.push(chunk);
			const keepAliveMs = Number(/timeout=(\d+)/.exec(res.headers["keep-alive"])?.[1] ?? 5) * 1000;
			resolve({
				status: res.statusCode,
				headers: written(res.rawHeaders),
				body: Buffer.concat(chunks).toString("base64"),
				keepAliveMs,
			});
		});
		asked.on("error", reject);
		asked.end();
	});
}

function written(rawHeaders) {
	const added = new Set(["date", "connection", "keep-alive"]);
	return rawHeaders.filter((_, index, all) => !added.has(all[index - (index % 2)].toLowerCase()));
}

/** Streams of twenty events. */
async function manyHeads(bench, count) {
	const directory = join(bench.workDir, "many-heads");
	const size = [directory, String(20 * count), "20"];
	return bench.once(directory, () => runScript("bench/load/fill.js", size));
}

/** Ten streams of a thousand events. */
async function smallLog(bench, name = "pages") {
	const directory = join(bench.workDir, name);
	return bench.once(directory, () => runScript("bench/load/fill.js", [directory, "10000", "1000"]));
}
