/** A server on a store, as the tests of faults use it: over HTTP, and as a process to be killed. */
import { randomUUID } from "node:crypto";
import { Agent, type OutgoingHttpHeaders } from "node:http";
import { COUNT_MAX } from "../../feeds/index.ts";
import { verifyDirectory } from "../../src/log/sqlite/verify/verifier.ts";
import { type Finished, newDirectory, type Server, startServer } from "../cli/varve.ts";
import { type Ask, ask, batch, get, type Reply } from "../http/ask.ts";

export type Store = {
	readonly data: string;
	readonly port: number;
	readonly server: Server;
	ask(request: Ask): Promise<Reply>;
	append(stream: string, events: unknown, headers?: OutgoingHttpHeaders): Promise<Reply>;
};

export type StoreOptions = {
	readonly data?: string;
	readonly port?: number;
	readonly options?: string[];
	readonly env?: Record<string, string>;
};

export async function openStore(settings: StoreOptions = {}): Promise<Store> {
	const { data = newDirectory(), port, options, env } = settings;
	const server = await startServer(data, port, options, env);
	const agent = new Agent({ keepAlive: true });
	const listening = Number(new URL(server.url).port);
	const send = (request: Ask) => ask(listening, request, agent);
	return {
		data,
		port: listening,
		server,
		ask: send,
		append: (stream, events, headers) => send(batch(stream, events, headers)),
	};
}

export type Sent = { readonly eventId: string; readonly eventType: string; readonly data: unknown };

export function event(data: unknown = 1): Sent {
	return { eventId: randomUUID(), eventType: "Happened", data };
}

export const events = (count: number, data: unknown = 1) =>
	Array.from({ length: count }, () => event(data));

/** The ids of a stream's events, oldest first. */
export async function idsOf(store: Store, stream: string): Promise<string[]> {
	const ids: string[] = [];
	for (let from = 0; ; from += COUNT_MAX) {
		const hex = from.toString(16).padStart(16, "0");
		const place = stream === "$all" ? hex + hex : from;
		const path = `/streams/${encodeURIComponent(stream)}/${place}/forward/${COUNT_MAX}`;
		const reply = await store.ask(get(`${path}?embed=rich`));
		if (reply.status === 404) return ids;
		expect(reply.status).toBe(200);
		const { entries } = reply.json as { entries: { eventId: string }[] };
		ids.push(...entries.map(({ eventId }) => eventId).reverse());
		if (entries.length < COUNT_MAX) return ids;
	}
}

export async function expectSound(data: string): Promise<void> {
	expect(await verifyDirectory(data)).toMatchObject({ ok: true, faults: [] });
}

/** Stops a server, expects its store to be sound, and gives back how it ended. */
export async function closeStore({ server, data }: Store): Promise<Finished> {
	const finished = await server.stop();
	expect(finished.code).toBe(0);
	await expectSound(data);
	return finished;
}
