// Starts nginx with varve.conf, in a temporary directory and without touching the system's own.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_MS_MAX = 10_000;

export function hasNginx() {
	return spawnSync("nginx", ["-v"]).status === 0;
}

/**
 * @param directory an empty one, for its cache and logs
 * @param upstreamPort where the server listens, or what stands before it
 * @returns its URL, and the way to stop it; resolves once it answers
 */
export async function startNginx(directory, upstreamPort) {
	const port = await freePort();
	const site = readFileSync(new URL("varve.conf", import.meta.url), "utf8")
		.replace("127.0.0.1:2113", `127.0.0.1:${upstreamPort}`)
		.replace("listen 8080", `listen 127.0.0.1:${port}`);
	mkdirSync(join(directory, "temp"), { recursive: true });
	writeFileSync(join(directory, "varve.conf"), site);
	writeFileSync(join(directory, "nginx.conf"), mainConfiguration());

	const args = ["-p", `${directory}/`, "-c", "nginx.conf", "-e", "error.log"];
	const nginx = spawn("nginx", args, { stdio: ["ignore", "inherit", "inherit"] });
	const exited = once(nginx, "exit");
	const url = `http://127.0.0.1:${port}`;
	await answers(url, nginx);
	const stop = async () => {
		nginx.kill("SIGTERM");
		await exited;
	};
	return { url, stop };
}

/** What a system's nginx.conf has around conf.d, with every path below the temporary directory. */
function mainConfiguration() {
	// Its workers give up root's rights, and could then not write where root made the directory.
	const user = process.getuid?.() === 0 ? "user root;\n" : "";
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
		.map((name) => `    ${name}_temp_path temp/${name};\n`)
		.join("");
	return `${user}daemon off;
pid nginx.pid;
worker_processes 1;
events { worker_connections 512; }
http {
    access_log off;
${temporary}    include varve.conf;
}
`;
}

async function answers(url, nginx) {
	const until = performance.now() + START_MS_MAX;
	while (nginx.exitCode === null && performance.now() < until) {
		const response = await fetch(`${url}/ping`).catch(() => undefined);
		if (response?.ok) return;
		await sleep(20);
	}
	nginx.kill("SIGTERM");
	throw new Error("nginx did not start");
}

function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}
