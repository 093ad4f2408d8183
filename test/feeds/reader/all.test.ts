/** `$all` shows every event, whatever its own stream hides: its readers must get them all. */
import { append as appendEvent, deleteStream } from "../../../feeds/client/index.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { type Servers, startServers } from "../../http/harness.ts";

let servers: Servers;
beforeEach(async () => {
	servers = await startServers();
});
afterEach(() => servers.close());

test("a reader of $all gets binary events that their stream hides, and tombstones", async () => {
	await append("hidden-1", 1);
	await append("hidden-1", 2);
	await deleteStream({ url: servers.url, stream: "hidden-1" });
	await append("buried-1", 3);
	await deleteStream({ url: servers.url, stream: "buried-1" }, { forEver: true });

	const found: string[] = [];
	for await (const { type, data } of readStream({ url: servers.url, stream: "$all" })) {
		found.push(`${type} ${Buffer.from(data).toString("hex")}`);
	}
	expect(found.filter((line) => !line.startsWith("$metadata"))).toEqual([
		"Scanned 0001",
		"Scanned 0002",
		"Scanned 0003",
		"$streamDeleted ",
	]);
});

test("a reader of $all gets a link as it was appended, and not what it leads to", async () => {
	await append("scan-1", 1);
	const id = "00000000-0000-4000-8000-0000000000ff";
	const link = { id, type: "$>", data: Buffer.from("0@scan-1"), isJson: false };
	await appendEvent({ url: servers.url, stream: "links" }, link);

	const found: string[] = [];
	for await (const { id, type, data } of readStream({ url: servers.url, stream: "$all" })) {
		found.push(`${id.slice(-2)} ${type} ${Buffer.from(data).toString("latin1")}`);
	}
	expect(found).toEqual(["01 Scanned \0\x01", "ff $> 0@scan-1"]);
});

async function append(stream: string, number: number): Promise<void> {
	const id = `00000000-0000-4000-8000-00000000000${number}`;
	const event = { id, type: "Scanned", data: Uint8Array.of(0, number), isJson: false };
	await appendEvent({ url: servers.url, stream }, event);
}
