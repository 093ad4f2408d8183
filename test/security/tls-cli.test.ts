/** The command line against a server whose certificate a private authority has signed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	newDirectory,
	removeDirectories,
	type Server,
	startServer,
	until,
	varve,
} from "../cli/varve.ts";
import { authority } from "./certificates.ts";

const directory = newDirectory();
const paths = {
	cert: join(directory, "cert.pem"),
	key: join(directory, "key.pem"),
	ca: join(directory, "ca.pem"),
};
let server: Server;

beforeAll(async () => {
	const ours = authority("Private authority");
	const made = ours.issue({ name: "localhost", hosts: ["127.0.0.1"] });
	writeFileSync(paths.ca, ours.cert);
	writeFileSync(paths.cert, made.cert);
	writeFileSync(paths.key, made.key);
	const options = ["--tls-cert", paths.cert, "--tls-key", paths.key];
	server = await startServer(undefined, undefined, options);
});

afterAll(async () => {
	expect((await server.stop()).code).toBe(0);
	removeDirectories();
});

test("--ca and VARVE_CA name the authority, for every kind of request", async () => {
	expect(server.url).toMatch(/^https:/);
	const at = ["--url", server.url];
	const event = ["append", "order-1", "--type", "Placed", "--data", "{}"];
	expect((await varve([...event, ...at, "--ca", paths.ca])).code).toBe(0);
	// An import has connections of its own.
	const line = `{"id":"${crypto.randomUUID()}","type":"Paid","stream":"order-1","data":{}}\n`;
	const imported = await varve(["import", ...at, "--ca", paths.ca], {}, line);
	expect([imported.code, imported.stderr]).toEqual([0, expect.not.stringContaining("ca.pem")]);
	const { stdout } = await varve(["read", "order-1", ...at], { VARVE_CA: paths.ca });
	expect(stdout.match(/"type":"\w+"/g)).toEqual(['"type":"Placed"', '"type":"Paid"']);
});

test("without it the command says what to do", async () => {
	const { code, stderr } = await varve(["read", "order-1", "--url", server.url]);
	expect([code, stderr]).toEqual([1, expect.stringContaining("--ca ca.pem")]);
	const wrong = await varve(["read", "order-1", "--url", server.url, "--ca", paths.key]);
	expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("no certificate in PEM")]);
});

test("SIGHUP reads the files again; if they cannot be used, the server goes on as before", async () => {
	writeFileSync(paths.key, "spoiled");
	process.kill(server.pid, "SIGHUP");
	await until(() => server.stderr().includes("cannot be used"), "the operator log");
	const read = await varve(["read", "order-1", "--url", server.url, "--ca", paths.ca]);
	expect(read.code).toBe(0);
});
