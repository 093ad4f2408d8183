/** Targets that hang, drip, redirect, flood, hang up, lie: each has its outcome, and the list of attempts says it. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { parseNetworks } from "../../src/networks.ts";
import { ANSWER_BYTES_MAX, post } from "../../src/push/sending/post.ts";
import { batch } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { authority } from "../security/certificates.ts";
import { type Receiver, rawReceiver, receiver } from "./receiver.ts";

type Attempt = {
	readonly outcome: string;
	readonly status?: number;
	readonly followed: string;
	readonly answer: string;
	readonly reason: string;
	readonly tries: number;
	readonly first: number;
	readonly durationMs: number;
};

type Sent = { readonly at: string };

const SLOWER = { backoffMs: 50, backoffMsMax: 50 };
const QUICK = { backoffMs: 1, backoffMsMax: 2 };
/** For a target that never answers; any other has the time that a busy machine takes. */
const SHORT = { timeoutMs: 300 };
let servers: Servers;
let closed = 0;
const receivers: Receiver[] = [];
beforeAll(async () => {
	servers = await startServers({ pushAllow: "127.0.0.1" });
});
afterAll(async () => {
	for (const one of receivers) await one.close();
	await servers.close();
});

/** Makes a webhook over a stream of its own, with one event to send. */
async function send(name: string, url: string, settings: object = {}): Promise<void> {
	const body = JSON.stringify({ url, stream: name, start: 0, ...QUICK, ...settings });
	const headers = { "Content-Type": "application/json" };
	const made = await servers.ask({ method: "PUT", path: `/webhooks/${name}`, headers, body });
	expect(made.status).toBe(201);
	await append(name, 1);
}

function append(stream: string, count: number) {
	const events = Array.from({ length: count }, (_, data) => {
		return { eventId: crypto.randomUUID(), eventType: "Told", data };
	});
	return servers.ask(batch(stream, events));
}

async function attemptsOf(name: string): Promise<readonly Attempt[]> {
	const { json } = await servers.ask({ path: `/webhooks/${name}/attempts` });
	return json.attempts as Attempt[];
}

async function standing(name: string) {
	return (await servers.ask({ path: `/webhooks/${name}` })).json;
}

/** The first attempt, once there is one. */
function firstAttempt(name: string): Promise<Attempt> {
	return until(async () => (await attemptsOf(name)).at(-1));
}

const OK = "HTTP/1.1 200 OK\r\n";

