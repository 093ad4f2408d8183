// Followers at the head, direct and behind the proxies of examples/reverse-proxy: what an event
// costs the server, and when they have it.
import { join } from "node:path";
import { append } from "../../dist/feeds/index.js";
import { hasNginx, startNginx } from "../../examples/reverse-proxy/nginx.js";
import { hasVarnish, startVarnish } from "../../examples/reverse-proxy/varnish.js";
import { runScript, startVarve } from "../processes.js";

/** One event each 25 ms; a hundred followers get them at half that rate, to leave the cores room. */
const GAP_MS = 25;
const LINGER_MS = 50;
const LATE_READERS = 5;
const POLLERS = 10;
const POLLING_MS = 5000;

const varnish = {
	name: "Varnish",
	start: startVarnish,
	lacks: () => (hasVarnish() ? undefined : "Varnish is not installed"),
};
const nginx = {
	name: "nginx",
	start: startNginx,
	lacks: () => (hasNginx() ? undefined : "nginx is not installed"),
};

export const rows = [
	delay("tail-direct", 1, undefined, 0.5, 10),
	delay("tail-direct-p95", 1, undefined, 0.95, 25),
	origin("tail-varnish-10", 10, varnish, 0, 1.1),
	delay("tail-varnish-10-p50", 10, varnish, 0.5, 20),
	origin("tail-varnish-100", 100, varnish, 0, 1.1),
	origin("tail-varnish-linger", 10, varnish, LINGER_MS, 0.5),
	origin("tail-nginx-10", 10, nginx, 0, 1.1),
	origin("tail-nginx-100", 100, nginx, 0, 1.1),
	{
		name: "tail-late",
		what: `${LATE_READERS} readers after the followers, behind Varnish: origin requests`,
		unit: "requests",
		target: { max: 6 },
		skip: varnish.lacks,
		run: async (bench) => {
			const { late } = await follow(bench, 10, varnish, 0);
			return { ours: late };
		},
	},
	{
		name: "tail-pollers",
		what: `${POLLERS} pollers with If-None-Match for 5 s, --head-max-age 1, nginx: origin requests`,
		unit: "requests",
		target: { max: 11 },
		skip: nginx.lacks,
		run: poll,
	},
];

/** A row of the delay from an append to a follower. */
function delay(name, followers, proxy, share, max) {
	const behind = proxy ? `behind ${proxy.name}` : "direct";
	return {
		name,
		what: `append to follower, ${followers} ${behind}: p${share * 100}`,
		floorIs: "the answer to the append itself",
		unit: "ms",
		target: { max },
		skip: () => proxy?.lacks(),
		run: async (bench) => {
			const seen = await follow(bench, followers, proxy, 0);
			const of = share === 0.5 ? "p50" : "p95";
			return { floor: seen.answered[of], ours: seen[of], note: noteOf(seen) };
		},
	};
}

/** A row of what followers behind a proxy cost the server. */
function origin(name, followers, proxy, lingerMs, share) {
	const linger = lingerMs === 0 ? "" : `, ${lingerMs} ms of linger`;
	return {
		name,
		what: `${followers} followers behind ${proxy.name}${linger}: origin requests for an event`,
		unit: "requests",
		target: { max: share },
		skip: proxy.lacks,
		run: async (bench) => {
			const seen = await follow(bench, followers, proxy, lingerMs);
			return { ours: seen.asked / seen.events, note: noteOf(seen) };
		},
	};
}

function noteOf({ events, asked, p50, p95, max }) {
	const times = [p50, p95, max].map((ms) => ms.toFixed(1)).join(" / ");
	return `${events} events, ${asked} origin requests; p50 / p95 / max ${times} ms`;
}

const measured = new Map();

/** Rows of the same followers share a run. */
async function follow(bench, followers, proxy, lingerMs) {
	const key = `${proxy?.name ?? "direct"}-${followers}-${lingerMs}`;
	if (!measured.has(key)) measured.set(key, await measure(bench, key, followers, proxy, lingerMs));
	return measured.get(key);
}

async function measure(bench, key, followers, proxy, lingerMs) {
	const events = bench.full ? 1000 : 300;
	const gapMs = followers > 10 ? 2 * GAP_MS : GAP_MS;
	const linger = ["--tail-linger-ms", String(lingerMs), "--allow-anonymous"];
	const server = await startVarve(join(bench.workDir, key), linger);
	const port = new URL(server.url).port;
	const hop = await proxy?.start(join(bench.workDir, `${key}-proxy`), port);
	const reader = hop?.url ?? server.url;
	try {
		const load = { writer: server.url, reader, followers, events, gapMs };
		const delays = JSON.parse(await runScript("bench/load/tail.js", [JSON.stringify(load)]));
		const asked = await pagesAsked(server.url);
		for (let n = 0; n < LATE_READERS; n++) {
			await runScript("bin/varve", ["read", "tail-1", "--url", reader]);
		}
		const late = (await pagesAsked(server.url)) - asked;
		return { ...delays, events, asked, late };
	} finally {
		await hop?.stop();
		await server.stop();
	}
}

async function poll(bench) {
	const server = await startVarve(join(bench.workDir, "polled"), [
		"--head-max-age",
		"1",
		"--allow-anonymous",
	]);
	const hop = await nginx.start(join(bench.workDir, "polled-proxy"), new URL(server.url).port);
	try {
		await append({ url: server.url, stream: "polled-1" }, { type: "Happened", data: {} });
		const page = `${hop.url}/streams/polled-1/0/forward/20`;
		const etag = (await fetch(page)).headers.get("etag");
		const before = await pagesAsked(server.url);
		const until = performance.now() + POLLING_MS;
		const counts = await Promise.all(
			Array.from({ length: POLLERS }, async () => {
				let count = 0;
				for (; performance.now() < until; count++) {
					const { status } = await fetch(page, { headers: { "If-None-Match": etag } });
					if (status !== 304) throw new Error(`a poller got ${status}`);
				}
				return count;
			}),
		);
		const polls = counts.reduce((sum, count) => sum + count, 0);
		return { ours: (await pagesAsked(server.url)) - before, note: `${polls} polls` };
	} finally {
		await hop.stop();
		await server.stop();
	}
}

/** The pages that the server has been asked for, by its own numbers. */
async function pagesAsked(url) {
	const text = await (await fetch(`${url}/metrics`)).text();
	const counts = text.matchAll(/^varve_http_requests_total\{[^}]*\/forward\/[^}]*\} (\d+)$/gm);
	return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
