// Starts Varnish with varve.vcl, in a temporary directory and without touching the system's own.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers, freePort } from "./ports.js";

export function hasVarnish() {
	return spawnSync("varnishd", ["-V"]).status === 0;
}

/**
 * @param directory an empty one, for its working files
 * @param upstreamPort where the server listens
 * @param port where Varnish listens; a free one by default
 * @param configuration a file beside this one
 * @returns its URL, and the way to stop it; resolves once it answers
 */
export async function startVarnish(directory, upstreamPort, port, configuration = "varve.vcl") {
	const text = readFileSync(new URL(configuration, import.meta.url), "utf8");
	mkdirSync(directory, { recursive: true });
	const vcl = join(directory, "varve.vcl");
	writeFileSync(vcl, text.replace('"2113"', `"${upstreamPort}"`));
	const at = port ?? (await freePort());
	const listen = ["-a", `127.0.0.1:${at}`, "-T", "none"];
	const args = [
		"-j",
		"none",
		"-F",
		"-n",
		join(directory, "work"),
		"-f",
		vcl,
		"-s",
		"malloc,64m",
		...listen,
	];
	const varnish = spawn("varnishd", args, { stdio: ["ignore", "ignore", "pipe"] });
	const exited = once(varnish, "exit");
	let said = "";
	varnish.stderr.setEncoding("utf8").on("data", (text) => {
		said += text;
	});
	const url = `http://127.0.0.1:${at}`;
	await answers(url, varnish, "varnishd").catch((error) => {
		throw new Error(`${error.message}: ${said}`);
	});
	const stop = async () => {
		varnish.kill("SIGTERM");
		await exited;
	};
	return { url, stop };
}
