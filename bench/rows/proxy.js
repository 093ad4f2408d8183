// Ten consumers behind nginx: whatever is sealed must reach the origin once.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { runScript, startVarve } from "../processes.js";

const CONSUMERS = 10;
const EVENTS = 20_000;

export const rows = [
	{
		name: "proxy",
		what: `${CONSUMERS} consumers catching up at once behind nginx: origin requests for sealed pages`,
		floorIs: "the number of sealed pages",
		unit: "requests",
		target: { equal: true },
		run: behindNginx,
		skip: () => (hasNginx() ? undefined : "nginx is not installed"),
	},
];

async function behindNginx(bench) {
	const directory = join(bench.workDir, "proxy");
	await runScript("bench/load/fill.js", [directory, String(EVENTS), "1000"]);
	const server = await startVarve(directory, ["--allow-anonymous"]);
	const proxy = await startNginx(bench, server.url);
	try {
		await runScript("bench/load/consume.js", [proxy.url, String(CONSUMERS), String(EVENTS)]);
	} finally {
		await proxy.stop();
		await server.stop();
	}
	return countRequests(readFileSync(proxy.log, "utf8"));
}

/**
 * Lines of `uri status-of-the-origin cache-control`; the status is `-` where nginx had the page.
 */
function countRequests(log) {
	const lines = log.trim().split("\n");
	const seen = lines.map((line) => line.split("\t"));
	const fromOrigin = seen.filter(([, status]) => status !== "-");
	const sealed = fromOrigin.filter(([, , keeping]) => keeping.includes("immutable"));
	const pages = new Set(sealed.map(([uri]) => uri)).size;
	const head = fromOrigin.length - sealed.length;
	const note = `${lines.length} requests in all; besides, ${head} origin requests at the head`;
	return { floor: pages, ours: sealed.length, note };
}

async function startNginx(bench, origin) {
	const folder = join(bench.workDir, "nginx");
	mkdirSync(folder, { recursive: true });
	const port = await freePort();
	const log = join(folder, "access.log");
	const file = join(folder, "nginx.conf");
	writeFileSync(file, configuration({ folder, port, origin, log }));
	const child = spawn("nginx", ["-p", folder, "-c", file, "-e", join(folder, "error.log")], {
		stdio: ["ignore", "inherit", "inherit"],
	});
	const url = `http://127.0.0.1:${port}`;
	await untilItAnswers(`${url}/ping`);
	return {
		url,
		log,
		async stop() {
			const gone = once(child, "exit");
			child.kill("SIGQUIT");
			await gone;
		},
	};
}

/** Root's workers would run as nobody, who may not enter our folder: they stay what we are. */
function configuration({ folder, port, origin, log }) {
	return `
daemon off;
${process.getuid?.() === 0 ? `user ${userInfo().username};` : ""}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
	client_body_temp_path ${folder}/body;
	proxy_temp_path ${folder}/temp;
	fastcgi_temp_path ${folder}/fastcgi;
	uwsgi_temp_path ${folder}/uwsgi;
	scgi_temp_path ${folder}/scgi;
	proxy_cache_path ${folder}/cache keys_zone=pages:10m max_size=1g inactive=1h use_temp_path=off;
	log_format origin '$uri\t$upstream_status\t$upstream_http_cache_control';
	map $uri $counted { /ping 0; default 1; }
	upstream origin { server ${new URL(origin).host}; keepalive 16; }
	server {
		listen 127.0.0.1:${port};
		access_log ${log} origin if=$counted;
		location / {
			proxy_pass http://origin;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			proxy_cache pages;
			proxy_cache_lock on;
			proxy_cache_revalidate on;
		}
	}
}
`;
}

async function untilItAnswers(url) {
	for (let tries = 0; tries < 100; tries++) {
		const answer = await fetch(url).catch(() => undefined);
		if (answer?.ok) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`nothing answers at ${url}`);
}

async function freePort() {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address();
	server.close();
	await once(server, "close");
	return port;
}

function hasNginx() {
	try {
		execFileSync("sh", ["-c", "command -v nginx"], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}
