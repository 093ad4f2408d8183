/** What a server has shown of itself before anything was appended. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerSource } from "../../../../src/cli/proof/source.ts";
import { seeded } from "../random.ts";
import { startServer } from "../server.ts";
import { createDisk } from "./disk.ts";
import { buildRecorder, readSteps, recorded } from "./recording.ts";

const IMAGES = 100;

test("the key a log was first seen to sign with survives a loss of power", async () => {
	const folder = mkdtempSync(join(tmpdir(), "varve-key-"));
	try {
		const recorder = buildRecorder(folder);
		if (!recorder) {
			process.stderr.write("left out: recording needs Linux and a C compiler\n");
			return;
		}
		const data = join(folder, "data");
		mkdirSync(data);
		const launch = recorded(data, recorder, join(folder, "record"));
		const server = await startServer({ ...launch, port: 0 });
		const key = await new ServerSource(server.url, {}).key();
		await server.kill();
		expect(key).toMatch(/^varve\//);

		const disk = createDisk(data, new Map());
		for (const step of readSteps(join(folder, "record"))) disk.take(step);
		const random = seeded(1);
		for (let image = 0; image < IMAGES; image++) {
			const { files } = disk.image(random);
			expect(String(files.get("log.key"))).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
}, 60_000);
