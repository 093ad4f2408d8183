// Message brokers beside which subscriptions are measured: each in a folder and on ports of its own.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const RABBITMQ = "/usr/lib/rabbitmq/lib";
const PACKAGES = ["amqplib@0.10", "nats@2.29"];
// A busy machine takes its time.
const TRIES = 1200;

/** Why there can be no RabbitMQ here; undefined if there can. */
export function lacksRabbit() {
	return rabbitServer() === undefined ? "rabbitmq-server is not installed" : undefined;
}

/** Why there can be no NATS here; undefined if there can. */
export function lacksNats() {
	const found = spawnSync("nats-server", ["--version"]).status === 0;
	return found ? undefined : "nats-server is not installed";
}

/** Installs the clients into a folder of their own. @returns that folder */
export function installClients(workDir) {
	const packages = join(workDir, "brokers");
	mkdirSync(packages, { recursive: true });
	const quiet = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
	execFileSync("npm", ["install", "--prefix", packages, ...quiet, ...PACKAGES], {
		stdio: "ignore",
	});
	return packages;
}

/** @returns its URL, and the way to end it */
export async function startRabbit(workDir) {
	const folder = join(workDir, "rabbitmq");
	mkdirSync(folder, { recursive: true });
	const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
	writeFileSync(join(folder, "plugins"), "[].");
	writeFileSync(join(folder, "rabbitmq.conf"), `listeners.tcp.default = 127.0.0.1:${port}\n`);
	const env = {
		...process.env,
		HOME: folder,
		RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
		RABBITMQ_LOG_BASE: join(folder, "log"),
		RABBITMQ_NODENAME: `varve-bench-${port}@localhost`,
		RABBITMQ_DIST_PORT: String(distPort),
		RABBITMQ_PID_FILE: join(folder, "pid"),
		RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
		RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
		ERL_EPMD_PORT: String(epmdPort),
		ERL_EPMD_ADDRESS: "127.0.0.1",
	};
	// The names of Erlang's nodes are kept by a process of its own, which would outlive the broker.
	const names = spawn("epmd", [], { env, stdio: "ignore" });
	const broker = spawn(rabbitServer(), [], { env, stdio: "ignore" });
	const stop = stopping(broker, names);
	await listening(port, stop);
	const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
	return { url: `amqp://guest:guest@127.0.0.1:${port}`, pid, stop };
}

/** @returns its address, and the way to end it */
export async function startNats(workDir) {
	const folder = join(workDir, "nats");
	mkdirSync(folder, { recursive: true });
	const port = await freePort();
	const args = ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder];
	const server = spawn("nats-server", args, { stdio: "ignore" });
	const stop = stopping(server);
	await listening(port, stop);
	return { url: `127.0.0.1:${port}`, pid: server.pid, stop };
}

function stopping(...children) {
	process.on("exit", () => {
		for (const child of children) child.kill("SIGKILL");
	});
	return async () => {
		for (const child of children) {
			if (child.exitCode !== null || child.signalCode !== null) continue;
			const gone = once(child, "exit");
			child.kill("SIGTERM");
			await gone;
		}
	};
}

async function listening(port, stop) {
	const { connect } = await import("node:net");
	for (let tries = 0; tries < TRIES; tries++) {
		const socket = connect(port, "127.0.0.1");
		const isThere = await new Promise((resolve) => {
			socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		});
		socket.destroy();
		if (isThere) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	await stop();
	throw new Error("the broker does not start");
}

async function freePort() {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address();
	server.close();
	await once(server, "close");
	return port;
}

/** The newest version that is installed; the script that Debian puts before it refuses root. */
function rabbitServer() {
	try {
		const newest = readdirSync(RABBITMQ).sort().at(-1);
		return newest && join(RABBITMQ, newest, "sbin/rabbitmq-server");
	} catch {
		return undefined;
	}
}
