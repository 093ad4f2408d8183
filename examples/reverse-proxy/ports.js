// Where a proxy of these examples listens, and when it does.
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const START_MS_MAX = 60_000;

/** Resolves once the server behind `url` answers through it; ends `proxy` if it is too late. */
export async function answers(url, proxy, name) {
	const until = performance.now() + START_MS_MAX;
	while (proxy.exitCode === null && performance.now() < until) {
		const response = await fetch(`${url}/ping`).catch(() => undefined);
		if (response?.ok) return;
		await sleep(20);
	}
	proxy.kill("SIGTERM");
	throw new Error(`${name} did not start`);
}

export function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}
