/** Nodes of Varve, each on a host of its own, with the HAProxy of the example beside it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseCluster } from "./database.ts";
import type { Host, Network } from "./network.ts";
import { until } from "./until.ts";

const BIN = fileURLToPath(new URL("../../../bin/varve", import.meta.url));
const PRIMARY = new URL("../../../examples/patroni/haproxy-primary.cfg", import.meta.url);
const PORT = 2113;

export class Nodes {
	readonly hosts: readonly Host[];
	readonly #folder: string;
	readonly #databases: readonly Host[];
	/** The newest process of a node, by its host. */
	readonly #processes = new Map<string, number>();
	readonly #ended = new Set<number>();
	#life = "";
	#publicUrl = "";

	constructor(network: Network, folder: string, databases: readonly Host[], count = 3) {
		this.#folder = folder;
		this.#databases = databases;
		const numbers = Array.from({ length: count }, (_, index) => index + 1);
		this.hosts = numbers.map((number) => network.add(`node${number}`, 30 + number));
	}

	/** Starts the HAProxy beside each node. */
	startProxies(): void {
		const example = readFileSync(PRIMARY, "utf8");
		const servers = this.#databases.map(
			({ name, address }) => `    server ${name} ${address}:5432 check port 8008`,
		);
		const text = `${example.replaceAll(/^ {4}server .*\n/gm, "")}${servers.join("\n")}\n`;
		const file = join(this.#folder, "haproxy-primary.cfg");
		writeFileSync(file, text);
		for (const host of this.hosts) host.start(["haproxy", "-db", "-f", file]);
	}

	/**
	 * Starts all nodes on the log of a schema; resolves once each is ready.
	 * @param publicUrl what links begin with
	 */
	async start(schema: string, publicUrl: string): Promise<void> {
		this.#life = schema;
		this.#publicUrl = publicUrl;
		for (const host of this.hosts) this.startNode(host);
		await this.ready();
	}

	startNode(host: Host): void {
		const { pid, exited } = host.start([process.execPath, BIN, "serve"], {
			log: `varve-${this.#life}`,
			env: {
				VARVE_HOST: host.address,
				VARVE_PORT: String(PORT),
				VARVE_DATA: this.dataOf(host),
				VARVE_STORE: DatabaseCluster.address(this.#life),
				VARVE_NODE_URL: `http://${host.address}:${PORT}`,
				VARVE_PUBLIC_URL: this.#publicUrl,
				VARVE_INSECURE: "yes",
				VARVE_ALLOW_ANONYMOUS: "yes",
				VARVE_SESSION_KEY: "a session key for the tests of several nodes",
			},
		});
		this.#processes.set(host.name, pid);
		void exited.then(() => this.#ended.add(pid));
	}

	/** Gives the history that goes on a number of its own, as an operator does on a node's host. */
	raise(host: Host): void {
		const command = ["incarnation", "--raise", "--data", this.dataOf(host)];
		const store = `VARVE_STORE=${DatabaseCluster.address(this.#life)}`;
		host.run(["env", store, process.execPath, BIN, ...command]);
	}

	/**
	 * Waits until nodes take requests. One that ended is started again, as systemd does: it does not
	 * start while the proxy beside it leads to a host that is no primary any more.
	 */
	async ready(hosts = this.hosts): Promise<void> {
		for (const host of hosts) {
			const { name, address } = host;
			await until(`${name} is ready`, async () => {
				if (!this.isUp(host)) this.startNode(host);
				const signal = AbortSignal.timeout(2000);
				return (await fetch(`http://${address}:${PORT}/health/ready`, { signal })).ok;
			});
		}
	}

	/** The directory of a node, in the life that it is in. */
	dataOf(host: Host): string {
		const folder = join(this.#folder, host.name);
		mkdirSync(folder, { recursive: true });
		return join(folder, this.#life);
	}

	/** The output of a node in this life. */
	logOf(host: Host): string {
		const file = join(this.#folder, "logs", `${host.name}-varve-${this.#life}.log`);
		return existsSync(file) ? readFileSync(file, "utf8") : "";
	}

	isUp(host: Host): boolean {
		const pid = this.#processes.get(host.name);
		return pid !== undefined && !this.#ended.has(pid);
	}

	/** Ends the process of a node, and waits for its end. */
	async end(host: Host, signal: NodeJS.Signals): Promise<void> {
		const pid = this.#processes.get(host.name) ?? -1;
		if (this.isUp(host)) host.signal(signal, [pid]);
		await until(`${host.name} has ended`, () => !host.pids().includes(pid));
	}

	/** Kills the process of a node, if it runs. */
	kill(host: Host): void {
		if (this.isUp(host)) host.signal("SIGKILL", [this.#processes.get(host.name) ?? -1]);
	}

	pause(host: Host): void {
		host.signal("SIGSTOP", [this.#processes.get(host.name) ?? -1]);
	}

	goOn(host: Host): void {
		host.signal("SIGCONT", [this.#processes.get(host.name) ?? -1]);
	}

	async stop(): Promise<void> {
		await Promise.all(this.hosts.map((host) => this.end(host, "SIGTERM")));
	}

	/** The node that leads. */
	async leader(): Promise<Host> {
		const asked = this.hosts.map(async (host) => {
			const signal = AbortSignal.timeout(2000);
			const { status } = await fetch(`http://${host.address}:${PORT}/health/leader`, { signal });
			if (status !== 204) throw new Error(`${host.name}: ${status}`);
			return host;
		});
		return Promise.any(asked);
	}
}
