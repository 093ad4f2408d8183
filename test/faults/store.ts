/** A server on a store, as the tests of faults use it: over HTTP, and as a process to be killed. */
import { randomUUID } from "node:crypto";
import { Agent, type OutgoingHttpHeaders } from "node:http";
import { type Finished, newDirectory, type Server, startServer, varve } from "../cli/varve.ts";
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
	const path = `/streams/${encodeURIComponent(stream)}`;
	const reply = await store.ask(get(path, "application/x-ndjson"));
	if (reply.status === 404) return [];
	expect(reply.status).toBe(200);
	const lines = reply.text.split("\n").filter((line) => line !== "");
	return lines.map((line) => (JSON.parse(line) as { id: string }).id);
}

/** Runs `varve verify`, and expects it to find nothing. */
export async function expectSound(data: string): Promise<void> {
	const { code, stdout, stderr } = await varve(["verify", "--data", data]);
	expect({ code, stdout, stderr }).toMatchObject({ code: 0, stderr: "" });
}

/** Stops a server, expects its store to be sound, and gives back how it ended. */
export async function closeStore({ server, data }: Store): Promise<Finished> {
	const finished = await server.stop();
	expect(finished.code).toBe(0);
	await expectSound(data);
	return finished;
}
