/** The fields of an answer, of which the server keeps a part ready. */
import { ATOM_JSON, raw } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

test.each(["1.0", "1.1"])("each field of an answer to HTTP/%s stands once", async (version) => {
	for (const port of [servers.port, servers.express.port]) {
		const fresh = await namesOf(port, version);
		const kept = await namesOf(port, version);
		expect(kept).toEqual(fresh);
		expect(new Set(kept).size).toBe(kept.length);
		expect(kept).toContain("ETag");
		expect(kept).toContain("Content-Length");
		expect(kept).toContain("Connection");
		expect(kept.at(-1)).toBe("Access-Control-Expose-Headers");
	}
});

async function namesOf(port: number, version: string): Promise<string[]> {
	const asked = [`GET /streams/$all HTTP/${version}`, "Host: localhost", "Connection: close"];
	const answer = await raw(port, `${[...asked, `Accept: ${ATOM_JSON}`].join("\r\n")}\r\n\r\n`);
	const [fields = "", body = ""] = answer.split("\r\n\r\n");
	expect(body).toMatch(/^\{.*\}$/s);
	return fields
		.split("\r\n")
		.slice(1)
		.map((line) => line.split(": ")[0] as string);
}
