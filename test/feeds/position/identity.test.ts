import { identify } from "../../../feeds/position/identity.ts";
import { type Servers, startServers } from "../../http/harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

const append = (stream: string) =>
	servers.ask({
		path: `/streams/${stream}`,
		headers: {
			"Content-Type": "application/json",
			"ES-EventType": "T",
			"ES-EventId": crypto.randomUUID(),
		},
		body: "{}",
	});
const delete_ = (stream: string, headers = {}) =>
	servers.ask({ method: "DELETE", path: `/streams/${stream}`, headers });
const identityOf = (stream: string) => identify({ url: servers.url, stream, retriesMax: 0 });

test("a stream is identified by its name, the name of the log's key, and where it ends", async () => {
	expect(await identityOf("$all")).toMatchObject({ last: -1 });
	expect(await identityOf("s")).toMatchObject({ last: -1 });
	for (let count = 0; count < 3; count++) await append("s");
	const { body } = await servers.ask({ path: "/log/key" });
	const log = String(body).split("+")[0];
	for (const stream of ["s", "$all", "$ce-s"])
		expect(await identityOf(stream)).toEqual({ stream, log, last: stream === "$ce-s" ? -1 : 2 });
	await delete_("s");
	expect(await identityOf("s")).toMatchObject({ last: -1 });
});

test("a stream that was deleted for ever is an error, as it is for a reader", async () => {
	await append("over");
	await delete_("over", { "ES-HardDelete": "true" });
	await expect(identityOf("over")).rejects.toMatchObject({ failure: "stream-deleted" });
});

test("an answer that is not the key of a log is asked again, and then an error", async () => {
	const fetch = async () => new Response("<html>", { headers: { "content-type": "text/plain" } });
	await expect(
		identify({ url: servers.url, stream: "s", retriesMax: 0, fetch }),
	).rejects.toMatchObject({
		failure: "unanswered",
		message: expect.stringContaining("the key of"),
	});
});
