import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCheckpoint, saveCheckpoint } from "../../../feeds/position/position-file.ts";

let folder = "";
let file = "";
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "varve-checkpoint-"));
	file = join(folder, "billing.checkpoint");
});
afterEach(() => rm(folder, { recursive: true }));

test("a checkpoint that was never saved is undefined", async () => {
	expect(await loadCheckpoint(file)).toBeUndefined();
});

test("what was saved last is what is loaded, and nothing else is left behind", async () => {
	for (const at of [0, 1, 47, 9_007_199_254_740_991]) {
		await saveCheckpoint(file, at);
		expect(await loadCheckpoint(file)).toBe(at);
	}
	expect(await readdir(folder)).toEqual(["billing.checkpoint"]);
	expect(await readFile(file, "utf8")).toBe("9007199254740991\n");
});

test("what a crash left half-written beside the file is neither loaded nor in the way", async () => {
	await saveCheckpoint(file, 46);
	await writeFile(`${file}.new`, "4");
	expect(await loadCheckpoint(file)).toBe(46);
	await saveCheckpoint(file, 47);
	expect(await loadCheckpoint(file)).toBe(47);
});

test.each(["", "\n", "47", "4 7\n", "-1\n", "1e3\n", "{}\n", "9007199254740993\n", "47\n48\n"])(
	"a file that holds %j is refused by its name",
	async (text) => {
		await writeFile(file, text);
		await expect(loadCheckpoint(file)).rejects.toThrow(`${file} is not a checkpoint`);
	},
);

test.each([-1, 1.5, Number.NaN, 2 ** 53])("%p is refused and the file left alone", async (at) => {
	await saveCheckpoint(file, 46);
	await expect(saveCheckpoint(file, at)).rejects.toThrow(RangeError);
	expect(await loadCheckpoint(file)).toBe(46);
});

test("a directory in its place is a clear error, not a missing checkpoint", async () => {
	await expect(loadCheckpoint(folder)).rejects.toThrow("EISDIR");
});
