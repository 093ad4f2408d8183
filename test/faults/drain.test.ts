/** SIGTERM under load: what was accepted is answered, and what was acknowledged is there. */
import { type ClientRequest, request } from "node:http";
import { removeDirectories } from "../cli/varve.ts";
import { ask, batch, EVENTS_JSON } from "../http/ask.ts";
import { event, events, expectSound, idsOf, openStore } from "./store.ts";

afterAll(removeDirectories);

test("every request the server has begun to take is answered, and the process exits with 0", async () => {
	const store = await openStore();
	const sent = events(50);
	// A server that says "100 Continue" has the request; the body is still to come.
	const taken = await Promise.all(sent.map((_, i) => begin(store.port, `s-${i}`)));
	const stopping = store.server.stop("SIGTERM");
	const answers = taken.map(({ req, status }, i) => {
		req.end(JSON.stringify([sent[i]]));
		return status;
	});
	const statuses = await Promise.all(answers);
	for (const status of statuses) expect([201, 503]).toContain(status);
	expect((await stopping).code).toBe(0);

	await expectSound(store.data);
	const again = await openStore({ data: store.data });
	const acknowledged = sent.filter((_, i) => statuses[i] === 201).map(({ eventId }) => eventId);
	expect((await idsOf(again, "$ce-s")).sort()).toEqual(acknowledged.sort());
	await again.server.stop();
});

test("clients that go on and on do not keep it from ending, and lose nothing", async () => {
	const store = await openStore();
	const acknowledged: string[] = [];
	let refused = false;
	const clients = Array.from({ length: 30 }, async (_, client) => {
		while (!refused) {
			const one = event();
			const reply = await ask(store.port, batch(`s-${client}`, [one])).catch(() => undefined);
			if (reply?.status !== 201) {
				// Answered that it is stopping, or not any more: then nothing was promised.
				expect([503, undefined]).toContain(reply?.status);
				refused = true;
			} else if (acknowledged.push(one.eventId) === 200) {
				void store.server.stop("SIGTERM");
			}
		}
	});
	await Promise.all(clients);
	expect((await store.server.finished).code).toBe(0);
	expect(acknowledged.length).toBeGreaterThanOrEqual(200);
	await expectSound(store.data);
	const again = await openStore({ data: store.data });
	expect(await idsOf(again, "$ce-s")).toEqual(expect.arrayContaining(acknowledged));
	await again.server.stop();
});

type Taken = { readonly req: ClientRequest; readonly status: Promise<number> };

/** Sends the head of an append, and resolves when the server asks for the body. */
function begin(port: number, stream: string): Promise<Taken> {
	return new Promise((resolve, reject) => {
		const headers = {
			"Content-Type": EVENTS_JSON,
			"Transfer-Encoding": "chunked",
			Expect: "100-continue",
		};
		const path = `/streams/${stream}`;
		const req = request({ host: "127.0.0.1", port, method: "POST", path, headers, agent: false });
		const status = new Promise<number>((answered, broken) => {
			req.on("response", (res) => {
				res.resume();
				res.on("end", () => answered(res.statusCode ?? 0));
			});
			req.on("error", broken);
		});
		status.catch(reject);
		req.on("continue", () => resolve({ req, status }));
		req.flushHeaders();
	});
}
