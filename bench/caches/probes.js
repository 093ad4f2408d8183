// What each cache is asked, and what its answers are called in the table. Bold is wrong: a reader gets
// what is not so. A probe has streams of its own, so that no probe sees what another one left.
import { randomUUID } from "node:crypto";

const FEED = "application/vnd.eventstore.atom+json";
const ATOM = "application/atom+xml";
const LINES = "application/vnd.varve.events+ndjson";
const BATCH = "application/cloudevents-batch+json";
const READERS = 10;
/** Below this, a wait is none: the machine may be busy. */
const AT_ONCE_MS = 150;

/** @typedef Probe: `on` which server ("plain" or "keeping", which has --head-max-age 600); `see` */
export const PROBES = [
	{ fact: "full pages kept", on: "plain", see: keptForms },
	{ fact: "two forms of one URL, in turn", on: "plain", see: formsInTurn },
	{ fact: "links resolved, and as they are", on: "plain", see: linksInTurn },
	{ fact: "a kept page, asked for with its tag", on: "plain", see: tagOfKept },
	{ fact: "a kept page (`immutable`), reloaded", on: "plain", see: reloaded },
	{ fact: "`no-cache`, asked for again", on: "plain", see: askedAgain },
	{ fact: "`no-cache`, asked for with its tag", on: "plain", see: tagOfUnkept },
	{ fact: "`no-cache`, after a reader with a newer tag", on: "plain", see: newerTag },
	{ fact: "a head with a lifetime, ten at once", on: "keeping", see: headAtOnce },
	{ fact: "then with `ES-MinPosition`", on: "keeping", see: minPosition },
	{ fact: "what is not there, ten at once", on: "plain", see: refusalsAtOnce },
	{ fact: "`?timeout=1500`, four at once", on: "plain", see: consumersAtOnce },
	{ fact: "`?wait=`, ten followers at one place", on: "plain", see: followers },
	{ fact: "an empty tail page, after an append", on: "plain", see: emptyTail },
	{ fact: "purge", on: "plain", see: purged },
];

async function keptForms({ ask, hop, add }) {
	const forms = [
		["Atom", ATOM],
		["JSON", FEED],
		["lines", LINES],
		["`*/*`", "*/*"],
		// The server has none, and gives Atom.
		["RSS", "application/rss+xml"],
	];
	const kept = [];
	for (const [name, accept] of forms) {
		const page = `${await add(20)}/0/forward/20`;
		hop.take();
		for (let times = 0; times < 2; times++) await ask(page, { Accept: accept });
		if (hop.take().length === 1) kept.push(name);
	}
	if (kept.length === 0) return "nothing";
	if (kept.length === forms.length) return "each form";
	const others = forms.map(([name]) => name).filter((name) => !kept.includes(name));
	return `each form but ${others.join(", ")}`;
}

async function formsInTurn({ ask, hop, add }) {
	const page = `${await add(20)}/0/forward/20`;
	hop.take();
	for (const accept of [FEED, ATOM, FEED, ATOM]) {
		const { headers } = await ask(page, { Accept: accept });
		if (!headers.get("content-type").startsWith(accept)) return "**the other form**";
	}
	const asked = hop.take().length;
	return asked === 2 ? "both kept" : `asks ${asked} of 4 times`;
}

async function linksInTurn({ ask, add }) {
	const target = await add(1);
	const stream = await add(20, "$>", `0@${target}`);
	for (const value of ["True", "False", "True"]) {
		const page = `${stream}/0/forward/20?embed=body`;
		const { text } = await ask(page, { Accept: FEED, "ES-ResolveLinkTos": value });
		const areLinks = JSON.parse(text).entries.every(({ eventType }) => eventType === "$>");
		if (areLinks !== (value === "False")) return "**the other form**";
	}
	return "right";
}

async function tagOfKept({ ask, hop, add }) {
	const page = `${await add(20)}/0/forward/20`;
	const { headers } = await ask(page, { Accept: FEED });
	hop.take();
	const { status } = await ask(page, { Accept: FEED, "If-None-Match": headers.get("etag") });
	return `${status}, ${hop.take().length === 0 ? "by itself" : "asks"}`;
}

async function reloaded({ ask, hop, add }) {
	const page = `${await add(20)}/0/forward/20`;
	await ask(page, { Accept: FEED });
	const asks = [];
	for (const control of ["max-age=0", "no-cache"]) {
		hop.take();
		await ask(page, { Accept: FEED, "Cache-Control": control });
		if (hop.take().length > 0) asks.push(`\`${control}\``);
	}
	return asks.length === 0 ? "never asks" : `asks if ${asks.join(" or ")}`;
}

async function askedAgain({ ask, hop, add }) {
	const stream = await add(5);
	await ask(stream, { Accept: FEED });
	hop.takeStatuses();
	await ask(stream, { Accept: FEED });
	return serverSaid(hop);
}

async function tagOfUnkept({ ask, hop, add }) {
	const stream = await add(5);
	const { headers } = await ask(stream, { Accept: FEED });
	hop.takeStatuses();
	const { status } = await ask(stream, { Accept: FEED, "If-None-Match": headers.get("etag") });
	return `${status}; ${serverSaid(hop)}`;
}

