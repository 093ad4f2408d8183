/**
 * What three client libraries sent to a genuine server of the contract, sent to ours in the same
 * order, each library's requests to a server of its own: the answers have the same status and
 * reason, and whatever a JSON answer held there is here, of the same type.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Servers, startServers } from "./harness.ts";

type Exchange = {
	readonly client: string;
	readonly method: string;
	readonly url: string;
	readonly headers: Record<string, string>;
	readonly body?: string;
	readonly status: number;
	readonly reason: string;
	readonly contentType?: string;
	/** Path of the `Location`. */
	readonly location?: string;
	readonly currentVersion?: string;
	/** Path and type of every value that is not null. */
	readonly shape?: string[];
	/** How many entries the XML feed had. */
	readonly entries?: number;
};

const file = resolve("test/http/data/recorded-exchanges.json");
const exchanges = JSON.parse(readFileSync(file, "utf8")) as Exchange[];

/**
 * Departure 14, by client and index: an event whose id stands in the stream is sent again, with
 * another expected version. The genuine server refused; ours answers what the first append got.
 */
const REPEATS: ReadonlySet<string> = new Set(["goes 1"]);

describe.each([...new Set(exchanges.map(({ client }) => client))])("what %s got", (client) => {
	const own = exchanges.filter((exchange) => exchange.client === client);
	let servers: Servers;
	beforeAll(async () => {
		servers = await startServers();
	});
	afterAll(() => servers.close());

	test.each(own.map((exchange, index) => [index, exchange.method, exchange.url] as const))(
		"%i: %s %s",
		async (index) => {
			const { method, url, headers, body, ...recorded } = own[index] as Exchange;
			const ask = { method, path: url, headers, ...(body === undefined ? {} : { body }) };
			const reply = await servers.ask(ask);
			if (REPEATS.has(`${client} ${index}`)) {
				expect([recorded.status, recorded.reason]).toEqual([400, "Wrong expected EventNumber"]);
				expect([reply.status, reply.headers["varve-repeated"]]).toEqual([201, "true"]);
				expect(reply.headers.location).toBe(`${servers.url}${url}/0`);
				return;
			}
			expect([reply.status, reply.reason]).toEqual([recorded.status, recorded.reason]);
			expect(reply.headers["es-currentversion"]).toBe(recorded.currentVersion);
			if (recorded.contentType) expect(reply.headers["content-type"]).toBe(recorded.contentType);
			if (recorded.location) expect(reply.headers.location).toBe(servers.url + recorded.location);
			if (recorded.shape) {
				const ours = shapeOf(reply.json);
				expect(recorded.shape.filter((path) => !ours.has(path))).toEqual([]);
			}
			if (recorded.entries !== undefined) {
				expect(reply.text.match(/<entry>/g) ?? []).toHaveLength(recorded.entries);
			}
		},
	);
});

function shapeOf(value: unknown, path = ""): Set<string> {
	if (value === null || value === undefined) return new Set();
	if (typeof value !== "object") return new Set([`${path}:${typeof value}`]);
	const isArray = Array.isArray(value);
	const inner = Object.entries(value).flatMap(([name, member]) => [
		...shapeOf(member, isArray ? `${path}[]` : `${path}.${name}`),
	]);
	return new Set(inner.length > 0 ? inner : [`${path}:${isArray ? "array" : "object"}`]);
}
