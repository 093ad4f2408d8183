// A hundred projections that are kept up to date while a thousand events a second are appended: how
// long after the answer to its append an event is handled by one of them.
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startVarve } from "../processes.js";

const PROJECTIONS = 100;
const APPENDS_PER_SECOND = 1000;
/** They start, and the load has run for so long, before anything is measured. */
const WARM_MS = 5000;
const PROBES_PER_SECOND = 20;
const CATEGORIES = 10;

export const rows = [
	{
		name: "projections-lag",
		what: `p99 of the lag of ${PROJECTIONS} projections at ${APPENDS_PER_SECOND} appends/s`,
		unit: "ms",
		target: { max: 1000 },
		run: measure,
	},
];

async function measure({ workDir, seconds, full }) {
	const args = ["--insecure", "--allow-anonymous", "--insecure-defaults"];
	const server = await startVarve(join(workDir, "projections"), args);
	const agent = new Agent({ keepAlive: true, maxSockets: 64 });
	const send = (method, path, headers = {}, body = "") =>
		ask(agent, server.url + path, { method, headers }, body);
	try {
		for (let n = 0; n < PROJECTIONS; n++) {
			const path = `/projections/continuous?name=p${n}&emit=${n % 5 === 0 ? "yes" : "no"}`;
			const made = await send("POST", path, {}, queryOf(n));
			if (made.status !== 201) throw new Error(made.text);
		}
		const load = new Load(send);
		await sleep(WARM_MS);
		const lags = [];
		const probes = [];
		const spent = full ? 120 : Math.max(20, 4 * seconds);
		for (let n = 0; n < spent * PROBES_PER_SECOND; n++) {
			probes.push(probe(send, load, lags).catch(() => lags.push(30_000)));
			await sleep(1000 / PROBES_PER_SECOND);
		}
		const { rate, refused } = await load.stop();
		await Promise.all(probes);
		lags.sort((a, b) => a - b);
		const at = (share) =>
			Math.round(lags[Math.min(lags.length - 1, Math.floor(lags.length * share))]);
		const note = `p50 ${at(0.5)} ms, max ${at(1)} ms; ${Math.round(rate)} appends/s, ${refused} refused`;
		return { ours: at(0.99), note };
	} finally {
		agent.destroy();
		await server.stop();
	}
}

/** Half count a category, a quarter have partitions, the others read everything; a fifth emit. */
function queryOf(n) {
	const category = `c${n % CATEGORIES}`;
	const emits = n % 5 === 0 ? `if (s.n % 10 === 0) emit("out-${n}", "Tenth", { n: s.n });` : "";
	const handlers = `when({ $init() { return { n: 0 }; }, t(s, e) { s.n++; ${emits} } })`;
	if (n % 4 === 3) return `fromAll().${handlers}`;
	if (n % 4 === 1) return `fromCategory("${category}").foreachStream().${handlers}`;
	return `fromCategory("${category}").${handlers}`;
}

/** As many appends a second, whatever the answers take. */
class Load {
	#send;
	#timer;
	#started = performance.now();
	#sent = 0;
	#done = 0;
	#refused = 0;

	constructor(send) {
		this.#send = send;
		this.#timer = setInterval(() => this.#tick(), 5);
	}

	async stop() {
		clearInterval(this.#timer);
		const rate = (1000 * this.#done) / (performance.now() - this.#started);
		return { rate, refused: this.#refused };
	}

	/** @returns the position of the event */
	async append() {
		const n = Math.floor(Math.random() * 1000);
		const headers = {
			"Content-Type": "application/json",
			"ES-EventType": "t",
			"ES-EventId": randomUUID(),
		};
		const stream = `c${n % CATEGORIES}-${n}`;
		const answer = await this.#send("POST", `/streams/${stream}`, headers, '{"by":1}');
		if (answer.status !== 201) this.#refused++;
		else this.#done++;
		return { category: n % CATEGORIES, position: answer.headers["es-position"] };
	}

	#tick() {
		const due = ((performance.now() - this.#started) / 1000) * APPENDS_PER_SECOND;
		while (this.#sent < due) {
			this.#sent++;
			this.append().catch(() => this.#refused++);
		}
	}
}

/** Appends an event, and asks one that reads it for a state that has it. */
async function probe(send, load, lags) {
	const { category, position } = await load.append();
	const started = performance.now();
	const reading = category + CATEGORIES * Math.floor(Math.random() * (PROJECTIONS / CATEGORIES));
	const answer = await send("GET", `/projection/p${reading}/state`, { "ES-MinPosition": position });
	lags.push(answer.status === 200 ? performance.now() - started : 30_000);
}

function ask(agent, url, options, body) {
	return new Promise((resolve, reject) => {
		const sent = request(url, { ...options, agent }, (res) => {
			const chunks = [];
			res.on("data", (chunk) => chunks.push(chunk));
			res.on("end", () => {
				const text = Buffer.concat(chunks).toString();
				resolve({ status: res.statusCode, headers: res.headers, text });
			});
		});
		sent.on("error", reject);
		sent.end(body);
	});
}
