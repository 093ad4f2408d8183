/** The key that signs logins in browsers, as it is kept in a data directory. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sessionKeyIn } from "../../src/accounts/sessions/key.ts";
import { newDirectory, removeDirectories, varve } from "../cli/varve.ts";

const directory = mkdtempSync(join(tmpdir(), "varve-key-"));
afterAll(() => {
	rmSync(directory, { recursive: true });
	removeDirectories();
});

test("is made once, for its owner alone, and stays", () => {
	const key = sessionKeyIn(directory);
	expect(key).toHaveLength(32);
	expect(sessionKeyIn(directory)).toEqual(key);
	expect(statSync(join(directory, "session-key")).mode & 0o777).toBe(0o600);
	expect(readdirSync(directory)).toEqual(["session-key"]);
});

test("is another one for each process where none can be kept", () => {
	const nowhere = join(directory, "nowhere");
	expect(sessionKeyIn(nowhere)).not.toEqual(sessionKeyIn(nowhere));
});

test("stops a start that finds a file which is no key, and says what to do", async () => {
	const data = newDirectory();
	mkdirSync(data, { recursive: true });
	writeFileSync(join(data, "session-key"), "a key of another length");
	const { code, stderr } = await varve(["serve", "--data", data, "--port", "0"]);
	expect(code).not.toBe(0);
	expect(stderr).toContain(join(data, "session-key"));
	expect(stderr).toContain("it has 23 bytes, not 32");
	expect(stderr).toContain("remove it");
	expect(stderr).not.toContain("    at ");
});
