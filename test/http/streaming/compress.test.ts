import { brotliDecompressSync, constants, gunzipSync } from "node:zlib";
import { compressed } from "../../../src/http/answering/compress.ts";

const PARTIAL = {
	gzip: (bytes: Buffer) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
	br: (bytes: Buffer) =>
		brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
};

test.each(["gzip", "br"] as const)(
	"%s hands on each chunk before it asks for the next, and lets go of its source",
	async (coding) => {
		let asked = 0;
		let ended = false;
		async function* source() {
			try {
				for (;;) yield `line ${++asked}\n`.repeat(1000);
			} finally {
				ended = true;
			}
		}
		const chunks = compressed(source(), coding)[Symbol.asyncIterator]();
		let sent = Buffer.alloc(0);
		let expected = "";
		for (let n = 1; n <= 3; n++) {
			const { value } = await chunks.next();
			sent = Buffer.concat([sent, value as Buffer]);
			expected += `line ${n}\n`.repeat(1000);
			expect([asked, PARTIAL[coding](sent).toString() === expected]).toEqual([n, true]);
		}
		await chunks.return?.();
		expect(ended).toBe(true);
	},
);

test.each(["gzip", "br"] as const)("%s of nothing at all is a whole document", async (coding) => {
	async function* source() {
		yield "";
	}
	const parts: Buffer[] = [];
	for await (const part of compressed(source(), coding)) parts.push(part as Buffer);
	const whole = coding === "br" ? brotliDecompressSync : gunzipSync;
	expect(whole(Buffer.concat(parts)).toString()).toBe("");
});