function serverSaid(hop) {
	const [status] = hop.takeStatuses();
	if (status === undefined) return "**does not ask**";
	return status === 304 ? "asks with a tag" : "asks for all of it";
}

/** The tag that a reader has from elsewhere must not become that of the cache's older copy. */
async function newerTag({ ask, direct, add }) {
	const stream = await add(5);
	const older = await ask(stream, { Accept: FEED });
	await add(1, "Placed", {}, stream);
	const { headers } = await direct(stream, { Accept: FEED });
	const held = { Accept: FEED, "If-None-Match": headers.get("etag") };
	for (const again of [held, { Accept: FEED }]) {
		if ((await ask(stream, again)).text === older.text) return "**the old body**";
	}
	return "right";
}

async function headAtOnce({ askNow, hop, add }) {
	const stream = await add(5);
	hop.take();
	await atOnce(READERS, () => askNow(stream, { Accept: FEED }));
	const first = hop.take().length;
	await atOnce(READERS, () => askNow(stream, { Accept: FEED }));
	return `asks ${times(first)}, then ${times(hop.take().length)}`;
}

async function minPosition({ ask, add }) {
	const stream = await add(1);
	await ask(stream, { Accept: FEED });
	const position = await add.position(stream);
	const { text } = await ask(stream, { Accept: FEED, "ES-MinPosition": position });
	return entriesIn(text) === 2 ? "right" : "**older than asked for**";
}

async function refusalsAtOnce({ ask, askNow }) {
	const path = `none-${randomUUID()}`;
	await ask(path, { Accept: FEED });
	return waited(await atOnce(READERS, () => askNow(path, { Accept: FEED })));
}

async function consumersAtOnce({ askNow, direct, add }) {
	const stream = await add(1);
	const [{ id }] = JSON.parse((await direct(stream, { Accept: BATCH })).text);
	const feed = `${stream}?lastEventId=${id}&timeout=1500`;
	const tookMs = await atOnce(4, () => askNow(feed, { Accept: BATCH }));
	return `${(Math.max(...tookMs) / 1000).toFixed(1)} s`;
}

async function followers({ askNow, hop, add }) {
	const stream = await add(3);
	hop.take();
	const tail = `${stream}/3/forward/17?wait=20`;
	const waits = Array.from({ length: READERS }, async () => {
		const { text } = await askNow(tail, { Accept: FEED });
		return { at: performance.now(), entries: entriesIn(text) };
	});
	while (hop.asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
	await new Promise((resolve) => setTimeout(resolve, 700)); // so that all of them wait
	const startedAt = performance.now();
	await add(1, "Placed", {}, stream);
	const answers = await Promise.all(waits);
	if (answers.some(({ entries }) => entries !== 1)) return "**not the event**";
	return `asks ${times(hop.take().length)}; ${waited(answers.map(({ at }) => at - startedAt))}`;
}

async function emptyTail({ ask, add }) {
	const stream = await add(3);
	const tail = `${stream}/3/forward/17?wait=1`;
	await ask(tail, { Accept: FEED });
	await add(1, "Placed", {}, stream);
	return entriesIn((await ask(tail, { Accept: FEED })).text) === 1 ? "right" : "**still empty**";
}

/** Whether a request to the cache itself makes it forget a page, and which forms of it. */
async function purged({ ask, hop, add, tagOf, isClient }) {
	if (isClient) return "no purge reaches it";
	const seen = [];
	for (const method of ["BAN", "PURGE"]) {
		const stream = await add(20);
		const page = `${stream}/0/forward/20`;
		const asks = async (accept) => {
			hop.take();
			await ask(page, { Accept: accept });
			return hop.take().length > 0;
		};
		await asks(ATOM);
		await asks(FEED);
		if (await asks(FEED)) return "nothing is kept";
		const keepsBoth = !(await asks(ATOM)) && !(await asks(FEED));
		const tags = { "Cache-Tag": tagOf(stream), "Surrogate-Key": tagOf(stream) };
		await ask(page, { Accept: FEED, ...tags }, method).catch(() => undefined);
		const isGone = await asks(FEED);
		const isOtherGone = keepsBoth && (await asks(ATOM));
		if (isGone) seen.push(`${method}: ${isOtherGone || !keepsBoth ? "all" : "one form"}`);
	}
	return seen.join("; ") || "none";
}

/** @returns how long each took, in milliseconds */
function atOnce(count, one) {
	const timed = async () => {
		const startedAt = performance.now();
		await one();
		return performance.now() - startedAt;
	};
	return Promise.all(Array.from({ length: count }, timed));
}

function waited(tookMs) {
	const median = tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1];
	return median < AT_ONCE_MS ? "at once" : `${(median / 1000).toFixed(1)} s`;
}

function times(count) {
	if (count === 0) return "never";
	return count === 1 ? "once" : count === READERS ? "each time" : "some times";
}

function entriesIn(feed) {
	return JSON.parse(feed).entries.length;
}