test.each<[string, Parameters<typeof rawReceiver>[0], Partial<Attempt>]>([
	["hangs", () => undefined, { outcome: "timeout", followed: "again" }],
	[
		"drips its head",
		(socket) => {
			const text = `${OK}Content-Length: 0\r\n\r\n`;
			let at = 0;
			const timer = setInterval(() => socket.write(text[at++] ?? ""), 50);
			socket.on("close", () => clearInterval(timer));
		},
		{ outcome: "timeout", followed: "again" },
	],
	[
		"answers slowly",
		(socket) => {
			setTimeout(() => socket.end(`${OK}Content-Length: 0\r\n\r\n`), 400);
		},
		{ outcome: "delivered", status: 200, followed: "settled" },
	],
	[
		"drips its body",
		(socket) => {
			socket.write(`${OK}Content-Length: 10000\r\n\r\n`);
			const timer = setInterval(() => socket.write("x"), 20);
			socket.on("close", () => clearInterval(timer));
		},
		{ outcome: "delivered", status: 200, followed: "settled" },
	],
	[
		"sends an endless body",
		(socket) => {
			socket.write(`${OK}\r\n`);
			const flood = () => {
				while (!socket.destroyed && socket.write("x".repeat(16_384)));
			};
			socket.on("drain", flood);
			flood();
		},
		{ outcome: "delivered", status: 200, followed: "settled" },
	],
	[
		"hangs up before it answers",
		(socket) => socket.destroy(),
		{ outcome: "connection", followed: "again" },
	],
	[
		"hangs up within its body",
		(socket) => socket.end(`${OK}Content-Length: 100\r\n\r\nhalf`),
		{ outcome: "delivered", status: 200, answer: "half" },
	],
	["answers with no HTTP", (socket) => socket.end("220 smtp ready\r\n"), { outcome: "not-http" }],
	[
		"has a head without end",
		(socket) => socket.write(`${OK}X: ${"x".repeat(40_000)}`),
		{ outcome: "not-http" },
	],
	[
		"answers 200 with garbage",
		(socket) =>
			socket.end(
				Buffer.from(`${OK}Content-Type: image/\x01\r\n\r\n\xff\xfe\x00<script>`, "latin1"),
			),
		{ outcome: "not-http" },
	],
	[
		"answers 200 with a body of garbage",
		(socket) => socket.end(Buffer.from(`${OK}\r\n\xff\xfe\x00<script>`, "latin1")),
		{ outcome: "delivered", status: 200 },
	],
	[
		"switches to another protocol",
		(socket) => socket.write("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
		{ outcome: "status", status: 101 },
	],
	[
		"redirects",
		(socket) => socket.end("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"),
		{ outcome: "redirect", status: 302, followed: "again" },
	],
])("a target that %s", async (name, act, expected) => {
	const target = await rawReceiver(act);
	receivers.push(target);
	const webhook = name.replaceAll(" ", "-");
	await send(webhook, target.url, expected.outcome === "timeout" ? SHORT : {});
	const attempt = await firstAttempt(webhook);
	expect(attempt).toMatchObject({ tries: 1, first: 0, ...expected });
	expect(attempt.durationMs).toBeLessThan(10_000);
	await servers.ask({ method: "DELETE", path: `/webhooks/${webhook}` });
	// It is let go of, whatever it still has to say.
	await until(() => target.open === 0);
	closed++;
});

test("the body of an answer is dropped after its bound, with the connection", async () => {
	let written = 0;
	const target = await rawReceiver((socket) => {
		socket.write(`${OK}\r\n`);
		const flood = () => {
			while (!socket.destroyed && socket.write("x".repeat(1024))) written += 1024;
		};
		socket.on("drain", flood);
		flood();
	});
	receivers.push(target);
	const ways = { allowed: parseNetworks("127.0.0.1"), ca: undefined };
	const posted = { url: target.url, headers: [], body: Buffer.from("x"), timeoutMs: 5000 };
	const outcome = await post(posted, ways, new AbortController().signal);
	expect(outcome).toMatchObject({ word: "delivered", answer: "x".repeat(1024) });
	await until(() => target.open === 0);
	// What the system holds for both sockets may be on its way besides.
	expect(written).toBeLessThan(ANSWER_BYTES_MAX + 16 * 1024 * 1024);
});

test("500 again and again: parked after the last try, looked at, and sent again", async () => {
	let status = 500;
	const target = await receiver(() => status);
	receivers.push(target);
	await send("poor", target.url, { tries: 3 });
	await until(async () => (await standing("poor")).parked === 1);
	const ids = new Set(target.got.map(({ headers }) => headers["webhook-id"]));
	expect([target.got.length, ids.size]).toEqual([3, 1]);
	const attempts = await attemptsOf("poor");
	expect(attempts.map(({ tries, status, followed }) => [tries, status, followed])).toEqual([
		[3, 500, "parked"],
		[2, 500, "again"],
		[1, 500, "again"],
	]);
	const { parked } = (await servers.ask({ path: "/webhooks/poor/parked" })).json;
	const reason = "the target refused (500); tried 3 times";
	const first = { number: 0, at: 0, stream: "poor", version: 0, type: "Told", reason };
	expect(parked).toMatchObject([first]);

	status = 200;
	const command = (word: string) =>
		servers.ask({ method: "POST", path: `/webhooks/poor/command/${word}` });
	expect((await command("replay-parked")).status).toBe(200);
	await until(async () => (await standing("poor")).parked === 0);
	expect(target.got.length).toBe(4);
	// What was parked is sent as it was at first: with the same id and number.
	expect(target.got[3]?.headers["webhook-id"]).toBe(target.got[0]?.headers["webhook-id"]);
	const [before, after] = [target.got[0], target.got[3]].map((one) => JSON.parse(one?.body ?? ""));
	expect([after.at, after.page]).toEqual([before.at, before.page]);

	status = 500;
	await append("poor", 2);
	await until(async () => (await standing("poor")).parked === 2);
	// Parked again, they keep the number that they had in the stream.
	await command("replay-parked");
	const again = await until(async () => {
		const { parked } = (await servers.ask({ path: "/webhooks/poor/parked" })).json;
		const list = parked as { readonly number: number; readonly at: number }[];
		return list.length === 2 && list.every(({ number }) => number > 2) ? list : undefined;
	});
	expect(again.map(({ number, at }) => [number, at])).toEqual([
		[3, 1],
		[4, 2],
	]);
	const one = await servers.ask({
		method: "POST",
		path: "/webhooks/poor/command/discard-parked?stopAt=4",
	});
	expect([one.status, one.json.parked]).toEqual([200, 1]);
	expect((await command("discard-parked")).json.parked).toBe(0);
});

test("what is sent together is parked by its own tries alone", async () => {
	const target = await receiver(() => 500);
	receivers.push(target);
	const settings = { format: "cloudevents-batch", order: "none", concurrency: 1, tries: 3 };
	await send("together", target.url, { ...settings, ...SLOWER, backoffMs: 5, backoffMsMax: 5 });
	for (let at = 0; at < 8; at++) await append("together", 1);
	// The circuit opens and lets one attempt through each time, whatever is due by then.
	await until(async () => (await standing("together")).parked === 9);
	const sent = target.got.flatMap(({ body }) => JSON.parse(body).map(({ at }: Sent) => at));
	const counts = Array.from({ length: 9 }, (_, at) => sent.filter((one) => one === `${at}`).length);
	expect(counts).toEqual(counts.map(() => 3));
});

test("410 stops the webhook, and what comes meanwhile waits until it is resumed", async () => {
	let status = 410;
	const target = await receiver(() => status);
	receivers.push(target);
	await send("gone", target.url);
	await until(async () => (await standing("gone")).state === "stopped");
	await append("gone", 2);
	expect(await standing("gone")).toMatchObject({
		reason: "the target is gone (410)",
		lagEvents: 3,
		lastSettled: -1,
	});
	expect((await attemptsOf("gone"))[0]).toMatchObject({ outcome: "gone", followed: "stopped" });
	expect(target.got.length).toBe(1);
	status = 204;
	await servers.ask({ method: "POST", path: "/webhooks/gone/command/resume" });
	await until(() => target.got.length === 4);
	expect(servers.reported.splice(0)).toEqual(["a webhook has stopped"]);
});

test("429 with Retry-After: nothing else is sent until then", async () => {
	const target = await receiver((_, count) => (count === 1 ? [429, { "Retry-After": "1" }] : 200));
	receivers.push(target);
	await send("busy", target.url, { order: "none" });
	await until(() => target.got.length === 1);
	await append("busy", 3);
	await until(() => target.got.length === 5);
	const [first, second] = target.got;
	expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
	expect((await attemptsOf("busy")).at(-1)).toMatchObject({
		outcome: "slow-down",
		status: 429,
		followed: "again",
	});
});

test("an event that fails holds back its stream, and no other", async () => {
	let isWell = false;
	const target = await receiver(({ body }) => {
		return JSON.parse(body).data.stream === "tx-1" && !isWell ? 400 : 200;
	});
	receivers.push(target);
	const filter = { context: "streamid", type: "prefix", data: "tx-" };
	const settings = { stream: "$all", start: "head", filter, format: "json", tries: 100, ...SLOWER };
	await send("keys", target.url, settings);
	await append("tx-1", 3);
	await append("tx-2", 3);
	const seen = (stream: string) =>
		target.got.map(({ body }) => JSON.parse(body).data).filter((data) => data.stream === stream);
	await until(() => seen("tx-2").length === 3 && seen("tx-1").length >= 3);
	expect(seen("tx-2").map(({ version }) => version)).toEqual([0, 1, 2]);
	expect(new Set(seen("tx-1").map(({ version }) => version))).toEqual(new Set([0]));
	isWell = true;
	await until(() => seen("tx-1").some(({ version }) => version === 2));
	const versions = seen("tx-1").map(({ version }) => version as number);
	expect(versions).toEqual(versions.toSorted((a, b) => a - b));
});

test("a name that leads to a network of ours is refused, and so is an address in disguise", async () => {
	await send("inside", "https://localhost:1/");
	expect(await firstAttempt("inside")).toMatchObject({
		outcome: expect.stringMatching(/refused-address|connection|tls/),
	});
	await send("disguised", "https://[::ffff:10.0.0.1]/");
	expect(await firstAttempt("disguised")).toMatchObject({
		outcome: "refused-address",
		reason: "::ffff:a00:1 is refused: private",
	});
});

test("TLS is verified, with the name: untrusted, another's, and good", async () => {
	const own = authority("Targets");
	const serve = async (hosts: string[]) => {
		const made = own.issue({ name: hosts[0] ?? "", hosts });
		const server = createServer(made, (_, res) => res.end("well"));
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
		return server;
	};
	const [good, other] = [await serve(["hook.example"]), await serve(["other.example"])];
	const to = async (server: typeof good, ca: string | undefined) => {
		const { port } = server.address() as AddressInfo;
		const ways = {
			ca,
			allowed: parseNetworks("127.0.0.1"),
			resolve: async () => ["127.0.0.1"],
		};
		const url = `https://hook.example:${port}/`;
		const posted = { url, headers: [], body: Buffer.from("x"), timeoutMs: 5000 };
		const { word, reason } = await post(posted, ways, new AbortController().signal);
		return [word, reason];
	};
	try {
		expect(await to(good, own.cert)).toEqual(["delivered", ""]);
		expect(await to(other, own.cert)).toEqual(["tls", "TLS failed: ERR_TLS_CERT_ALTNAME_INVALID"]);
		expect(await to(good, undefined)).toEqual([
			"tls",
			"TLS failed: UNABLE_TO_VERIFY_LEAF_SIGNATURE",
		]);
	} finally {
		for (const server of [good, other]) server.close();
	}
});

test("each of the odd targets was let go of", () => {
	expect(closed).toBe(13);
});
