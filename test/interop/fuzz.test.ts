/**
 * Requests of all kinds and worse: whatever comes, the server answers as the client's fault, writes
 * nothing for it, and lives. The seed is printed; VARVE_TEST_SEED repeats a run.
 */
import { once } from "node:events";
import { type IncomingMessage, request as send } from "node:http";
import { connect } from "node:net";
import fc from "fast-check";
import { type Ask, allOf, batch, get } from "../http/ask.ts";
import { type Lane, type Servers, startServers, until } from "../http/harness.ts";
import { request, requestBytes } from "./fuzz/requests.ts";

const SEED = Number(process.env.VARVE_TEST_SEED ?? Date.now() % 1_000_000);
console.info(`fuzz.test.ts runs with VARVE_TEST_SEED=${SEED}`);

/** The time given decides how many are tried; half a thousand take about a second. */
const BOUNDED = { seed: SEED, numRuns: 2000, interruptAfterTimeLimit: 3000 };

/** What a body of `requests.ts` holds at most. */
const EVENTS_MAX = 2;

/**
 * No fault either: the disk of a busy machine may take longer than the request's time, which is
 * short here so that requests cut short end soon. What is late may be written yet.
 */
const LATE = 503;

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ longPollSecondsMax: 0, requestTimeoutMs: 400, heartbeatMs: 100 });
	const events = Array.from({ length: 30 }, () => event());
	for (const stream of ["s", "u"]) await write(batch(stream, events));
});
// Closing looks at the log and at the faults that were reported.
afterAll(() => servers.close());

const event = () => ({ eventId: crypto.randomUUID(), eventType: "t", data: { a: 1 } });
const lastPosition = () => servers.log.last("$all" as never);

/** Appends again what was late: it is there once. */
async function write(append: Ask): Promise<void> {
	await until(async () => (await servers.ask(append)).status === 201);
}

/** Appends are written in their order: what was late before this one is there now. */
function settle(): Promise<void> {
	return write(batch("settled", [event()]));
}

test("a request made by chance gets an answer that is no fault of the server's", async () => {
	const property = fc.asyncProperty(request, fc.boolean(), async (asked, express) => {
		const before = await lastPosition();
		const answer = await answerTo(asked, express ? servers.express : servers);
		if (answer === undefined) return;
		if (answer.status >= 400 && asked.method !== "HEAD") expectProblem(answer);
		if (answer.status === LATE) return settle();
		expect(answer.status).toBeLessThan(500);
		const after = await lastPosition();
		if (answer.status >= 300 || asked.method === "GET") expect(after).toBe(before);
		if (answer.status === 201 && !answer.headers["varve-repeated"]) {
			expect(after).toBeGreaterThan(before);
		}
	});
	await fc.assert(property, BOUNDED);
});

test("bytes that are nearly a request break nothing", async () => {
	const several = fc.array(requestBytes, { minLength: 20, maxLength: 20 });
	const property = fc.asyncProperty(several, async (requests) => {
		const before = await lastPosition();
		const statuses = (await Promise.all(requests.map(statusesOf))).flat();
		const faults = statuses.filter((status) => status >= 500 && status !== LATE);
		expect(faults).toEqual([]);
		const writing = statuses.filter((status) => status === 201 || status === LATE).length;
		const written = (await lastPosition()) - before;
		expect(written).toBeLessThanOrEqual(writing * EVENTS_MAX);
		if (statuses.includes(LATE)) await settle();
	});
	await fc.assert(property, BOUNDED);
	expect((await servers.ask(get("/streams/s"))).status).toBe(200);
});

/** What the server says to some bytes and, if it still listens, to the request after them. */
async function statusesOf(bytes: Uint8Array): Promise<number[]> {
	const socket = connect(servers.port, "127.0.0.1").on("error", () => undefined);
	const answered = allOf(socket);
	socket.write(bytes);
	socket.write("GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	const lines = (await answered).matchAll(/HTTP\/1\.1 (\d{3}) /g);
	return [...lines].map(([, digits]) => Number(digits));
}

type Answer = {
	readonly status: number;
	readonly headers: IncomingMessage["headers"];
	readonly text: string;
};

/** Undefined where the client itself refuses to send it. An endless answer is not read. */
async function answerTo(asked: Ask, lane: Lane): Promise<Answer | undefined> {
	const sent = trySend(lane.port, asked);
	if (sent === undefined) return undefined;
	sent.end(asked.body);
	const [response] = (await once(sent, "response")) as [IncomingMessage];
	const answer = { status: response.statusCode ?? 0, headers: response.headers };
	if (response.headers["content-type"]?.startsWith("text/event-stream")) {
		response.on("error", () => undefined);
		sent.on("error", () => undefined).destroy();
		return { ...answer, text: "" };
	}
	let text = "";
	for await (const chunk of response.setEncoding("latin1")) text += chunk;
	return { ...answer, text };
}

function trySend(port: number, { method, path, headers, body }: Ask) {
	try {
		const options = { host: "127.0.0.1", port, method, path, agent: false };
		const length = body === undefined ? {} : { "Content-Length": body.length };
		return send({ ...options, headers: { ...headers, ...length } });
	} catch {
		return undefined;
	}
}

function expectProblem({ status, headers, text }: Answer): void {
	expect(headers["content-type"]).toBe("application/problem+json");
	const problem = JSON.parse(text) as object;
	expect(problem).toMatchObject({ type: expect.stringMatching(/^urn:varve:problem:/), status });
}
