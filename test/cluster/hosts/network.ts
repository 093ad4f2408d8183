/**
 * Several hosts on one machine: network namespaces on a bridge. A process on one host reaches the
 * others by their addresses, until the network between them is cut. What is cut is lost in
 * silence, as on a real network: nobody is told, and connections hang.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { join } from "node:path";

/** A machine's own networks are seldom here. */
const SUBNET = "10.213";
/** Where packets go that are to be lost. */
const NOBODY = "02:00:00:00:00:01";
const KILL_AGAIN_MS = 10;
/** States of a port of the bridge. */
const FORWARDING = "3";
const DISABLED = "0";

export type Started = {
	readonly pid: number;
	readonly exited: Promise<number | null>;
};

export class Host {
	readonly name: string;
	readonly address: string;
	readonly #space: string;
	readonly #logs: string;

	constructor(name: string, address: string, space: string, logs: string) {
		this.name = name;
		this.address = address;
		this.#space = space;
		this.#logs = logs;
	}

	/** Starts a program on this host; its output goes to a file of its own. */
	start(command: readonly string[], options: StartOptions = {}): Started {
		const { as, env = {} } = options;
		const [program = ""] = command;
		const file = join(this.#logs, `${this.name}-${options.log ?? program.split("/").at(-1)}.log`);
		const out = openSync(file, "a");
		const child = spawn("ip", ["netns", "exec", this.#space, ...asUser(as), ...command], {
			env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", ...env },
			cwd: "/",
			stdio: ["ignore", out, out],
		});
		const exited = once(child, "close").then(([code]) => code as number | null);
		return { pid: child.pid as number, exited };
	}

	/** Runs a program on this host to its end. */
	run(command: readonly string[], as?: string): string {
		const all = ["netns", "exec", this.#space, ...asUser(as), ...command];
		return execFileSync("ip", all, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
	}

	/** The processes that run on this host, all of which were started here. */
	pids(): number[] {
		return ip("netns", "pids", this.#space).split("\n").filter(Boolean).map(Number);
	}

	/** Sends a signal to all processes: SIGKILL is a loss of power, SIGSTOP a host that hangs. */
	signal(signal: NodeJS.Signals, which: readonly number[] = this.pids()): void {
		for (const pid of which) {
			try {
				process.kill(pid, signal);
			} catch {
				// It ended by itself.
			}
		}
	}

	/** Kills all processes, and those that they start meanwhile: a loss of power is sudden. */
	kill(): void {
		const pause = new Int32Array(new SharedArrayBuffer(4));
		while (this.pids().length > 0) {
			this.signal("SIGKILL");
			Atomics.wait(pause, 0, 0, KILL_AGAIN_MS);
		}
	}

	lose(other: Host): void {
		const to = ["to", other.address, "lladdr", NOBODY, "nud", "permanent", "dev", "eth0"];
		ip("-n", this.#space, "neigh", "replace", ...to);
	}

	find(other: Host): void {
		const entries = ip("-n", this.#space, "neigh", "show", "to", other.address);
		if (entries.includes(NOBODY)) {
			ip("-n", this.#space, "neigh", "del", other.address, "dev", "eth0");
		}
	}
}

export type StartOptions = {
	readonly as?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly log?: string;
};

export class Network {
	readonly hosts = new Map<string, Host>();
	/** The address of this very machine on the network. */
	readonly address: string;
	readonly #id: string;
	readonly #prefix: string;
	readonly #logs: string;
	readonly #end = () => this.close();

	/** @param logs a folder for the output of all programs */
	constructor(logs: string) {
		this.#id = (process.pid % 46_656).toString(36);
		this.#prefix = freePrefix();
		this.#logs = logs;
		this.address = `${this.#prefix}.1`;
		// Nothing of it may outlive this process.
		process.once("exit", this.#end);
		ip("link", "add", this.#bridge, "type", "bridge");
		ip("addr", "add", `${this.address}/24`, "dev", this.#bridge);
		ip("link", "set", this.#bridge, "up");
	}

	/** Adds a host. @param number the last part of its address */
	add(name: string, number: number): Host {
		const [space, port] = [`vc${this.#id}-${name}`, this.#port(name)];
		const address = `${this.#prefix}.${number}`;
		ip("netns", "add", space);
		ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space);
		ip("link", "set", port, "master", this.#bridge, "up");
		ip("-n", space, "addr", "add", `${address}/24`, "dev", "eth0");
		ip("-n", space, "link", "set", "eth0", "up");
		ip("-n", space, "link", "set", "lo", "up");
		const host = new Host(name, address, space, this.#logs);
		this.hosts.set(name, host);
		return host;
	}

	/** Cuts the network between two hosts. */
	cut(one: Host, other: Host): void {
		one.lose(other);
		other.lose(one);
	}

	mend(one: Host, other: Host): void {
		one.find(other);
		other.find(one);
	}

	/** Cuts a host off from all others. */
	isolate(host: Host): void {
		execFileSync("bridge", ["link", "set", "dev", this.#port(host.name), "state", DISABLED]);
	}

	join(host: Host): void {
		execFileSync("bridge", ["link", "set", "dev", this.#port(host.name), "state", FORWARDING]);
	}

	/** Kills what runs on the hosts, and removes them. */
	close(): void {
		process.off("exit", this.#end);
		for (const host of this.hosts.values()) host.kill();
		for (const { name } of this.hosts.values()) {
			// A namespace takes its end of the link away some time later; the next network has the same.
			ip("link", "del", this.#port(name));
			ip("netns", "del", `vc${this.#id}-${name}`);
		}
		ip("link", "del", this.#bridge);
	}

	get #bridge(): string {
		return `vcb${this.#id}`;
	}

	/** Names of interfaces have 15 characters at most. */
	#port(name: string): string {
		return `v${this.#id}-${name}`;
	}
}

/** Other runs may be under way. */
function freePrefix(): string {
	const taken = ip("-o", "-4", "addr");
	for (let tries = 0; tries < 256; tries++) {
		const prefix = `${SUBNET}.${(process.pid + tries) % 256}`;
		if (!taken.includes(` ${prefix}.`)) return prefix;
	}
	throw new Error(`no network of ${SUBNET}.0.0/16 is free`);
}

/** What keeps this machine from having several hosts; undefined if it can. */
export function lacksNetworks(): string | undefined {
	if (process.getuid?.() !== 0) return "network namespaces need root";
	const name = `vc${process.pid}-try`;
	try {
		ip("netns", "add", name);
		ip("netns", "del", name);
		return undefined;
	} catch (error) {
		return `network namespaces cannot be made: ${(error as Error).message.split("\n")[0]}`;
	}
}

function asUser(user: string | undefined): string[] {
	if (user === undefined) return [];
	return ["setpriv", "--reuid", user, "--regid", user, "--init-groups"];
}

function ip(...parameters: string[]): string {
	return execFileSync("ip", parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
