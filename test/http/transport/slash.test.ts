import { ATOM_JSON, batch, EVENTS_JSON, get } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

test.each([
	["GET", "/streams/newstream/", "/streams/newstream"],
	["DELETE", "/streams/newstream/", "/streams/newstream"],
	["POST", "/streams/newstream/", "/streams/newstream"],
	["HEAD", "/streams/newstream/", "/streams/newstream"],
	["GET", "/streams/a%2Fb%20c/", "/streams/a%2Fb%20c"],
	["GET", "/streams/newstream/?embed=body", "/streams/newstream?embed=body"],
	["GET", "/streams/newstream/metadata/", "/streams/newstream/metadata"],
	["POST", "/streams/newstream/metadata/", "/streams/newstream/metadata"],
	["GET", "/streams/$all/", "/streams/$all"],
	["GET", "/streams/%24all/", "/streams/%24all"],
])("S36: %s %s is sent to %s for good", async (method, path, to) => {
	const headers = {
		Accept: ATOM_JSON,
		...(method === "POST" ? { "Content-Type": EVENTS_JSON } : {}),
	};
	const reply = await servers.ask({ method, path, headers });
	expect(reply.status).toBe(307);
	expect(reply.headers.location).toBe(`${servers.url}${to}`);
	expect(reply.headers["cache-control"]).toBe("max-age=31536000, public");
	expect(reply.text).toBe(method === "HEAD" ? "" : "Moved Permanently");
});

test("a POST that could not be read is refused first", async () => {
	const reply = await servers.ask({ ...batch("s", []), path: "/streams/s/", headers: {} });
	expect(reply.status).toBe(415);
});

test("a format that cannot be had is refused first", async () => {
	expect((await servers.ask(get("/streams/s/", "image/png"))).status).toBe(406);
});

test("it is sent to where clients see this server", async () => {
	const proxied = await startServers({ publicUrl: "https://es.example/events" });
	try {
		const reply = await proxied.ask(get("/streams/s/"));
		expect(reply.headers.location).toBe("https://es.example/events/streams/s");
	} finally {
		await proxied.close();
	}
});

test("the pages below a stream have no second address", async () => {
	expect((await servers.ask(get("/streams/s/0/forward/20/"))).status).toBe(404);
});
